#include "convolution_kernels.h"

#pragma STDC FP_CONTRACT ON

typedef float four_t __attribute__((ext_vector_type(4)));
typedef float eight_t __attribute__((ext_vector_type(8), may_alias));

static int least(int a, int b) {
  return a < b ? a : b;
}

/// The size of the next part when `left` is split evenly into the fewest parts of at most `most`.
static int share(int left, int most) {
  int parts = (left + most - 1) / most;
  return (left + parts - 1) / parts;
}

/// Calls the function with a constant first argument from 1 to 4, so that each case is inlined.
#define WITH_CONSTANT(count, function, ...) \
  switch (count) { \
    case 1: function(1, __VA_ARGS__); break; \
    case 2: function(2, __VA_ARGS__); break; \
    case 3: function(3, __VA_ARGS__); break; \
    case 4: function(4, __VA_ARGS__); break; \
  }

#if defined(__x86_64__)

#define NAMED(name) name##_avx512
#define TARGET __attribute__((target("avx512f"), min_vector_width(512)))
#define WIDTH 16
#define ROWS 4
#include "convolution_loops.h"

#define NAMED(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma"), min_vector_width(256)))
#define WIDTH 8
#define ROWS 2
#include "convolution_loops.h"

#endif

#define NAMED(name) name##_any
#define TARGET
#define WIDTH 8
#define ROWS 1
#include "convolution_loops.h"

const convolution_kernels_t *convolution_kernels(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return &kernels_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &kernels_avx2;
#endif
  return &kernels_any;
}
