# find_package(Conductor): the target Conductor::sdk and conductor_add_plugin(). The files beside this one and the headers
# three directories up belong together; the whole may be moved.
if(NOT TARGET Conductor::sdk)
  get_filename_component(conductor_prefix ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
  add_library(Conductor::sdk INTERFACE IMPORTED)
  set_target_properties(Conductor::sdk PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${conductor_prefix}/include)
endif()
set(CONDUCTOR_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map CACHE INTERNAL "exports one symbol")
include(${CMAKE_CURRENT_LIST_DIR}/ConductorPlugin.cmake)
