/* sent_spec.c: what sending leaves in memory that it gives back.
 * It must not look at libcurl's own copies: those are out of reach. */
#include "exchange.h"
#include "freed.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#define PROXY_PASSWORD "secret-of-the-proxy"
#define MAIL_USER "user-of-the-mail-server"
#define MAIL_PASSWORD "password-of-the-mail-server"

/* ---- memory that libcurl frees, and that which nobody does ---------------------------------------- */

static size_t lines_found;      /* that were given back to libcurl with what is looked for */
static size_t cleansed;         /* pieces of memory that held it, and no longer do */
static long appended_left = -1; /* lines before libcurl has no memory for one; negative: it has for all */

void __real_curl_slist_free_all(struct curl_slist *list);
void __wrap_curl_slist_free_all(struct curl_slist *list);
struct curl_slist *__real_curl_slist_append(struct curl_slist *list, const char *line);
struct curl_slist *__wrap_curl_slist_append(struct curl_slist *list, const char *line);
void __real_OPENSSL_cleanse(void *bytes, size_t length);
void __wrap_OPENSSL_cleanse(void *bytes, size_t length);

void __wrap_curl_slist_free_all(struct curl_slist *list)
{
    for (const struct curl_slist *line = list; line; line = line->next)
        lines_found += freed_holds(spec_text(line->data));
    __real_curl_slist_free_all(list);
}

struct curl_slist *__wrap_curl_slist_append(struct curl_slist *list, const char *line)
{
    if (appended_left == 0)
        return NULL;
    appended_left -= appended_left > 0;
    return __real_curl_slist_append(list, line);
}

void __wrap_OPENSSL_cleanse(void *bytes, size_t length)
{
    cleansed += freed_holds((struct dws_text){bytes, length});
    __real_OPENSSL_cleanse(bytes, length);
}

/* ---- requests ------------------------------------------------------------------------------------- */

static const struct script answers[] = {SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), AGAIN)};
static const struct dws_text secrets[] = {TEXT(EXCHANGE_SECRET), TEXT(PROXY_PASSWORD)};

/* A line with a secret is a byte longer than a buffer of 1024, and so is what a transfer keeps of its proxy: where room
 * is made too late the secret stays in the smaller buffer. It does so too when what comes next is longer. */
#define FULL 1024
#define SETTINGS 56 /* bytes before the texts, each of which takes two more, or one when it is not there */
static char token[FULL], agent[FULL], proxy[128], filler[5000];

static struct dws_request secret_request(const struct exchange *e)
{
    static struct dws_header headers[3];
    snprintf(token, sizeof token, "%0*d " EXCHANGE_SECRET,
             (int)(FULL - sizeof "Authorization: " - sizeof EXCHANGE_SECRET + 1), 0);
    headers[0] = (struct dws_header){LITERAL("Authorization"), spec_text(token)};
    headers[1] = (struct dws_header){LITERAL("X-Long"), spec_text(filler)};
    headers[2] = (struct dws_header){LITERAL("X-Auth-Token"), LITERAL(EXCHANGE_SECRET)};
    return (struct dws_request){.url = exchange_url(e, "/"), .headers = headers, .header_count = 3};
}

static void open_behind_proxy(struct exchange *e)
{
    exchange_open(e, 1, answers, 1, NULL);
    snprintf(proxy, sizeof proxy, "http://user:" PROXY_PASSWORD "@127.0.0.1:%d", server_port(e->server));
    memset(agent, 0, sizeof agent);
    memset(agent, 'a', FULL + 1 - SETTINGS - 3 - (strlen(proxy) + 2) - 2);
    memset(filler, 'f', sizeof filler - 1);
    e->transport.proxy = proxy;
    e->transport.user_agent = agent;
    lines_found = 0;
    freed_look_for(secrets, 2);
}

/* The server's own memory is not looked at. */
static void expect_nothing_found(struct exchange *e)
{
    dws_pool_free(e->pool);
    e->pool = NULL;
    EXPECT_INT(freed_found(), 0);
    EXPECT_INT(lines_found, 0);
    exchange_close(e);
}

static void leaves_no_secret_of_a_request(void)
{
    struct exchange e;
    open_behind_proxy(&e);
    const struct dws_request request = secret_request(&e);
    for (int i = 0; i < 8; i++) { /* by two transfers in turn: anew, twice as before, anew */
        e.transport.user_agent = i < 6 ? agent : filler;
        EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    }
    EXPECT_INT(server_request_count(e.server), 8);
    EXPECT_HOLDS(server_request(e.server, 7), LITERAL(EXCHANGE_SECRET));
    expect_nothing_found(&e);
}

