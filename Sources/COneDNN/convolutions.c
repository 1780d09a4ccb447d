#include "convolutions.h"

#include <stdlib.h>
#include <string.h>

#include "COneDNN.h"
#include "convolution_kernels.h"
#include "processors.h"

#pragma STDC FP_CONTRACT OFF

/// The approximate number of positions in a strip of pooling windows, which must fit in the cache.
enum { strip_places = 96 };

enum { most_stages = 16, most_memories = 8 * most_stages + 1 };

/// A position in a pooling window for each image of a block.
typedef int32_t places_t __attribute__((ext_vector_type(block_images)));

/// A convolution with activation and pooling. Dimensions and counts are per image; a block has 16 times as many
/// values.
typedef struct {
  /// Its positions are those in the pooling windows, window by window.
  correlation_t sums;
  float *weights_gradient, *bias_gradient;
  /// The image without padding, and the width of the padding.
  int channels, rows, columns, padding;
  /// Pooling: positions per window, and windows per output channel.
  int area, windows;
  /// The input, without and with padding; the same memory if there is no padding.
  lanes_t *plain, *padded;
  /// The output, and the window position of each maximum.
  lanes_t *results;
  places_t *largest;
  /// The gradients of the output and of the input; null if unused. The padded one is for one block only, and null if
  /// there is no padding.
  lanes_t *gradient, *plain_gradient, *padded_gradient;
  onednn_kernel *activation, *derivative;
} stage_t;

struct convolutions {
  const convolution_kernels_t *kernels;
  int count;
  stage_t stages[most_stages];
  /// The pre-activations of a strip of windows, or their gradient.
  lanes_t *strip;
  /// All allocated memory.
  void *memories[most_memories];
  int memory_count;
  /// An allocation failed.
  bool failed;
};

static size_t plain_count(const stage_t *stage) {
  return (size_t)stage->channels * stage->rows * stage->columns;
}

static size_t padded_count(const stage_t *stage) {
  int around = 2 * stage->padding;
  return (size_t)stage->channels * (stage->rows + around) * (stage->columns + around);
}

static size_t result_count(const stage_t *stage) {
  return (size_t)stage->sums.outputs * stage->windows;
}

static int blocks_of(int images) {
  return (images + block_images - 1) / block_images;
}

/// Converts consecutive images to blocks; pads the last block with zeros.
FOR_EACH_PROCESSOR
static void interleave(const float *images, int count, size_t numbers, lanes_t *blocks) {
  for (int first = 0; first < count; first += block_images)
    for (size_t number = 0; number < numbers; ++number, ++blocks)
      for (int lane = 0; lane < block_images; ++lane)
        (*blocks)[lane] = first + lane < count ? images[(first + lane) * numbers + number] : 0;
}

FOR_EACH_PROCESSOR
static void separate(const lanes_t *blocks, int count, size_t numbers, float *images) {
  for (int image = 0; image < count; ++image)
    for (size_t number = 0; number < numbers; ++number)
      *images++ = blocks[image / block_images * numbers + number][image % block_images];
}

/// Copies a block into the middle of its padded version, or back.
static void pad(const stage_t *stage, lanes_t *plain, lanes_t *padded, bool back) {
  int margin = stage->padding, width = stage->columns + 2 * margin;
  for (int channel = 0; channel < stage->channels; ++channel) {
    padded += margin * width;
    for (int row = 0; row < stage->rows; ++row, plain += stage->columns, padded += width) {
      lanes_t *inside = padded + margin;
      memcpy(back ? plain : inside, back ? inside : plain, stage->columns * sizeof *plain);
    }
    padded += margin * width;
  }
}

/// The maximum of each window, the first in a tie, and its position in the window.
FOR_EACH_PROCESSOR
static void pool(
    const lanes_t *sums, int windows, int area, lanes_t *results, places_t *largest) {
  for (int window = 0; window < windows; ++window) {
    lanes_t most = *sums++;
    places_t which = {0};
    for (int place = 1; place < area; ++place, ++sums) {
      which = *sums > most ? (places_t){0} + place : which;
      most = *sums > most ? *sums : most;
    }
    *results++ = most;
    *largest++ = which;
  }
}

/// Writes the gradient of each window to the position of its maximum, and zeros elsewhere.
FOR_EACH_PROCESSOR
static void unpool(
    const lanes_t *gradient, const places_t *largest, int windows, int area, lanes_t *by_sums) {
  for (int window = 0; window < windows; ++window, ++gradient, ++largest)
    for (int place = 0; place < area; ++place)
      *by_sums++ = *largest == place ? *gradient : (lanes_t){0};
}

