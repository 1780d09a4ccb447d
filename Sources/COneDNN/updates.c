#include "updates.h"

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

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

// The built-in root, because sqrtf might set errno and so keeps the loop scalar.
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
