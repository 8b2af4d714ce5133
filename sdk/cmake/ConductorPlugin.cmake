# conductor_add_plugin(NAME SOURCES a.cpp … [LINK targets …] [OUTPUT_DIRECTORY dir]): the library NAME.so, which exports
# conductor_plugin_v1 and nothing else. In the tree it lands beside the bundled plugins; elsewhere in the build directory.
include_guard(GLOBAL)
include(CheckCXXCompilerFlag)

# Without it GCC marks some template statics "unique", and such a library could never be unmapped, nor live beside
# another version of itself. Clang does not know the flag and does not need it.
check_cxx_compiler_flag(-fno-gnu-unique CONDUCTOR_HAS_NO_GNU_UNIQUE)

function(conductor_add_plugin name)
  cmake_parse_arguments(arg "" "OUTPUT_DIRECTORY" "SOURCES;LINK" ${ARGN})
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY ${CONDUCTOR_PLUGIN_OUTPUT_DIRECTORY})
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE conductor_sdk ${arg_LINK})
  set_target_properties(${name} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT_DIRECTORY}" LINK_DEPENDS "${CONDUCTOR_PLUGIN_MAP}")
  if(CONDUCTOR_HAS_NO_GNU_UNIQUE)
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  endif()
  target_link_options(${name} PRIVATE
    "LINKER:-z,now" "LINKER:-z,relro" "LINKER:-z,nodelete" "LINKER:--version-script=${CONDUCTOR_PLUGIN_MAP}")
  # A sanitizer's symbols come with the executable.
  if(NOT CONDUCTOR_SANITIZE)
    target_link_options(${name} PRIVATE "LINKER:--no-undefined")
  endif()
endfunction()
