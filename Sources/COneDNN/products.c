#include "products.h"

#include <stdlib.h>

#include "onednn_compat.h"

enum { left, right, result, operands };

struct onednn_product {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t memories[operands];
};

bool onednn_has_bfloat16(void) {
  switch ((int)dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_avx512_core_bf16:
    case dnnl_cpu_isa_avx512_core_amx:
#if DNNL_VERSION_MAJOR >= 3
    case dnnl_cpu_isa_avx512_core_fp16:
    case dnnl_cpu_isa_avx512_core_amx_fp16:
#endif
      return true;
    default: return false;
  }
}

static shape_t shape_of(onednn_factor factor) {
  return factor.is_transposed
      ? make_spread_shape(factor.columns, factor.rows, dnnl_bf16, 1, factor.stride)
      : make_spread_shape(factor.rows, factor.columns, dnnl_bf16, factor.stride, 1);
}

/// Compiles the product of shapes that are not null.
static bool compile(onednn_product *product, const shape_t *shapes) {
  dnnl_primitive_desc_t description = NULL;
  bool made = describe_product(&description, shapes[left], shapes[right], shapes[result])
          == dnnl_success
      && dnnl_primitive_create(&product->primitive, description) == dnnl_success
      && dnnl_stream_create(&product->stream, the_engine(), dnnl_stream_default_flags)
          == dnnl_success;
  if (description) dnnl_primitive_desc_destroy(description);
  for (int index = 0; index < operands; ++index)
    made = made
        && dnnl_memory_create(&product->memories[index], shapes[index], the_engine(), NULL)
            == dnnl_success;
  return made;
}

onednn_product *onednn_make_product(onednn_factor a, onednn_factor b, int64_t stride) {
  int64_t rows = a.is_transposed ? a.columns : a.rows;
  int64_t columns = b.is_transposed ? b.rows : b.columns;
  shape_t shapes[] = {
    shape_of(a), shape_of(b), make_spread_shape(rows, columns, dnnl_f32, stride, 1)};
  onednn_product *product =
      shapes[left] && shapes[right] && shapes[result] ? calloc(1, sizeof *product) : NULL;
  bool made = product && compile(product, shapes);
  for (int index = 0; index < operands; ++index) free_shape(shapes[index]);
  if (made) return product;
  onednn_free_product(product);
  return NULL;
}

bool onednn_multiply_rounded(
    onednn_product *product, const uint16_t *a, const uint16_t *b, float *c) {
  dnnl_memory_t *memories = product->memories;
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_SRC, memories[left]}, {DNNL_ARG_WEIGHTS, memories[right]},
    {DNNL_ARG_DST, memories[result]}};
  return dnnl_memory_set_data_handle(memories[left], (void *)a) == dnnl_success
      && dnnl_memory_set_data_handle(memories[right], (void *)b) == dnnl_success
      && dnnl_memory_set_data_handle(memories[result], c) == dnnl_success
      && dnnl_primitive_execute(product->primitive, product->stream, operands, arguments)
          == dnnl_success
      && dnnl_stream_wait(product->stream) == dnnl_success;
}

void onednn_free_product(onednn_product *product) {
  if (!product) return;
  for (int index = 0; index < operands; ++index)
    if (product->memories[index]) dnnl_memory_destroy(product->memories[index]);
  if (product->stream) dnnl_stream_destroy(product->stream);
  if (product->primitive) dnnl_primitive_destroy(product->primitive);
  free(product);
}
