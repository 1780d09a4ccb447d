/// Matrix products with bfloat16 factors and 32-bit float sums.

#pragma once

#include <stdbool.h>
#include <stdint.h>

/// A row-major matrix whose rows begin stride values apart, or its transpose.
typedef struct {
  int64_t rows, columns, stride;
  bool is_transposed;
} onednn_factor;

/// A product compiled for one shape. Not thread-safe.
typedef struct onednn_product onednn_product;

/// Whether the library's instruction set has bfloat16 multiplication. The first call fixes the instruction set until
/// the process exits.
bool onednn_has_bfloat16(void);

/// Compiles left·right with the given row stride of the result. Null on a library error.
onednn_product *onednn_make_product(onednn_factor left, onednn_factor right, int64_t stride);

/// result = left·right. False on a library error.
bool onednn_multiply_rounded(
    onednn_product *product, const uint16_t *left, const uint16_t *right, float *result);

/// Frees a product; null is allowed.
void onednn_free_product(onednn_product *product);
