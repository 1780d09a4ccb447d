/// The only header with the differences between the C interfaces of oneDNN 2 and 3: version 2 describes memory by
/// value and creates a primitive descriptor from an operation descriptor; version 3 does both in one call.

#pragma once

#include <dnnl.h>
#include <stdbool.h>

#include "activations.h"

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t shape_t;
typedef const_dnnl_memory_desc_t known_shape_t;
#else
typedef dnnl_memory_desc_t *shape_t;
typedef const dnnl_memory_desc_t *known_shape_t;
#endif

/// The shape of a dense row-major matrix, or null. Free it with free_shape.
shape_t make_shape(int64_t rows, int64_t columns);
void free_shape(shape_t shape);

/// A shape of up to four dimensions with the memory layout of the tag. Free it with free_shape.
shape_t make_shape_of(int sides, const int64_t *side, dnnl_format_tag_t tag);

/// The shape of a matrix of 16-bit or 32-bit floats with the given row stride, or null. Free it with free_shape.
shape_t make_spread_shape(
    int64_t rows, int64_t columns, dnnl_data_type_t type, int64_t between_rows,
    int64_t between_columns);

/// The only engine, created on first use; null if that fails.
dnnl_engine_t the_engine(void);

/// The operation of a kernel before compilation.
typedef struct {
  dnnl_alg_kind_t algorithm;
  float slope;
} elementwise_t;

dnnl_status_t describe_bias(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data, shape_t bias,
    const elementwise_t *activation);
dnnl_status_t describe_elementwise(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, known_shape_t data, elementwise_t function);
dnnl_status_t describe_gradient(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, known_shape_t data, elementwise_t function);
dnnl_status_t describe_log_softmax(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data);

dnnl_status_t describe_product(
    dnnl_primitive_desc_t *result, known_shape_t left, known_shape_t right, known_shape_t product);

/// An activation, and its derivative computed from the activation's result instead of its argument.
elementwise_t forward_function(onednn_activation activation, float slope);
elementwise_t backward_function(onednn_activation activation, float slope);
