/* exchange.h: a server, a pool and one request at a time, as most specs need them.
 * It must not wait for longer than a spec may take, nor for a time that merely passes. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "scripted_server.h"
#include "spec.h"

#define WAIT_MS 240000 /* a bound for hangs, which no busy machine meets */

/* A secret that exchange_get puts into every request; exchange_next checks that no error repeats it. */
#define EXCHANGE_SECRET "secret-of-the-authorization-header"

struct exchange {
    struct server *server;
    struct dws_pool *pool;
    struct dws_transport transport;
    const char *host;                 /* what every message about a failed transfer must name; 127.0.0.1 unless set */
    struct dws_completion completion; /* of the last exchange_next */
};

/* `scripts` is borrowed until exchange_close. */
void exchange_open(struct exchange *e, size_t concurrency, const struct script *scripts, size_t count, SSL_CTX *tls);
void exchange_close(struct exchange *e);

/* URL of a path on the server. Static storage, eight of them in turn. */
struct dws_text exchange_url(const struct exchange *e, const char *path);
/* Submits GET for a path, with an Authorization header. */
enum dws_status exchange_submit(struct exchange *e, uint64_t tag, const char *path);
/* Waits for the next completion and returns its error's status; DWS_PENDING and DWS_IDLE when there is none. */
enum dws_status exchange_next(struct exchange *e);
/* The two together. */
enum dws_status exchange_get(struct exchange *e, const char *path);
/* The same for a request of any kind. */
enum dws_status exchange_perform(struct exchange *e, const struct dws_request *request);
/* Drives the pool until the server has `count` whole requests. False: it never got them, or something completed. */
bool exchange_until_requests(struct exchange *e, size_t count);
/* The line of recorded request `index` that begins so (in any case of letters), without its end; or absent. */
struct dws_text exchange_request_line(struct exchange *e, size_t index, const char *begin);

#endif
