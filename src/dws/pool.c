/* pool.c: many transfers over one libcurl multi handle: queued, active, done.
 * It must not look into a request or a response. One thread at a time. */
#include "pool.h"
#include "transfer.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#define DEFAULT_TIMEOUT_MS 30000L
#define MAX_CONCURRENCY ((size_t)1024)
#define MAX_WAIT_MS 60000

struct queue {
    struct dws_transfer *first;
    struct dws_transfer *last;
    size_t length;
};

struct dws_pool {
    struct dws_pool_lease lease;
    CURLM *multi;
    CURLSH *share; /* TLS sessions are otherwise kept by each easy handle alone */
    struct dws_sockets sockets;
    size_t concurrency;
    struct queue queued;
    struct queue active;
    struct queue done;
    struct queue spare;            /* finished ones, kept for their handles and buffers */
    struct dws_transfer *returned; /* the one whose response the caller may be reading */
    int64_t first_deadline_ms;     /* no queued transfer expires before this */
    struct curl_waitfd *watched;   /* foreign descriptors, for one dws_pool_next */
    unsigned watched_count;
    unsigned watched_room;
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* That much later than now; a sum too large is the end of time. */
static int64_t later_ms(int64_t ms)
{
    int64_t now = monotonic_ms();
    return ms > INT64_MAX - now ? INT64_MAX : now + ms;
}

static void push(struct queue *queue, struct dws_transfer *t)
{
    t->next = NULL;
    if (queue->last)
        queue->last->next = t;
    else
        queue->first = t;
    queue->last = t;
    queue->length++;
}

/* Takes out the transfer behind `previous` (NULL: the first one). */
static struct dws_transfer *take_after(struct queue *queue, struct dws_transfer *previous)
{
    struct dws_transfer *t = previous ? previous->next : queue->first;
    if (!t)
        return NULL;
    if (previous)
        previous->next = t->next;
    else
        queue->first = t->next;
    if (queue->last == t)
        queue->last = previous;
    queue->length--;
    return t;
}

static struct dws_transfer *take(struct queue *queue, const struct dws_transfer *wanted)
{
    struct dws_transfer *previous = NULL;
    for (struct dws_transfer *t = queue->first; t; previous = t, t = t->next) {
        if (t == wanted)
            return take_after(queue, previous);
    }
    return NULL;
}

static struct dws_transfer *find(const struct queue *queue, uint64_t tag)
{
    for (struct dws_transfer *t = queue->first; t; t = t->next) {
        if (t->tag == tag)
            return t;
    }
    return NULL;
}

/* ---- making and ending ------------------------------------------------------------------------ */

enum dws_status dws_pool_new(size_t concurrency, struct dws_pool **out, struct dws_error *error)
{
    *out = NULL;
    if (concurrency < 1 || concurrency > MAX_CONCURRENCY)
        return dws_fail(error, DWS_ERR_ARGUMENT, "pool: concurrency must be from 1 to %zu", MAX_CONCURRENCY);
    struct dws_pool *pool = dws_curl_start() ? calloc(1, sizeof *pool) : NULL;
    if (!pool)
        return dws_fail(error, DWS_ERR_MEMORY, "pool: out of memory");
    pool->concurrency = concurrency;
    pool->lease.concurrency = concurrency;
    pool->first_deadline_ms = INT64_MAX;
    pool->multi = curl_multi_init();
    pool->share = curl_share_init();
    if (!pool->multi || !pool->share ||
        curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK ||
        curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)concurrency) != CURLM_OK) {
        dws_pool_free(pool);
        return dws_fail(error, DWS_ERR_MEMORY, "pool: out of memory");
    }
    *out = pool;
    return DWS_OK;
}

struct dws_pool_lease *dws_pool_lease(struct dws_pool *pool)
{
    return &pool->lease;
}

void dws_pool_keep(struct dws_pool *pool, size_t connections)
{
    const size_t most = connections > pool->concurrency ? connections : pool->concurrency;
    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)most);
}

static void free_queue(struct queue *queue)
{
    struct dws_transfer *t;
    while ((t = take_after(queue, NULL)))
        dws_transfer_free(t);
}

