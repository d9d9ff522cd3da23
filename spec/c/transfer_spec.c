/* transfer_spec.c: what transfer.c puts on the wire, what it refuses to put there, and what it makes of answers.
 * It must not contact anything but the scripted server on loopback. */
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const struct script answers[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};

/* ---- what is sent -------------------------------------------------------------------------------- */

static void sends_a_plain_get(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    EXPECT_STATUS(exchange_get(&e, "/v1/a?limit=1&b"), DWS_OK);
    EXPECT_INT(e.completion.tag, 1);
    EXPECT_INT(e.completion.response.status, 200);
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    EXPECT(e.completion.response.seconds > 0 && e.completion.response.seconds < 60);

    char host[64];
    snprintf(host, sizeof host, "Host: 127.0.0.1:%d", server_port(e.server));
    EXPECT_TEXT(exchange_request_line(&e, 0, "GET"), LITERAL("GET /v1/a?limit=1&b HTTP/1.1"));
    EXPECT_TEXT(exchange_request_line(&e, 0, "Host:"), spec_text(host));
    EXPECT_TEXT(exchange_request_line(&e, 0, "Authorization:"), LITERAL("Authorization: " EXCHANGE_SECRET));
    EXPECT_HOLDS(exchange_request_line(&e, 0, "User-Agent:"), LITERAL("User-Agent: dwsync/"));
    EXPECT(!exchange_request_line(&e, 0, "Expect:").data);
    EXPECT(!exchange_request_line(&e, 0, "Content-").data);
    EXPECT(!exchange_request_line(&e, 0, "Transfer-Encoding:").data);
    EXPECT(!exchange_request_line(&e, 0, "Cookie:").data);
    EXPECT(!exchange_request_line(&e, 0, "Upgrade:").data); /* HTTP/1.1 it is */
    exchange_close(&e);
}

static void sends_paths_and_queries_as_they_are(void)
{
    static const char *const targets[] = {
        "/a/../b", "//a//./b/", "/%2e%2E/x", "/a%2Fb", "/a?b=../c&d=%20", "/?", "/a?x=1?y=2", "/~a;b=c,d@e:f!$&'()*+",
    };
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char line[128];
        spec_about(targets[i]);
        snprintf(line, sizeof line, "GET %s HTTP/1.1", targets[i]);
        EXPECT_STATUS(exchange_get(&e, targets[i]), DWS_OK);
        EXPECT_TEXT(exchange_request_line(&e, i, "GET"), spec_text(line));
    }
    spec_about("no path");
    EXPECT_STATUS(exchange_get(&e, ""), DWS_OK);
    EXPECT_STATUS(exchange_get(&e, "?a=b"), DWS_OK);
    size_t last = server_request_count(e.server) - 1;
    EXPECT_TEXT(exchange_request_line(&e, last - 1, "GET"), LITERAL("GET / HTTP/1.1"));
    EXPECT_TEXT(exchange_request_line(&e, last, "GET"), LITERAL("GET /?a=b HTTP/1.1"));
    exchange_close(&e);
}

static void sends_the_host_that_is_given(void)
{
    const struct dws_header headers[] = {{LITERAL("hOsT"), LITERAL("dws.example.com:8443")}};
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    struct dws_request request = {.url = exchange_url(&e, "/"), .headers = headers, .header_count = 1};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 0, "Host:"), LITERAL("Host: dws.example.com:8443"));
    EXPECT_LACKS(server_request(e.server, 0), LITERAL("Host: 127"));
    exchange_close(&e);
}

