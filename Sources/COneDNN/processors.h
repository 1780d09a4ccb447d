#pragma once

/// Has a function compiled for several instruction sets; the loader takes the best that the processor has.
#if defined(__x86_64__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
