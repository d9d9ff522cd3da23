/* head.h: what the head of an answer announces. */
#ifndef DWS_HEAD_H
#define DWS_HEAD_H

#include "internal.h"

struct dws_head_rules {
    const char *host; /* for messages */
    bool content;     /* a body follows that will be read whole */
    bool coded;       /* the request said itself which codings it takes */
    bool gzip;        /* gzip was asked for, to be undone here */
    size_t max_bytes; /* of such a body */
};

/* What a head announces is refused before any of it is read. libcurl undoes transfer codings whether or not they were
 * asked for, those of an informational head too: a few bytes that are gzip in gzip in gzip keep it busy for minutes.
 * *gzipped: the body is gzip, as was asked for. */
enum dws_status dws_head_accept(struct dws_text lines, const struct dws_head_rules *rules, bool *gzipped,
                                struct dws_error *error);

#endif