static void sends_headers_as_they_are(void)
{
    const struct dws_header headers[] = {
        {LITERAL("X-Empty"), LITERAL("")},
        {LITERAL("X-Blank"), LITERAL(" \t ")},
        {LITERAL("X-Odd"), LITERAL("a: b; c,")},
        {LITERAL("X-Byte"), LITERAL("\xc3\xa4\xff")},
        {LITERAL("x_y!#$%&'*+-.^`|~9"), LITERAL("1")},
    };
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    struct dws_request request = {.url = exchange_url(&e, "/"), .headers = headers, .header_count = 5};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 0, "X-Empty"), LITERAL("X-Empty:"));
    EXPECT_HOLDS(exchange_request_line(&e, 0, "X-Blank"), LITERAL("X-Blank:"));
    EXPECT_TEXT(exchange_request_line(&e, 0, "X-Odd"), LITERAL("X-Odd: a: b; c,"));
    EXPECT_TEXT(exchange_request_line(&e, 0, "X-Byte"), LITERAL("X-Byte: \xc3\xa4\xff"));
    EXPECT_TEXT(exchange_request_line(&e, 0, "x_y"), LITERAL("x_y!#$%&'*+-.^`|~9: 1"));
    exchange_close(&e);
}

static struct dws_text body_of(struct dws_text request)
{
    for (size_t i = 0; i + 4 <= request.length; i++) {
        if (memcmp(request.data + i, "\r\n\r\n", 4) == 0)
            return (struct dws_text){request.data + i + 4, request.length - i - 4};
    }
    return (struct dws_text){NULL, 0};
}

static void sends_a_body_exactly(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    struct dws_request request = {
        .method = LITERAL("POST"), .url = exchange_url(&e, "/"), .body = LITERAL("a\0b\r\n\xff")};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 0, "POST"), LITERAL("POST / HTTP/1.1"));
    EXPECT_TEXT(exchange_request_line(&e, 0, "Content-Length:"), LITERAL("Content-Length: 6"));
    EXPECT_TEXT(body_of(server_request(e.server, 0)), LITERAL("a\0b\r\n\xff"));
    EXPECT(!exchange_request_line(&e, 0, "Content-Type:").data);
    EXPECT(!exchange_request_line(&e, 0, "Expect:").data);
    exchange_close(&e);
}

static void sends_a_large_body_without_expect(void)
{
    const size_t length = 3 * 1024 * 1024; /* above 1 MiB libcurl would ask first */
    char *body = malloc(length);
    struct exchange e;
    memset(body, 'b', length);
    exchange_open(&e, 1, answers, 1, NULL);
    struct dws_request request = {.method = LITERAL("POST"), .url = exchange_url(&e, "/"), .body = {body, length}};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT(!exchange_request_line(&e, 0, "Expect:").data);
    EXPECT_INT(body_of(server_request(e.server, 0)).length, length);
    exchange_close(&e);
    free(body);
}

static void copies_what_it_is_given(void)
{
    char url[128], name[] = "X-Name", value[] = "the value", body[] = "the body";
    struct exchange e;
    struct dws_error error = {0};
    exchange_open(&e, 1, answers, 1, NULL);
    snprintf(url, sizeof url, "%s", exchange_url(&e, "/path").data);
    struct dws_header header = {{name, strlen(name)}, {value, strlen(value)}};
    struct dws_request request = {.method = LITERAL("PUT"),
                                  .url = spec_text(url),
                                  .body = {body, strlen(body)},
                                  .headers = &header,
                                  .header_count = 1};
    EXPECT_STATUS(dws_pool_submit(e.pool, 1, &request, &e.transport, &error), DWS_OK);
    memset(url, '#', sizeof url);
    memset(name, '#', sizeof name);
    memset(value, '#', sizeof value);
    memset(body, '#', sizeof body);
    EXPECT_STATUS(exchange_next(&e), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 0, "PUT"), LITERAL("PUT /path HTTP/1.1"));
    EXPECT_TEXT(exchange_request_line(&e, 0, "X-Name"), LITERAL("X-Name: the value"));
    EXPECT_TEXT(body_of(server_request(e.server, 0)), LITERAL("the body"));
    exchange_close(&e);
}

