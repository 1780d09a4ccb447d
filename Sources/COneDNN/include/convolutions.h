/// The convolutional part of a network, from the images to the features for the dense layers.
///
/// Processes 16 images at a time; the time of a batch depends on its size rounded up to a multiple of 16.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "activations.h"

/// A convolution with square kernels, activation, and max pooling over pool x pool windows (1: none).
typedef struct {
  int channels, kernel, stride, padding, pool;
} stage_shape_t;

/// The parameters of a stage: kernels channels x inputs x kernel x kernel, and one bias per channel.
typedef struct {
  const float *weights, *bias;
  /// The destination of their gradients; null without a backward pass.
  float *weights_gradient, *bias_gradient;
} stage_parameters_t;

/// The largest batch in images, and the image dimensions.
typedef struct {
  int count, rows, columns;
} image_batch_t;

/// The stages with their memory. Not thread-safe.
typedef struct convolutions convolutions;

/// Needs at least one stage, each at least as large as its window. The parameters must not move during its lifetime.
/// Null if memory is exhausted.
convolutions *make_convolutions(
    image_batch_t batch, const stage_shape_t *shapes, const stage_parameters_t *parameters,
    int stages, onednn_activation activation, float slope);

/// The forward pass of count images, each rows x columns, to as many rows of features: channels x rows x columns of
/// the last stage. False on an error of oneDNN.
bool convolve(convolutions *all, const float *images, float *features, int count);

/// The backward pass, from the gradient of the features to the gradients of the parameters, after `convolve` on the
/// same number of images. False on an error of oneDNN.
bool convolve_back(convolutions *all, const float *features_gradient, int count);

/// Frees it; null is allowed.
void free_convolutions(convolutions *all);
