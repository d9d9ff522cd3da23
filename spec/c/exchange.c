/* exchange.c: a server, a pool and one request at a time.
 * It must not hide an error message that repeats a secret: every completion is looked at. */
#include "exchange.h"

#include "dws/internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct dws_header authorization[] = {
    {{"Authorization", 13}, {EXCHANGE_SECRET, sizeof EXCHANGE_SECRET - 1}},
};

void exchange_open(struct exchange *e, size_t concurrency, const struct script *scripts, size_t count, SSL_CTX *tls)
{
    struct dws_error error = {0};
    memset(e, 0, sizeof *e);
    e->server = server_start(scripts, count, tls);
    e->transport.timeout_ms = WAIT_MS;
    e->host = "127.0.0.1";
    EXPECT_STATUS(dws_pool_new(concurrency, &e->pool, &error), DWS_OK);
}

void exchange_close(struct exchange *e)
{
    dws_pool_free(e->pool);
    server_stop(e->server);
}

struct dws_text exchange_url(const struct exchange *e, const char *path)
{
    static char urls[8][512];
    static unsigned turn;
    char *url = urls[turn++ % 8];
    snprintf(url, sizeof urls[0], "http://127.0.0.1:%d%s", server_port(e->server), path);
    return spec_text(url);
}

static enum dws_status submit(struct exchange *e, uint64_t tag, const struct dws_request *request)
{
    struct dws_error error = {0};
    enum dws_status status = dws_pool_submit(e->pool, tag, request, &e->transport, &error);
    if (status != DWS_OK) {
        EXPECT_STATUS(error.status, status);
        EXPECT(error.message[0] != '\0');
        EXPECT_LACKS(spec_text(error.message), LITERAL(EXCHANGE_SECRET));
        e->completion = (struct dws_completion){.tag = tag, .error = error};
    }
    return status;
}

enum dws_status exchange_submit(struct exchange *e, uint64_t tag, const char *path)
{
    struct dws_request request = {.url = exchange_url(e, path), .headers = authorization, .header_count = 1};
    return submit(e, tag, &request);
}

enum dws_status exchange_next(struct exchange *e)
{
    enum dws_status status = dws_pool_next(e->pool, WAIT_MS, &e->completion);
    if (status != DWS_OK)
        return status;
    const struct dws_error *error = &e->completion.error;
    if (error->status != DWS_OK) {
        EXPECT_HOLDS(spec_text(error->message), spec_text(e->host));
        EXPECT_LACKS(spec_text(error->message), LITERAL(EXCHANGE_SECRET));
    }
    return error->status;
}

enum dws_status exchange_get(struct exchange *e, const char *path)
{
    enum dws_status status = exchange_submit(e, 1, path);
    return status == DWS_OK ? exchange_next(e) : status;
}

enum dws_status exchange_perform(struct exchange *e, const struct dws_request *request)
{
    enum dws_status status = submit(e, 1, request);
    return status == DWS_OK ? exchange_next(e) : status;
}

bool exchange_until_requests(struct exchange *e, size_t count)
{
    time_t until = time(NULL) + WAIT_MS / 1000;
    while (server_request_count(e->server) < count && time(NULL) < until) {
        if (dws_pool_next(e->pool, 5, &e->completion) != DWS_PENDING)
            return false;
    }
    return server_request_count(e->server) >= count;
}

struct dws_text exchange_request_line(struct exchange *e, size_t index, const char *begin)
{
    struct dws_text rest = server_request(e->server, index);
    struct dws_text wanted = spec_text(begin);
    while (rest.length > 0) {
        const char *end = memchr(rest.data, '\n', rest.length);
        size_t length = end ? (size_t)(end - rest.data) : rest.length;
        struct dws_text line = {rest.data, length > 0 && rest.data[length - 1] == '\r' ? length - 1 : length};
        if (line.length == 0)
            break; /* behind it is the body */
        if (line.length >= wanted.length &&
            dws_text_compare_nocase((struct dws_text){line.data, wanted.length}, wanted) == 0)
            return line;
        rest.data += length + 1;
        rest.length -= end ? length + 1 : length;
    }
    return (struct dws_text){NULL, 0};
}
