/// What Trawl uses of oneDNN, the same for versions 2 and 3.
///
/// Every function that computes runs on the calling thread alone once that thread has called
/// `onednn_use_one_thread`. Matrices are row-major, of 32-bit floats where nothing else is said.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "activations.h"
#include "convolutions.h"
#include "products.h"
#include "updates.h"

/// Confines oneDNN to the calling thread in whatever that thread asks of it from now on.
void onednn_use_one_thread(void);

/// The version of the library that is loaded, as three numbers.
void onednn_version(int *major, int *minor, int *patch);

/// The name of the instruction set for which the library makes its code, such as "avx512_core_bf16".
/// Asking settles it for the life of the process.
const char *onednn_instruction_set(void);

/// Keeps the library to AVX2, for results that do not depend on newer instructions. False if it is too
/// late (something has been computed, or the set been asked for) or the processor has no AVX2.
bool onednn_limit_to_avx2(void);

/// c = beta·c + alpha·op(a)·op(b), where op transposes if its flag says so; op(a) is rows x inner and
/// op(b) inner x columns; a stride is the length of a row in memory. False if the library refuses.
bool onednn_multiply(
    bool transpose_a, bool transpose_b, int64_t rows, int64_t columns, int64_t inner, float alpha,
    const float *a, int64_t stride_a, const float *b, int64_t stride_b, float beta, float *c,
    int64_t stride_c);

/// An operation of the library compiled for one shape. To be used by one thread at a time.
typedef struct onednn_kernel onednn_kernel;

/// first = activation(first + second), first: rows x columns, second: one row, added to every row.
/// Null if the library refuses.
onednn_kernel *onednn_make_bias_activation(
    int64_t rows, int64_t columns, onednn_activation activation, float slope);

/// second = activation(first), of count numbers each. Null if the library refuses.
onednn_kernel *onednn_make_activation(int64_t count, onednn_activation activation, float slope);

/// second = second · activation'(x), with first = activation(x); both hold count numbers.
/// Null if the library refuses, or for the identity.
onednn_kernel *onednn_make_activation_gradient(
    int64_t count, onednn_activation activation, float slope);

/// first = the logarithm of softmax(first), row by row; second is not used. Null if the library refuses.
onednn_kernel *onednn_make_log_softmax(int64_t rows, int64_t columns);

/// second = e to the power of first, of count numbers. Null if the library refuses.
onednn_kernel *onednn_make_exponential(int64_t count);

/// Runs a kernel on its operands. False if the library fails.
bool onednn_run(onednn_kernel *kernel, float *first, float *second);

/// Frees a kernel; null is allowed.
void onednn_free(onednn_kernel *kernel);

/// Tells the processor that bytes will be read soon. Swift has no such instruction, and images that are
/// drawn in random order from a large set wait on memory for longer than their conversion takes.
static inline void prefetch_bytes(const uint8_t *start, size_t count) {
  for (size_t place = 0; place < count; place += 64) __builtin_prefetch(start + place);
}
