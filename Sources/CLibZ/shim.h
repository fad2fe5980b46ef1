#ifndef KAMAJI_CLIBZ_H
#define KAMAJI_CLIBZ_H
#include <zlib.h>

/* A macro in zlib, which Swift cannot import. Negative window bits: raw deflate, without header and trailer. */
static inline int kmj_deflate_init_raw(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
}

#endif
