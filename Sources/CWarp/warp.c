#include "CWarp.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The loader selects clones before the thread sanitizer is initialized.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define FOR_EACH_PROCESSOR \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

// The image has a border of zeros: one row above, two below, one column on the left, which is also the right border
// of the row before. "Quads" are built from it: four adjacent pixels in one word, for one gather.

static size_t frame_width(int32_t columns) { return (size_t)columns + 1; }

static size_t quad_count(int32_t rows, int32_t columns) {
  return ((size_t)rows + 2) * frame_width(columns) + 1;
}

static size_t frame_size(int32_t rows, int32_t columns) {
  return ((size_t)rows + 3) * frame_width(columns) + 2;
}

// The bordered image follows the quads, or the 64 bytes per row of a narrow image.
static size_t frame_place(int32_t rows, int32_t columns) {
  size_t quads = quad_count(rows, columns) * sizeof(uint32_t), pairs = ((size_t)rows + 3) * 64;
  return quads > pairs ? quads : pairs;
}

size_t warp_scratch_size(int32_t rows, int32_t columns) {
  // Rows of narrow images are read 33 bytes at a time.
  return frame_place(rows, columns) + frame_size(rows, columns) + 33;
}

// Copies short rows in pieces of fixed size, the last one overlapping: a memcpy call per row costs more.
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

// Consecutive pixels of a result row, starting at source position (u, v).
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
    // The upper and lower pairs at once, 16 bits each; 255·256 fits.
    uint32_t pairs = (quad & 0x00ff00ff) * (256 - right) + (quad >> 8 & 0x00ff00ff) * right;
    uint32_t sum = (pairs & 0xffff) * (256 - below) + (pairs >> 16) * below;
    // At most 255·65536, which is exact in a float.
    result[x] = (float)(int32_t)sum * unit;
  }
}

// Blocks of 16 compile to vectors without a remainder loop; the last block overlaps.
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

#if defined(__x86_64__)

// Images of 16 to 30 columns: one row of pixel pairs fits a register, where 32 lanes look up their pairs faster than
// in memory.
#define NARROW __attribute__((target("arch=x86-64-v4")))

static int is_narrow(int32_t columns) {
  return columns >= 16 && columns <= 30 && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

NARROW static void make_pairs(const uint8_t *frame, int32_t rows, size_t width, __m512i *pairs) {
  for (int32_t i = 0; i < rows + 3; i++) {
    const uint8_t *row = frame + i * width;
    __m512i left = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)row));
    __m512i right = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(row + 1)));
    _mm512_store_si512(pairs + i, _mm512_or_si512(left, _mm512_slli_epi16(right, 8)));
  }
}

// Coordinates of 16 consecutive pixels, clamped to the border.
NARROW static inline __m512i coordinates(int32_t first, __m512i steps, int32_t count) {
  __m512i all = _mm512_add_epi32(_mm512_set1_epi32(first), steps);
  all = _mm512_max_epi32(all, _mm512_set1_epi32(-65536));
  return _mm512_min_epi32(all, _mm512_set1_epi32(count * 65536));
}

// Packs 32 values to 16 bits each.
NARROW static inline __m512i join(__m512i low, __m512i high) {
  return _mm512_inserti64x4(
      _mm512_castsi256_si512(_mm512_cvtepi32_epi16(low)), _mm512_cvtepi32_epi16(high), 1);
}

NARROW static inline __m512i fraction(__m512i coordinates) {
  return _mm512_and_si512(_mm512_srli_epi32(coordinates, 8), _mm512_set1_epi32(255));
}

// The positions of coordinates in the bordered image.
NARROW static inline __m512i place(__m512i coordinates) {
  return _mm512_add_epi32(_mm512_srai_epi32(coordinates, 16), _mm512_set1_epi32(1));
}