static void sends_other_methods(void)
{
    static const struct {
        struct dws_text method, body;
        const char *line;
        const char *length; /* NULL: none */
    } table[] = {
        {{"PUT", 3}, {"x", 1}, "PUT / HTTP/1.1", "Content-Length: 1"},
        {{"PUT", 3}, {"", 0}, "PUT / HTTP/1.1", "Content-Length: 0"},
        {{"PATCH", 5}, {"xy", 2}, "PATCH / HTTP/1.1", "Content-Length: 2"},
        {{"DELETE", 6}, {NULL, 0}, "DELETE / HTTP/1.1", NULL},
        {{"OPTIONS", 7}, {NULL, 0}, "OPTIONS / HTTP/1.1", NULL},
        {{"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE", 31}, {NULL, 0}, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE / HTTP/1.1", NULL},
        {{NULL, 0}, {NULL, 0}, "GET / HTTP/1.1", NULL},
    };
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct dws_request request = {.method = table[i].method, .url = exchange_url(&e, "/"), .body = table[i].body};
        spec_about(table[i].line);
        EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
        EXPECT_HOLDS(server_request(e.server, i), spec_text(table[i].line));
        EXPECT_TEXT(exchange_request_line(&e, i, "Content-Length:"), spec_text(table[i].length ? table[i].length : ""));
    }
    exchange_close(&e);
}

static void head_has_no_body(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), AGAIN)};
    struct exchange e;
    exchange_open(&e, 1, scripts, 1, NULL);
    struct dws_request request = {.method = LITERAL("HEAD"), .url = exchange_url(&e, "/")};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 0, "HEAD"), LITERAL("HEAD / HTTP/1.1"));
    EXPECT_INT(e.completion.response.status, 200);
    EXPECT_INT(e.completion.response.body.length, 0);
    exchange_close(&e);
}

/* A finished transfer's handle serves the next request: nothing of the first may be left in it. */
static void leaves_nothing_for_the_next_request(void)
{
    const struct dws_header headers[] = {{LITERAL("X-Token"), LITERAL("first")}, {LITERAL("Host"), LITERAL("first")}};
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    e.transport.user_agent = "first";
    struct dws_request first = {.method = LITERAL("PUT"),
                                .url = exchange_url(&e, "/1"),
                                .body = LITERAL("first"),
                                .headers = headers,
                                .header_count = 2};
    EXPECT_STATUS(exchange_perform(&e, &first), DWS_OK);
    e.transport.user_agent = NULL;
    struct dws_request second = {.url = exchange_url(&e, "/2")};
    EXPECT_STATUS(exchange_perform(&e, &second), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 1, "GET"), LITERAL("GET /2 HTTP/1.1"));
    EXPECT_LACKS(server_request(e.server, 1), LITERAL("first"));
    EXPECT_LACKS(server_request(e.server, 1), LITERAL("Content-Length"));
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    exchange_close(&e);
}

/* ---- what is refused ------------------------------------------------------------------------------ */

static const struct {
    struct dws_text method;
    struct dws_header header;
} unsendable[] = {
    {.header = {TEXT("X-A"), TEXT("1\r\nX-B: 2")}},
    {.header = {TEXT("X-A"), TEXT("1\nX-B: 2")}},
    {.header = {TEXT("X-A"), TEXT("1\rX-B: 2")}},
    {.header = {TEXT("X-A"), TEXT("1\0002")}},
    {.header = {TEXT("X-A"), TEXT("1\0332")}},
    {.header = {TEXT("X-A"), TEXT("1\177")}},
    {.header = {TEXT("X-A\r\nX-B"), TEXT("1")}},
    {.header = {TEXT("X-A\n"), TEXT("1")}},
    {.header = {TEXT("X-A\0"), TEXT("1")}},
    {.header = {TEXT("X-A:"), TEXT("1")}},
    {.header = {TEXT("X A"), TEXT("1")}},
    {.header = {TEXT("X;A"), TEXT("1")}},
    {.header = {TEXT("X-\xc3\xa4"), TEXT("1")}},
    {.header = {TEXT(""), TEXT("1")}},
    {.method = TEXT(""), .header = {TEXT("X-A"), TEXT("1")}},
    {.method = TEXT("GET "), .header = {TEXT("X-A"), TEXT("1")}},
    {.method = TEXT("GET / HTTP/1.1\r\nX: y"), .header = {TEXT("X-A"), TEXT("1")}},
    {.method = TEXT("GET\0"), .header = {TEXT("X-A"), TEXT("1")}},
    {.method = TEXT("G\nT"), .header = {TEXT("X-A"), TEXT("1")}},
    {.method = TEXT("GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG"), .header = {TEXT("X-A"), TEXT("1")}},
};

