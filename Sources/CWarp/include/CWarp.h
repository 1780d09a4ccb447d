/// Affine maps of grey images, sampled bilinearly in whole numbers, so that the result is the same to the last bit
/// on every processor. In C, because Swift can neither compile a loop for several instruction sets nor gather.

#pragma once

#include <stddef.h>
#include <stdint.h>

/// Where pixel (x, y) of the result is taken from: column u + x·u_x + y·u_y and row v + x·v_x + y·v_y of the image,
/// in 65536ths of a pixel. For every pixel of the result both must fit 32 bits.
typedef struct {
  int32_t u, v, u_x, v_x, u_y, v_y;
} warp_map;

/// The bytes of scratch memory that images of this size need.
size_t warp_scratch_size(int32_t rows, int32_t columns);

/// Maps an image of rows x columns bytes and writes the result as numbers, 255 as 1; what lies outside the image is 0.
/// The scratch memory must be all zeros at first, and serve images of one size only, one call at a time.
void warp_image(
    const uint8_t *image, int32_t rows, int32_t columns, warp_map map, void *scratch, float *result);
