#include "convolutions.h"

#include <stdlib.h>
#include <string.h>

#include "onednn_compat.h"

enum { most_stages = 16, most_operations = 8 * most_stages, most_objects = 24 * most_stages };

typedef struct {
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t arguments[4];
  int count;
} operation_t;

/// Operations one after the other.
typedef struct {
  operation_t operations[most_operations];
  int count;
} pass_t;

/// One convolution and what the way back needs of it.
typedef struct {
  window_t window;
  int64_t pool;
  shape_t bias, any_weights;
  dnnl_primitive_desc_t convolution, pooling;
  dnnl_memory_t images, weights, results, pooled, places;
} stage_t;

struct onednn_convolutions {
  pass_t forward, backward;
  dnnl_stream_t stream;
  dnnl_memory_t memories[most_objects];
  int memory_count;
  /// Kept until all is compiled: the shapes that were asked of them are theirs.
  dnnl_primitive_desc_t descriptions[most_objects];
  int description_count;
  shape_t shapes[most_objects];
  int shape_count;
  /// Nothing more is made once something was refused.
  bool failed;
};

static void check(onednn_convolutions *all, dnnl_status_t status) {
  if (status != dnnl_success) all->failed = true;
}

static shape_t shape_of(
    onednn_convolutions *all, int sides, const int64_t *side, dnnl_format_tag_t tag) {
  shape_t shape = all->failed ? NULL : make_shape_of(sides, side, tag);
  if (shape) all->shapes[all->shape_count++] = shape;
  all->failed = !shape;
  return shape;
}

/// Memory at a place, or of its own.
static dnnl_memory_t hold(onednn_convolutions *all, known_shape_t shape, void *place) {
  dnnl_memory_t memory = NULL;
  if (all->failed) return NULL;
  check(all, dnnl_memory_create(
      &memory, shape, the_engine(), place ? place : DNNL_MEMORY_ALLOCATE));
  if (memory) all->memories[all->memory_count++] = memory;
  return memory;
}

static known_shape_t shape_in(onednn_convolutions *all, dnnl_memory_t memory) {
  known_shape_t shape = NULL;
  if (!all->failed) check(all, dnnl_memory_get_memory_desc(memory, &shape));
  return shape;
}

static known_shape_t asked(
    onednn_convolutions *all, dnnl_primitive_desc_t description, dnnl_query_t what) {
  return all->failed ? NULL : dnnl_primitive_desc_query_md(description, what, 0);
}

/// Keeps a description that was to be made.
static dnnl_primitive_desc_t keep(
    onednn_convolutions *all, dnnl_status_t status, dnnl_primitive_desc_t description) {
  check(all, status);
  if (description) all->descriptions[all->description_count++] = description;
  return description;
}

static void add(
    onednn_convolutions *all, pass_t *pass, dnnl_primitive_desc_t description, int count,
    const dnnl_exec_arg_t *arguments) {
  if (all->failed) return;
  operation_t *operation = &pass->operations[pass->count++];
  check(all, dnnl_primitive_create(&operation->primitive, description));
  operation->count = count;
  for (int index = 0; index < count; ++index) operation->arguments[index] = arguments[index];
}

static void copy(onednn_convolutions *all, pass_t *pass, dnnl_memory_t from, dnnl_memory_t to) {
  known_shape_t here = shape_in(all, from), there = shape_in(all, to);
  if (all->failed) return;
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = dnnl_reorder_primitive_desc_create(
      &description, here, the_engine(), there, the_engine(), NULL);
  description = keep(all, status, description);
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  add(all, pass, description, 2, arguments);
}

/// The memory, copied into another order if need be.
static dnnl_memory_t ordered(
    onednn_convolutions *all, pass_t *pass, dnnl_memory_t memory, known_shape_t shape) {
  if (all->failed || dnnl_memory_desc_equal(shape_in(all, memory), shape)) return memory;
  dnnl_memory_t result = hold(all, shape, NULL);
  copy(all, pass, memory, result);
  return result;
}

/// Sides of a batch of images: count, channels, rows, columns.
typedef struct {
  int64_t side[4];
} sides_t;

