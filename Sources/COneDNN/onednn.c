#include "COneDNN.h"

#include <stdlib.h>

#include "onednn_compat.h"

// From libgomp, which oneDNN uses; not every compiler has its header.
extern void omp_set_num_threads(int);

void onednn_use_one_thread(void) {
  omp_set_num_threads(1);
}

void onednn_version(int *major, int *minor, int *patch) {
  const dnnl_version_t *version = dnnl_version();
  *major = version->major;
  *minor = version->minor;
  *patch = version->patch;
}

const char *onednn_instruction_set(void) {
  switch ((int)dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
#if DNNL_VERSION_MAJOR >= 3
    case dnnl_cpu_isa_avx2_vnni_2: return "avx2_vnni_2";
    case dnnl_cpu_isa_avx512_core_fp16: return "avx512_core_fp16";
    case dnnl_cpu_isa_avx512_core_amx_fp16: return "avx512_core_amx_fp16";
#endif
    default: return "generic";
  }
}

bool onednn_limit_to_avx2(void) {
  return dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2) == dnnl_success
      && dnnl_get_effective_cpu_isa() == dnnl_cpu_isa_avx2;
}

bool onednn_multiply(
    bool transpose_a, bool transpose_b, int64_t rows, int64_t columns, int64_t inner, float alpha,
    const float *a, int64_t stride_a, const float *b, int64_t stride_b, float beta, float *c,
    int64_t stride_c) {
  return dnnl_sgemm(
      transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', rows, columns, inner, alpha, a, stride_a,
      b, stride_b, beta, c, stride_c) == dnnl_success;
}

struct onednn_kernel {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t first, second;
  dnnl_exec_arg_t arguments[3];
  int argument_count;
};

void onednn_free(onednn_kernel *kernel) {
  if (!kernel) return;
  if (kernel->first) dnnl_memory_destroy(kernel->first);
  if (kernel->second) dnnl_memory_destroy(kernel->second);
  if (kernel->stream) dnnl_stream_destroy(kernel->stream);
  if (kernel->primitive) dnnl_primitive_destroy(kernel->primitive);
  free(kernel);
}

/// The primitive's arguments for the two operands of a kernel and for its result. 0 for an operand that is not read.
typedef struct {
  int first, second, result;
  bool result_is_first;
} roles_t;

/// Compiles a primitive and frees the description and the shapes.
static onednn_kernel *compile(
    dnnl_status_t status, dnnl_primitive_desc_t description, shape_t first, shape_t second,
    roles_t roles) {
  onednn_kernel *kernel = status == dnnl_success ? calloc(1, sizeof *kernel) : NULL;
  bool made = kernel
      && dnnl_primitive_create(&kernel->primitive, description) == dnnl_success
      && dnnl_stream_create(&kernel->stream, the_engine(), dnnl_stream_default_flags)
          == dnnl_success
      && dnnl_memory_create(&kernel->first, first, the_engine(), NULL) == dnnl_success
      && dnnl_memory_create(&kernel->second, second, the_engine(), NULL) == dnnl_success;
  if (description) dnnl_primitive_desc_destroy(description);
  if (first != second) free_shape(second);
  free_shape(first);
  if (!made) {
    onednn_free(kernel);
    return NULL;
  }
  dnnl_exec_arg_t *argument = kernel->arguments;
  dnnl_memory_t result = roles.result_is_first ? kernel->first : kernel->second;
  *argument++ = (dnnl_exec_arg_t){roles.first, kernel->first};
  if (roles.second) *argument++ = (dnnl_exec_arg_t){roles.second, kernel->second};
  *argument++ = (dnnl_exec_arg_t){roles.result, result};
  kernel->argument_count = (int)(argument - kernel->arguments);
  return kernel;
}

onednn_kernel *onednn_make_bias_activation(
    int64_t rows, int64_t columns, onednn_activation activation, float slope) {
  shape_t data = make_shape(rows, columns), bias = make_shape(1, columns);
  elementwise_t function = forward_function(activation, slope);
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = describe_bias(
      &description, the_engine(), data, bias, activation == onednn_identity ? NULL : &function);
  roles_t roles = {DNNL_ARG_SRC_0, DNNL_ARG_SRC_1, DNNL_ARG_DST, true};
  return compile(status, description, data, bias, roles);
}

onednn_kernel *onednn_make_activation_gradient(
    int64_t count, onednn_activation activation, float slope) {
  if (activation == onednn_identity) return NULL;
  shape_t data = make_shape(1, count);
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = describe_gradient(
      &description, the_engine(), data, backward_function(activation, slope));
  roles_t roles = {DNNL_ARG_DST, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC, false};
  return compile(status, description, data, data, roles);
}

onednn_kernel *onednn_make_log_softmax(int64_t rows, int64_t columns) {
  shape_t data = make_shape(rows, columns);
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = describe_log_softmax(&description, the_engine(), data);
  roles_t roles = {DNNL_ARG_SRC, 0, DNNL_ARG_DST, true};
  return compile(status, description, data, data, roles);
}

static onednn_kernel *make_elementwise(int64_t count, elementwise_t function) {
  shape_t data = make_shape(1, count);
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = describe_elementwise(&description, the_engine(), data, function);
  roles_t roles = {DNNL_ARG_SRC, 0, DNNL_ARG_DST, false};
  return compile(status, description, data, data, roles);
}

onednn_kernel *onednn_make_activation(int64_t count, onednn_activation activation, float slope) {
  return make_elementwise(count, forward_function(activation, slope));
}

onednn_kernel *onednn_make_exponential(int64_t count) {
  return make_elementwise(count, (elementwise_t){dnnl_eltwise_exp, 0});
}

bool onednn_run(onednn_kernel *kernel, float *first, float *second) {
  return dnnl_memory_set_data_handle(kernel->first, first) == dnnl_success
      && dnnl_memory_set_data_handle(kernel->second, second) == dnnl_success
      && dnnl_primitive_execute(
             kernel->primitive, kernel->stream, kernel->argument_count, kernel->arguments)
          == dnnl_success
      && dnnl_stream_wait(kernel->stream) == dnnl_success;
}
