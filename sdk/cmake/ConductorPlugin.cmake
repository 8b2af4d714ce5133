# conductor_add_plugin(NAME SOURCES a.cpp … [LINK targets …] [OUTPUT_DIRECTORY dir] [VALIDATE key=value …]): the library
# NAME.so, in C++ or C, which exports conductor_plugin_v1 and nothing else. It lands in OUTPUT_DIRECTORY, else beside the
# bundled plugins (in conductord's own tree) or in the build directory, and is then installed where the daemon looks:
# <prefix>/lib/conductord/plugins, component `plugins`. Outside of that tree, and where conductorctl is installed, it has
# a test as well, NAME.validate: `conductorctl plugin validate`, with the options of VALIDATE.
include_guard(GLOBAL)

# Without it GCC marks some template statics "unique", and such a library could never be unmapped, nor live beside
# another version of itself. Clang does not know the flag and does not need it.
get_property(conductor_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(CXX IN_LIST conductor_languages)
  include(CheckCXXCompilerFlag)
  check_cxx_compiler_flag(-fno-gnu-unique CONDUCTOR_HAS_NO_GNU_UNIQUE)
endif()

# A library that is instrumented by its author's own flags finds the sanitizer in the program that loads it.
set(conductor_flags_of_all "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${CMAKE_MODULE_LINKER_FLAGS}")
set(CONDUCTOR_PLUGINS_INSTRUMENTED OFF CACHE INTERNAL "")
if(CONDUCTOR_SANITIZE OR conductor_flags_of_all MATCHES "-fsanitize=")
  set(CONDUCTOR_PLUGINS_INSTRUMENTED ON CACHE INTERNAL "")
endif()
if(NOT CONDUCTOR_PLUGIN_OUTPUT_DIRECTORY AND NOT CMAKE_CROSSCOMPILING)
  find_program(CONDUCTORCTL conductorctl DOC "judges plugins")
endif()

function(conductor_add_plugin name)
  cmake_parse_arguments(arg "" "OUTPUT_DIRECTORY" "SOURCES;LINK;VALIDATE" ${ARGN})
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "conductor_add_plugin(${name}): SOURCES is missing")
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  if(arg_OUTPUT_DIRECTORY)
    set(output ${arg_OUTPUT_DIRECTORY})
  else()
    set(output ${CONDUCTOR_PLUGIN_OUTPUT_DIRECTORY})
    install(TARGETS ${name} LIBRARY DESTINATION lib/conductord/plugins COMPONENT plugins)
  endif()
  target_link_libraries(${name} PRIVATE Conductor::sdk ${arg_LINK})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX .so C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${CONDUCTOR_PLUGIN_MAP}")
  if(output)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${output}")
  endif()
  if(NOT CMAKE_CXX_STANDARD)
    set_target_properties(${name} PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON)
  endif()
  if(CONDUCTOR_HAS_NO_GNU_UNIQUE)
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  endif()
  target_link_options(${name} PRIVATE
    "LINKER:-z,now" "LINKER:-z,relro" "LINKER:-z,nodelete" "LINKER:--version-script=${CONDUCTOR_PLUGIN_MAP}")
  if(NOT CONDUCTOR_PLUGINS_INSTRUMENTED)
    target_link_options(${name} PRIVATE "LINKER:--no-undefined")
  endif()
  # An instrumented library wants a conductorctl that is instrumented as well, which only conductord's own build has.
  if(CONDUCTORCTL AND (CONDUCTOR_SANITIZE OR NOT CONDUCTOR_PLUGINS_INSTRUMENTED))
    set(options)
    foreach(option IN LISTS arg_VALIDATE)
      list(APPEND options --set ${option})
    endforeach()
    add_test(NAME ${name}.validate COMMAND ${CONDUCTORCTL} plugin validate $<TARGET_FILE:${name}> ${options})
  endif()
endfunction()
