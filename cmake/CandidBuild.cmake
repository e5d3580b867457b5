# The house rules of the build: one place for flags, one function per kind of target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# ccache shares its objects between checkouts, and those of a precompiled header it cannot share: a
# build has the one or the other.
find_program(CCACHE ccache)
if(CCACHE AND NOT DEFINED ENV{CCACHE_DISABLE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

set(CANDID_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them (address,undefined)")
option(CANDID_WERROR "Warnings are errors" OFF)

add_library(candid_flags INTERFACE)
target_include_directories(candid_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(candid_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow
                       -Wno-sign-conversion)
if(CANDID_WERROR)
  target_compile_options(candid_flags INTERFACE -Werror)
endif()
if(CANDID_SANITIZE)
  add_compile_options(-fsanitize=${CANDID_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CANDID_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # g++ 12 loses track of variants and optionals under the sanitizers' own code.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()
if(CANDID_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# candid_precompile(TARGET OWNER [header ...]): TARGET starts from the headers that OWNER, which is
# built with the same flags, has parsed for all. A source still includes what it uses: with ccache,
# and under clang-tidy, nothing is parsed beforehand.
set(CANDID_COMMON_HEADERS <algorithm> <array> <chrono> <cmath> <cstdint> <filesystem> <functional>
    <map> <memory> <mutex> <optional> <span> <string> <string_view> <thread> <vector>
    <fmt/format.h> <tl/expected.hpp>)
function(candid_precompile target owner)
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${CANDID_COMMON_HEADERS} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# candid_library(NAME SOURCES a.cc ... [DEPS folder ...] [LIBS external ...] [PRIVATE_LIBS ...])
# DEPS are folders of this house; tools/check_includes holds every #include to them.
function(candid_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(candid_${name} STATIC ${ARG_SOURCES})
  add_library(candid::${name} ALIAS candid_${name})
  list(TRANSFORM ARG_DEPS PREPEND candid::)
  target_link_libraries(candid_${name}
    PUBLIC candid_flags Threads::Threads fmt::fmt ${ARG_DEPS} ${ARG_LIBS}
    PRIVATE ${ARG_PRIVATE_LIBS})
  candid_precompile(candid_${name} candid_base)
endfunction()

if(CANDID_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# candid_ctest(NAME COMMAND program ... [TIMEOUT s] [IN folder] [ENVIRONMENT A=b ...] [ALONE])
# One test of ctest. Exit code 77 means skipped. ALONE: it measures time, so no other runs beside it.
function(candid_ctest name)
  if(NOT CANDID_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "ALONE" "TIMEOUT;IN" "COMMAND;ENVIRONMENT" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(CANDID_SANITIZE)
    math(EXPR ARG_TIMEOUT "10 * ${ARG_TIMEOUT}")
  endif()
  if(NOT ARG_IN)
    set(ARG_IN ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  add_test(NAME ${name} COMMAND ${ARG_COMMAND} WORKING_DIRECTORY ${ARG_IN})
  list(APPEND ARG_ENVIRONMENT "CANDID_SOURCE_DIR=${CMAKE_SOURCE_DIR}"
       "CANDID_BUILD_DIR=${CMAKE_BINARY_DIR}" "CANDID_BINARY=$<TARGET_FILE:candid>"
       "PYTHONDONTWRITEBYTECODE=1" "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tools/tsan.supp")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77
                       ENVIRONMENT "${ARG_ENVIRONMENT}" RUN_SERIAL ${ARG_ALONE})
endfunction()

# candid_test(NAME SOURCES a_test.cc ... [DEPS folder ...] [LIBS external ...] [TIMEOUT s]
#             [ENVIRONMENT A=b ...])
# One test program; ctest sees it as a whole, tools/count_tests sums the cases inside.
function(candid_test name)
  if(NOT CANDID_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "ENVIRONMENT;SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND candid::)
  target_link_libraries(${name} PRIVATE candid_flags ${ARG_DEPS} ${ARG_LIBS} GTest::gmock
                        GTest::gtest_main)
  target_compile_options(${name} PRIVATE -O1)  # its own sources; what it tests stays as it is
  candid_precompile(${name} base_test <fstream> <random> <gmock/gmock.h> <gtest/gtest.h>)
  candid_ctest(${name} COMMAND ${name} TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT ${ARG_ENVIRONMENT})
endfunction()

# candid_fuzz(NAME SOURCES x_fuzz.cc DEPS folder ...): a libFuzzer program, built by preset fuzz.
function(candid_fuzz name)
  if(NOT CANDID_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND candid::)
  target_link_libraries(${name} PRIVATE candid_flags ${ARG_DEPS} ${ARG_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()

# candid_bench(NAME SOURCES x_bench.cc DEPS folder ... LIBS external ...)
function(candid_bench name)
  if(NOT CANDID_BENCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND candid::)
  target_link_libraries(${name} PRIVATE candid_flags ${ARG_DEPS} ${ARG_LIBS})
endfunction()
