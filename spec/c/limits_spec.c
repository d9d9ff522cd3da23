/* limits_spec.c: how much of an answer is taken: heads, bodies, codings, and a page's records. */
#include "exchange.h"

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* One request to a server that plays `script` to every connection; the exchange stays open. */
static enum dws_status open_and_get(struct exchange *e, const struct script *script)
{
    exchange_open(e, 1, script, 1, NULL);
    return exchange_get(e, "/");
}

/* ---- heads ----------------------------------------------------------------------------------------- */

static void says_what_is_too_large_in_a_head(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nX-1: "), FILL("x", 120000), SEND("\r\nContent-Length: 0\r\n\r\n"),
               HOLD),
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nX-1: "), FILL("x", 90000), SEND("\r\nX-2: "), FILL("x", 90000),
               SEND("\r\nX-3: "), FILL("x", 90000), SEND("\r\nContent-Length: 0\r\n\r\n"), HOLD),
    };
    static const char *const messages[] = {"the response's header line is larger than 102400 bytes",
                                           "the response's head is larger than 262144 bytes"};
    for (int i = 0; i < 2; i++) {
        struct exchange e;
        EXPECT_STATUS(open_and_get(&e, &scripts[i]), DWS_ERR_TOO_LARGE);
        EXPECT_HOLDS(spec_text(e.completion.error.message), spec_text(messages[i]));
        exchange_close(&e);
    }
}

/* In lines that libcurl takes. */
#define HEAD_WITH(more)                                                                                      \
    SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nX-1: "), FILL("x", 90000), SEND("\r\nX-2: "), FILL("x", 90000), \
           SEND("\r\nX-3: "), FILL("x", 82085 + (more)), SEND("\r\nContent-Length: 0\r\n\r\n"), HOLD)

static void takes_a_head_of_exactly_the_limit(void)
{
    static const struct script scripts[] = {HEAD_WITH(0), HEAD_WITH(1)};
    struct exchange e;
    EXPECT_STATUS(open_and_get(&e, &scripts[0]), DWS_OK);
    EXPECT_INT(e.completion.response.headers.length, 262144);
    exchange_close(&e);
    EXPECT_STATUS(open_and_get(&e, &scripts[1]), DWS_ERR_TOO_LARGE);
    exchange_close(&e);
}

/* Header bytes count over all the answers to a request, or one could be sent 1xx after 1xx without end. Newer
 * versions of libcurl break off by themselves. */
static void limits_headers_over_informational_answers(void)
{
    static const struct script script =
        SCRIPT(RECEIVE, SEND("HTTP/1.1 103 Early\r\nX: "), FILL("x", 90000), SEND("\r\n\r\nHTTP/1.1 103 Early\r\nX: "),
               FILL("x", 90000), SEND("\r\n\r\nHTTP/1.1 103 Early\r\nX: "), FILL("x", 90000),
               SEND("\r\n\r\nHTTP/1.1 103 Early\r\nX: "), FILL("x", 90000), SEND("\r\n\r\n" OK_TWO), HOLD);
    struct exchange e;
    enum dws_status status = open_and_get(&e, &script);
    EXPECT(status == DWS_ERR_TOO_LARGE || status == DWS_ERR_NETWORK);
    exchange_close(&e);
}

/* ---- codings that were not asked for ---------------------------------------------------------------- */

static const struct coded {
    const char *title;
    struct script script;
    const char *message;
} coded[] = {
    {"gzip", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), HOLD),
     "the service answered with the transfer coding gzip, which was not asked for"},
    {"gzip in gzip, in any spelling",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\ntRANSFER-eNCODING:GZIP,gzip\r\n\r\n"), HOLD),
     "the service answered with the transfer coding GZIP, which was not asked for"},
    {"gzip below chunked", SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), HOLD),
     "the service answered with the transfer coding gzip, which was not asked for"},
    {"gzip in a header of its own",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: deflate\r\n\r\n"), HOLD),
     "the service answered with the transfer coding deflate, which was not asked for"},
    {"gzip of an error", SCRIPT(RECEIVE, SEND("HTTP/1.1 503 No\r\nTransfer-Encoding: x-gzip\r\n\r\n"), HOLD),
     "the service answered with the transfer coding x-gzip, which was not asked for"},
    {"gzip in an informational head",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 103 Early\r\nTransfer-Encoding: br\r\n\r\n" OK_TWO), HOLD),
     "the service answered with the transfer coding br, which was not asked for"},
    {"a coding with parameters",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;\x1b[1m\r\n\r\n"), HOLD),
     "the service answered with the transfer coding ?, which was not asked for"},
    {"a coding with the longest name that is shown",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: abcdefghijklmnopqrstabcdefghijklmnopqrst\r\n\r\n"),
            HOLD),
     "the transfer coding abcdefghijklmnopqrstabcdefghijklmnopqrst, which"},
    {"a coding with a longer one",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: abcdefghijklmnopqrstabcdefghijklmnopqrstu\r\n\r\n"),
            HOLD),
     "the transfer coding ?, which"},
    {"compressed content",
     SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n"), HOLD),
     "the service answered with the content coding gzip, which was not asked for"},
};

