/* transfer_options.h: how a request travels, as options of libcurl. */
#ifndef DWS_TRANSFER_OPTIONS_H
#define DWS_TRANSFER_OPTIONS_H

#include "internal.h"
#include "sockets.h"
#include "trust.h"

#define DWS_METHOD_BYTES 31 /* at most */

/* A file that says who is trusted, as it was read last. */
struct dws_trust_file {
    struct dws_buf content; /* empty: libcurl is to read the file, or to say why it cannot */
    struct dws_stamp stamp;
    bool settled; /* the stamp says whether it has changed; otherwise it is to be read again */
    long reading; /* another one since its content changed */
};

/* What was set on an easy handle. Start from {0}. */
struct dws_transfer_options {
    struct dws_buf set;    /* empty: it is as new, or has something that is not to stay */
    struct dws_buf wanted; /* the same of the request that is being prepared */
    struct dws_trust_file ca;
    struct dws_trust_file cert;
    struct dws_trust *trust;     /* what `ca` says, or the system; NULL: libcurl finds out by itself */
    long trusted;                /* the reading of `ca` that it is of */
    struct dws_sockets *sockets; /* those of the pool; NULL: libcurl's own */
};

bool dws_request_is_head(const struct dws_request *request);
/* Sets how this request travels, unless it is set already. */
CURLcode dws_transfer_options_set(struct dws_transfer_options *options, CURL *easy, const struct dws_request *request,
                                  const struct dws_url *url, const struct dws_transport *transport);
/* Has the files that say who is trusted as they are now, for the next function; parses them when there will be TLS.
 * False: out of memory. */
bool dws_transfer_options_read(struct dws_transfer_options *options, const struct dws_transport *transport, bool tls);
/* TLS 1.2 or later, and whose certificates are good; `options` must live as long as the handle. */
CURLcode dws_transfer_options_trust(struct dws_transfer_options *options, CURL *easy,
                                    const struct dws_transport *transport);
/* Puts the handle back as if it were new, but for its share. */
void dws_transfer_options_reset(struct dws_transfer_options *options, CURL *easy);
/* Overwrites what is known of the handle, and frees it. */
void dws_transfer_options_free(struct dws_transfer_options *options);

#endif
