# Fails unless the first column of PAGE's first table names the calls of TABLE, in its order.
file(STRINGS "${TABLE}" rows REGEX "^CALL\\(")
list(TRANSFORM rows REPLACE "^CALL\\(([a-z0-9_]+),.*$" "\\1" OUTPUT_VARIABLE wanted)
file(STRINGS "${PAGE}" rows REGEX "^\\| `[a-z0-9]+_[a-z0-9_]+` \\|")
list(TRANSFORM rows REPLACE "^\\| `([a-z0-9_]+)`.*$" "\\1" OUTPUT_VARIABLE found)
if(NOT found STREQUAL wanted)
  message(FATAL_ERROR "${PAGE} lists\n${found}\nbut the calls are\n${wanted}")
endif()
