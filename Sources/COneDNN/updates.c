#include "updates.h"

#include <string.h>

#include "processors.h"

#pragma STDC FP_CONTRACT OFF

FOR_EACH_PROCESSOR
void sgd_step(
    float *restrict weights, const float *restrict gradient, size_t count, float rate,
    float shrink) {
  for (size_t place = 0; place < count; ++place)
    weights[place] = shrink * weights[place] - rate * gradient[place];
}

FOR_EACH_PROCESSOR
static void heavy_ball(
    float *restrict weights, float *restrict velocity, const float *restrict gradient,
    size_t count, momentum_t how) {
  for (size_t place = 0; place < count; ++place) {
    float weight = weights[place];
    float now = how.momentum * velocity[place] + (gradient[place] + how.penalty * weight);
    velocity[place] = now;
    weights[place] = how.shrink * weight - how.rate * now;
  }
}

FOR_EACH_PROCESSOR
static void nesterov(
    float *restrict weights, float *restrict velocity, const float *restrict gradient,
    size_t count, momentum_t how) {
  for (size_t place = 0; place < count; ++place) {
    float weight = weights[place];
    float slope = gradient[place] + how.penalty * weight;
    float now = how.momentum * velocity[place] + slope;
    velocity[place] = now;
    weights[place] = how.shrink * weight - how.rate * (slope + how.momentum * now);
  }
}

void momentum_step(
    float *weights, float *velocity, const float *gradient, size_t count, const momentum_t *how) {
  (how->looks_ahead ? nesterov : heavy_ball)(weights, velocity, gradient, count, *how);
}

// The built-in square root: sqrtf may set errno, which prevents vectorization.
FOR_EACH_PROCESSOR
static void adam(
    float *restrict weights, float *restrict mean, float *restrict square,
    const float *restrict gradient, size_t count, adam_t how) {
  for (size_t place = 0; place < count; ++place) {
    float weight = weights[place];
    float slope = gradient[place] + how.penalty * weight;
    float first = mean[place] + (1 - how.beta1) * (slope - mean[place]);
    float second = how.beta2 * square[place] + (1 - how.beta2) * (slope * slope);
    mean[place] = first;
    square[place] = second;
    weights[place] = how.shrink * weight
        - how.rate * (first / (__builtin_elementwise_sqrt(second) / how.correction + how.epsilon));
  }
}

void adam_step(
    float *weights, float *mean, float *square, const float *gradient, size_t count,
    const adam_t *how) {
  adam(weights, mean, square, gradient, count, *how);
}

FOR_EACH_PROCESSOR
double sum_of_squares(const float *values, size_t count) {
  double sums[16] = {0};
  size_t place = 0;
  for (; place + 16 <= count; place += 16)
    for (size_t lane = 0; lane < 16; ++lane)
      sums[lane] += (double)values[place + lane] * values[place + lane];
  for (; place < count; ++place) sums[0] += (double)values[place] * values[place];
  double total = 0;
  for (size_t lane = 0; lane < 16; ++lane) total += sums[lane];
  return total;
}

enum { lanes = 16 };

/// A number of Philox4x32-10 blocks from a position, word by word. Source: Salmon, Moraes, Dror, Shaw, "Parallel
/// random numbers: as easy as 1, 2, 3", SC 2011.
static inline __attribute__((always_inline)) void draw(
    uint32_t words[4][lanes], uint64_t seed, uint64_t stream, uint64_t position) {
  for (int lane = 0; lane < lanes; ++lane) {
    words[0][lane] = (uint32_t)(position + lane);
    words[1][lane] = (uint32_t)((position + lane) >> 32);
    words[2][lane] = (uint32_t)stream;
    words[3][lane] = (uint32_t)(stream >> 32);
  }
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int lane = 0; lane < lanes; ++lane) {
      uint64_t left = (uint64_t)0xD2511F53 * words[0][lane];
      uint64_t right = (uint64_t)0xCD9E8D57 * words[2][lane];
      words[0][lane] = (uint32_t)(right >> 32) ^ words[1][lane] ^ key0;
      words[2][lane] = (uint32_t)(left >> 32) ^ words[3][lane] ^ key1;
      words[1][lane] = (uint32_t)right;
      words[3][lane] = (uint32_t)left;
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
}

FOR_EACH_PROCESSOR
static void make_mask(float *mask, size_t count, dropout_t how) {
  for (size_t start = 0; start < count; start += 8 * lanes) {
    uint32_t words[4][lanes];
    draw(words, how.seed, how.stream, how.position + start / 8);
    float part[8][lanes];
    for (int word = 0; word < 4; ++word)
      for (int lane = 0; lane < lanes; ++lane) {
        uint32_t bits = words[word][lane];
        part[2 * word][lane] = (bits & 0xFFFF) < how.threshold ? 0 : how.scale;
        part[2 * word + 1][lane] = (bits >> 16) < how.threshold ? 0 : how.scale;
      }
    size_t left = count - start;
    memcpy(mask + start, part, (left < 8 * lanes ? left : 8 * lanes) * sizeof *mask);
  }
}

FOR_EACH_PROCESSOR
static void multiply_into(
    float *restrict result, const float *restrict values, const float *restrict factors,
    size_t count) {
  for (size_t place = 0; place < count; ++place) result[place] = values[place] * factors[place];
}

void drop_out(
    const float *values, float *kept, float *mask, size_t count, const dropout_t *how) {
  make_mask(mask, count, *how);
  multiply_into(kept, values, mask, count);
}

FOR_EACH_PROCESSOR
void multiply_each(float *restrict values, const float *restrict factors, size_t count) {
  for (size_t place = 0; place < count; ++place) values[place] *= factors[place];
}

FOR_EACH_PROCESSOR
void round_each(const float *restrict values, uint16_t *restrict rounded, size_t count) {
  for (size_t place = 0; place < count; ++place) {
    uint32_t bits;
    memcpy(&bits, values + place, sizeof bits);
    rounded[place] = (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
}

FOR_EACH_PROCESSOR
void collect_bits(const uint8_t *restrict bytes, uint8_t *restrict seen, size_t count) {
  for (size_t place = 0; place < count; ++place) seen[place] |= bytes[place];
}

// Most runs are short and not a multiple of 16. So they are rounded up to a multiple if that stays inside the image;
// the next run overwrites the excess. The last run is exact.
FOR_EACH_PROCESSOR
void scale_bytes(
    const uint8_t *restrict bytes, size_t size, const byte_run *runs, size_t run_count,
    float *restrict numbers, float factor) {
  size_t left = 0;
  for (size_t run = 0; run < run_count; ++run) left += runs[run].count;
  for (; run_count > 0; ++runs, --run_count) {
    size_t count = runs->count, whole = (count + lanes - 1) / lanes * lanes;
    if (whole > left || runs->start + whole > size) whole = count;
    const uint8_t *from = bytes + runs->start;
    size_t place = 0;
    for (; place + lanes <= whole; place += lanes)
      for (int lane = 0; lane < lanes; ++lane)
        numbers[place + lane] = (float)from[place + lane] * factor;
    for (; place < whole; ++place) numbers[place] = (float)from[place] * factor;
    numbers += count;
    left -= count;
  }
}
