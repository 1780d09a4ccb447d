/// The element-wise parts of a step of descent, compiled for several instruction sets.
///
/// No operation is contracted or reordered, so that the results do not depend on the instruction set.
/// Pointers need no alignment and must not overlap.

#pragma once

#include <stdbool.h>
#include <stddef.h>

/// weights = shrink·weights - rate·gradient.
void sgd_step(float *weights, const float *gradient, size_t count, float rate, float shrink);

/// How a gradient with momentum becomes a step.
typedef struct {
  float rate, momentum;
  /// The penalty's part of the gradient, as a factor of the weights.
  float penalty;
  /// What the weights are multiplied by, beside.
  float shrink;
  /// Whether the gradient is taken where the velocity leads to.
  bool looks_ahead;
} momentum_t;

/// g = gradient + penalty·weights; velocity = momentum·velocity + g;
/// weights = shrink·weights - rate·(velocity, or g + momentum·velocity if it looks ahead).
void momentum_step(
    float *weights, float *velocity, const float *gradient, size_t count, const momentum_t *how);

/// How a gradient with its moments becomes a step.
typedef struct {
  /// The learning rate over 1 - beta1 to the power of the step's number.
  float rate;
  /// The square root of 1 - beta2 to the power of the step's number.
  float correction;
  float beta1, beta2, epsilon;
  float penalty, shrink;
} adam_t;

/// g = gradient + penalty·weights; mean += (1 - beta1)·(g - mean); square = beta2·square + (1 - beta2)·g²;
/// weights = shrink·weights - rate·mean / (√square / correction + epsilon).
void adam_step(
    float *weights, float *mean, float *square, const float *gradient, size_t count,
    const adam_t *how);

/// The sum of the squares, added up in the same order on every processor.
double sum_of_squares(const float *values, size_t count);
