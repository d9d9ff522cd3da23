/* gunzip.c: one gzip stream over zlib, in pieces, so that whoever takes them can stop a stream that means gigabytes.
 * libcurl could do it, but takes a stream that was cut off for a whole one.
 * It must not hold more than one piece. */
#include "gunzip.h"

#include <stdlib.h>
#include <zlib.h>

#define PIECE_BYTES 16384
#define GZIP_WINDOW (15 + 16) /* zlib's way to say: gzip, and nothing else */

struct dws_gunzip {
    z_stream stream;
    bool ended;
    unsigned char piece[PIECE_BYTES];
};

struct dws_gunzip *dws_gunzip_new(void)
{
    struct dws_gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip && inflateInit2(&gunzip->stream, GZIP_WINDOW) != Z_OK) {
        free(gunzip);
        return NULL;
    }
    return gunzip;
}

enum dws_status dws_gunzip_feed(struct dws_gunzip *gunzip, const char *bytes, size_t length, dws_gunzip_sink *sink,
                                void *user)
{
    z_stream *stream = &gunzip->stream;
    int code = Z_OK;
    stream->next_in = (z_const Bytef *)(uintptr_t)bytes;
    stream->avail_in = (uInt)length; /* libcurl hands over less than a megabyte */
    do {
        if (gunzip->ended)
            return stream->avail_in > 0 ? DWS_ERR_DECODE : DWS_OK;
        stream->next_out = gunzip->piece;
        stream->avail_out = PIECE_BYTES;
        code = inflate(stream, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR)
            return DWS_ERR_MEMORY;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return DWS_ERR_DECODE;
        gunzip->ended = code == Z_STREAM_END;
        const size_t made = PIECE_BYTES - stream->avail_out;
        if (made > 0 && !sink(user, (const char *)gunzip->piece, made))
            return DWS_PENDING;
    } while (stream->avail_in > 0 || stream->avail_out == 0);
    return DWS_OK;
}

bool dws_gunzip_ended(const struct dws_gunzip *gunzip)
{
    return gunzip->ended;
}

void dws_gunzip_free(struct dws_gunzip *gunzip)
{
    if (!gunzip)
        return;
    inflateEnd(&gunzip->stream);
    free(gunzip);
}
