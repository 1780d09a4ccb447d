#include "CWarp.h"

#include <string.h>

// Clones are chosen while the program is loaded, before the thread sanitizer is ready for it.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define FOR_EACH_PROCESSOR \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

// The image stands in a frame of zeros: a row above, two below, a column on the left, which is also the one on the
// right of the row before. Of it are made "quads": four pixels that meet at a corner, in one word, for one gather.

static size_t frame_width(int32_t columns) { return (size_t)columns + 1; }

static size_t quad_count(int32_t rows, int32_t columns) {
  return ((size_t)rows + 2) * frame_width(columns) + 1;
}

static size_t frame_size(int32_t rows, int32_t columns) {
  return ((size_t)rows + 3) * frame_width(columns) + 2;
}

size_t warp_scratch_size(int32_t rows, int32_t columns) {
  return quad_count(rows, columns) * sizeof(uint32_t) + frame_size(rows, columns);
}

// Short rows are copied in pieces of fixed size, the last one overlapping: a call for each would cost more.
static void frame_image(const uint8_t *image, int32_t rows, int32_t columns, uint8_t *frame) {
  for (int32_t y = 0; y < rows; y++) {
    const uint8_t *from = image + (size_t)y * columns;
    uint8_t *to = frame + ((size_t)y + 1) * frame_width(columns) + 1;
    if (columns < 16 || columns > 64) {
      memcpy(to, from, columns);
      continue;
    }
    for (int32_t x = 0; x + 16 < columns; x += 16) memcpy(to + x, from + x, 16);
    memcpy(to + columns - 16, from + columns - 16, 16);
  }
}

FOR_EACH_PROCESSOR
static void make_quads(
    const uint8_t *restrict upper, const uint8_t *restrict lower, size_t count,
    uint32_t *restrict quads) {
  for (size_t i = 0; i < count; i++) {
    quads[i] = upper[i] | (uint32_t)upper[i + 1] << 8 | (uint32_t)lower[i] << 16
        | (uint32_t)lower[i + 1] << 24;
  }
}

static inline int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

// Pixels in a row of the result, from one that is taken from (u, v).
static inline __attribute__((always_inline)) void sample(
    const uint32_t *restrict quads, int32_t rows, int32_t columns, int32_t u, int32_t v,
    warp_map map, int32_t count, float *restrict result) {
  const float unit = 1.0f / 255 * 0x1p-16f;
  int32_t width = columns + 1;
  for (int32_t x = 0; x < count; x++) {
    int32_t column = clamp(u + x * map.u_x, -65536, columns * 65536);
    int32_t row = clamp(v + x * map.v_x, -65536, rows * 65536);
    uint32_t quad = quads[((row >> 16) + 1) * width + (column >> 16) + 1];
    uint32_t right = column >> 8 & 255, below = row >> 8 & 255;
    // Upper and lower pair at once, 16 bits each; 255·256 fits.
    uint32_t pairs = (quad & 0x00ff00ff) * (256 - right) + (quad >> 8 & 0x00ff00ff) * right;
    uint32_t sum = (pairs & 0xffff) * (256 - below) + (pairs >> 16) * below;
    // At most 255·65536, which a float holds exactly.
    result[x] = (float)(int32_t)sum * unit;
  }
}

// Blocks of 16, which compile to vectors without a rest; the last one overlaps.
FOR_EACH_PROCESSOR
static void sample_image(
    const uint32_t *restrict quads, int32_t rows, int32_t columns, warp_map map,
    float *restrict result) {
  for (int32_t y = 0; y < rows; y++) {
    int32_t u = map.u + y * map.u_y, v = map.v + y * map.v_y;
    float *row = result + (size_t)y * columns;
    if (columns < 16) {
      sample(quads, rows, columns, u, v, map, columns, row);
      continue;
    }
    for (int32_t begin = 0; begin < columns; begin += 16) {
      int32_t x = begin + 16 > columns ? columns - 16 : begin;
      sample(quads, rows, columns, u + x * map.u_x, v + x * map.v_x, map, 16, row + x);
    }
  }
}

void warp_image(
    const uint8_t *image, int32_t rows, int32_t columns, warp_map map, void *scratch, float *result) {
  uint32_t *quads = scratch;
  size_t count = quad_count(rows, columns);
  uint8_t *frame = (uint8_t *)(quads + count);
  frame_image(image, rows, columns, frame);
  make_quads(frame, frame + frame_width(columns), count, quads);
  sample_image(quads, rows, columns, map, result);
}
