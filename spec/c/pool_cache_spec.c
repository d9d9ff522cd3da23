/* pool_cache_spec.c: idle pools handed from thread to thread: reuse, bounds, what stays in them, fork.
 * It must not check anything in a thread of its own: threads count, the spec looks when they have ended. */
#include "exchange.h"
#include "locks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_BODY "secret-of-the-body"
#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OK_SECRET "HTTP/1.1 200 OK\r\nX-Secret: " SECRET_BODY "\r\nContent-Length: 18\r\n\r\n" SECRET_BODY
#define THREADS 8
#define ROUNDS 25

static const struct script answers[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
static const struct script secrets[] = {SCRIPT(RECEIVE, SEND(OK_SECRET), AGAIN)};
static const struct script held[] = {SCRIPT(RECEIVE, HOLD), SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};

/* An exchange whose pool is taken, and given back by close_shared. */
static void open_shared(struct exchange *e, const struct script *scripts, size_t count)
{
    struct dws_error error = {0};
    exchange_open(e, 1, scripts, count, NULL);
    dws_pool_free(e->pool);
    EXPECT_STATUS(dws_pool_cache_take(1, &e->pool, &error), DWS_OK);
}

static void give(struct exchange *e)
{
    dws_pool_cache_give(e->pool);
    e->pool = NULL;
}

static void give_and_take(struct exchange *e)
{
    struct dws_error error = {0};
    give(e);
    EXPECT_STATUS(dws_pool_cache_take(1, &e->pool, &error), DWS_OK);
}

static void close_shared(struct exchange *e)
{
    give(e);
    dws_pool_cache_clear();
    EXPECT_INT(dws_pool_cache_idle(), 0);
    exchange_close(e);
}

/* ---- reuse -------------------------------------------------------------------------------------- */

static void keeps_connections(void)
{
    struct exchange e;
    open_shared(&e, answers, 1);
    for (int i = 0; i < 10; i++) {
        EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
        give_and_take(&e);
    }
    EXPECT_INT(server_request_count(e.server), 10);
    EXPECT_INT(server_accepted(e.server), 1);
    close_shared(&e);
}

static void gives_out_the_last_one_first(void)
{
    struct dws_error error = {0};
    struct dws_pool *first, *second, *third;
    EXPECT_STATUS(dws_pool_cache_take(1, &first, &error), DWS_OK);
    EXPECT_STATUS(dws_pool_cache_take(1, &second, &error), DWS_OK);
    EXPECT(first != second);
    dws_pool_cache_give(first);
    dws_pool_cache_give(second);
    EXPECT_INT(dws_pool_cache_idle(), 2);
    EXPECT_STATUS(dws_pool_cache_take(1, &third, &error), DWS_OK);
    EXPECT(third == second);
    EXPECT_INT(dws_pool_cache_idle(), 1);
    dws_pool_cache_give(third);
    dws_pool_cache_clear();
}

static void tells_concurrencies_apart(void)
{
    struct dws_error error = {0};
    struct dws_pool *one, *eight, *again;
    EXPECT_STATUS(dws_pool_cache_take(1, &one, &error), DWS_OK);
    dws_pool_cache_give(one);
    EXPECT_STATUS(dws_pool_cache_take(8, &eight, &error), DWS_OK);
    EXPECT(eight != one);
    dws_pool_cache_give(eight);
    EXPECT_STATUS(dws_pool_cache_take(1, &again, &error), DWS_OK);
    EXPECT(again == one);
    EXPECT_STATUS(dws_pool_cache_take(0, &one, &error), DWS_ERR_ARGUMENT);
    EXPECT_STATUS(dws_pool_cache_take(1025, &one, &error), DWS_ERR_ARGUMENT);
    dws_pool_cache_give(again);
    dws_pool_cache_give(NULL);
    dws_pool_cache_clear();
}

static void keeps_a_bounded_number(void)
{
    struct dws_error error = {0};
    struct dws_pool *pools[40];
    for (size_t i = 0; i < 40; i++)
        EXPECT_STATUS(dws_pool_cache_take(1, &pools[i], &error), DWS_OK);
    for (size_t i = 0; i < 40; i++)
        dws_pool_cache_give(pools[i]);
    EXPECT_INT(dws_pool_cache_idle(), 32);
    dws_pool_cache_clear();
    EXPECT_INT(dws_pool_cache_idle(), 0);
}

static void keeps_none_with_transfers(void)
{
    struct exchange e;
    open_shared(&e, held, 2);
    EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
    EXPECT(exchange_until_requests(&e, 1));
    give_and_take(&e);
    EXPECT_INT(dws_pool_pending(e.pool), 0);
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_INT(server_accepted(e.server), 2);
    close_shared(&e);
}

/* ---- what stays ----------------------------------------------------------------------------------- */

/* The buffers live on in the idle pool, so looking at them is no mistake here, and in no other place. */
static void forgets_answers(void)
{
    struct exchange e;
    open_shared(&e, secrets, 1);
    EXPECT_STATUS(exchange_get(&e, "/" EXCHANGE_SECRET), DWS_OK);
    const struct dws_text body = e.completion.response.body;
    const struct dws_text headers = e.completion.response.headers;
    EXPECT_TEXT(body, LITERAL(SECRET_BODY));
    EXPECT_HOLDS(headers, LITERAL(SECRET_BODY));
    give(&e);
    EXPECT_LACKS(body, LITERAL("e"));
    EXPECT_LACKS(headers, LITERAL("e"));
    close_shared(&e);
}

static void forgets_how_requests_travelled(void)
{
    struct exchange e;
    open_shared(&e, answers, 1);
    e.transport.user_agent = "agent-of-the-first";
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    give_and_take(&e);
    e.transport.user_agent = NULL;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_HOLDS(exchange_request_line(&e, 0, "User-Agent:"), LITERAL("agent-of-the-first"));
    EXPECT_HOLDS(exchange_request_line(&e, 1, "User-Agent:"), LITERAL("dwsync/"));
    close_shared(&e);
}

/* ---- threads -------------------------------------------------------------------------------------- */

struct worker {
    pthread_t thread;
    struct dws_text url;
    size_t answered;
};

static bool perform(struct dws_pool *pool, struct dws_text url)
{
    const struct dws_request request = {.url = url};
    const struct dws_transport transport = {.timeout_ms = WAIT_MS};
    struct dws_error error = {0};
    struct dws_completion completion;
    return dws_pool_submit(pool, 1, &request, &transport, &error) == DWS_OK &&
           dws_pool_next(pool, WAIT_MS, &completion) == DWS_OK && completion.error.status == DWS_OK &&
           completion.response.body.length == 2;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    for (int i = 0; i < ROUNDS; i++) {
        struct dws_error error = {0};
        struct dws_pool *pool;
        if (dws_pool_cache_take(1, &pool, &error) != DWS_OK)
            break;
        worker->answered += perform(pool, worker->url);
        dws_pool_cache_give(pool);
    }
    return NULL;
}

static void serves_threads(void)
{
    struct exchange e;
    struct worker workers[THREADS];
    open_shared(&e, answers, 1);
    give(&e);
    const struct dws_text url = exchange_url(&e, "/");
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.url = url};
        EXPECT_INT(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        EXPECT_INT(workers[i].answered, ROUNDS);
    }
    EXPECT_INT(server_request_count(e.server), THREADS * ROUNDS);
    EXPECT(server_accepted(e.server) <= THREADS);
    EXPECT(dws_pool_cache_idle() <= THREADS);
    close_shared(&e);
}

