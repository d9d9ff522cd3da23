/* trust.h: whose certificates are good, parsed once and shared by all connections of the process. */
#ifndef DWS_TRUST_H
#define DWS_TRUST_H

#include "internal.h"

#include <curl/curl.h>

struct stat;
struct dws_trust;

/* Differs when a file was changed or replaced: its device, inode and size, when it was written and when changed. */
struct dws_stamp {
    long long of[7];
};

struct dws_stamp dws_stamp_of(const struct stat *info);

/* The authorities in these bytes, or the system's when there are none, as they are now. Close what it returns.
 * NULL: libcurl is to load them itself, and to say what is wrong with them. */
struct dws_trust *dws_trust_open(struct dws_text certificates);
void dws_trust_close(struct dws_trust *trust);
/* Whether the next one who opens the same would get this one: not after a fork. Counts as opening it. */
bool dws_trust_is_kept(struct dws_trust *trust);
/* Differs from that of any other trust of this process; never 0. */
long dws_trust_number(const struct dws_trust *trust);
/* From now on this handle trusts them, and nobody else; `trust` must stay open as long. So would it an HTTPS proxy,
 * which has authorities of its own: it must not use one. */
CURLcode dws_trust_set(struct dws_trust *trust, CURL *easy);
/* How many are kept for the next one who opens them. */
size_t dws_trust_kept(void);

#endif
