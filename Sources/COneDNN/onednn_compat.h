/// The one place that knows how the C interfaces of oneDNN 2 and 3 differ: version 2 describes memory by
/// value and makes a primitive descriptor from an operation descriptor, version 3 does both in one call.

#pragma once

#include <dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t shape_t;
#else
typedef dnnl_memory_desc_t *shape_t;
#endif

/// The shape of a dense row-major matrix, or null. To be freed with free_shape.
shape_t make_shape(int64_t rows, int64_t columns);
void free_shape(shape_t shape);

/// What a kernel computes, before it is compiled.
typedef struct {
  dnnl_alg_kind_t algorithm;
  float slope;
} elementwise_t;

dnnl_status_t describe_bias(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data, shape_t bias,
    const elementwise_t *activation);
dnnl_status_t describe_elementwise(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data, elementwise_t function);
dnnl_status_t describe_gradient(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data, elementwise_t function);
dnnl_status_t describe_log_softmax(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, shape_t data);
