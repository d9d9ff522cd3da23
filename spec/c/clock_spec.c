/* clock_spec.c: deadlines of the pool when the clock does what clocks do on a busy machine: it jumps.
 * It must not change libcurl's clock: --wrap reaches only libdws and this program. */
#include "exchange.h"

#include <time.h>

#include <curl/curl.h>

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
CURLMcode __real_curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned count, int ms, int *ready);
CURLMcode __wrap_curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned count, int ms, int *ready);

static bool faked;
static int64_t fake_ms;
static int64_t fake_step_ms; /* every look at the clock finds it later by so much */
static bool waits_pass;      /* what is waited for is only added to the clock */
static int waited[4];        /* in milliseconds, one by one */
static size_t waits;

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    if (!faked || id != CLOCK_MONOTONIC)
        return __real_clock_gettime(id, now);
    fake_ms += fake_step_ms;
    *now = (struct timespec){fake_ms / 1000, fake_ms % 1000 * 1000000};
    return 0;
}

/* Where it fails at once it does so for the argument. */
CURLMcode __wrap_curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned count, int ms, int *ready)
{
    if (!waits_pass || ms < 0)
        return __real_curl_multi_poll(multi, extra, count, ms, ready);
    waited[waits++ % 4] = ms;
    fake_ms += ms;
    *ready = 0;
    return CURLM_OK;
}

static void fake_clock(int64_t ms, int64_t step_ms)
{
    faked = true;
    fake_ms = ms;
    fake_step_ms = step_ms;
}

static const struct script silent[] = {SCRIPT(RECEIVE, HOLD)};

/* Real seconds, to give up on a transfer that never ends. */
static bool ends_by_timeout(struct exchange *e)
{
    time_t until = time(NULL) + WAIT_MS / 1000;
    enum dws_status status;
    do {
        status = dws_pool_next(e->pool, 20, &e->completion);
    } while (status == DWS_PENDING && time(NULL) < until);
    return status == DWS_OK && e->completion.error.status == DWS_ERR_TIMEOUT;
}

/* Time passes between the look at the queue and the start of a transfer: whatever is left of its time then, if only
 * nothing, it must not become a transfer without a timeout. */
static void a_deadline_met_at_the_start_still_holds(void)
{
    static const int64_t steps[] = {1, 2, 3, 50};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (long timeout = 1; timeout <= 8; timeout++) {
            struct exchange e;
            exchange_open(&e, 1, silent, 1, NULL);
            fake_clock(1000, 0);
            e.transport.timeout_ms = timeout;
            EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
            fake_clock(1000, steps[i]);
            bool good = EXPECT(ends_by_timeout(&e));
            faked = false;
            exchange_close(&e);
            if (!good)
                return; /* each failure takes its minutes */
        }
    }
}

static void expires_at_its_deadline_and_not_before(void)
{
    struct exchange e;
    exchange_open(&e, 1, silent, 1, NULL);
    fake_clock(1000, 0);
    EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
    EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_PENDING);
    e.transport.timeout_ms = 5000;
    EXPECT_STATUS(exchange_submit(&e, 2, "/"), DWS_OK);
    fake_ms = 5999;
    EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_PENDING);
    fake_ms = 6000;
    EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_OK);
    EXPECT_INT(e.completion.tag, 2);
    EXPECT_STATUS(e.completion.error.status, DWS_ERR_TIMEOUT);
    faked = false;
    exchange_close(&e);
}

static void gives_half_a_minute_to_what_names_no_time(void)
{
    static const long none[] = {0, -1};
    for (size_t i = 0; i < 2; i++) {
        struct exchange e;
        exchange_open(&e, 1, silent, 1, NULL);
        fake_clock(1000, 0);
        EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
        EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_PENDING);
        e.transport.timeout_ms = none[i];
        EXPECT_STATUS(exchange_submit(&e, 2, "/"), DWS_OK);
        fake_ms = 30999;
        EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_PENDING);
        fake_ms = 31000;
        EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_OK);
        EXPECT_INT(e.completion.tag, 2);
        EXPECT_STATUS(e.completion.error.status, DWS_ERR_TIMEOUT);
        faked = false;
        exchange_close(&e);
    }
}

