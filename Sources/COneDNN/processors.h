#pragma once

/// Compiles a function for several instruction sets; the loader selects the best one for the processor. It does so
/// before the thread sanitizer is initialized, so that there is only one version then.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
