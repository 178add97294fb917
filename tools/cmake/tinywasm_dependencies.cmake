# Third-party code, each from the system when it is there, otherwise fetched at its pinned release.
# None of it is visible to users of the library.
include(FetchContent)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

function(tinywasm_dependency package target repository tag)
  if(TARGET ${target})  # a parent project's, of whatever kind: it stays as it is
    message(STATUS "tinywasm: ${package} of the parent project")
    return()
  endif()
  find_package(${package} QUIET)
  if(TARGET ${target})
    message(STATUS "tinywasm: ${package} ${${package}_VERSION} of the system")
    set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
    return()
  endif()
  message(STATUS "tinywasm: fetching ${package} ${tag}")
  FetchContent_Declare(
    ${package}
    GIT_REPOSITORY ${repository}
    GIT_TAG ${tag}
    GIT_SHALLOW TRUE
    SYSTEM)
  FetchContent_MakeAvailable(${package})
endfunction()

set(FMT_INSTALL OFF)
set(JSON_BuildTests OFF)
set(CLI11_BUILD_TESTS OFF)
set(CLI11_BUILD_EXAMPLES OFF)
set(BENCHMARK_ENABLE_TESTING OFF)
set(BENCHMARK_ENABLE_INSTALL OFF)
set(DOCTEST_WITH_TESTS OFF)
set(DOCTEST_NO_INSTALL ON)

tinywasm_dependency(fmt fmt::fmt-header-only https://github.com/fmtlib/fmt.git 9.1.0)
if(TINYWASM_BUILD_COMMAND)
  tinywasm_dependency(CLI11 CLI11::CLI11 https://github.com/CLIUtils/CLI11.git v2.1.2)
  tinywasm_dependency(nlohmann_json nlohmann_json::nlohmann_json
                      https://github.com/nlohmann/json.git v3.11.2)
endif()
if(TINYWASM_BUILD_TESTS)
  tinywasm_dependency(doctest doctest::doctest https://github.com/doctest/doctest.git v2.4.9)
endif()
if(TINYWASM_BUILD_BENCH)
  tinywasm_dependency(benchmark benchmark::benchmark https://github.com/google/benchmark.git v1.7.1)
endif()
