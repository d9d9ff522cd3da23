/* descriptors_spec.c: a process that may open no more files says so, and blames nobody else. */
#include "exchange.h"

#include "dws/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define LIMIT 64

static const struct script answers[] = {SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), AGAIN)};

/* Leaves so many descriptors free; returns the limit to set again. */
static struct rlimit take_all_but(int left, int *taken, int *count)
{
    struct rlimit before, lower;
    getrlimit(RLIMIT_NOFILE, &before);
    lower = (struct rlimit){LIMIT, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lower);
    for (*count = 0; (taken[*count] = open("/dev/null", O_RDONLY)) >= 0;)
        ++*count;
    while (left-- > 0 && *count > 0)
        close(taken[--*count]);
    return before;
}

static void give_back(const struct rlimit *before, const int *taken, int count)
{
    while (count > 0)
        close(taken[--count]);
    setrlimit(RLIMIT_NOFILE, before);
}

static void expect_shortage(const char *url, int left)
{
    struct exchange e;
    int taken[LIMIT + 1], count;
    exchange_open(&e, 1, answers, 1, NULL);
    const struct dws_request request = {.url = spec_text(url)};
    e.host = "";
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    spec_about(url);
    const struct rlimit before = take_all_but(left, taken, &count);
    const enum dws_status status = exchange_perform(&e, &request);
    give_back(&before, taken, count);
    EXPECT_STATUS(status, DWS_ERR_DESCRIPTORS);
    EXPECT_HOLDS(spec_text(e.completion.error.message),
                 LITERAL("this process has no free file descriptors (limit 64)"));
    exchange_close(&e);
}

static void blames_nobody_else(void)
{
    for (int left = 0; left < 3; left++) {
        expect_shortage("http://127.0.0.1:1/", left);
        expect_shortage("https://127.0.0.1:1/", left);
        expect_shortage("https://localhost:1/", left);
    }
}

/* With one descriptor for the socket there is none for the authorities' file, where libcurl reads it: for a proxy. */
static void does_not_blame_the_authorities(void)
{
    struct exchange e;
    int taken[LIMIT + 1], count;
    char url[64];
    exchange_open(&e, 1, answers, 1, NULL);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server_port(e.server));
    const struct dws_request request = {.url = spec_text(url)};
    e.transport.proxy = url;
    const struct rlimit before = take_all_but(1, taken, &count);
    const enum dws_status status = exchange_perform(&e, &request);
    give_back(&before, taken, count);
    EXPECT_STATUS(status, DWS_ERR_DESCRIPTORS);
    exchange_close(&e);
}

static void blames_the_other_side_when_there_are_enough(void)
{
    struct exchange e;
    int taken[LIMIT + 1], count;
    exchange_open(&e, 1, answers, 1, NULL);
    const struct dws_request request = {.url = LITERAL("http://127.0.0.1:1/")};
    const struct rlimit before = take_all_but(8, taken, &count);
    for (int i = 0; i < 8; i++) /* what the look takes it gives back */
        EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_CONNECT);
    give_back(&before, taken, count);
    exchange_close(&e);
}

/* What is there before the first byte was said is looked at, what the server said comes first. */
static void does_not_blame_a_mail_server(void)
{
    static const struct dws_text to[] = {TEXT("ops@example.com")};
    const struct dws_mail mail = {
        .host = LITERAL("127.0.0.1"),
        .port = 1,
        .tls = DWS_MAIL_PLAIN,
        .from = LITERAL("dwsync@example.com"),
        .to = to,
        .to_count = 1,
        .message = LITERAL("Subject: Hello\r\n\r\nHello\r\n"),
    };
    const struct dws_transport transport = {.timeout_ms = 60000};
    for (int left = -1; left < 1; left++) {
        struct dws_mail_transfer *transfer = NULL;
        struct dws_mail_answer answer;
        struct dws_error error = {0};
        int taken[LIMIT + 1], count = 0;
        struct rlimit before;
        EXPECT_STATUS(dws_mail_start(&mail, &transport, &transfer, &error), DWS_OK);
        getrlimit(RLIMIT_NOFILE, &before);
        if (left == 0)
            before = take_all_but(left, taken, &count);
        enum dws_status status;
        do {
            status = dws_mail_step(transfer, 60000, &answer, &error);
        } while (status == DWS_PENDING);
        give_back(&before, taken, count);
        EXPECT_STATUS(status, left == 0 ? DWS_ERR_DESCRIPTORS : DWS_ERR_CONNECT);
        dws_mail_free(transfer);
    }
}

static void believes_no_failure_of_long_ago(void)
{
    struct dws_error error = {0};
    errno = EMFILE;
    EXPECT(!dws_descriptors_fail(&error, "h"));
    EXPECT_STATUS(error.status, DWS_OK);
}

static const struct spec_case cases[] = {
    {"a shortage of descriptors is called that, whatever fails for it", blames_nobody_else},
    {"the authorities' file is not blamed for it", does_not_blame_the_authorities},
    {"a mail server is not blamed for it", does_not_blame_a_mail_server},
    {"with descriptors left the other side is blamed", blames_the_other_side_when_there_are_enough},
    {"a shortage that is over is not called one", believes_no_failure_of_long_ago},
};

SPEC_MAIN(cases)
