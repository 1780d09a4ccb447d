/// The convolutional part of a network, from the images to the features that dense layers begin with.
///
/// It works on 16 images at a time; a batch whose size is not a multiple of 16 takes as long as the next that is.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "activations.h"

/// A convolution with square kernels, its activation, and the largest of each pool x pool numbers (1: none).
typedef struct {
  int channels, kernel, stride, padding, pool;
} stage_shape_t;

/// The numbers of a stage: kernels channels x inputs x kernel x kernel, and a bias for each channel.
typedef struct {
  const float *weights, *bias;
  /// Where their gradients go; null where no way back is made.
  float *weights_gradient, *bias_gradient;
} stage_parameters_t;

/// The most images of a batch, and their sides.
typedef struct {
  int count, rows, columns;
} image_batch_t;

/// The stages with the memory that they need. To be used by one thread at a time.
typedef struct convolutions convolutions;

/// At least one stage, each large enough for its window. The parameters must lie still as long as the part lives.
/// Null if there is no memory for it.
convolutions *make_convolutions(
    image_batch_t batch, const stage_shape_t *shapes, const stage_parameters_t *parameters,
    int stages, onednn_activation activation, float slope);

/// From count images, each rows x columns, to as many rows of features: channels x rows x columns of the last
/// stage. False if oneDNN fails.
bool convolve(convolutions *all, const float *images, float *features, int count);

/// From the gradient by the features to the gradients by the parameters, after `convolve` on so many images.
/// False if oneDNN fails.
bool convolve_back(convolutions *all, const float *features_gradient, int count);

/// Frees it; null is allowed.
void free_convolutions(convolutions *all);
