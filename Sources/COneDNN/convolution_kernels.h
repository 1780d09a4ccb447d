/// The three sums of products that convolutions consist of, for the images of one block.
///
/// A block is 16 images side by side: wherever one image has a number, a block has 16, one of each. So numbers
/// fill vectors however few the channels are. (oneDNN makes its vectors of channels. For the 1, 6 and 16 of
/// LeNet-5 it takes twice as long, measured on AVX-512; for 64 as long.)

#pragma once

#include <stddef.h>

enum { block_images = 16 };

/// The numbers at one place of the images of a block.
typedef float lanes_t __attribute__((ext_vector_type(block_images), may_alias));

/// What a convolution sums over. In the window at place `p` the kernel's number `t` meets what lies at
/// tap[t] + place[p] in an image.
typedef struct {
  int outputs, taps, places;
  const ptrdiff_t *tap, *place;
  /// outputs x taps.
  const float *weights;
  /// One for each output.
  const float *bias;
} correlation_t;

/// How many numbers apart the rows begin of what has a number for each output and place. An odd count, because
/// rows that lie whole pages apart would push each other out of the cache.
static inline size_t row_places(int places) {
  return (size_t)places | 1;
}

/// For one instruction set. Each takes every sum in the same order, so those that multiply and add in one have
/// the same results.
typedef struct {
  /// sums[o][p] = bias[o] + Σ weights[o][t]·images[tap[t] + place[p]] over the taps t.
  void (*correlate)(const correlation_t *how, const lanes_t *images, lanes_t *sums);
  /// slopes[o][t] += Σ gradient[o][p]·images[tap[t] + place[p]] over the places p.
  void (*by_weights)(
      const correlation_t *how, const lanes_t *images, const lanes_t *gradient, float *slopes);
  /// slopes[tap[t] + place[p]] += Σ weights[o][t]·gradient[o][p] over the outputs o, for all t and p.
  void (*by_images)(const correlation_t *how, const lanes_t *gradient, lanes_t *slopes);
} convolution_kernels_t;

/// Those for the best instruction set of this machine.
const convolution_kernels_t *convolution_kernels(void);