static sides_t after(sides_t sides, int64_t channels, window_t window) {
  sides.side[1] = channels;
  for (int index = 2; index < 4; ++index)
    sides.side[index] = (sides.side[index] + 2 * window.padding - window.kernel) / window.stride + 1;
  return sides;
}

/// How images lie before and after a convolution.
typedef struct {
  dnnl_format_tag_t before, after;
} layout_t;

/// From the fastest, as measured, to one that the library always has quick code for. Images of one channel
/// go from rows of pixels to blocks of channels, the others stay pixel by pixel.
static const layout_t layouts[] = {
  {dnnl_abcd, dnnl_aBcd16b}, {dnnl_abcd, dnnl_aBcd8b}, {dnnl_acdb, dnnl_acdb},
  {dnnl_abcd, dnnl_abcd}};

enum { layout_count = sizeof layouts / sizeof *layouts, first_for_channels = 2 };

/// Whether the library has more than its reference code for a description.
static bool is_quick(dnnl_status_t status, dnnl_primitive_desc_t description) {
  const char *name = NULL;
  return status == dnnl_success
      && dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, (void *)&name)
          == dnnl_success
      && strncmp(name, "ref", 3) != 0;
}

/// Whether it has for the ways back of a convolution.
static bool goes_back_quickly(const stage_t *stage, convolution_shapes_t shapes, bool by_data) {
  dnnl_primitive_desc_t by = NULL;
  bool quick = is_quick(
      describe_convolution_by_weights(&by, shapes, stage->window, stage->convolution), by);
  if (by) dnnl_primitive_desc_destroy(by);
  if (!quick || !by_data) return quick;
  by = NULL;
  shapes.bias = NULL;
  quick = is_quick(
      describe_convolution_by_data(&by, shapes, stage->window, stage->convolution), by);
  if (by) dnnl_primitive_desc_destroy(by);
  return quick;
}

/// Chooses how the images of a stage lie and describes its convolution.
static void convolve(
    onednn_convolutions *all, stage_t *stage, sides_t images, sides_t results,
    const elementwise_t *activation) {
  bool has_channels = images.side[1] > 1;
  for (int index = has_channels ? first_for_channels : 0; index < layout_count; ++index) {
    convolution_shapes_t shapes = {
      shape_of(all, 4, images.side, layouts[index].before), stage->any_weights, stage->bias,
      shape_of(all, 4, results.side, layouts[index].after)};
    if (all->failed) return;
    stage->convolution = NULL;
    dnnl_status_t status =
        describe_convolution(&stage->convolution, shapes, stage->window, activation);
    bool is_last = index == layout_count - 1;
    if (is_last || (is_quick(status, stage->convolution)
                    && goes_back_quickly(stage, shapes, has_channels))) {
      keep(all, status, stage->convolution);
      break;
    }
    if (stage->convolution) dnnl_primitive_desc_destroy(stage->convolution);
  }
  stage->images = ordered(
      all, &all->forward, stage->images, asked(all, stage->convolution, dnnl_query_src_md));
  stage->results = hold(all, asked(all, stage->convolution, dnnl_query_dst_md), NULL);
}

static void pool(onednn_convolutions *all, stage_t *stage, sides_t pooled, bool trains) {
  stage->pooled = stage->results;
  if (stage->pool == 1) return;
  known_shape_t from = shape_in(all, stage->results);
  shape_t to = shape_of(all, 4, pooled.side, dnnl_format_tag_any);
  if (all->failed) return;
  keep(all, describe_pooling(&stage->pooling, from, to, stage->pool, trains), stage->pooling);
  stage->pooled = hold(all, asked(all, stage->pooling, dnnl_query_dst_md), NULL);
  if (trains) stage->places = hold(all, asked(all, stage->pooling, dnnl_query_workspace_md), NULL);
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_SRC, stage->results}, {DNNL_ARG_DST, stage->pooled},
    {DNNL_ARG_WORKSPACE, stage->places}};
  add(all, &all->forward, stage->pooling, trains ? 3 : 2, arguments);
}

