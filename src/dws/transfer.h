/* transfer.h: one HTTP exchange, as the pool handles it. Internal.
 * With transfer.c, transfer_options.c and pool.c the only place that names curl. */
#ifndef DWS_TRANSFER_H
#define DWS_TRANSFER_H

#include "internal.h"

#include <curl/curl.h>

#define DWS_METHOD_BYTES 31 /* at most */

struct dws_transfer {
    struct dws_transfer *next; /* in whichever queue of the pool holds it */
    uint64_t tag;
    int64_t deadline_ms; /* monotonic */
    CURL *easy;
    struct dws_buf settings; /* how the easy handle is configured, see transfer_options.c; empty: as new, or as nobody knows */
    struct dws_buf wanted;   /* the same of the request that is being prepared */
    struct dws_buf line;     /* one header on its way to libcurl */
    struct curl_slist *headers;
    struct dws_buf response_headers;
    struct dws_buf response_body;
    size_t max_response_bytes;
    size_t header_bytes; /* of all heads, informational ones included */
    bool head_ended;     /* the blank line came: the next line begins another response … */
    bool head_final;     /* … or is a trailer */
    bool too_large;      /* head or body */
    struct dws_error error;
    char host[208]; /* for messages; longer ones are cut */
    char detail[CURL_ERROR_SIZE];
};

/* libcurl's one-time initialisation, safe from every thread. False: it failed. */
bool dws_curl_start(void);

/* `share`: what the transfer shares with others. NULL: out of memory. */
struct dws_transfer *dws_transfer_new(CURLSH *share);
/* Checks the request and copies all of it into the easy handle. */
enum dws_status dws_transfer_prepare(struct dws_transfer *t, const struct dws_request *request,
                                     const struct dws_transport *transport, struct dws_error *error);
/* Tells the easy handle how this request travels, unless it knows. */
CURLcode dws_transfer_configure(struct dws_transfer *t, const struct dws_request *request, const struct dws_url *url,
                                const struct dws_transport *transport);
/* Puts the easy handle back as if it were new, but for its share. */
void dws_transfer_unconfigure(struct dws_transfer *t);
bool dws_request_is_head(const struct dws_request *request);
/* libcurl's callbacks: `user` is the transfer. */
size_t dws_transfer_on_header(char *bytes, size_t size, size_t count, void *user);
size_t dws_transfer_on_body(char *bytes, size_t size, size_t count, void *user);
/* Sets t->error from what libcurl said; DWS_OK when there is a response. */
void dws_transfer_finish(struct dws_transfer *t, CURLcode code);
struct dws_response dws_transfer_response(const struct dws_transfer *t);
/* Ready for another request; handle and buffers are kept, and how a plain GET travels. Nothing of the request stays. */
void dws_transfer_reset(struct dws_transfer *t);
/* Overwrites, in one that was reset, what stayed for the next request: bytes of answers, and how a plain GET travels. */
void dws_transfer_forget(struct dws_transfer *t);
void dws_transfer_free(struct dws_transfer *t);

#endif
