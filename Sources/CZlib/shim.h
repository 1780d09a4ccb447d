#pragma once

#include <zlib.h>

/// `inflateInit2` is a macro, which Swift cannot import. Window bits 15 + 16 select the gzip format.
static inline int czlib_begin_gunzip(z_stream *stream) {
  return inflateInit2(stream, 15 + 16);
}