/// Makes the way forward through a stage whose images are known; gives the sides of what comes out.
static sides_t go_forward(
    onednn_convolutions *all, stage_t *stage, sides_t sides, onednn_stage_shape shape,
    onednn_stage_parameters parameters, const elementwise_t *activation) {
  stage->window = (window_t){shape.kernel, shape.stride, shape.padding};
  stage->pool = shape.pool;
  const int64_t kernels[] = {shape.channels, sides.side[1], shape.kernel, shape.kernel};
  shape_t plain = shape_of(all, 4, kernels, dnnl_abcd);
  stage->any_weights = shape_of(all, 4, kernels, dnnl_format_tag_any);
  stage->bias = shape_of(all, 1, &shape.channels, dnnl_a);
  stage->weights = hold(all, plain, parameters.weights);
  dnnl_memory_t bias = hold(all, stage->bias, parameters.bias);
  sides_t results = after(sides, shape.channels, stage->window);
  convolve(all, stage, sides, results, activation);
  dnnl_memory_t weights = ordered(
      all, &all->forward, stage->weights, asked(all, stage->convolution, dnnl_query_weights_md));
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_SRC, stage->images}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_BIAS, bias},
    {DNNL_ARG_DST, stage->results}};
  add(all, &all->forward, stage->convolution, 4, arguments);
  sides_t pooled = after(results, shape.channels, (window_t){shape.pool, shape.pool, 0});
  pool(all, stage, pooled, parameters.weights_gradient != NULL);
  return pooled;
}

/// The gradient by the sums of a stage from that by what comes out of it. The activation's derivative is
/// taken after the pooling, where there are fewer numbers: the largest number has the largest activation.
static dnnl_memory_t unpool(
    onednn_convolutions *all, stage_t *stage, dnnl_memory_t gradient, elementwise_t derivative) {
  known_shape_t here = shape_in(all, gradient), there = shape_in(all, stage->results);
  if (all->failed) return NULL;
  dnnl_primitive_desc_t description = NULL;
  keep(all, describe_gradient(&description, the_engine(), here, derivative), description);
  const dnnl_exec_arg_t slopes[] = {
    {DNNL_ARG_DST, stage->pooled}, {DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_DIFF_SRC, gradient}};
  add(all, &all->backward, description, 3, slopes);
  if (stage->pool == 1) return gradient;
  description = NULL;
  keep(
      all, describe_pooling_back(&description, there, here, stage->pool, stage->pooling),
      description);
  dnnl_memory_t result = hold(all, there, NULL);
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_WORKSPACE, stage->places},
    {DNNL_ARG_DIFF_SRC, result}};
  add(all, &all->backward, description, 3, arguments);
  return result;
}

/// How the convolution takes its images. (Of images with one channel the library holds several orders to be
/// equal, but does not have quick code for each.)
static known_shape_t source(onednn_convolutions *all, const stage_t *stage) {
  return asked(all, stage->convolution, dnnl_query_src_md);
}

/// The gradients by the parameters of a stage.
static void differentiate(
    onednn_convolutions *all, stage_t *stage, dnnl_memory_t gradient,
    onednn_stage_parameters parameters) {
  convolution_shapes_t shapes = {
    source(all, stage), stage->any_weights, stage->bias, shape_in(all, gradient)};
  if (all->failed) return;
  dnnl_primitive_desc_t description = NULL;
  keep(
      all,
      describe_convolution_by_weights(&description, shapes, stage->window, stage->convolution),
      description);
  dnnl_memory_t weights = hold(all, asked(all, description, dnnl_query_diff_weights_md), NULL);
  dnnl_memory_t bias = hold(all, stage->bias, parameters.bias_gradient);
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_SRC, stage->images}, {DNNL_ARG_DIFF_DST, gradient},
    {DNNL_ARG_DIFF_WEIGHTS, weights}, {DNNL_ARG_DIFF_BIAS, bias}};
  add(all, &all->backward, description, 4, arguments);
  dnnl_memory_t plain = hold(all, shape_in(all, stage->weights), parameters.weights_gradient);
  copy(all, &all->backward, weights, plain);
}

/// The gradient by the images of a stage.
static dnnl_memory_t go_back(onednn_convolutions *all, stage_t *stage, dnnl_memory_t gradient) {
  convolution_shapes_t shapes = {
    source(all, stage), stage->any_weights, NULL, shape_in(all, gradient)};
  if (all->failed) return NULL;
  dnnl_primitive_desc_t description = NULL;
  keep(
      all, describe_convolution_by_data(&description, shapes, stage->window, stage->convolution),
      description);
  dnnl_memory_t weights = ordered(
      all, &all->backward, stage->weights, asked(all, description, dnnl_query_weights_md));
  dnnl_memory_t result = hold(all, shape_in(all, stage->images), NULL);
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DIFF_SRC, result}};
  add(all, &all->backward, description, 3, arguments);
  return result;
}