/* The servers send no body: what is refused is refused for its head, and nothing is undone. */
static void refuses_codings_that_were_not_asked_for(void)
{
    for (size_t i = 0; i < sizeof coded / sizeof *coded; i++) {
        struct exchange e;
        spec_about(coded[i].title);
        EXPECT_STATUS(open_and_get(&e, &coded[i].script), DWS_ERR_DECODE);
        EXPECT_HOLDS(spec_text(e.completion.error.message), spec_text(coded[i].message));
        exchange_close(&e);
    }
}

static void hands_over_a_coding_that_was_asked_for(void)
{
    static const struct script script =
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw"), AGAIN);
    const struct dws_header wish = {LITERAL("Accept-Encoding"), LITERAL("gzip")};
    struct exchange e;
    exchange_open(&e, 1, &script, 1, NULL);
    struct dws_request request = {.url = exchange_url(&e, "/"), .headers = &wish, .header_count = 1};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("raw"));
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_DECODE);
    exchange_close(&e);
}

/* ---- size ------------------------------------------------------------------------------------------- */

static void limits_the_body_by_its_announced_length(void)
{
    static const struct script script = SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), HOLD);
    struct exchange e;
    exchange_open(&e, 1, &script, 1, NULL);
    e.transport.max_response_bytes = 1000;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_TOO_LARGE);
    EXPECT_HOLDS(spec_text(e.completion.error.message), LITERAL("1000"));
    exchange_close(&e);
}

static void limits_a_body_of_unknown_length(void)
{
    static const struct script script = SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\n\r\n"), FILL("x", 100000000));
    struct exchange e;
    exchange_open(&e, 1, &script, 1, NULL);
    e.transport.max_response_bytes = 100000;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_TOO_LARGE);
    EXPECT(!e.completion.response.body.data);
    exchange_close(&e);
}

static void limits_the_body_to_16_mib_by_default(void)
{
    static const struct script script =
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n"), HOLD);
    struct exchange e;
    EXPECT_STATUS(open_and_get(&e, &script), DWS_ERR_TOO_LARGE);
    exchange_close(&e);
}

static void takes_a_body_of_exactly_the_limit(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n"), FILL("x", 70000)),
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\n\r\n"), FILL("x", 70000)),
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\n\r\n"), FILL("x", 70001)),
    };
    struct exchange e;
    exchange_open(&e, 1, scripts, 3, NULL);
    e.transport.max_response_bytes = 70000;
    EXPECT_STATUS(exchange_get(&e, "/announced"), DWS_OK);
    EXPECT_INT(e.completion.response.body.length, 70000);
    EXPECT_STATUS(exchange_get(&e, "/streamed"), DWS_OK);
    EXPECT_INT(e.completion.response.body.length, 70000);
    EXPECT_STATUS(exchange_get(&e, "/one-more"), DWS_ERR_TOO_LARGE);
    exchange_close(&e);
}

static void takes_any_number_for_a_limit(void)
{
    static const struct script script = SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), AGAIN);
    struct exchange e;
    exchange_open(&e, 1, &script, 1, NULL);
    e.transport =
        (struct dws_transport){.max_response_bytes = SIZE_MAX, .timeout_ms = LONG_MAX, .connect_timeout_ms = LONG_MAX};
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    exchange_close(&e);
}

/* HEAD announces the length of a body that does not come. */
static void does_not_limit_a_body_that_does_not_come(void)
{
    static const struct script script = SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"), AGAIN);
    struct exchange e;
    exchange_open(&e, 1, &script, 1, NULL);
    e.transport.max_response_bytes = 1000;
    struct dws_request request = {.method = LITERAL("HEAD"), .url = exchange_url(&e, "/")};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    exchange_close(&e);
}

/* The last two send more than is read, and then nothing: waiting for the rest would never end. */
static void cuts_what_is_not_a_success(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 404 No\r\nContent-Length: 65536\r\n\r\n"), FILL("x", 65535), SEND("y"), RECEIVE,
               SEND(OK_TWO)),
        SCRIPT(RECEIVE, SEND("HTTP/1.1 302 No\r\nContent-Length: 65537\r\n\r\n"), FILL("x", 65535), SEND("yz"), HOLD),
        SCRIPT(RECEIVE, SEND("HTTP/1.1 503 No\r\nContent-Length: 99999999999\r\n\r\n"), FILL("x", 65535), SEND("yz"),
               HOLD),
    };
    struct exchange e;
    exchange_open(&e, 1, scripts, 3, NULL);
    e.transport.max_response_bytes = 1000;
    for (int i = 0; i < 3; i++) {
        static const int statuses[] = {404, 302, 503};
        EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
        EXPECT_INT(e.completion.response.status, statuses[i]);
        EXPECT_INT(e.completion.response.body.length, DWS_REFUSAL_BYTES);
        EXPECT(e.completion.response.body.data[DWS_REFUSAL_BYTES - 1] == 'y');
        if (i == 0)
            EXPECT_STATUS(exchange_get(&e, "/on-the-same-connection"), DWS_OK);
    }
    EXPECT_INT(server_accepted(e.server), 3);
    exchange_close(&e);
}

