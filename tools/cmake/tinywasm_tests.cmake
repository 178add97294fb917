# Every *_test.cpp holds one doctest suite named after the file, and is one CTest entry.
define_property(GLOBAL PROPERTY TINYWASM_SUITES)

# Adds the sources of the calling directory: `*.cpp` to the library, `*_test.cpp` to the tests.
# Files appear and go with development, so they are globbed, and looked at again at every build.
function(tinywasm_add_directory)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  file(GLOB tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  target_sources(tinywasm_objects PRIVATE ${sources})
  tinywasm_add_tests(${tests})
endfunction()

function(tinywasm_add_tests)
  if(NOT TINYWASM_BUILD_TESTS)
    return()
  endif()
  target_sources(tinywasm_tests PRIVATE ${ARGN})
  foreach(test IN LISTS ARGN)
    cmake_path(GET test STEM LAST_ONLY stem)
    string(REGEX REPLACE "_test$" "" suite "${stem}")
    set_property(GLOBAL APPEND PROPERTY TINYWASM_SUITES ${suite})
  endforeach()
endfunction()

function(tinywasm_register_suites target)
  get_property(suites GLOBAL PROPERTY TINYWASM_SUITES)
  foreach(suite IN LISTS suites)
    add_test(NAME unit.${suite} COMMAND ${target} --test-suite=${suite})
    set_tests_properties(unit.${suite} PROPERTIES LABELS unit TIMEOUT 600)
  endforeach()
  # A misspelt suite name, or a test outside any suite, would never run: this entry fails then.
  list(JOIN suites "," known)
  add_test(NAME unit.suites COMMAND ${target} --known-suites=${known})
  set_tests_properties(unit.suites PROPERTIES LABELS unit TIMEOUT 600)
endfunction()
