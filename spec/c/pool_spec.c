/* pool_spec.c: many transfers at once: order, concurrency, reuse, cancelling, ending.
 * It must not pass because of time that went by: gates on the server hold answers back. */
#include "exchange.h"
#include "memory.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OK_CLOSE "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

static const struct script answers[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
static const struct script gated[] = {SCRIPT(RECEIVE, GATE, SEND(OK_TWO), AGAIN)};

static void submit_numbered(struct exchange *e, uint64_t first, uint64_t last)
{
    for (uint64_t tag = first; tag <= last; tag++) {
        char path[32];
        snprintf(path, sizeof path, "/%d", (int)tag);
        EXPECT_STATUS(exchange_submit(e, tag, path), DWS_OK);
    }
}

/* Takes `count` good completions with tags from 1; each tag comes once. */
static void expect_all(struct exchange *e, size_t count)
{
    bool seen[512] = {false};
    for (size_t i = 0; i < count; i++) {
        if (!EXPECT_STATUS(exchange_next(e), DWS_OK))
            return;
        uint64_t tag = e->completion.tag;
        EXPECT(tag >= 1 && tag < 512 && !seen[tag]);
        seen[tag % 512] = true;
        EXPECT_TEXT(e->completion.response.body, LITERAL("ok"));
    }
    EXPECT_INT(dws_pool_pending(e->pool), 0);
    EXPECT_STATUS(exchange_next(e), DWS_IDLE);
}

/* ---- connections ----------------------------------------------------------------------------------- */

static void reuses_a_connection(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (int i = 0; i < 20; i++)
        EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_INT(server_request_count(e.server), 20);
    EXPECT_INT(server_accepted(e.server), 1);
    exchange_close(&e);
}

static void replaces_a_connection_that_the_server_closed(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, SEND(OK_TWO)), SCRIPT(RECEIVE, SEND(OK_TWO), RESET),
                                            SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
    struct exchange e;
    exchange_open(&e, 1, scripts, 3, NULL);
    for (int i = 0; i < 4; i++)
        EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_INT(server_request_count(e.server), 4);
    exchange_close(&e);
}

static void opens_a_connection_where_the_last_was_closed(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, SEND(OK_CLOSE))};
    struct exchange e;
    exchange_open(&e, 1, scripts, 1, NULL);
    for (int i = 0; i < 5; i++)
        EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_INT(server_accepted(e.server), 5);
    exchange_close(&e);
}

static void does_not_reuse_a_connection_in_the_middle_of_an_answer(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), HOLD),
        SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
    struct exchange e;
    exchange_open(&e, 1, scripts, 2, NULL);
    EXPECT_STATUS(exchange_submit(&e, 7, "/"), DWS_OK);
    EXPECT(exchange_until_requests(&e, 1));
    EXPECT(dws_pool_cancel(e.pool, 7));
    EXPECT_STATUS(exchange_next(&e), DWS_ERR_CANCELLED);
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    EXPECT_INT(server_accepted(e.server), 2);
    exchange_close(&e);
}

/* ---- order and concurrency ---------------------------------------------------------------------------- */

static void keeps_to_its_concurrency(void)
{
    struct exchange e;
    exchange_open(&e, 4, gated, 1, NULL);
    submit_numbered(&e, 1, 12);
    EXPECT_INT(dws_pool_pending(e.pool), 12);
    EXPECT(exchange_until_requests(&e, 4));
    EXPECT_STATUS(dws_pool_next(e.pool, 30, &e.completion), DWS_PENDING); /* no fifth, however long one drives */
    EXPECT_INT(server_request_count(e.server), 4);
    server_open_gate(e.server, SERVER_OPEN);
    expect_all(&e, 12);
    EXPECT_INT(server_accepted(e.server), 4);
    EXPECT_INT(server_peak(e.server), 4);
    exchange_close(&e);
}