static void leaves_no_secret_of_one_that_was_not_sent(void)
{
    for (long allowed = 0; allowed < 7; allowed++) {
        struct exchange e;
        open_behind_proxy(&e);
        const struct dws_request request = secret_request(&e);
        appended_left = allowed;
        EXPECT_STATUS(exchange_perform(&e, &request), allowed < 6 ? DWS_ERR_MEMORY : DWS_OK);
        appended_left = -1;
        expect_nothing_found(&e);
    }
}

static void leaves_no_secret_of_one_that_was_given_up(void)
{
    struct exchange e;
    struct dws_error error = {0};
    open_behind_proxy(&e);
    const struct dws_request request = secret_request(&e);
    for (uint64_t tag = 1; tag <= 2; tag++)
        EXPECT_STATUS(dws_pool_submit(e.pool, tag, &request, &e.transport, &error), DWS_OK);
    EXPECT(dws_pool_cancel(e.pool, 1));
    expect_nothing_found(&e);
}

/* Where an idle pool's requests went, as whom, and what became of them. */
static void leaves_no_trace_in_a_pool_that_lies_idle(void)
{
    static const struct dws_text traces[] = {TEXT("dws.localhost"), TEXT("onnect to"), TEXT("name-of-the-agent")};
    const struct dws_request request = {.url = LITERAL("http://dws.localhost:1/")};
    const struct dws_transport transport = {.timeout_ms = WAIT_MS, .user_agent = traces[2].data};
    struct dws_completion completion;
    struct dws_error error = {0};
    struct dws_pool *pool;
    EXPECT_STATUS(dws_pool_cache_take(1, &pool, &error), DWS_OK);
    EXPECT_STATUS(dws_pool_submit(pool, 1, &request, &transport, &error), DWS_OK);
    EXPECT_STATUS(dws_pool_next(pool, WAIT_MS, &completion), DWS_OK);
    EXPECT_STATUS(completion.error.status, DWS_ERR_CONNECT);
    EXPECT_HOLDS(spec_text(completion.error.message), traces[0]);
    EXPECT_HOLDS(spec_text(completion.error.message), traces[1]);
    freed_look_for(traces, 3);
    cleansed = 0;
    dws_pool_cache_give(pool);
    EXPECT_INT(dws_pool_cache_idle(), 1);
    EXPECT_INT(cleansed, 2); /* the header that names the host, and who asked */
    dws_pool_cache_clear();
    EXPECT_INT(freed_found(), 0);
}

/* ---- mail ----------------------------------------------------------------------------------------- */

static void leaves_no_login_of_a_mail(void)
{
    static const struct dws_text to = TEXT("ops@example.com");
    static const struct dws_text login[] = {TEXT(MAIL_USER), TEXT(MAIL_PASSWORD)};
    const struct dws_mail what = {.host = LITERAL("127.0.0.1"),
                                  .port = 25,
                                  .tls = DWS_MAIL_PLAIN,
                                  .user = login[0],
                                  .password = login[1],
                                  .from = LITERAL("dwsync@example.com"),
                                  .to = &to,
                                  .to_count = 1,
                                  .message = LITERAL("Subject: x\r\n")};
    const struct dws_transport transport = {.timeout_ms = WAIT_MS};
    for (size_t i = 0; i < 2; i++) {
        struct dws_mail_transfer *mail = NULL;
        struct dws_error error = {0};
        cleansed = 0;
        freed_look_for(&login[i], 1);
        EXPECT_STATUS(dws_mail_start(&what, &transport, &mail, &error), DWS_OK);
        dws_mail_free(mail);
        EXPECT_INT(freed_found(), 0);
        EXPECT_INT(cleansed, 1); /* the one copy that was made */
    }
}

static const struct spec_case cases[] = {
    {"no secret of a request or its proxy is left in freed memory", leaves_no_secret_of_a_request},
    {"nor of a request that there was no memory for", leaves_no_secret_of_one_that_was_not_sent},
    {"nor of requests that were given up", leaves_no_secret_of_one_that_was_given_up},
    {"a pool that lies idle knows no host, agent and failure any more", leaves_no_trace_in_a_pool_that_lies_idle},
    {"no copy of a mail's user and password is left", leaves_no_login_of_a_mail},
};

SPEC_MAIN(cases)
