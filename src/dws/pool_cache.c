/* pool_cache.c: idle pools of this process, handed from thread to thread.
 * It must not touch a pool that was taken, nor one that another process opened. */
#include "pool.h"

#include <pthread.h>

#define MAX_IDLE 32
/* The next user of a pool may ask another host: a region's service, IAM, another region. */
#define KEPT_CONNECTIONS 8

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct dws_pool *idle; /* the one given last comes first: its connections are the freshest */
static size_t idle_count;
static struct dws_pool *abandoned; /* the parent's: never looked at, only kept from counting as lost memory */
static unsigned long generation = 1;
static bool watched;

/* ---- fork ------------------------------------------------------------------------------------- */

static void lock_all(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_all(void)
{
    pthread_mutex_unlock(&lock);
}

static void push(struct dws_pool **list, struct dws_pool *pool)
{
    dws_pool_lease(pool)->next = *list;
    *list = pool;
}

/* The thread that forked holds the lock, in the child as in the parent. */
static void begin_child(void)
{
    struct dws_pool *pool;
    while ((pool = idle)) {
        idle = dws_pool_lease(pool)->next;
        push(&abandoned, pool);
    }
    idle_count = 0;
    generation++;
    watched = true;
    pthread_mutex_unlock(&lock);
}

/* Again in a child that was forked while another thread was in here: it has the functions already if one of them ran,
 * and must not have them twice, because the second would wait for the first one's lock. */
static void watch_forks(void)
{
    watched = watched || pthread_atfork(lock_all, unlock_all, begin_child) == 0;
}

/* ---- take and give ---------------------------------------------------------------------------- */

/* Takes out an idle pool of that concurrency; NULL when no such pool is idle. */
static struct dws_pool *pop(size_t concurrency, unsigned long *current)
{
    pthread_mutex_lock(&lock);
    struct dws_pool **place = &idle;
    while (*place && dws_pool_lease(*place)->concurrency != concurrency)
        place = &dws_pool_lease(*place)->next;
    struct dws_pool *pool = *place;
    if (pool) {
        *place = dws_pool_lease(pool)->next;
        idle_count--;
    }
    *current = generation;
    pthread_mutex_unlock(&lock);
    return pool;
}

enum dws_status dws_pool_cache_take(size_t concurrency, struct dws_pool **pool, struct dws_error *error)
{
    unsigned long current;
    pthread_once(&once, watch_forks);
    *pool = pop(concurrency, &current);
    if (*pool)
        return DWS_OK;
    if (dws_pool_new(concurrency, pool, error) != DWS_OK)
        return error->status;
    dws_pool_keep(*pool, KEPT_CONNECTIONS);
    dws_pool_lease(*pool)->generation = current;
    return DWS_OK;
}

static bool is_ours(struct dws_pool *pool)
{
    pthread_mutex_lock(&lock);
    bool ours = dws_pool_lease(pool)->generation == generation;
    if (!ours)
        push(&abandoned, pool);
    pthread_mutex_unlock(&lock);
    return ours;
}

/* False: enough lie idle. */
static bool keep(struct dws_pool *pool)
{
    pthread_mutex_lock(&lock);
    bool room = idle_count < MAX_IDLE;
    if (room) {
        push(&idle, pool);
        idle_count++;
    }
    pthread_mutex_unlock(&lock);
    return room;
}

void dws_pool_cache_give(struct dws_pool *pool)
{
    if (!pool || !is_ours(pool))
        return;
    if (dws_pool_pending(pool) == 0) {
        dws_pool_forget(pool); /* outside the lock: it may be a megabyte */
        if (keep(pool))
            return;
    }
    dws_pool_free(pool);
}

size_t dws_pool_cache_idle(void)
{
    pthread_mutex_lock(&lock);
    size_t count = idle_count;
    pthread_mutex_unlock(&lock);
    return count;
}

void dws_pool_cache_clear(void)
{
    pthread_mutex_lock(&lock);
    struct dws_pool *pool = idle;
    idle = NULL;
    idle_count = 0;
    pthread_mutex_unlock(&lock);
    while (pool) {
        struct dws_pool *next = dws_pool_lease(pool)->next;
        dws_pool_free(pool);
        pool = next;
    }
}
