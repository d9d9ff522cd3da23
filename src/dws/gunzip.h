/* gunzip.h: the bytes of a gzip stream, piece by piece as it comes. */
#ifndef DWS_GUNZIP_H
#define DWS_GUNZIP_H

#include "internal.h"

struct dws_gunzip;

/* Takes the bytes that come out; false ends it. */
typedef bool dws_gunzip_sink(void *user, const char *bytes, size_t length);

/* NULL: out of memory. */
struct dws_gunzip *dws_gunzip_new(void);
/* Takes the next bytes of the stream, and hands over what they mean in pieces of 16 KiB at most. DWS_ERR_DECODE: they
 * are not gzip, or come behind its end. DWS_ERR_MEMORY. DWS_PENDING: the sink refused. */
enum dws_status dws_gunzip_feed(struct dws_gunzip *gunzip, const char *bytes, size_t length, dws_gunzip_sink *sink,
                                void *user);
/* Whether the stream has ended, its checksum and length seen. */
bool dws_gunzip_ended(const struct dws_gunzip *gunzip);
/* NULL is fine. */
void dws_gunzip_free(struct dws_gunzip *gunzip);

#endif