static void refuses_what_would_break_lines(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (size_t i = 0; i < sizeof unsendable / sizeof *unsendable; i++) {
        struct dws_request request = {.method = unsendable[i].method,
                                      .url = exchange_url(&e, "/"),
                                      .headers = &unsendable[i].header,
                                      .header_count = 1};
        spec_about(unsendable[i].header.name.data);
        EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_ARGUMENT);
    }
    EXPECT_INT(dws_pool_pending(e.pool), 0);
    EXPECT_STATUS(exchange_next(&e), DWS_IDLE);
    EXPECT_INT(server_accepted(e.server), 0);
    spec_about("the pool works on");
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    exchange_close(&e);
}

static void says_what_cannot_be_sent(void)
{
    static const struct dws_header good[] = {{TEXT("A"), TEXT("1")}, {TEXT("B"), TEXT("2")}};
    static const struct dws_header nameless[] = {{TEXT("A"), TEXT("1")}, {TEXT("B C"), TEXT("2")}};
    static const struct dws_header broken[] = {{TEXT("A"), TEXT("1")}, {TEXT("B"), TEXT("2\n")}};
    static const struct dws_header framing[] = {{TEXT("A"), TEXT("1")}, {TEXT("Content-Length"), TEXT("2")}};
    static const struct dws_header long_name[] = {
        {TEXT("A"), TEXT("1")}, {TEXT("B123456789012345678901234567890123456789012345678901234567890"), TEXT("\n")}};
    static const struct {
        const char *method, *body, *agent;
        const struct dws_header *headers;
        const char *message;
    } rows[] = {
        {"G T", NULL, NULL, good, "request: the method is not an HTTP method"},
        {"head", "x", NULL, good, "request: HEAD takes no body"},
        {"GET", NULL, "a\n", good, "transport: the user agent holds a control character"},
        {"GET", NULL, NULL, framing, "request: header \"Content-Length\" is set by the transport alone"},
        {"GET", NULL, NULL, nameless, "request: header 2 has a name that is not an HTTP token"},
        {"GET", NULL, NULL, broken, "request: the value of header \"B\" holds a control character"},
        {"GET", NULL, NULL, long_name,
         "request: the value of header \"B12345678901234567890123456789012345678901234567890123456789\" holds"},
    };
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dws_request request = {.method = spec_text(rows[i].method),
                                      .url = exchange_url(&e, "/"),
                                      .headers = rows[i].headers,
                                      .header_count = 2};
        if (rows[i].body)
            request.body = spec_text(rows[i].body);
        e.transport.user_agent = rows[i].agent;
        EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_ARGUMENT);
        EXPECT_HOLDS(spec_text(e.completion.error.message), spec_text(rows[i].message));
    }
    exchange_close(&e);
}

static void refuses_wrong_urls(void)
{
    static const char *const paths[] = {"/a b", "/\r\nX: y", "/\n", "/\x01", "/\xc3\xa4", "/#fragment", "\\a", "x/"};
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        spec_about(paths[i]);
        EXPECT_STATUS(exchange_get(&e, paths[i]), DWS_ERR_ARGUMENT);
    }
    struct dws_request nul = {.url = {exchange_url(&e, "/a").data, exchange_url(&e, "/a").length + 1}};
    EXPECT_STATUS(exchange_perform(&e, &nul), DWS_ERR_ARGUMENT);
    EXPECT_INT(server_accepted(e.server), 0);
    exchange_close(&e);
}

