/* response_spec.c: what transfer.c makes of answers, the broken and the hostile ones above all.
 * It must not contact anything but the scripted server on loopback. */
#include "exchange.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* One request to a server that plays `script` to every connection; the exchange stays open. */
static enum dws_status open_and_get(struct exchange *e, const struct script *script)
{
    exchange_open(e, 1, script, 1, NULL);
    return exchange_get(e, "/");
}

/* ---- good answers ---------------------------------------------------------------------------------- */

static const struct good {
    const char *title;
    struct script script;
    int status;
    const char *body;
} good[] = {
    {"chunked",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            SEND("4;ext=1\r\ndefg\r\n0\r\n\r\n"), AGAIN),
     200, "abcdefg"},
    {"ended by close", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\n\r\nuntil the end")), 200, "until the end"},
    {"HTTP/1.0", SCRIPT(RECEIVE, SEND("HTTP/1.0 200 OK\r\n\r\nold")), 200, "old"},
    {"informational answers first",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 100 Continue\r\nX-First: 1\r\n\r\n"),
            SEND("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" OK_TWO), AGAIN),
     200, "ok"},
    {"204", SCRIPT(RECEIVE, SEND("HTTP/1.1 204 No Content\r\n\r\n"), AGAIN), 204, ""},
    {"304", SCRIPT(RECEIVE, SEND("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"), AGAIN), 304, ""},
    {"an error with a body",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 4\r\n\r\nwhat"), AGAIN), 417, "what"},
    {"401 is not answered by another try",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno"),
            AGAIN),
     401, "no"},
    {"a redirect is not followed",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), AGAIN), 302, ""},
    {"an error that says it is compressed is handed over as it is",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 502 Bad\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw"), AGAIN), 502,
     "raw"},
    {"codings that change nothing",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\ntransfer-encoding:, CHUNKED ,\r\n\r\n"),
            SEND("2\r\nok\r\n0\r\n\r\n"), AGAIN),
     200, "ok"},
    {"the same length twice",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"), AGAIN), 200, "ok"},
    {"a cookie is not sent back",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"), AGAIN), 200, ""},
    {"a reason with a colon", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK: fine\r\nContent-Length: 0\r\n\r\n"), AGAIN), 200,
     ""},
};

static void takes_good_answers(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct exchange e;
        spec_about(good[i].title);
        EXPECT_STATUS(open_and_get(&e, &good[i].script), DWS_OK);
        EXPECT_INT(e.completion.response.status, good[i].status);
        EXPECT_TEXT(e.completion.response.body, spec_text(good[i].body));
        EXPECT_LACKS(e.completion.response.headers, LITERAL("X-First"));
        EXPECT_INT(server_request_count(e.server), 1);
        EXPECT_STATUS(exchange_get(&e, "/again"), DWS_OK);
        EXPECT(!exchange_request_line(&e, 1, "Cookie:").data);
        exchange_close(&e);
    }
}

static void takes_a_body_with_nul_bytes(void)
{
    static const struct script script =
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na\0b\0\n"), AGAIN);
    struct exchange e;
    EXPECT_STATUS(open_and_get(&e, &script), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("a\0b\0\n"));
    exchange_close(&e);
}

/* ---- broken answers -------------------------------------------------------------------------------- */

static const struct broken {
    const char *title;
    struct script script;
    enum dws_status status;
} broken[] = {
    {"closed without an answer", SCRIPT(RECEIVE), DWS_ERR_NETWORK},
    {"reset without an answer", SCRIPT(RECEIVE, RESET), DWS_ERR_NETWORK},
    {"reset inside the request", SCRIPT(TASTE(1), RESET), DWS_ERR_NETWORK},
    {"closed inside the status line", SCRIPT(RECEIVE, SEND("HTTP/1.1 20")), DWS_ERR_NETWORK},
    {"closed inside the body", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")),
     DWS_ERR_NETWORK},
    {"reset inside the body", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), RESET),
     DWS_ERR_NETWORK},
    {"closed inside a chunk", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf")),
     DWS_ERR_NETWORK},
    {"closed before the last chunk",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")), DWS_ERR_NETWORK},
    {"a chunk length that is no number",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhalf\r\n")), DWS_ERR_NETWORK},
    {"a chunk length beyond all numbers",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhalf\r\n")),
     DWS_ERR_NETWORK},
    {"a Content-Length that is no number", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhalf")),
     DWS_ERR_NETWORK},
    {"no HTTP at all", SCRIPT(RECEIVE, SEND("220 smtp.example ready\r\n"), HOLD), DWS_ERR_NETWORK},
    {"HTTP/0.9", SCRIPT(RECEIVE, SEND("<html>hello</html>\n")), DWS_ERR_NETWORK},
    {"a version that does not exist", SCRIPT(RECEIVE, SEND("HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n")),
     DWS_ERR_NETWORK},
    {"a header with a NUL byte", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n")),
     DWS_ERR_NETWORK},
    {"more headers than anyone needs",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nX-1: "), FILL("x", 90000), SEND("\r\nX-2: "), FILL("x", 90000),
            SEND("\r\nX-3: "), FILL("x", 90000), SEND("\r\nContent-Length: 0\r\n\r\n"), HOLD),
     DWS_ERR_TOO_LARGE},
    {"one header longer than anyone needs",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nX-1: "), FILL("x", 2000000), SEND("\r\nContent-Length: 0\r\n\r\n"), HOLD),
     DWS_ERR_TOO_LARGE},
    {"a status line without end", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 "), FILL("x", 2000000), HOLD), DWS_ERR_TOO_LARGE},
};

static void reports_broken_answers(void)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct exchange e;
        spec_about(broken[i].title);
        EXPECT_STATUS(open_and_get(&e, &broken[i].script), broken[i].status);
        EXPECT_INT(dws_pool_pending(e.pool), 0);
        EXPECT(!e.completion.response.body.data && e.completion.response.status == 0);
        EXPECT_STATUS(exchange_next(&e), DWS_IDLE);
        exchange_close(&e);
    }
}

