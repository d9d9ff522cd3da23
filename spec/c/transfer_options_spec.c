/* transfer_options_spec.c: a transfer keeps how it travels from one request to the next, and nothing else.
 * It must not look at what libcurl was told: what arrives at a server is what counts. */
#include "exchange.h"

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const struct script answers[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};

static void takes_nothing_over_from_one_request_to_the_next(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, SEND(OK_TWO), RECEIVE, SEND(OK_TWO), RECEIVE,
                                                   SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), RECEIVE,
                                                   SEND(OK_TWO), RECEIVE, SEND(OK_TWO))};
    const struct dws_header secret = {LITERAL("X-Auth-Token"), LITERAL("token-of-the-first")};
    struct exchange e;
    exchange_open(&e, 1, scripts, 1, NULL);
    const struct dws_request get = {.url = exchange_url(&e, "/get")};
    const struct dws_request signed_get = {.url = exchange_url(&e, "/signed"), .headers = &secret, .header_count = 1};
    const struct dws_request post = {
        .method = LITERAL("POST"), .url = exchange_url(&e, "/post"), .body = LITERAL("password")};
    const struct dws_request head = {.method = LITERAL("HEAD"), .url = exchange_url(&e, "/head")};
    EXPECT_STATUS(exchange_perform(&e, &signed_get), DWS_OK);
    EXPECT_STATUS(exchange_perform(&e, &post), DWS_OK);
    EXPECT_STATUS(exchange_perform(&e, &head), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL(""));
    e.transport.user_agent = "another";
    EXPECT_STATUS(exchange_perform(&e, &get), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    e.transport.user_agent = NULL;
    EXPECT_STATUS(exchange_perform(&e, &get), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 0, "X-Auth-Token: "), LITERAL("X-Auth-Token: token-of-the-first"));
    for (size_t i = 1; i < 5; i++)
        EXPECT(!exchange_request_line(&e, i, "X-Auth-Token:").data);
    EXPECT_TEXT(exchange_request_line(&e, 1, "POST "), LITERAL("POST /post HTTP/1.1"));
    EXPECT_TEXT(exchange_request_line(&e, 2, "HEAD "), LITERAL("HEAD /head HTTP/1.1"));
    EXPECT_TEXT(exchange_request_line(&e, 3, "GET "), LITERAL("GET /get HTTP/1.1"));
    EXPECT(!exchange_request_line(&e, 3, "Content-Length:").data);
    EXPECT_TEXT(exchange_request_line(&e, 3, "User-Agent: "), LITERAL("User-Agent: another"));
    EXPECT_TEXT(exchange_request_line(&e, 4, "User-Agent: "), exchange_request_line(&e, 0, "User-Agent: "));
    EXPECT_INT(server_accepted(e.server), 1);
    exchange_close(&e);
}

static void holds_each_request_to_its_own_limits(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    e.transport.max_response_bytes = 1;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_TOO_LARGE);
    e.transport.max_response_bytes = 0;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    e.transport.proxy = "http://127.0.0.1:1";
    e.host = "127.0.0.1";
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_CONNECT);
    e.transport.proxy = NULL;
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    exchange_close(&e);
}

static const struct spec_case cases[] = {
    {"nothing of a request is in the next one", takes_nothing_over_from_one_request_to_the_next},
    {"each request is held to its own limits and goes its own way", holds_each_request_to_its_own_limits},
};

SPEC_MAIN(cases)
