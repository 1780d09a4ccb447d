/// Matrix products whose factors are bfloat16 and whose sums are 32-bit floats.

#pragma once

#include <stdbool.h>
#include <stdint.h>

/// A matrix in row-major memory, whose rows begin stride numbers apart; or its transpose.
typedef struct {
  int64_t rows, columns, stride;
  bool is_transposed;
} onednn_factor;

/// A product compiled for one shape. To be used by one thread at a time.
typedef struct onednn_product onednn_product;

/// Whether the processor multiplies bfloat16 itself, in the instruction set that the library uses. Asking
/// settles the set for the life of the process.
bool onednn_has_bfloat16(void);

/// For left·right, the rows of the result stride numbers apart. Null if the library refuses.
onednn_product *onednn_make_product(onednn_factor left, onednn_factor right, int64_t stride);

/// result = left·right. False if the library fails.
bool onednn_multiply_rounded(
    onednn_product *product, const uint16_t *left, const uint16_t *right, float *result);

/// Frees a product; null is allowed.
void onednn_free_product(onednn_product *product);