static void refuses_line_ends_in_the_user_agent(void)
{
    static const char *const agents[] = {"a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rb", "a\x1b[31m"};
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        spec_about(agents[i]);
        e.transport.user_agent = agents[i];
        EXPECT_STATUS(exchange_get(&e, "/"), DWS_ERR_ARGUMENT);
    }
    EXPECT_INT(server_accepted(e.server), 0);
    EXPECT_LACKS(server_request(e.server, 0), LITERAL("\nX-Injected"));
    e.transport.user_agent = "agent/1 (a; b)";
    EXPECT_STATUS(exchange_get(&e, "/"), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, server_request_count(e.server) - 1, "User-Agent:"),
                LITERAL("User-Agent: agent/1 (a; b)"));
    exchange_close(&e);
}

/* Whoever frames a body otherwise than it is leaves bytes that the server reads as another request. */
static void refuses_to_frame_a_body_otherwise(void)
{
    static const struct dws_header framings[] = {
        {TEXT("Content-Length"), TEXT("1")},
        {TEXT("content-length"), TEXT("0")},
        {TEXT("Transfer-Encoding"), TEXT("chunked")},
    };
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    e.transport.timeout_ms = 1000;
    for (size_t i = 0; i < sizeof framings / sizeof *framings; i++) {
        struct dws_request request = {.method = LITERAL("POST"),
                                      .url = exchange_url(&e, "/"),
                                      .body = LITERAL("xGET /smuggled HTTP/1.1\r\n\r\n"),
                                      .headers = &framings[i],
                                      .header_count = 1};
        spec_about(framings[i].name.data);
        EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_ARGUMENT);
    }
    EXPECT_INT(server_accepted(e.server), 0);
    exchange_close(&e);
}

static void refuses_plain_http_to_others(void)
{
    static const char *const urls[] = {"http://dws.example.com/", "http://127.0.0.1.evil.example/",
                                       "http://128.0.0.1/",       "http://169.254.169.254/",
                                       "http://localhost./",      "http://[::]/"};
    struct dws_pool *pool;
    struct dws_error error = {0};
    struct dws_transport transport = {0};
    EXPECT_STATUS(dws_pool_new(1, &pool, &error), DWS_OK);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct dws_request request = {.url = spec_text(urls[i])};
        spec_about(urls[i]);
        transport.allow_http = false;
        EXPECT_STATUS(dws_pool_submit(pool, 1, &request, &transport, &error), DWS_ERR_ARGUMENT);
        EXPECT_HOLDS(spec_text(error.message), LITERAL("plain http"));
        EXPECT_INT(dws_pool_pending(pool), i);
        transport.allow_http = true;
        EXPECT_STATUS(dws_pool_submit(pool, 1, &request, &transport, &error), DWS_OK);
    }
    dws_pool_free(pool); /* never driven: nobody was contacted */
}

/* ---- proxies --------------------------------------------------------------------------------------- */

static void ignores_the_environments_proxy_for_loopback(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    setenv("all_proxy", "http://127.0.0.1:9", 1);
    EXPECT_STATUS(exchange_get(&e, "/direct"), DWS_OK);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    EXPECT_TEXT(exchange_request_line(&e, 0, "GET"), LITERAL("GET /direct HTTP/1.1"));
    exchange_close(&e);
}

static void uses_a_proxy_that_is_named(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    e.transport.proxy = exchange_url(&e, "").data;
    struct dws_request request = {.url = LITERAL("http://localhost:80/by/../proxy")};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT_HOLDS(exchange_request_line(&e, 0, "GET"), LITERAL("GET http://localhost"));
    EXPECT_HOLDS(exchange_request_line(&e, 0, "GET"), LITERAL("/by/../proxy HTTP/1.1"));
    EXPECT_TEXT(exchange_request_line(&e, 0, "Host:"), LITERAL("Host: localhost"));
    exchange_close(&e);
}