/* The deadlines of several queued requests need not be in order. */
static void expires_each_at_its_own_deadline(void)
{
    static const long timeouts[] = {4000, 1000, 3000, 2000};
    static const uint64_t order[] = {3, 5, 4, 2};
    struct exchange e;
    exchange_open(&e, 1, silent, 1, NULL);
    fake_clock(1000, 0);
    e.transport.timeout_ms = 100000;
    EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
    for (uint64_t i = 0; i < 4; i++) {
        e.transport.timeout_ms = timeouts[i];
        EXPECT_STATUS(exchange_submit(&e, i + 2, "/"), DWS_OK);
    }
    for (int i = 0; i < 4; i++) {
        EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_PENDING);
        fake_ms += 1000;
        EXPECT_STATUS(dws_pool_next(e.pool, 0, &e.completion), DWS_OK);
        EXPECT_INT(e.completion.tag, order[i]);
    }
    EXPECT_INT(dws_pool_pending(e.pool), 1);
    faked = false;
    exchange_close(&e);
}

static void expect_waits(struct exchange *e, long timeout_ms, enum dws_status expected, size_t count, const int *ms)
{
    waits = 0;
    EXPECT_STATUS(dws_pool_next(e->pool, timeout_ms, &e->completion), expected);
    EXPECT_INT(waits, count);
    for (size_t i = 0; i < count; i++)
        EXPECT_INT(waited[i], ms[i]);
}

/* A server that says nothing, and libcurl's own clock, which goes on as ever. */
static void waits_for_the_caller_or_the_queue(void)
{
    struct exchange e;
    exchange_open(&e, 1, silent, 1, NULL);
    fake_clock(1000, 0);
    EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
    e.transport.timeout_ms = 5000;
    EXPECT_STATUS(exchange_submit(&e, 2, "/"), DWS_OK);
    e.transport.timeout_ms = 9000;
    EXPECT_STATUS(exchange_submit(&e, 3, "/"), DWS_OK);
    waits_pass = true;
    expect_waits(&e, 2000, DWS_PENDING, 1, (const int[]){2000});
    expect_waits(&e, 60000, DWS_OK, 1, (const int[]){3000});
    EXPECT_INT(e.completion.tag, 2);
    expect_waits(&e, 60000, DWS_OK, 1, (const int[]){4000});
    EXPECT_INT(e.completion.tag, 3);
    expect_waits(&e, 7000, DWS_PENDING, 1, (const int[]){7000});
    expect_waits(&e, 130000, DWS_PENDING, 3, (const int[]){60000, 60000, 10000});
    expect_waits(&e, 0, DWS_PENDING, 0, NULL);
    waits_pass = false;
    faked = false;
    exchange_close(&e);
}

/* Between the look at the queue and the wait: what would be a time before now is none. */
static void a_deadline_met_before_the_wait_leaves_the_others(void)
{
    for (long timeout = 1; timeout <= 8; timeout++) {
        struct exchange e;
        exchange_open(&e, 1, silent, 1, NULL);
        fake_clock(1000, 0);
        EXPECT_STATUS(exchange_submit(&e, 1, "/"), DWS_OK);
        e.transport.timeout_ms = timeout;
        EXPECT_STATUS(exchange_submit(&e, 2, "/"), DWS_OK);
        fake_clock(1000, 1);
        waits_pass = true;
        EXPECT_STATUS(dws_pool_next(e.pool, 60000, &e.completion), DWS_OK);
        EXPECT_INT(e.completion.tag, 2);
        EXPECT_STATUS(e.completion.error.status, DWS_ERR_TIMEOUT);
        EXPECT_INT(dws_pool_pending(e.pool), 1);
        waits_pass = false;
        faked = false;
        exchange_close(&e);
    }
}

static const struct spec_case cases[] = {
    {"a deadline that is met while the transfer starts still holds", a_deadline_met_at_the_start_still_holds},
    {"a queued request expires at its deadline and not before", expires_at_its_deadline_and_not_before},
    {"a request that names no time has half a minute", gives_half_a_minute_to_what_names_no_time},
    {"every queued request expires at its own deadline, in whatever order they were made",
     expires_each_at_its_own_deadline},
    {"a pool waits for the caller's time or the queue's next deadline, and a minute at most",
     waits_for_the_caller_or_the_queue},
    {"a deadline that is met before the wait leaves the other requests alone",
     a_deadline_met_before_the_wait_leaves_the_others},
};

SPEC_MAIN(cases)