/// Adds the sum of a row of a block's values to each total.
FOR_EACH_PROCESSOR
static void add_rows(const lanes_t *block, int rows, int columns, float *totals) {
  for (int row = 0; row < rows; ++row) {
    lanes_t sum = 0;
    for (int column = 0; column < columns; ++column) sum += *block++;
    for (int half = block_images / 2; half > 0; half /= 2)
      for (int lane = 0; lane < half; ++lane) sum[lane] += sum[lane + half];
    totals[row] += sum[0];
  }
}

/// Computes the pre-activations of some windows, from the given one.
static correlation_t strip_of(const stage_t *stage, int first) {
  int most = stage->area < strip_places ? strip_places / stage->area : 1;
  int windows = stage->windows - first < most ? stage->windows - first : most;
  correlation_t strip = stage->sums;
  strip.places = windows * stage->area;
  strip.place += (size_t)first * stage->area;
  return strip;
}

static void go_forward(const convolutions *all, const stage_t *stage, int block) {
  lanes_t *images = stage->padded + padded_count(stage) * block;
  if (stage->padding > 0) pad(stage, stage->plain + plain_count(stage) * block, images, false);
  for (int first = 0, windows; first < stage->windows; first += windows) {
    correlation_t strip = strip_of(stage, first);
    windows = strip.places / stage->area;
    all->kernels->correlate(&strip, images, all->strip);
    for (int output = 0; output < strip.outputs; ++output) {
      size_t place = result_count(stage) * block + (size_t)output * stage->windows + first;
      const lanes_t *sums = all->strip + output * row_places(strip.places);
      pool(sums, windows, stage->area, stage->results + place, stage->largest + place);
    }
  }
}

static bool activate(onednn_kernel *kernel, lanes_t *first, lanes_t *second) {
  return onednn_run(kernel, (float *)first, (float *)second);
}

bool convolve(convolutions *all, const float *images, float *features, int count) {
  const stage_t *stage = all->stages, *last = stage + all->count - 1;
  interleave(images, count, plain_count(stage), stage->plain);
  for (; stage <= last; ++stage) {
    for (int block = 0; block < blocks_of(count); ++block) go_forward(all, stage, block);
    if (!activate(stage->activation, stage->results, stage->results)) return false;
  }
  separate(last->results, count, result_count(last), features);
  return true;
}

static void go_back(const convolutions *all, const stage_t *stage, int block) {
  const lanes_t *images = stage->padded + padded_count(stage) * block;
  lanes_t *plain =
      stage->plain_gradient ? stage->plain_gradient + plain_count(stage) * block : NULL;
  lanes_t *by_images = stage->padded_gradient ? stage->padded_gradient : plain;
  size_t results = result_count(stage) * block;
  if (by_images) memset(by_images, 0, padded_count(stage) * sizeof *by_images);
  for (int first = 0, windows; first < stage->windows; first += windows) {
    correlation_t strip = strip_of(stage, first);
    windows = strip.places / stage->area;
    for (int output = 0; output < strip.outputs; ++output) {
      size_t place = results + (size_t)output * stage->windows + first;
      lanes_t *by_sums = all->strip + output * row_places(strip.places);
      unpool(stage->gradient + place, stage->largest + place, windows, stage->area, by_sums);
    }
    all->kernels->by_weights(&strip, images, all->strip, stage->weights_gradient);
    if (by_images) all->kernels->by_images(&strip, all->strip, by_images);
  }
  if (stage->padded_gradient) pad(stage, plain, by_images, true);
  add_rows(stage->gradient + results, stage->sums.outputs, stage->windows, stage->bias_gradient);
}

bool convolve_back(convolutions *all, const float *features_gradient, int count) {
  const stage_t *stage = all->stages + all->count - 1;
  interleave(features_gradient, count, result_count(stage), stage->gradient);
  for (; stage >= all->stages; --stage) {
    if (!activate(stage->derivative, stage->results, stage->gradient)) return false;
    size_t weights = (size_t)stage->sums.outputs * stage->sums.taps;
    memset(stage->weights_gradient, 0, weights * sizeof(float));
    memset(stage->bias_gradient, 0, stage->sums.outputs * sizeof(float));
    for (int block = 0; block < blocks_of(count); ++block) go_back(all, stage, block);
  }
  return true;
}

/// Allocates zeroed memory for the given number of items of a size.
static void *own(convolutions *all, size_t count, size_t size) {
  size_t bytes = (count * size + 63) / 64 * 64;
  void *memory = all->failed ? NULL : aligned_alloc(64, bytes);
  if (memory) all->memories[all->memory_count++] = memset(memory, 0, bytes);
  all->failed = !memory;
  return memory;
}