static void a_short_content_length_spoils_the_connection(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nonlyHTTP/1.1 200 OK\r\n\r\nforged"), HOLD),
        SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
    struct exchange e;
    exchange_open(&e, 1, scripts, 2, NULL);
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("only"));
    EXPECT_STATUS(exchange_get(&e, "/next"), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    EXPECT_INT(server_accepted(e.server), 2);
    exchange_close(&e);
}

/* A transfer serves the next request as soon as its answer was returned and there was another look at the pool. */
static enum dws_status get_with_the_same(struct exchange *e)
{
    EXPECT_STATUS(exchange_next(e), DWS_IDLE);
    return exchange_get(e, "/");
}

static void takes_nothing_over_from_one_answer_to_the_next(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 503 No\r\nContent-Length: 65537\r\n\r\n"), FILL("x", 65537), HOLD),
        SCRIPT(RECEIVE, RESET),
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nX-1: "), FILL("x", 90000), SEND("\r\nContent-Length: 2\r\n\r\nok"),
               AGAIN),
    };
    struct exchange e;
    exchange_open(&e, 1, scripts, 3, NULL);
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_INT(e.completion.response.status, 503);
    EXPECT_STATUS(get_with_the_same(&e), DWS_ERR_NETWORK); /* the one before was cut, this one broke */
    for (int i = 0; i < 4; i++) {                          /* 360 kB of headers, each of them below the limit */
        EXPECT_STATUS(get_with_the_same(&e), DWS_OK);
        EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
        EXPECT_INT(e.completion.response.headers.length,
                   90000 + strlen("HTTP/1.1 200 OK\r\nX-1: \r\nContent-Length: 2\r\n\r\n"));
    }
    exchange_close(&e);
}

/* ---- time -------------------------------------------------------------------------------------------- */

static void gives_up_on_a_slow_drip(void)
{
    static const struct script script =
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), DRIP("x"));
    struct exchange e;
    exchange_open(&e, 1, &script, 1, NULL);
    e.transport.timeout_ms = 150;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_TIMEOUT);
    exchange_close(&e);
}

static void gives_up_on_silence(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, HOLD), SCRIPT(HOLD)};
    struct exchange e;
    exchange_open(&e, 1, scripts, 2, NULL);
    e.transport.timeout_ms = 150;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_TIMEOUT);
    EXPECT_STATUS(exchange_get(&e, "/again"), DWS_ERR_TIMEOUT);
    exchange_close(&e);
}

static void reports_a_refused_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound but not listening: the port is ours and refuses */
    EXPECT(bind(fd, (struct sockaddr *)&address, length) == 0);
    EXPECT(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    static const struct script script = SCRIPT(HOLD);
    struct exchange e;
    exchange_open(&e, 1, &script, 1, NULL);
    struct dws_request request = {.url = spec_text(url)};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_CONNECT);
    exchange_close(&e);
    close(fd);
}

/* ---- headers ------------------------------------------------------------------------------------------ */

static void expect_headers(const char *lines, const char *const (*expected)[2], size_t count)
{
    struct dws_text cursor = spec_text(lines);
    struct dws_header header;
    spec_about(lines);
    for (size_t i = 0; i < count; i++) {
        if (!EXPECT(dws_header_next(&cursor, &header)))
            return;
        EXPECT_TEXT(header.name, spec_text(expected[i][0]));
        EXPECT_TEXT(header.value, spec_text(expected[i][1]));
    }
    EXPECT(!dws_header_next(&cursor, &header));
    EXPECT(!dws_header_next(&cursor, &header));
}