static void keeps_to_its_concurrency_without_reuse(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, SEND(OK_CLOSE))};
    struct exchange e;
    exchange_open(&e, 3, scripts, 1, NULL);
    submit_numbered(&e, 1, 60);
    expect_all(&e, 60);
    EXPECT(server_peak(e.server) <= 3);
    EXPECT_INT(server_accepted(e.server), 60);
    exchange_close(&e);
}

static void starts_in_order(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    submit_numbered(&e, 1, 10);
    for (uint64_t i = 1; i <= 10; i++) {
        char line[32];
        EXPECT_STATUS(exchange_next(&e), DWS_OK);
        EXPECT_INT(e.completion.tag, i);
        snprintf(line, sizeof line, "GET /%d HTTP/1.1", (int)i);
        EXPECT_TEXT(exchange_request_line(&e, i - 1, "GET"), spec_text(line));
    }
    exchange_close(&e);
}

static void starts_the_next_while_results_wait(void)
{
    struct exchange e;
    exchange_open(&e, 2, gated, 1, NULL);
    submit_numbered(&e, 1, 4);
    EXPECT(exchange_until_requests(&e, 2));
    server_open_gate(e.server, 1);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT(exchange_until_requests(&e, 3)); /* the free place is taken while the other answer is still held */
    server_open_gate(e.server, SERVER_OPEN);
    for (int i = 0; i < 3; i++)
        EXPECT_STATUS(exchange_next(&e), DWS_OK);
    exchange_close(&e);
}

static void returns_answers_as_they_come(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, GATE, SEND(OK_TWO)), SCRIPT(RECEIVE, SEND(OK_TWO))};
    struct exchange e;
    exchange_open(&e, 2, scripts, 2, NULL);
    submit_numbered(&e, 1, 1);
    EXPECT(exchange_until_requests(&e, 1)); /* so that the gated connection is request 1's */
    submit_numbered(&e, 2, 2);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_INT(e.completion.tag, 2);
    server_open_gate(e.server, 1);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_INT(e.completion.tag, 1);
    exchange_close(&e);
}

static void performs_many(void)
{
    struct exchange e;
    exchange_open(&e, 8, answers, 1, NULL);
    submit_numbered(&e, 1, 400);
    expect_all(&e, 400);
    EXPECT(server_accepted(e.server) <= 8);
    exchange_close(&e);
}

static void one_failure_leaves_the_others(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, RESET), SCRIPT(RECEIVE, GATE, SEND(OK_TWO), AGAIN)};
    struct exchange e;
    exchange_open(&e, 2, scripts, 2, NULL);
    submit_numbered(&e, 1, 4);
    EXPECT_STATUS(exchange_next(&e), DWS_ERR_NETWORK);
    server_open_gate(e.server, SERVER_OPEN);
    for (int i = 0; i < 3; i++)
        EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_STATUS(exchange_next(&e), DWS_IDLE);
    exchange_close(&e);
}

/* ---- what next says ------------------------------------------------------------------------------------ */

static void an_empty_pool_is_idle(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_IDLE);
    EXPECT_STATUS(dws_pool_next(e.pool, 100000, &e.completion), DWS_IDLE);
    EXPECT_INT(dws_pool_pending(e.pool), 0);
    exchange_close(&e);
}

static void only_looks_when_there_is_no_time(void)
{
    struct exchange e;
    exchange_open(&e, 1, gated, 1, NULL);
    submit_numbered(&e, 1, 2);
    for (int i = 0; i < 50; i++)
        EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_PENDING);
    EXPECT_STATUS(dws_pool_next(e.pool, -5, &e.completion), DWS_PENDING);
    EXPECT_STATUS(dws_pool_next(e.pool, 20, &e.completion), DWS_PENDING);
    EXPECT_INT(dws_pool_pending(e.pool), 2);
    server_open_gate(e.server, SERVER_OPEN);
    expect_all(&e, 2);
    exchange_close(&e);
}

