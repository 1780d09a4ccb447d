/// The convolutional part of a network, from the images to the features that dense layers begin with.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "activations.h"

/// A convolution with square kernels, its activation, and the largest of each pool x pool numbers (1: none).
typedef struct {
  int64_t channels, kernel, stride, padding, pool;
} onednn_stage_shape;

/// The numbers of a stage: kernels channels x inputs x kernel x kernel, and a bias for each channel.
typedef struct {
  float *weights, *bias;
  /// Where their gradients go; null where no way back is made.
  float *weights_gradient, *bias_gradient;
} onednn_stage_parameters;

/// A batch and what becomes of it, all row-major; it must lie still as long as the part lives.
typedef struct {
  int64_t count, rows, columns;
  /// count x rows x columns.
  float *images;
  /// count x channels x rows x columns of the last stage.
  float *features;
  /// The gradient by the features, read on the way back; null where no way back is made.
  float *features_gradient;
} onednn_image_batch;

/// The compiled stages. To be used by one thread at a time.
typedef struct onednn_convolutions onednn_convolutions;

/// Compiles 1 to 16 stages. Null if the library refuses.
onednn_convolutions *onednn_make_convolutions(
    onednn_image_batch batch, const onednn_stage_shape *shapes,
    const onednn_stage_parameters *parameters, int stages, onednn_activation activation,
    float slope);

/// From the images to the features. False if the library fails.
bool onednn_convolve(onednn_convolutions *convolutions);

/// From the gradient by the features to the gradients by the parameters, after `onednn_convolve` on the
/// same images. False if the library fails.
bool onednn_convolve_back(onednn_convolutions *convolutions);

/// Frees what was compiled; null is allowed.
void onednn_free_convolutions(onednn_convolutions *convolutions);
