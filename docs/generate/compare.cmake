# Fails unless PAGE is what GENERATOR prints.
execute_process(COMMAND "${GENERATOR}" OUTPUT_VARIABLE wanted COMMAND_ERROR_IS_FATAL ANY)
set(found "")
if(EXISTS "${PAGE}")
  file(READ "${PAGE}" found)
endif()
if(NOT found STREQUAL wanted)
  message(FATAL_ERROR "${PAGE} is not up to date: build the target docs.")
endif()