/* One thread after the other: the connection does not care which of them opened it. */
static void hands_a_connection_on(void)
{
    struct exchange e;
    open_shared(&e, answers, 1);
    give(&e);
    for (size_t i = 0; i < 5; i++) {
        struct worker worker = {.url = exchange_url(&e, "/")};
        EXPECT_INT(pthread_create(&worker.thread, NULL, work, &worker), 0);
        pthread_join(worker.thread, NULL);
        EXPECT_INT(worker.answered, ROUNDS);
    }
    EXPECT_INT(server_accepted(e.server), 1);
    close_shared(&e);
}

/* ---- fork ------------------------------------------------------------------------------------------ */

/* What the child saw, as an exit status; it leaves at once, without what its parent registered. */
static int in_child(struct exchange *e, struct dws_pool *taken)
{
    struct dws_error error = {0};
    struct dws_pool *pool;
    if (dws_pool_cache_idle() != 0)
        return 1;
    dws_pool_cache_give(taken);
    if (dws_pool_cache_idle() != 0)
        return 2;
    if (dws_pool_cache_take(1, &pool, &error) != DWS_OK || pool == taken || !perform(pool, exchange_url(e, "/child")))
        return 3;
    dws_pool_cache_give(pool);
    if (dws_pool_cache_idle() != 1)
        return 4;
    dws_pool_cache_clear();
    return 0;
}

static void leaves_the_parents_alone(void)
{
    struct exchange e;
    struct dws_error error = {0};
    struct dws_pool *other;
    int status = -1;
    open_shared(&e, answers, 1);
    EXPECT_STATUS(dws_pool_cache_take(1, &other, &error), DWS_OK);
    EXPECT(perform(other, exchange_url(&e, "/")));
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    dws_pool_cache_give(other); /* one idle, one taken, each with a connection */
    pid_t child = fork();
    if (child == 0)
        _exit(in_child(&e, e.pool));
    EXPECT_INT(waitpid(child, &status, 0), child);
    EXPECT(WIFEXITED(status));
    EXPECT_INT(WEXITSTATUS(status), 0);
    EXPECT_INT(dws_pool_cache_idle(), 1);
    EXPECT_INT(server_accepted(e.server), 3);
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    give_and_take(&e);
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_INT(server_accepted(e.server), 3); /* both connections outlived the child */
    close_shared(&e);
}

/* Of all the cases before it. */
static void gives_back_only_locks_that_it_holds(void)
{
    EXPECT_INT(locks_not_held(), 0);
}

static const struct spec_case cases[] = {
    {"a pool that was given back keeps its connections", keeps_connections},
    {"the pool given last is taken first", gives_out_the_last_one_first},
    {"a pool is taken again only for the same concurrency", tells_concurrencies_apart},
    {"no more than 32 pools lie idle", keeps_a_bounded_number},
    {"a pool given with transfers under way is freed", keeps_none_with_transfers},
    {"nothing of an answer stays in a pool that lies idle", forgets_answers},
    {"nothing of how requests travelled stays either", forgets_how_requests_travelled},
    {"many threads at once use no more connections than they are", serves_threads},
    {"a thread uses the connection that another opened", hands_a_connection_on},
    {"a child process begins with none and leaves its parent's alone", leaves_the_parents_alone},
    {"only locks that are held are given back", gives_back_only_locks_that_it_holds},
};

SPEC_MAIN(cases)
