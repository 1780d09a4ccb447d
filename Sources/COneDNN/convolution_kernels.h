/// The three sums of products of a convolution, for the images of one block.
///
/// A block is 16 interleaved images: 16 values, one per image, for each value of one image. So vectors are full
/// however few the channels are. (oneDNN vectorizes over channels. With the 1, 6 and 16 channels of LeNet-5 it takes
/// twice as long, measured on AVX-512; with 64 channels the time is equal.)

#pragma once

#include <stddef.h>

enum { block_images = 16 };

/// The values at one position of the images of a block.
typedef float lanes_t __attribute__((ext_vector_type(block_images), may_alias));

/// The index tables of a convolution. At window position `p`, kernel element `t` is multiplied with the image value
/// at tap[t] + place[p].
typedef struct {
  int outputs, taps, places;
  const ptrdiff_t *tap, *place;
  /// outputs x taps.
  const float *weights;
  /// One per output channel.
  const float *bias;
} correlation_t;

/// The row stride of arrays with a value per output and position. It is odd, because rows whole pages apart would
/// evict each other from the cache.
static inline size_t row_places(int places) {
  return (size_t)places | 1;
}

/// The kernels for one instruction set. All take every sum in the same order, so those with fused multiply-add have
/// equal results.
typedef struct {
  /// sums[o][p] = bias[o] + Σ weights[o][t]·images[tap[t] + place[p]] over the taps t.
  void (*correlate)(const correlation_t *how, const lanes_t *images, lanes_t *sums);
  /// slopes[o][t] += Σ gradient[o][p]·images[tap[t] + place[p]] over the places p.
  void (*by_weights)(
      const correlation_t *how, const lanes_t *images, const lanes_t *gradient, float *slopes);
  /// slopes[tap[t] + place[p]] += Σ weights[o][t]·gradient[o][p] over the outputs o, for all t and p.
  void (*by_images)(const correlation_t *how, const lanes_t *gradient, lanes_t *slopes);
} convolution_kernels_t;

/// The kernels for the best instruction set of this machine.
const convolution_kernels_t *convolution_kernels(void);