static void waits_as_long_as_a_long_can_say(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
    EXPECT_STATUS(dws_pool_next(e.pool, LONG_MAX, &e.completion), DWS_OK);
    EXPECT_STATUS(e.completion.error.status, DWS_OK);
    exchange_close(&e);
}

static void takes_timeouts_as_long_as_a_long_can_say(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    e.transport.timeout_ms = LONG_MAX;
    e.transport.connect_timeout_ms = LONG_MAX;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    exchange_close(&e);
}

static void takes_the_shortest_timeout(void)
{
    struct exchange e;
    exchange_open(&e, 1, gated, 1, NULL);
    e.transport.timeout_ms = 1;
    EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
    EXPECT_STATUS(dws_pool_next(e.pool, 15000, &e.completion), DWS_OK);
    EXPECT_STATUS(e.completion.error.status, DWS_ERR_TIMEOUT);
    exchange_close(&e);
}

static void a_response_lives_until_the_next_call(void)
{
    struct exchange e;
    exchange_open(&e, 2, answers, 1, NULL);
    EXPECT_STATUS(exchange_get(&e, "/1"), DWS_OK);
    struct dws_response first = e.completion.response;
    submit_numbered(&e, 2, 5); /* submitting takes no buffer that is still read */
    EXPECT_TEXT(first.body, LITERAL("ok"));
    EXPECT_HOLDS(first.headers, LITERAL("Content-Length: 2"));
    for (int i = 0; i < 4; i++)
        EXPECT_STATUS(exchange_next(&e), DWS_OK);
    exchange_close(&e);
}

static void a_queued_request_expires_in_the_queue(void)
{
    struct exchange e;
    exchange_open(&e, 1, gated, 1, NULL);
    submit_numbered(&e, 1, 1);
    EXPECT(exchange_until_requests(&e, 1));
    e.transport.timeout_ms = 30;
    submit_numbered(&e, 2, 3);
    e.transport.timeout_ms = WAIT_MS;
    submit_numbered(&e, 4, 4);
    for (uint64_t tag = 2; tag <= 3; tag++) {
        EXPECT_STATUS(exchange_next(&e), DWS_ERR_TIMEOUT);
        EXPECT_INT(e.completion.tag, tag);
    }
    EXPECT_INT(server_request_count(e.server), 1);
    server_open_gate(e.server, SERVER_OPEN);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_INT(e.completion.tag, 4);
    EXPECT_INT(server_request_count(e.server), 2);
    exchange_close(&e);
}

/* By a transfer that failed before, whose place in the pool is taken by the time it is used again. */
static void a_request_that_expires_in_the_queue_tells_of_no_other(void)
{
    const struct dws_request elsewhere = {.url = LITERAL("http://127.0.0.1:1/")};
    struct exchange e;
    exchange_open(&e, 1, gated, 1, NULL);
    EXPECT_STATUS(exchange_perform(&e, &elsewhere), DWS_ERR_CONNECT);
    submit_numbered(&e, 1, 1);
    EXPECT(exchange_until_requests(&e, 1));
    e.transport.timeout_ms = 30;
    submit_numbered(&e, 2, 2);
    EXPECT_STATUS(exchange_next(&e), DWS_ERR_TIMEOUT);
    EXPECT_INT(e.completion.tag, 2);
    EXPECT_HOLDS(spec_text(e.completion.error.message), LITERAL(": Timeout was reached"));
    exchange_close(&e);
}

/* ---- cancelling and ending ------------------------------------------------------------------------------ */

