# Compile and link options of every target of this project.
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  # floor, ceil, trunc and nearest are single instructions from SSE4.1 on.
  set(_tinywasm_default_arch x86-64-v2)
else()
  set(_tinywasm_default_arch "")
endif()
set(TINYWASM_ARCH "${_tinywasm_default_arch}"
    CACHE STRING "Value of -march= for the library; empty means the compiler's baseline")

if(PROJECT_IS_TOP_LEVEL)
  find_program(TINYWASM_CCACHE ccache)
  if(TINYWASM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${TINYWASM_CCACHE}")
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    check_linker_flag(CXX -fuse-ld=lld TINYWASM_HAVE_LLD)
    if(TINYWASM_HAVE_LLD)
      add_link_options(-fuse-ld=lld)
    endif()
  endif()
endif()

function(tinywasm_compile_options target)
  set_target_properties(
    ${target}
    PROPERTIES CXX_EXTENSIONS OFF
               CXX_STANDARD_REQUIRED ON
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON)
  # One section a function: what nothing uses can be left out, and the linker can order them.
  target_compile_options(${target} PRIVATE -ffunction-sections)
  # A product and a sum round twice, as WebAssembly demands.
  target_compile_options(${target} PRIVATE -ffp-contract=off -fno-math-errno)
  target_compile_options(
    ${target} PRIVATE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                      -Wimplicit-fallthrough -Wcast-qual -Wextra-semi)
  if(TINYWASM_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(TINYWASM_ARCH)
    target_compile_options(${target} PRIVATE "-march=${TINYWASM_ARCH}")
  endif()
  if(TINYWASM_SANITIZE)
    target_compile_options(
      ${target} PRIVATE "-fsanitize=${TINYWASM_SANITIZE}" -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
  endif()
endfunction()

function(tinywasm_link_options target)
  if(TINYWASM_SANITIZE)
    target_link_options(${target} PRIVATE "-fsanitize=${TINYWASM_SANITIZE}")
  endif()
endfunction()

# Interpreter handlers end in a jump to the next handler: nothing may be added around them, and
# nothing in them may need to be unwound.
function(tinywasm_handler_unit source)
  # Nothing ever unwinds through a handler: their tables would be a fifth of the command.
  set(options -fno-exceptions -fno-stack-protector -fomit-frame-pointer
              -fno-asynchronous-unwind-tables -fno-unwind-tables)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(APPEND options -fcf-protection=none)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # -O1 makes shorter handlers than -O2, in less time: -O2 splits what is small already. rbp is
    # the one register that calls preserve and vm/registers.hpp does not use: a handler that took
    # it would have to save it.
    list(APPEND options -O1 -foptimize-sibling-calls -ffixed-rbp -fno-lto)
  else()
    list(APPEND options -O2)
  endif()
  if(source MATCHES "switch")
    list(APPEND options -fno-jump-tables)
  endif()
  # Sanitizers see everything in the units of hand-written handlers, and every plain handler in the
  # portable dispatcher. The tens of thousands that templates make for this one are spared what
  # costs most time to compile: debug information, checks of each pointer (27 to 9 minutes for all
  # units), and the thread sanitizer, as they touch nothing that threads share but finished code.
  if(TINYWASM_SANITIZE AND NOT source MATCHES "words|switch")
    list(APPEND options -g0 -fno-sanitize=null,alignment,object-size,pointer-overflow,thread)
    if(TINYWASM_SANITIZE MATCHES "thread")
      list(APPEND options -DTINYWASM_THREAD_SANITIZER)
    endif()
  endif()
  set_source_files_properties("${source}" TARGET_DIRECTORY tinywasm_objects
                              PROPERTIES COMPILE_OPTIONS "${options}")
endfunction()
