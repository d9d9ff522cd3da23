/* transfer.h: one HTTP exchange, as the pool handles it.
 * With transfer.c, transfer_options.c, sockets.c, trust.c, pool.c and mail.c the only place that names curl. */
#ifndef DWS_TRANSFER_H
#define DWS_TRANSFER_H

#include "gunzip.h"
#include "head.h"
#include "transfer_options.h"

struct dws_transfer {
    struct dws_transfer *next; /* in whichever queue of the pool holds it */
    uint64_t tag;
    int64_t deadline_ms; /* monotonic */
    CURL *easy;
    struct dws_transfer_options options;
    struct dws_buf line; /* one header on its way to libcurl */
    struct curl_slist *headers;
    struct dws_buf response_headers;
    struct dws_buf response_body;
    size_t max_response_bytes;
    size_t header_bytes;       /* of all heads, informational ones included */
    bool head_ended;           /* the blank line came: the next line begins another response … */
    bool head_final;           /* … or is a trailer */
    bool bodiless;             /* HEAD: what it announces does not come */
    bool coded;                /* the request says itself which codings it takes */
    bool gzip;                 /* gzip was asked for */
    bool gzipped;              /* and is what comes */
    struct dws_gunzip *gunzip; /* NULL until it does */
    size_t zipped_bytes;       /* of it */
    bool cut;                  /* an answer that is not 2xx was longer than is read of one */
    struct dws_error error;
    char host[208]; /* for messages; longer ones are cut */
    char detail[CURL_ERROR_SIZE];
};

/* libcurl's one-time initialisation, safe from every thread. False: it failed. */
bool dws_curl_start(void);
/* What a result of libcurl means, to a request whose URL and options were checked. */
enum dws_status dws_curl_status(CURLcode code);

/* `share`, `sockets`: what the transfer shares with others. NULL: out of memory. */
struct dws_transfer *dws_transfer_new(CURLSH *share, struct dws_sockets *sockets);
/* Checks the request and copies all of it into the easy handle. */
enum dws_status dws_transfer_prepare(struct dws_transfer *t, const struct dws_request *request,
                                     const struct dws_transport *transport, struct dws_error *error);
/* Sets t->error from what libcurl said; DWS_OK when there is a response. */
void dws_transfer_finish(struct dws_transfer *t, CURLcode code);
struct dws_response dws_transfer_response(const struct dws_transfer *t);
/* Ready for another request; handle and buffers are kept, and how a plain GET travels. Nothing of the request stays. */
void dws_transfer_reset(struct dws_transfer *t);
/* Overwrites, in one that was reset, what stayed for the next request: bytes of answers, and how a plain GET
 * travels. */
void dws_transfer_forget(struct dws_transfer *t);
void dws_transfer_free(struct dws_transfer *t);

#endif