static void cancels_what_is_queued(void)
{
    struct exchange e;
    exchange_open(&e, 1, gated, 1, NULL);
    submit_numbered(&e, 1, 3);
    EXPECT(exchange_until_requests(&e, 1));
    EXPECT(dws_pool_cancel(e.pool, 2));
    EXPECT(!dws_pool_cancel(e.pool, 2));
    EXPECT_INT(dws_pool_pending(e.pool), 3);
    EXPECT_STATUS(exchange_next(&e), DWS_ERR_CANCELLED);
    EXPECT_INT(e.completion.tag, 2);
    server_open_gate(e.server, SERVER_OPEN);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_INT(e.completion.tag, 3);
    EXPECT_INT(server_request_count(e.server), 2);
    exchange_close(&e);
}

static void cancels_what_is_active(void)
{
    struct exchange e;
    exchange_open(&e, 1, gated, 1, NULL);
    submit_numbered(&e, 1, 2);
    EXPECT(exchange_until_requests(&e, 1));
    EXPECT(dws_pool_cancel(e.pool, 1));
    EXPECT_STATUS(exchange_next(&e), DWS_ERR_CANCELLED);
    EXPECT_INT(e.completion.tag, 1);
    server_open_gate(e.server, SERVER_OPEN);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_INT(e.completion.tag, 2);
    EXPECT_STATUS(exchange_next(&e), DWS_IDLE);
    exchange_close(&e);
}

static void cancels_only_what_is_there(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    EXPECT(!dws_pool_cancel(e.pool, 1));
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT(!dws_pool_cancel(e.pool, 1));
    exchange_close(&e);
}

static void cancels_first_middle_and_last(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    submit_numbered(&e, 1, 5);
    EXPECT(dws_pool_cancel(e.pool, 5));
    EXPECT(dws_pool_cancel(e.pool, 3));
    EXPECT(dws_pool_cancel(e.pool, 1));
    submit_numbered(&e, 6, 6);
    static const uint64_t order[] = {5, 3, 1, 2, 4, 6};
    for (size_t i = 0; i < 6; i++) {
        EXPECT_STATUS(exchange_next(&e), i < 3 ? DWS_ERR_CANCELLED : DWS_OK);
        EXPECT_INT(e.completion.tag, order[i]);
    }
    exchange_close(&e);
}

static void is_freed_in_any_state(void)
{
    struct exchange e;
    exchange_open(&e, 2, gated, 1, NULL);
    submit_numbered(&e, 1, 6);
    EXPECT(exchange_until_requests(&e, 2));
    server_open_gate(e.server, 1);
    EXPECT_STATUS(exchange_next(&e), DWS_OK); /* one returned, one active, one starting, others queued … */
    EXPECT(dws_pool_cancel(e.pool, 6));       /* … and one done */
    EXPECT_INT(dws_pool_pending(e.pool), 5);
    exchange_close(&e);
    dws_pool_free(NULL);
}

static void is_freed_without_having_run(void)
{
    struct exchange e;
    exchange_open(&e, 2, answers, 1, NULL);
    submit_numbered(&e, 1, 3);
    exchange_close(&e);
    EXPECT(true);
}

static void takes_a_concurrency_from_1_to_1024(void)
{
    static const size_t wrong[] = {0, 1025, SIZE_MAX};
    struct dws_error error = {0};
    struct dws_pool *pool = NULL;
    for (size_t i = 0; i < 3; i++) {
        EXPECT_STATUS(dws_pool_new(wrong[i], &pool, &error), DWS_ERR_ARGUMENT);
        EXPECT(!pool);
        EXPECT_HOLDS(spec_text(error.message), LITERAL("1024"));
    }
    EXPECT_STATUS(dws_pool_new(1024, &pool, &error), DWS_OK);
    dws_pool_free(pool);
}

/* ---- signals ---------------------------------------------------------------------------------------------- */

