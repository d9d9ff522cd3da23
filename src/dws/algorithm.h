/* algorithm.h: the signing algorithms, as the signing pipeline sees them. */
#ifndef DWS_ALGORITHM_H
#define DWS_ALGORITHM_H

#include "internal.h"

#include <openssl/evp.h>

struct dws_algorithm {
    const char *name;
    const char *content_header; /* a request may carry its payload hash here, or UNSIGNED-PAYLOAD */
    const char *digest;         /* OpenSSL's name of the hash, for every hash of the algorithm */
    bool scoped;                /* signs date/region/service, too */
    /* Appends the signature of `string_to_sign` in hex. `scope`: "20200608/region/service", for the scoped ones. */
    enum dws_status (*sign)(const struct dws_algorithm *self, const struct dws_credentials *credentials,
                            struct dws_text scope, struct dws_text string_to_sign, struct dws_buf *out,
                            struct dws_error *error);
};

/* By name; the absent name is SDK-HMAC-SHA256. NULL for an unknown name. */
const struct dws_algorithm *dws_algorithm_find(struct dws_text name);
/* Appends the hash of the bytes in hex. */
enum dws_status dws_algorithm_digest(const struct dws_algorithm *algorithm, struct dws_text bytes, struct dws_buf *out,
                                     struct dws_error *error);

#endif