static void compile_stages(
    onednn_convolutions *all, onednn_image_batch batch, const onednn_stage_shape *shapes,
    const onednn_stage_parameters *parameters, int count, onednn_activation activation,
    float slope) {
  stage_t stages[most_stages] = {0};
  elementwise_t function = forward_function(activation, slope);
  sides_t sides = {{batch.count, 1, batch.rows, batch.columns}};
  stages[0].images = hold(all, shape_of(all, 4, sides.side, dnnl_abcd), batch.images);
  for (int index = 0; index < count && !all->failed; ++index) {
    if (index > 0) stages[index].images = stages[index - 1].pooled;
    sides = go_forward(
        all, &stages[index], sides, shapes[index], parameters[index], &function);
  }
  shape_t plain = shape_of(all, 4, sides.side, dnnl_abcd);
  copy(all, &all->forward, stages[count - 1].pooled, hold(all, plain, batch.features));
  if (!batch.features_gradient) return;
  dnnl_memory_t gradient = hold(all, shape_in(all, stages[count - 1].pooled), NULL);
  copy(all, &all->backward, hold(all, plain, batch.features_gradient), gradient);
  for (int index = count - 1; index >= 0 && !all->failed; --index) {
    gradient = unpool(all, &stages[index], gradient, backward_function(activation, slope));
    differentiate(all, &stages[index], gradient, parameters[index]);
    if (index == 0) break;
    gradient = go_back(all, &stages[index], gradient);
    known_shape_t before = shape_in(all, stages[index - 1].pooled);
    gradient = ordered(all, &all->backward, gradient, before);
  }
}

static void forget_descriptions(onednn_convolutions *all) {
  for (int index = 0; index < all->description_count; ++index)
    dnnl_primitive_desc_destroy(all->descriptions[index]);
  for (int index = 0; index < all->shape_count; ++index) free_shape(all->shapes[index]);
  all->description_count = all->shape_count = 0;
}

onednn_convolutions *onednn_make_convolutions(
    onednn_image_batch batch, const onednn_stage_shape *shapes,
    const onednn_stage_parameters *parameters, int stages, onednn_activation activation,
    float slope) {
  onednn_convolutions *all =
      stages >= 1 && stages <= most_stages && the_engine() ? calloc(1, sizeof *all) : NULL;
  if (!all) return NULL;
  check(all, dnnl_stream_create(&all->stream, the_engine(), dnnl_stream_default_flags));
  compile_stages(all, batch, shapes, parameters, stages, activation, slope);
  forget_descriptions(all);
  if (!all->failed) return all;
  onednn_free_convolutions(all);
  return NULL;
}

static bool run(onednn_convolutions *all, const pass_t *pass) {
  for (int index = 0; index < pass->count; ++index) {
    const operation_t *operation = &pass->operations[index];
    if (dnnl_primitive_execute(
            operation->primitive, all->stream, operation->count, operation->arguments)
        != dnnl_success) return false;
  }
  return dnnl_stream_wait(all->stream) == dnnl_success;
}

bool onednn_convolve(onednn_convolutions *convolutions) {
  return run(convolutions, &convolutions->forward);
}

bool onednn_convolve_back(onednn_convolutions *convolutions) {
  return run(convolutions, &convolutions->backward);
}

static void forget(pass_t *pass) {
  for (int index = 0; index < pass->count; ++index)
    if (pass->operations[index].primitive) dnnl_primitive_destroy(pass->operations[index].primitive);
}

void onednn_free_convolutions(onednn_convolutions *convolutions) {
  if (!convolutions) return;
  forget(&convolutions->forward);
  forget(&convolutions->backward);
  for (int index = 0; index < convolutions->memory_count; ++index)
    dnnl_memory_destroy(convolutions->memories[index]);
  if (convolutions->stream) dnnl_stream_destroy(convolutions->stream);
  free(convolutions);
}