static void uses_the_environments_proxy_for_others(void)
{
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    e.transport.allow_http = true;
    setenv("http_proxy", exchange_url(&e, "").data, 1);
    struct dws_request request = {.url = LITERAL("http://dws.invalid/")};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    unsetenv("http_proxy");
    EXPECT_HOLDS(exchange_request_line(&e, 0, "GET"), LITERAL("GET http://dws.invalid/"));
    exchange_close(&e);
}

static void shows_a_proxy_no_header_of_a_tunnel(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nX-Proxy: 1\r\n\r\n"))};
    const struct dws_header headers[] = {{LITERAL("Authorization"), LITERAL(EXCHANGE_SECRET)}};
    struct exchange e;
    exchange_open(&e, 1, scripts, 1, NULL);
    e.transport.proxy = exchange_url(&e, "").data;
    e.host = "dws.invalid";
    struct dws_request request = {
        .url = LITERAL("https://dws.invalid/secret/path"), .headers = headers, .header_count = 1};
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_PROXY);
    EXPECT_HOLDS(server_request(e.server, 0), LITERAL("CONNECT dws.invalid:443 HTTP/1.1"));
    EXPECT_LACKS(server_request(e.server, 0), LITERAL(EXCHANGE_SECRET));
    EXPECT_LACKS(server_request(e.server, 0), LITERAL("secret/path"));
    exchange_close(&e);
}

static void keeps_the_proxys_password(void)
{
    static const char *const proxies[] = {
        "nothing://user:proxy-password@127.0.0.1:9",
        "http://user:proxy-password@127.0.0.1:99999",
        "http://user:proxy-password@127.0.0.1:port",
        "http://user:proxy-password@[::1",
        "http://user:proxy-password@",
    };
    struct exchange e;
    exchange_open(&e, 1, answers, 1, NULL);
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        spec_about(proxies[i]);
        e.transport.proxy = proxies[i];
        EXPECT(exchange_get(&e, "/") != DWS_OK);
        EXPECT_LACKS(spec_text(e.completion.error.message), LITERAL("proxy-password"));
    }
    EXPECT_INT(server_accepted(e.server), 0);
    exchange_close(&e);
}

static const struct spec_case cases[] = {
    {"a GET is sent and its answer returned", sends_a_plain_get},
    {"path and query are sent as they are", sends_paths_and_queries_as_they_are},
    {"a Host that is given is the only one sent", sends_the_host_that_is_given},
    {"headers are sent as they are, empty ones too", sends_headers_as_they_are},
    {"a body is sent exactly, NUL bytes included, and no Content-Type is made up", sends_a_body_exactly},
    {"a large body is sent without Expect", sends_a_large_body_without_expect},
    {"a request is copied when it is submitted", copies_what_it_is_given},
    {"other methods go with and without body", sends_other_methods},
    {"HEAD expects no body", head_has_no_body},
    {"a recycled transfer carries nothing over", leaves_nothing_for_the_next_request},
    {"what would break a line is refused and nothing is sent", refuses_what_would_break_lines},
    {"it is said what cannot be sent", says_what_cannot_be_sent},
    {"a wrong URL is refused and nothing is sent", refuses_wrong_urls},
    {"control characters in the user agent are refused and nothing is sent", refuses_line_ends_in_the_user_agent},
    {"a header that frames the body otherwise is refused", refuses_to_frame_a_body_otherwise},
    {"plain http goes to loopback only, unless it is allowed", refuses_plain_http_to_others},
    {"the environment's proxy is not asked about loopback", ignores_the_environments_proxy_for_loopback},
    {"a proxy that is named is used, even for loopback", uses_a_proxy_that_is_named},
    {"the environment's proxy is used for others", uses_the_environments_proxy_for_others},
    {"a proxy sees none of the headers inside a tunnel", shows_a_proxy_no_header_of_a_tunnel},
    {"a proxy's password is in no message", keeps_the_proxys_password},
};

SPEC_MAIN(cases)