/* A success is held to the limit that was given, anything else is cut. */
static void tells_a_success_by_its_status(void)
{
    static const struct {
        int status;
        bool success;
    } rows[] = {{200, true}, {201, true}, {299, true}, {300, false}, {301, false}, {400, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char head[80];
        snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: 1001\r\n\r\n", rows[i].status);
        const struct script script = SCRIPT(RECEIVE, {STEP_SEND, head, strlen(head)}, FILL("x", 1001));
        struct exchange e;
        spec_about(head);
        exchange_open(&e, 1, &script, 1, NULL);
        e.transport.max_response_bytes = 1000;
        EXPECT_STATUS(exchange_get(&e, "/"), rows[i].success ? DWS_ERR_TOO_LARGE : DWS_OK);
        exchange_close(&e);
    }
}

static void reads_a_large_body_whole(void)
{
    static const struct script script = SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"),
                                               FILL("x", 8999999), SEND("y"), AGAIN);
    struct exchange e;
    EXPECT_STATUS(open_and_get(&e, &script), DWS_OK);
    EXPECT_INT(e.completion.response.body.length, 9000000);
    EXPECT(e.completion.response.body.data[8999999] == 'y');
    exchange_close(&e);
}

/* ---- pages ------------------------------------------------------------------------------------------- */

/* Lists that are thrown away count, too: `each` rows in each of `lists`. */
static void expect_rows(size_t lists, size_t each, bool good)
{
    struct dws_buf body = {0};
    struct dws_error error = {DWS_OK, ""};
    struct dws_record record;
    struct dws_page page;
    size_t rows = 0;
    dws_buf_append_string(&body, "{\"count\":0");
    for (size_t i = 0; i < lists; i++) {
        dws_buf_append_string(&body, ",\"sync_records\":[{}");
        for (size_t k = 1; k < each; k++)
            dws_buf_append_string(&body, ",{}");
        dws_buf_append_string(&body, "]");
    }
    dws_buf_append_string(&body, "}");
    EXPECT_STATUS(dws_page_start(&page, dws_buf_text(&body), &error), DWS_OK);
    while (dws_page_next(&page, &record, &error) == DWS_OK)
        rows++;
    EXPECT_INT(rows, DWS_PAGE_RECORDS);
    EXPECT_STATUS(error.status, good ? DWS_OK : DWS_ERR_DECODE);
    EXPECT_TEXT(spec_text(error.message), spec_text(good ? "" : "it has more than 100000 records"));
    dws_buf_free(&body);
}

static void limits_how_many_records_a_page_has(void)
{
    expect_rows(1, DWS_PAGE_RECORDS, true);
    expect_rows(1, DWS_PAGE_RECORDS + 1, false);
    expect_rows(2, DWS_PAGE_RECORDS / 2, true);
    expect_rows(2, DWS_PAGE_RECORDS / 2 + 1, false);
}

static const struct spec_case cases[] = {
    {"codings that were not asked for are refused by their head", refuses_codings_that_were_not_asked_for},
    {"a content coding that the request asks for is handed over as it is", hands_over_a_coding_that_was_asked_for},
    {"a body is limited by its announced length", limits_the_body_by_its_announced_length},
    {"a body of unknown length is limited while it comes", limits_a_body_of_unknown_length},
    {"a body is limited to 16 MiB by default", limits_the_body_to_16_mib_by_default},
    {"a body of exactly the limit is taken", takes_a_body_of_exactly_the_limit},
    {"limits beyond what libcurl can count are taken", takes_any_number_for_a_limit},
    {"the answer to HEAD is not limited by the body it does not have", does_not_limit_a_body_that_does_not_come},
    {"of an answer that is not 2xx 64 KiB are read, and the rest is no error", cuts_what_is_not_a_success},
    {"an answer is a success from 200 to 299", tells_a_success_by_its_status},
    {"a large body is read whole", reads_a_large_body_whole},
    {"a head that is too large is called that", says_what_is_too_large_in_a_head},
    {"a head of exactly the limit is taken", takes_a_head_of_exactly_the_limit},
    {"header bytes are limited over informational answers too", limits_headers_over_informational_answers},
    {"a page with more records than anyone needs is refused", limits_how_many_records_a_page_has},
};

SPEC_MAIN(cases)
