#include "onednn_compat.h"

#include <pthread.h>
#include <stdlib.h>

#if DNNL_VERSION_MAJOR >= 3

shape_t make_shape_of(int sides, const int64_t *side, dnnl_format_tag_t tag) {
  shape_t shape = NULL;
  return dnnl_memory_desc_create_with_tag(&shape, sides, side, dnnl_f32, tag) == dnnl_success
      ? shape : NULL;
}

shape_t make_spread_shape(
    int64_t rows, int64_t columns, dnnl_data_type_t type, int64_t between_rows,
    int64_t between_columns) {
  const dnnl_dims_t sides = {rows, columns}, strides = {between_rows, between_columns};
  shape_t shape = NULL;
  return dnnl_memory_desc_create_with_strides(&shape, 2, sides, type, strides) == dnnl_success
      ? shape : NULL;
}

void free_shape(shape_t shape) {
  if (shape) dnnl_memory_desc_destroy(shape);
}

static dnnl_status_t append_elementwise(dnnl_post_ops_t operations, elementwise_t function) {
  return dnnl_post_ops_append_eltwise(operations, function.algorithm, function.slope, 0);
}

static dnnl_status_t describe_sum(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data, shape_t bias,
    const_dnnl_primitive_attr_t attributes) {
  return dnnl_binary_primitive_desc_create(
      result, engine, dnnl_binary_add, data, bias, data, attributes);
}

dnnl_status_t describe_elementwise(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, known_shape_t data, elementwise_t function) {
  return dnnl_eltwise_forward_primitive_desc_create(
      result, engine, dnnl_forward_training, function.algorithm, data, data, function.slope, 0,
      NULL);
}

static dnnl_status_t describe_backward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, known_shape_t data, elementwise_t function,
    const_dnnl_primitive_desc_t forward) {
  return dnnl_eltwise_backward_primitive_desc_create(
      result, engine, function.algorithm, data, data, data, function.slope, 0, forward, NULL);
}

dnnl_status_t describe_log_softmax(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data) {
  return dnnl_softmax_forward_primitive_desc_create(
      result, engine, dnnl_forward_inference, dnnl_softmax_log, data, data, 1, NULL);
}

dnnl_status_t describe_product(
    dnnl_primitive_desc_t *result, known_shape_t left, known_shape_t right, known_shape_t product) {
  return dnnl_matmul_primitive_desc_create(
      result, the_engine(), left, right, NULL, product, NULL);
}

#else

shape_t make_shape_of(int sides, const int64_t *side, dnnl_format_tag_t tag) {
  shape_t shape = malloc(sizeof *shape);
  if (shape && dnnl_memory_desc_init_by_tag(shape, sides, side, dnnl_f32, tag) != dnnl_success) {
    free(shape);
    return NULL;
  }
  return shape;
}

shape_t make_spread_shape(
    int64_t rows, int64_t columns, dnnl_data_type_t type, int64_t between_rows,
    int64_t between_columns) {
  const dnnl_dims_t sides = {rows, columns}, strides = {between_rows, between_columns};
  shape_t shape = malloc(sizeof *shape);
  if (shape && dnnl_memory_desc_init_by_strides(shape, 2, sides, type, strides) != dnnl_success) {
    free(shape);
    return NULL;
  }
  return shape;
}

void free_shape(shape_t shape) {
  free(shape);
}

static dnnl_status_t append_elementwise(dnnl_post_ops_t operations, elementwise_t function) {
  return dnnl_post_ops_append_eltwise(operations, 1, function.algorithm, function.slope, 0);
}

static dnnl_status_t describe_sum(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data, shape_t bias,
    const_dnnl_primitive_attr_t attributes) {
  dnnl_binary_desc_t operation;
  dnnl_status_t status = dnnl_binary_desc_init(&operation, dnnl_binary_add, data, bias, data);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
}

dnnl_status_t describe_elementwise(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, known_shape_t data, elementwise_t function) {
  dnnl_eltwise_desc_t operation;
  dnnl_status_t status = dnnl_eltwise_forward_desc_init(
      &operation, dnnl_forward_training, function.algorithm, data, function.slope, 0);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, NULL, engine, NULL);
}

static dnnl_status_t describe_backward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, known_shape_t data, elementwise_t function,
    const_dnnl_primitive_desc_t forward) {
  dnnl_eltwise_desc_t operation;
  dnnl_status_t status = dnnl_eltwise_backward_desc_init(
      &operation, function.algorithm, data, data, function.slope, 0);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, NULL, engine, forward);
}

dnnl_status_t describe_log_softmax(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data) {
  dnnl_logsoftmax_desc_t operation;
  dnnl_status_t status =
      dnnl_logsoftmax_forward_desc_init(&operation, dnnl_forward_inference, data, 1);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, NULL, engine, NULL);
}

dnnl_status_t describe_product(
    dnnl_primitive_desc_t *result, known_shape_t left, known_shape_t right, known_shape_t product) {
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = dnnl_matmul_desc_init(&operation, left, right, NULL, product);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, NULL, the_engine(), NULL);
}

#endif

static dnnl_engine_t engine;

static void make_engine(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

dnnl_engine_t the_engine(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_engine);
  return engine;
}

elementwise_t forward_function(onednn_activation activation, float slope) {
  switch (activation) {
    case onednn_tanh: return (elementwise_t){dnnl_eltwise_tanh, 0};
    case onednn_logistic: return (elementwise_t){dnnl_eltwise_logistic, 0};
    default: return (elementwise_t){dnnl_eltwise_relu, slope};
  }
}

/// The variants that use the activation's result instead of its argument.
elementwise_t backward_function(onednn_activation activation, float slope) {
  switch (activation) {
    case onednn_tanh: return (elementwise_t){dnnl_eltwise_tanh_use_dst_for_bwd, 0};
    case onednn_logistic: return (elementwise_t){dnnl_eltwise_logistic_use_dst_for_bwd, 0};
    default: return (elementwise_t){dnnl_eltwise_relu_use_dst_for_bwd, slope};
  }
}

shape_t make_shape(int64_t rows, int64_t columns) {
  const int64_t sides[] = {rows, columns};
  return make_shape_of(2, sides, dnnl_ab);
}

/// The attributes that append an activation to an operation; null for none.
static dnnl_status_t make_attributes(
    dnnl_primitive_attr_t *attributes, const elementwise_t *activation) {
  dnnl_post_ops_t operations = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status == dnnl_success) status = dnnl_post_ops_create(&operations);
  if (status == dnnl_success && activation) status = append_elementwise(operations, *activation);
  if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, operations);
  if (operations) dnnl_post_ops_destroy(operations);
  return status;
}

dnnl_status_t describe_bias(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data, shape_t bias,
    const elementwise_t *activation) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = make_attributes(&attributes, activation);
  if (status == dnnl_success) status = describe_sum(result, engine, data, bias, attributes);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  return status;
}

dnnl_status_t describe_gradient(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, known_shape_t data, elementwise_t function) {
  dnnl_primitive_desc_t forward = NULL;
  dnnl_status_t status = describe_elementwise(&forward, engine, data, function);
  if (status == dnnl_success) status = describe_backward(result, engine, data, function, forward);
  if (forward) dnnl_primitive_desc_destroy(forward);
  return status;
}
