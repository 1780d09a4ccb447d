/// The part of oneDNN that Trawl uses, the same for versions 2 and 3.
///
/// After a thread has called `onednn_use_one_thread`, all functions run on that thread only. Matrices are row-major
/// 32-bit floats unless stated otherwise.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "activations.h"
#include "convolutions.h"
#include "products.h"
#include "updates.h"

/// Limits all further oneDNN calls of the calling thread to that thread.
void onednn_use_one_thread(void);

/// The version of the loaded library, as three numbers.
void onednn_version(int *major, int *minor, int *patch);

/// The instruction set for which the library generates code, such as "avx512_core_bf16". The first call fixes it
/// until the process exits.
const char *onednn_instruction_set(void);

/// Limits the library to AVX2, so that results do not depend on newer instructions. False if it is too late (after a
/// computation or after the instruction set was read) or if the processor has no AVX2.
bool onednn_limit_to_avx2(void);

/// c = beta·c + alpha·op(a)·op(b), where op transposes if its flag is set; op(a) is rows x inner and op(b) inner x
/// columns; a stride is the length of a row in memory. False on a library error.
bool onednn_multiply(
    bool transpose_a, bool transpose_b, int64_t rows, int64_t columns, int64_t inner, float alpha,
    const float *a, int64_t stride_a, const float *b, int64_t stride_b, float beta, float *c,
    int64_t stride_c);

/// An operation compiled for one shape. Not thread-safe.
typedef struct onednn_kernel onednn_kernel;

/// first = activation(first + second), first: rows x columns, second: one row, added to every row. Null on a library
/// error.
onednn_kernel *onednn_make_bias_activation(
    int64_t rows, int64_t columns, onednn_activation activation, float slope);

/// second = activation(first), of count values each. Null on a library error.
onednn_kernel *onednn_make_activation(int64_t count, onednn_activation activation, float slope);

/// second = second · activation'(x), with first = activation(x); both have count values. Null on a library error, or
/// for the identity.
onednn_kernel *onednn_make_activation_gradient(
    int64_t count, onednn_activation activation, float slope);

/// first = the logarithm of softmax(first), row by row; second is not used. Null on a library error.
onednn_kernel *onednn_make_log_softmax(int64_t rows, int64_t columns);

/// second = e to the power of first, of count values. Null on a library error.
onednn_kernel *onednn_make_exponential(int64_t count);

/// Runs a kernel on its operands. False on a library error.
bool onednn_run(onednn_kernel *kernel, float *first, float *second);

/// Frees a kernel; null is allowed.
void onednn_free(onednn_kernel *kernel);

/// Prefetches bytes. Swift has no such instruction, and images in random order from a large set wait longer for
/// memory than their conversion takes.
static inline void prefetch_bytes(const uint8_t *start, size_t count) {
  for (size_t place = 0; place < count; place += 64) __builtin_prefetch(start + place);
}
