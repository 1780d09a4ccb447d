/// Affine maps of grayscale images with bilinear interpolation in integers, so that results are bitwise equal on
/// every processor. In C, because Swift can neither compile a loop for several instruction sets nor gather.

#pragma once

#include <stddef.h>
#include <stdint.h>

/// The source of result pixel (x, y): column u + x·u_x + y·u_y and row v + x·v_x + y·v_y of the image, in 1/65536
/// pixel. Both must fit in 32 bits for every pixel of the result.
typedef struct {
  int32_t u, v, u_x, v_x, u_y, v_y;
} warp_map;

/// The size in bytes of the scratch memory for images of this size.
size_t warp_scratch_size(int32_t rows, int32_t columns);

/// Maps an image of rows x columns bytes and writes the result as floats, 255 as 1; outside the image the value is 0.
/// The scratch memory must be zeroed first, and used for images of one size only, one call at a time.
void warp_image(
    const uint8_t *image, int32_t rows, int32_t columns, warp_map map, void *scratch, float *result);
