#pragma once

#include <zlib.h>

/// `inflateInit2` is a macro, which Swift does not see. The window bits 15 + 16 mean: a gzip file.
static inline int czlib_begin_gunzip(z_stream *stream) {
  return inflateInit2(stream, 15 + 16);
}
