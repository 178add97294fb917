# What `cmake --install` puts in place: headers, library, CMake package, pkg-config file, command.
include(CMakePackageConfigHelpers)

install(
  TARGETS tinywasm
  EXPORT tinywasmTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(
  DIRECTORY "${PROJECT_SOURCE_DIR}/include/" "${PROJECT_BINARY_DIR}/include/"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING
  PATTERN "*.hpp"
  PATTERN "*.h")
if(TARGET tinywasm_command)
  install(TARGETS tinywasm_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tinywasm")
install(
  EXPORT tinywasmTargets
  NAMESPACE tinywasm::
  DESTINATION "${_package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/tools/cmake/tinywasmConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/tinywasmConfig.cmake"
  INSTALL_DESTINATION "${_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tinywasmConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/tinywasmConfig.cmake"
              "${PROJECT_BINARY_DIR}/tinywasmConfigVersion.cmake" DESTINATION "${_package_dir}")

# pkg-config: paths are relative to the file, so that an installed tree can be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}"
           OUTPUT_VARIABLE TINYWASM_PC_LIBDIR)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}"
           OUTPUT_VARIABLE TINYWASM_PC_INCLUDEDIR)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
           BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" OUTPUT_VARIABLE TINYWASM_PC_UP)
if(BUILD_SHARED_LIBS)
  set(TINYWASM_PC_CFLAGS "-DTINYWASM_SHARED")
  set(TINYWASM_PC_LIBS "")
else()
  # A static archive needs what it uses named by whoever links it.
  set(TINYWASM_PC_CFLAGS "")
  set(TINYWASM_PC_LIBS "-pthread -lstdc++")
endif()
configure_file("${PROJECT_SOURCE_DIR}/tools/cmake/tinywasm.pc.in"
               "${PROJECT_BINARY_DIR}/tinywasm.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tinywasm.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