static void steps_through_headers(void)
{
    static const char *const plain[][2] = {{"Date", "now"}, {"X-Empty", ""}, {"X-Colon", "a:b"}, {"X-Tab", "c"}};
    expect_headers("HTTP/1.1 200 OK\r\nDate: now\r\nX-Empty:\r\nX-Colon:a:b\r\nX-Tab:\t c \t\r\n\r\n", plain, 4);
    static const char *const bare[][2] = {{"A", "1"}, {"B", "2"}};
    expect_headers("HTTP/1.1 200 OK\nA: 1\nB: 2", bare, 2);
    expect_headers("", NULL, 0);
    expect_headers("\r\n", NULL, 0);
    expect_headers("HTTP/1.1 200 OK\r\n", NULL, 0);
}

static void passes_over_lines_that_are_no_headers(void)
{
    static const char *const one[][2] = {{"A", "1"}};
    expect_headers("HTTP/1.1 200 OK\r\nno colon\r\nA: 1\r\n", one, 1);
    expect_headers("HTTP/1.1 200 OK: with a colon\r\nA: 1\r\n", one, 1);
    expect_headers("HTTP/1.1 200 OK\r\nA: 1\r\n : no name\r\n: no name either\r\n", one, 1);
    expect_headers("HTTP/1.1 200 OK\r\nA: 1\r\n folded: this goes on\r\n\tand: on\r\n", one, 1);
}

static void a_header_cannot_pose_as_a_status_line(void)
{
    static const struct script script =
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nDate: kept\r\nHTTP/x: 1\r\nContent-Length: 0\r\n\r\n"), AGAIN);
    struct exchange e;
    EXPECT_STATUS(open_and_get(&e, &script), DWS_OK);
    EXPECT_HOLDS(e.completion.response.headers, LITERAL("Date: kept"));
    exchange_close(&e);
}

/* A trailer comes behind the body: too late to say what the answer was. */
static void a_trailer_does_not_replace_the_headers(void)
{
    static const struct script script =
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nDate: kept\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"),
               SEND("HTTP/1.1 500: forged\r\nX-Trailer: 1\r\n\r\n"), AGAIN);
    struct exchange e;
    EXPECT_STATUS(open_and_get(&e, &script), DWS_OK);
    EXPECT_INT(e.completion.response.status, 200);
    EXPECT_HOLDS(e.completion.response.headers, LITERAL("Date: kept"));
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    exchange_close(&e);
}

static void reads_headers_of_a_real_answer(void)
{
    static const struct script script = SCRIPT(
        RECEIVE, SEND("HTTP/1.1 429 Slow\r\nRetry-After:  7 \r\nX-Request-Id: r1\r\nContent-Length: 0\r\n\r\n"), AGAIN);
    struct exchange e;
    struct dws_header header;
    EXPECT_STATUS(open_and_get(&e, &script), DWS_OK);
    struct dws_text cursor = e.completion.response.headers;
    EXPECT(dws_header_next(&cursor, &header));
    EXPECT_TEXT(header.name, LITERAL("Retry-After"));
    EXPECT_TEXT(header.value, LITERAL("7"));
    EXPECT(dws_header_next(&cursor, &header));
    EXPECT_TEXT(header.value, LITERAL("r1"));
    EXPECT(dws_header_next(&cursor, &header));
    EXPECT(!dws_header_next(&cursor, &header));
    exchange_close(&e);
}

static const struct spec_case cases[] = {
    {"good answers of every framing are taken", takes_good_answers},
    {"a body may hold NUL bytes", takes_a_body_with_nul_bytes},
    {"broken answers are errors that name the host and no secret", reports_broken_answers},
    {"bytes behind a short Content-Length answer no other request", a_short_content_length_spoils_the_connection},
    {"an answer takes nothing over from the one before", takes_nothing_over_from_one_answer_to_the_next},
    {"an answer that drips beyond the timeout is given up", gives_up_on_a_slow_drip},
    {"a server that says nothing is given up", gives_up_on_silence},
    {"a refused connection is reported as one", reports_a_refused_connection},
    {"headers are stepped through one by one", steps_through_headers},
    {"lines that are no headers are passed over", passes_over_lines_that_are_no_headers},
    {"a header that looks like a status line does not erase those before it", a_header_cannot_pose_as_a_status_line},
    {"a trailer does not replace the headers", a_trailer_does_not_replace_the_headers},
    {"headers of a real answer are read", reads_headers_of_a_real_answer},
};

SPEC_MAIN(cases)
