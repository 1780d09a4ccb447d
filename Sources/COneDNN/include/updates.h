/// The element-wise parts of a training step that oneDNN does not cover, compiled for several instruction sets.
///
/// No operation is contracted or reordered, so that the results do not depend on the instruction set.
/// Pointers need no alignment and must not overlap.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// weights = shrink·weights - rate·gradient.
void sgd_step(float *weights, const float *gradient, size_t count, float rate, float shrink);

/// The parameters of a momentum step.
typedef struct {
  float rate, momentum;
  /// The gradient of the penalty, as a factor of the weights.
  float penalty;
  /// Decoupled weight decay: the factor of the weights.
  float shrink;
  /// Nesterov momentum.
  bool looks_ahead;
} momentum_t;

/// g = gradient + penalty·weights; velocity = momentum·velocity + g;
/// weights = shrink·weights - rate·(velocity, or g + momentum·velocity if it looks ahead).
void momentum_step(
    float *weights, float *velocity, const float *gradient, size_t count, const momentum_t *how);

/// The parameters of an Adam step.
typedef struct {
  /// The learning rate divided by 1 - beta1^step.
  float rate;
  /// The square root of 1 - beta2^step.
  float correction;
  float beta1, beta2, epsilon;
  float penalty, shrink;
} adam_t;

/// g = gradient + penalty·weights; mean += (1 - beta1)·(g - mean); square = beta2·square + (1 - beta2)·g²;
/// weights = shrink·weights - rate·mean / (√square / correction + epsilon).
void adam_step(
    float *weights, float *mean, float *square, const float *gradient, size_t count,
    const adam_t *how);

/// The sum of squares, added in the same order on every processor.
double sum_of_squares(const float *values, size_t count);

/// The dropout parameters.
typedef struct {
  /// A stream of Philox4x32-10, starting at a 128-bit block; one block decides about eight values.
  uint64_t seed, stream, position;
  /// The dropout probability is threshold / 65536.
  uint32_t threshold;
  /// The factor of the kept values.
  float scale;
} dropout_t;

/// mask = 0 or scale; kept = values·mask.
void drop_out(
    const float *values, float *kept, float *mask, size_t count, const dropout_t *how);

/// values = values·factors.
void multiply_each(float *values, const float *factors, size_t count);

/// rounded = the values as bfloat16, the upper half of a float, rounded to nearest, ties to even.
void round_each(const float *values, uint16_t *rounded, size_t count);

/// seen = seen | bytes.
void collect_bits(const uint8_t *bytes, uint8_t *seen, size_t count);

/// A run of consecutive bytes of an image.
typedef struct {
  size_t start, count;
} byte_run;

/// numbers = the bytes of the runs, one run after the other, times the factor. The runs are ascending and within the
/// size bytes.
void scale_bytes(
    const uint8_t *bytes, size_t size, const byte_run *runs, size_t run_count, float *numbers,
    float factor);
