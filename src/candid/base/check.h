// CANDID_CHECK(condition): for mistakes of a programmer, never reachable from input, disk or net.
#pragma once

#include <cstdio>
#include <cstdlib>

#define CANDID_CHECK(condition)                                                              \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