/* The server goes away while a long body is on its way: writing on raises SIGPIPE unless libcurl prevents it. */
static void survives_a_server_that_hangs_up(void)
{
    static const struct script scripts[] = {SCRIPT(TASTE(1000), RESET)};
    const size_t length = 20 * 1024 * 1024;
    char *body = calloc(1, length);
    struct sigaction action;
    struct exchange e;
    signal(SIGPIPE, SIG_DFL);
    exchange_open(&e, 1, scripts, 1, NULL);
    struct dws_request request = {.method = LITERAL("POST"), .url = exchange_url(&e, "/"), .body = {body, length}};
    for (int i = 0; i < 5; i++)
        EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_NETWORK);
    sigaction(SIGPIPE, NULL, &action);
    EXPECT(action.sa_handler == SIG_DFL);
    exchange_close(&e);
    free(body);
}

/* ---- descriptors of the caller's own --------------------------------------------------------------- */

static enum dws_status next_within(struct exchange *e, long ms)
{
    return dws_pool_next(e->pool, ms, &e->completion);
}

/* That next returns at all shows that it did not wait: WAIT_MS is longer than a spec may take. */
static void ends_early_for_a_watched_descriptor_once(void)
{
    struct exchange e;
    struct dws_error error = {0};
    int ends[2];
    if (!EXPECT_INT(pipe(ends), 0))
        return;
    exchange_open(&e, 1, gated, 1, NULL);
    EXPECT_STATUS(dws_pool_watch(e.pool, ends[0], true, false, &error), DWS_OK);
    EXPECT_STATUS(next_within(&e, 0), DWS_PENDING); /* not ready, and not idle */
    EXPECT_STATUS(next_within(&e, WAIT_MS), DWS_IDLE);
    EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
    EXPECT(exchange_until_requests(&e, 1));
    EXPECT_INT(write(ends[1], "x", 1), 1);
    EXPECT_STATUS(dws_pool_watch(e.pool, ends[0], true, false, &error), DWS_OK);
    EXPECT_STATUS(next_within(&e, WAIT_MS), DWS_PENDING);
    server_open_gate(e.server, SERVER_OPEN);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    close(ends[0]);
    close(ends[1]);
    exchange_close(&e);
}

static void watches_any_number_of_descriptors(void)
{
    struct exchange e;
    struct dws_error error = {0};
    int ends[2];
    if (!EXPECT_INT(pipe(ends), 0))
        return;
    exchange_open(&e, 1, answers, 1, NULL);
    for (int i = 0; i < 100; i++)
        EXPECT_STATUS(dws_pool_watch(e.pool, ends[0], true, false, &error), DWS_OK);
    EXPECT_STATUS(dws_pool_watch(e.pool, ends[1], false, true, &error), DWS_OK);
    EXPECT_STATUS(next_within(&e, WAIT_MS), DWS_PENDING);
    close(ends[0]);
    close(ends[1]);
    exchange_close(&e);
}

static void says_that_there_is_no_memory(void)
{
    struct dws_pool *pool = NULL;
    struct dws_error error = {0};
    memory_left = 0;
    EXPECT_STATUS(dws_pool_new(1, &pool, &error), DWS_ERR_MEMORY);
    memory_left = -1;
    EXPECT(!pool);
    EXPECT_STATUS(dws_pool_new(1, &pool, &error), DWS_OK);
    for (int i = 0; i < 40; i++) {
        if (i == 0 || i == 8 || i == 24) { /* room is made for */
            memory_left = 0;
            EXPECT_STATUS(dws_pool_watch(pool, i, true, true, &error), DWS_ERR_MEMORY);
            EXPECT_TEXT(spec_text(error.message), LITERAL("pool: out of memory"));
        }
        memory_left = i == 0 || i == 8 || i == 24 ? -1 : 0;
        EXPECT_STATUS(dws_pool_watch(pool, i, true, true, &error), DWS_OK);
    }
    memory_left = -1;
    dws_pool_free(pool);
}