void dws_pool_free(struct dws_pool *pool)
{
    if (!pool)
        return;
    for (struct dws_transfer *t = pool->active.first; t; t = t->next)
        curl_multi_remove_handle(pool->multi, t->easy);
    free_queue(&pool->queued);
    free_queue(&pool->active);
    free_queue(&pool->done);
    free_queue(&pool->spare);
    dws_transfer_free(pool->returned);
    if (pool->multi)
        curl_multi_cleanup(pool->multi);
    if (pool->share)
        curl_share_cleanup(pool->share);
    dws_sockets_free(&pool->sockets);
    free(pool->watched);
    free(pool);
}

/* ---- queued → active → done ------------------------------------------------------------------- */

enum dws_status dws_pool_submit(struct dws_pool *pool, uint64_t tag, const struct dws_request *request,
                                const struct dws_transport *transport, struct dws_error *error)
{
    struct dws_transfer *t = take_after(&pool->spare, NULL);
    if (!t && !(t = dws_transfer_new(pool->share, &pool->sockets)))
        return dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    enum dws_status status = dws_transfer_prepare(t, request, transport, error);
    if (status != DWS_OK) {
        dws_transfer_reset(t);
        push(&pool->spare, t);
        return status;
    }
    t->tag = tag;
    t->deadline_ms = later_ms(transport->timeout_ms > 0 ? transport->timeout_ms : DEFAULT_TIMEOUT_MS);
    if (t->deadline_ms < pool->first_deadline_ms)
        pool->first_deadline_ms = t->deadline_ms;
    push(&pool->queued, t);
    return DWS_OK;
}

static void finish(struct dws_pool *pool, struct dws_transfer *t, CURLcode code)
{
    dws_transfer_finish(t, code);
    push(&pool->done, t);
}

static void finish_active(struct dws_pool *pool, struct dws_transfer *t, CURLcode code)
{
    curl_multi_remove_handle(pool->multi, t->easy);
    take(&pool->active, t);
    finish(pool, t, code);
}

static void expire_queued(struct dws_pool *pool, int64_t now)
{
    if (now < pool->first_deadline_ms)
        return;
    pool->first_deadline_ms = INT64_MAX;
    struct dws_transfer *previous = NULL;
    struct dws_transfer *t = pool->queued.first;
    while (t) {
        struct dws_transfer *next = t->next;
        if (t->deadline_ms <= now) {
            finish(pool, take_after(&pool->queued, previous), CURLE_OPERATION_TIMEDOUT);
        } else {
            if (t->deadline_ms < pool->first_deadline_ms)
                pool->first_deadline_ms = t->deadline_ms;
            previous = t;
        }
        t = next;
    }
}

static void start_queued(struct dws_pool *pool)
{
    const int64_t now = monotonic_ms();
    expire_queued(pool, now);
    while (pool->queued.first && pool->active.length < pool->concurrency) {
        struct dws_transfer *t = take_after(&pool->queued, NULL);
        const int64_t left = t->deadline_ms - now; /* never 0, which libcurl would take for no limit */
        CURLcode code = curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, left < INT_MAX ? (long)left : INT_MAX);
        if (code == CURLE_OK && curl_multi_add_handle(pool->multi, t->easy) != CURLM_OK)
            code = CURLE_OUT_OF_MEMORY;
        if (code == CURLE_OK)
            push(&pool->active, t);
        else
            finish(pool, t, code);
    }
}

static void collect_finished(struct dws_pool *pool)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(pool->multi, &left))) {
        CURLcode code = message->data.result; /* read before removal, which frees the message */
        char *self = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
        finish_active(pool, (struct dws_transfer *)(void *)self, code);
    }
}

/* The multi interface itself failed, which means out of memory or a broken descriptor: nothing active can go on. */
static void fail_active(struct dws_pool *pool, CURLMcode code)
{
    while (pool->active.first)
        finish_active(pool, pool->active.first, code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_RECV_ERROR);
}

static void drive(struct dws_pool *pool)
{
    int running = 0;
    start_queued(pool);
    CURLMcode code = curl_multi_perform(pool->multi, &running);
    collect_finished(pool);
    if (code != CURLM_OK)
        fail_active(pool, code);
    start_queued(pool); /* places that became free are taken before the caller looks at what is done */
}