// Interpolates between left and right neighbours.
NARROW static inline __m512i blend_pairs(__m512i pairs, __m512i right) {
  __m512i left = _mm512_sub_epi16(_mm512_set1_epi16(256), right);
  return _mm512_add_epi16(
      _mm512_mullo_epi16(_mm512_and_si512(pairs, _mm512_set1_epi16(255)), left),
      _mm512_mullo_epi16(_mm512_srli_epi16(pairs, 8), right));
}

// Interpolates between upper and lower neighbours, to the final value.
NARROW static inline __m512 blend_rows(__m256i upper, __m256i lower, __m512i below) {
  __m512i above = _mm512_sub_epi32(_mm512_set1_epi32(256), below);
  __m512i sum = _mm512_add_epi32(
      _mm512_mullo_epi32(_mm512_cvtepu16_epi32(upper), above),
      _mm512_mullo_epi32(_mm512_cvtepu16_epi32(lower), below));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(1.0f / 255 * 0x1p-16f));
}

NARROW static void sample_narrow_image(
    const __m512i *pairs, int32_t rows, int32_t columns, warp_map map, float *result) {
  const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i u_steps = _mm512_mullo_epi32(order, _mm512_set1_epi32(map.u_x));
  const __m512i v_steps = _mm512_mullo_epi32(order, _mm512_set1_epi32(map.v_x));
  const __mmask16 rest = (__mmask16)((1u << (columns - 16)) - 1);
  for (int32_t y = 0; y < rows; y++) {
    int32_t u = map.u + y * map.u_y, v = map.v + y * map.v_y;
    __m512i u_low = coordinates(u, u_steps, columns);
    __m512i u_high = coordinates(u + 16 * map.u_x, u_steps, columns);
    __m512i v_low = coordinates(v, v_steps, rows);
    __m512i v_high = coordinates(v + 16 * map.v_x, v_steps, rows);
    __m512i column = join(place(u_low), place(u_high)), line = join(place(v_low), place(v_high));
    int32_t begin = (clamp(v, -65536, rows * 65536) >> 16) + 1;
    int32_t end = (clamp(v + (columns - 1) * map.v_x, -65536, rows * 65536) >> 16) + 1;
    int32_t first = begin < end ? begin : end, last = begin < end ? end : begin;
    __m512i upper = _mm512_setzero_si512(), lower = _mm512_setzero_si512();
    for (int32_t i = first; i <= last; i++) {
      __mmask32 here = _mm512_cmpeq_epi16_mask(line, _mm512_set1_epi16((int16_t)i));
      upper = _mm512_mask_permutexvar_epi16(upper, here, column, pairs[i]);
      lower = _mm512_mask_permutexvar_epi16(lower, here, column, pairs[i + 1]);
    }
    __m512i right = join(fraction(u_low), fraction(u_high));
    upper = blend_pairs(upper, right);
    lower = blend_pairs(lower, right);
    float *row = result + (size_t)y * columns;
    _mm512_storeu_ps(
        row, blend_rows(
                 _mm512_castsi512_si256(upper), _mm512_castsi512_si256(lower), fraction(v_low)));
    _mm512_mask_storeu_ps(
        row + 16, rest,
        blend_rows(
            _mm512_extracti64x4_epi64(upper, 1), _mm512_extracti64x4_epi64(lower, 1),
            fraction(v_high)));
  }
}

#endif

void warp_image(
    const uint8_t *image, int32_t rows, int32_t columns, warp_map map, void *scratch, float *result) {
  uint8_t *frame = (uint8_t *)scratch + frame_place(rows, columns);
  frame_image(image, rows, columns, frame);
#if defined(__x86_64__)
  if (is_narrow(columns)) {
    make_pairs(frame, rows, frame_width(columns), scratch);
    return sample_narrow_image(scratch, rows, columns, map, result);
  }
#endif
  make_quads(frame, frame + frame_width(columns), quad_count(rows, columns), scratch);
  sample_image(scratch, rows, columns, map, result);
}
