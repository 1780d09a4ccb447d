// Counts the allocations of Swift code by thread; preload it before the C library. Allocations by oneDNN and the C++
// library are excluded, because Trawl cannot change them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

static __thread long counted;
static __thread int busy;

long trawl_counted_allocations(void) { return counted; }

static void count(void *caller) {
  if (busy) return;
  busy = 1;
  Dl_info from;
  if (dladdr(caller, &from) && from.dli_fname && !strstr(from.dli_fname, "libdnnl")
      && !strstr(from.dli_fname, "libstdc++")) counted++;
  busy = 0;
}

void *malloc(size_t size) { count(__builtin_return_address(0)); return __libc_malloc(size); }
void *calloc(size_t n, size_t size) {
  count(__builtin_return_address(0));
  return __libc_calloc(n, size);
}
void *realloc(void *old, size_t size) {
  count(__builtin_return_address(0));
  return __libc_realloc(old, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}
int posix_memalign(void **result, size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : 12;
}