/* ---- what the caller gets --------------------------------------------------------------------- */

static bool return_done(struct dws_pool *pool, struct dws_completion *completion)
{
    struct dws_transfer *t = take_after(&pool->done, NULL);
    if (!t)
        return false;
    pool->returned = t;
    *completion = (struct dws_completion){.tag = t->tag, .error = t->error};
    if (t->error.status == DWS_OK)
        completion->response = dws_transfer_response(t);
    return true;
}

static void recycle_returned(struct dws_pool *pool)
{
    if (!pool->returned)
        return;
    if (pool->spare.length < pool->concurrency) {
        dws_transfer_reset(pool->returned);
        push(&pool->spare, pool->returned);
    } else {
        dws_transfer_free(pool->returned);
    }
    pool->returned = NULL;
}

void dws_pool_forget(struct dws_pool *pool)
{
    recycle_returned(pool);
    for (struct dws_transfer *t = pool->spare.first; t; t = t->next)
        dws_transfer_forget(t);
}

enum dws_status dws_pool_watch(struct dws_pool *pool, int descriptor, bool read, bool write, struct dws_error *error)
{
    if (pool->watched_count == pool->watched_room) {
        unsigned room = 2 * pool->watched_room + 8;
        struct curl_waitfd *watched = realloc(pool->watched, room * sizeof *watched);
        if (!watched)
            return dws_fail(error, DWS_ERR_MEMORY, "pool: out of memory");
        pool->watched = watched;
        pool->watched_room = room;
    }
    short events = (short)((read ? CURL_WAIT_POLLIN : 0) | (write ? CURL_WAIT_POLLOUT : 0));
    pool->watched[pool->watched_count++] = (struct curl_waitfd){.fd = descriptor, .events = events};
    return DWS_OK;
}

/* Waits until something happens or it is time to look again. Returns how many descriptors are ready. */
static int wait_for_any(struct dws_pool *pool, int64_t now, int64_t until)
{
    int ready = 0;
    int64_t wake = until < pool->first_deadline_ms ? until : pool->first_deadline_ms;
    if (wake < now)
        wake = now;
    int64_t wait = wake - now > MAX_WAIT_MS ? MAX_WAIT_MS : wake - now;
    CURLMcode code = curl_multi_poll(pool->multi, pool->watched, pool->watched_count, (int)wait, &ready);
    if (code != CURLM_OK)
        fail_active(pool, code);
    return ready;
}

static enum dws_status next(struct dws_pool *pool, int64_t until, struct dws_completion *completion)
{
    bool seen = false;
    for (;;) {
        if (return_done(pool, completion))
            return DWS_OK;
        if (!pool->queued.first && !pool->active.first && pool->watched_count == 0)
            return DWS_IDLE;
        drive(pool);
        if (return_done(pool, completion))
            return DWS_OK;
        int64_t now = monotonic_ms();
        if (seen || now >= until)
            return DWS_PENDING;
        seen = wait_for_any(pool, now, until) > 0 && pool->watched_count > 0;
    }
}

enum dws_status dws_pool_next(struct dws_pool *pool, long timeout_ms, struct dws_completion *completion)
{
    int64_t until = later_ms(timeout_ms > 0 ? timeout_ms : 0);
    recycle_returned(pool);
    enum dws_status status = next(pool, until, completion);
    pool->watched_count = 0;
    return status;
}

bool dws_pool_cancel(struct dws_pool *pool, uint64_t tag)
{
    struct dws_transfer *t = find(&pool->active, tag);
    if (t) {
        curl_multi_remove_handle(pool->multi, t->easy);
        take(&pool->active, t);
    } else if ((t = find(&pool->queued, tag))) {
        take(&pool->queued, t);
    } else {
        return false;
    }
    dws_fail(&t->error, DWS_ERR_CANCELLED, "%s: the request was cancelled", t->host);
    push(&pool->done, t);
    return true;
}

size_t dws_pool_pending(const struct dws_pool *pool)
{
    return pool->queued.length + pool->active.length + pool->done.length;
}
