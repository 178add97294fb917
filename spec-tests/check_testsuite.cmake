# Fails unless DIRECTORY holds the official specification test suite.
if(NOT EXISTS "${DIRECTORY}/core/i32.wast")
  message(FATAL_ERROR
      "The specification test suite is not at ${DIRECTORY} (no core/i32.wast there). "
      "Set the environment variable TINYWASM_SPEC_TESTSUITE to the directory test/ of a copy of "
      "the repository WebAssembly/spec and configure again.")
endif()
