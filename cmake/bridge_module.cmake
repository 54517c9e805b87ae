# bridge_module(NAME [DEPENDS modules and libraries…])
# One folder of src/ as one static library `bridge_NAME`, and its `*_test.cpp` files as one test program `NAME_test`.
# Test programs run with the repository's root as working directory.
function(bridge_module name)
  cmake_parse_arguments(MODULE "" "" "DEPENDS;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/compiler/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/testing/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  add_library(bridge_${name} STATIC ${sources})
  target_include_directories(bridge_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(bridge_${name} PUBLIC ${MODULE_DEPENDS})
  if(NOT name STREQUAL "base")
    target_precompile_headers(bridge_${name} REUSE_FROM bridge_base)
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_precompile_headers(${name}_test REUSE_FROM bridge_base)
    target_link_libraries(${name}_test PRIVATE bridge_${name} ${MODULE_TEST_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
endfunction()
