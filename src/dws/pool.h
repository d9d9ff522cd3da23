/* pool.h: what the cache of idle pools needs of a pool. */
#ifndef DWS_POOL_H
#define DWS_POOL_H

#include "internal.h"

/* What pool_cache.c notes about a pool. It lies in the pool, so that giving one back needs no memory. */
struct dws_pool_lease {
    struct dws_pool *next; /* in the list of idle ones */
    size_t concurrency;
    unsigned long generation; /* of the process that may use it */
};
struct dws_pool_lease *dws_pool_lease(struct dws_pool *pool);
/* How many connections stay open when nothing uses them, in place of as many as transfers run at once. */
void dws_pool_keep(struct dws_pool *pool, size_t connections);
/* Overwrites what requests and answers left in the pool; nothing may be pending. */
void dws_pool_forget(struct dws_pool *pool);

#endif