/* How many blocks a pool has once so many requests were given up that none of them was sent. */
static long held_after(struct dws_pool *pool, uint64_t count)
{
    static const struct dws_request request = {.url = TEXT("http://127.0.0.1:1/")};
    static const struct dws_transport transport = {.timeout_ms = WAIT_MS};
    struct dws_completion completion;
    struct dws_error error = {0};
    for (uint64_t tag = 1; tag <= count; tag++) {
        EXPECT_STATUS(dws_pool_submit(pool, tag, &request, &transport, &error), DWS_OK);
        EXPECT(dws_pool_cancel(pool, tag));
    }
    for (uint64_t tag = 1; tag <= count; tag++) {
        EXPECT_STATUS(dws_pool_next(pool, 0, &completion), DWS_OK);
        EXPECT_INT(completion.tag, tag);
    }
    EXPECT_STATUS(dws_pool_next(pool, 0, &completion), DWS_IDLE);
    return memory_held;
}

static void keeps_as_many_transfers_as_may_run(void)
{
    struct dws_pool *pool = NULL;
    struct dws_error error = {0};
    const long before = memory_held;
    EXPECT_STATUS(dws_pool_new(2, &pool, &error), DWS_OK);
    for (int i = 0; i < 4; i++) /* what a transfer needs for its second request is there, too */
        held_after(pool, 2);
    const long two = memory_held;
    for (uint64_t count = 1; count < 6; count++)
        EXPECT_INT(held_after(pool, count), two);
    dws_pool_free(pool);
    EXPECT_INT(memory_held, before);
}

static const struct spec_case cases[] = {
    {"a pool and what it watches want memory, and it is said when there is none", says_that_there_is_no_memory},
    {"requests that follow one another share a connection", reuses_a_connection},
    {"a kept connection that the server closed or reset is replaced", replaces_a_connection_that_the_server_closed},
    {"a connection that was to be closed is not used again", opens_a_connection_where_the_last_was_closed},
    {"a connection cancelled in the middle of an answer is not used again",
     does_not_reuse_a_connection_in_the_middle_of_an_answer},
    {"no more transfers run than the concurrency says", keeps_to_its_concurrency},
    {"no more transfers run than that without keep-alive either", keeps_to_its_concurrency_without_reuse},
    {"queued requests start in order", starts_in_order},
    {"a place that becomes free is taken at once", starts_the_next_while_results_wait},
    {"answers are returned as they come", returns_answers_as_they_come},
    {"hundreds of requests are all answered, each once", performs_many},
    {"as many transfers are kept as may run at once", keeps_as_many_transfers_as_may_run},
    {"one failure leaves the others alone", one_failure_leaves_the_others},
    {"an empty pool is idle", an_empty_pool_is_idle},
    {"without time next only looks", only_looks_when_there_is_no_time},
    {"the longest time to wait is no mistake", waits_as_long_as_a_long_can_say},
    {"the longest timeouts are no mistake", takes_timeouts_as_long_as_a_long_can_say},
    {"a timeout may be a millisecond", takes_the_shortest_timeout},
    {"a response stays readable while others are submitted", a_response_lives_until_the_next_call},
    {"a request whose time passes in the queue expires there and is never sent", a_queued_request_expires_in_the_queue},
    {"a request that expires in the queue does not tell what another failed of",
     a_request_that_expires_in_the_queue_tells_of_no_other},
    {"a queued request is cancelled and never sent", cancels_what_is_queued},
    {"an active request is cancelled and makes place", cancels_what_is_active},
    {"only what is under way can be cancelled", cancels_only_what_is_there},
    {"the queue stays whole whichever request is cancelled", cancels_first_middle_and_last},
    {"a pool is freed with transfers in every state", is_freed_in_any_state},
    {"a pool is freed that never ran", is_freed_without_having_run},
    {"the concurrency is from 1 to 1024", takes_a_concurrency_from_1_to_1024},
    {"a server that hangs up does not kill the process", survives_a_server_that_hangs_up},
    {"a descriptor of the caller's own ends one wait", ends_early_for_a_watched_descriptor_once},
    {"any number of descriptors is watched", watches_any_number_of_descriptors},
};

SPEC_MAIN(cases)