/// The index tables of a stage's convolution.
static void list(
    convolutions *all, stage_t *stage, stage_shape_t shape, int pooled_rows, int pooled_columns) {
  correlation_t *sums = &stage->sums;
  int k = shape.kernel, pool = shape.pool;
  ptrdiff_t height = stage->rows + 2 * shape.padding, width = stage->columns + 2 * shape.padding;
  stage->area = pool * pool;
  stage->windows = pooled_rows * pooled_columns;
  sums->taps = stage->channels * k * k;
  sums->places = stage->windows * stage->area;
  ptrdiff_t *tap = own(all, sums->taps, sizeof *tap);
  ptrdiff_t *place = own(all, sums->places, sizeof *place);
  if (all->failed) return;
  sums->tap = tap;
  sums->place = place;
  for (int index = 0; index < sums->taps; ++index)
    *tap++ = (index / (k * k) * height + index / k % k) * width + index % k;
  for (int row = 0; row < pooled_rows; ++row)
    for (int column = 0; column < pooled_columns; ++column)
      for (int index = 0; index < stage->area; ++index)
        *place++ = ((row * pool + index / pool) * width + column * pool + index % pool) * shape.stride;
}

/// Allocates the memory of a stage for the given number of blocks; `before` is the previous stage, null for the
/// first.
static void equip(
    convolutions *all, stage_t *stage, const stage_t *before, int blocks, bool trains) {
  size_t size = sizeof(lanes_t), padded = padded_count(stage);
  size_t results = result_count(stage) * blocks;
  stage->plain = before ? before->results : own(all, plain_count(stage) * blocks, size);
  stage->padded = stage->padding > 0 ? own(all, padded * blocks, size) : stage->plain;
  stage->results = own(all, results, size);
  stage->largest = own(all, results, sizeof(places_t));
  if (trains) stage->gradient = own(all, results, size);
  if (!trains || !before) return;
  stage->plain_gradient = before->gradient;
  if (stage->padding > 0) stage->padded_gradient = own(all, padded, size);
}

static int side_after(int side, stage_shape_t shape) {
  return ((side + 2 * shape.padding - shape.kernel) / shape.stride + 1) / shape.pool;
}

/// Creates the next stage, for images of these dimensions.
static void add_stage(
    convolutions *all, image_batch_t images, int channels, stage_shape_t shape,
    stage_parameters_t parameters) {
  stage_t *stage = &all->stages[all->count];
  stage->channels = channels;
  stage->rows = images.rows;
  stage->columns = images.columns;
  stage->padding = shape.padding;
  stage->weights_gradient = parameters.weights_gradient;
  stage->bias_gradient = parameters.bias_gradient;
  stage->sums.outputs = shape.channels;
  stage->sums.weights = parameters.weights;
  stage->sums.bias = parameters.bias;
  list(all, stage, shape, side_after(images.rows, shape), side_after(images.columns, shape));
  equip(
      all, stage, all->count > 0 ? stage - 1 : NULL, blocks_of(images.count),
      parameters.weights_gradient != NULL);
  ++all->count;
}

/// Creates what depends on the sizes of all stages.
static void complete(
    convolutions *all, int images, bool trains, onednn_activation activation, float slope) {
  size_t strip = 0;
  for (stage_t *stage = all->stages; stage < all->stages + all->count && !all->failed; ++stage) {
    int64_t count = result_count(stage) * blocks_of(images) * block_images;
    stage->activation = onednn_make_activation(count, activation, slope);
    if (trains) stage->derivative = onednn_make_activation_gradient(count, activation, slope);
    if (!stage->activation || (trains && !stage->derivative)) all->failed = true;
    size_t needed = stage->sums.outputs * row_places(strip_of(stage, 0).places);
    if (strip < needed) strip = needed;
  }
  all->strip = own(all, strip, sizeof *all->strip);
}

convolutions *make_convolutions(
    image_batch_t images, const stage_shape_t *shapes, const stage_parameters_t *parameters,
    int stages, onednn_activation activation, float slope) {
  convolutions *all = stages >= 1 && stages <= most_stages ? calloc(1, sizeof *all) : NULL;
  if (!all) return NULL;
  all->kernels = convolution_kernels();
  bool trains = parameters->weights_gradient != NULL;
  int channels = 1, count = images.count;
  for (int index = 0; index < stages; ++index) {
    add_stage(all, images, channels, shapes[index], parameters[index]);
    images = (image_batch_t){
      count, side_after(images.rows, shapes[index]), side_after(images.columns, shapes[index])};
    channels = shapes[index].channels;
  }
  complete(all, count, trains, activation, slope);
  if (!all->failed) return all;
  free_convolutions(all);
  return NULL;
}

void free_convolutions(convolutions *all) {
  if (!all) return;
  for (int index = 0; index < all->count; ++index) {
    onednn_free(all->stages[index].activation);
    onednn_free(all->stages[index].derivative);
  }
  for (int index = 0; index < all->memory_count; ++index) free(all->memories[index]);
  free(all);
}
