/* libcurl_spec.c: libcurl itself fails, at every single call: that is an error of the right kind, never an answer that
 * lacks something, and the pool goes on.
 * It must not change what libcurl does inside: --wrap reaches only libdws and this program. */
#include "exchange.h"

#include <stdarg.h>
#include <string.h>

#include <curl/curl.h>

/* Calls that succeed before one fails; negative: none fails. */
static long calls_left = -1;
static CURLMcode multi_failure = CURLM_OUT_OF_MEMORY;

/* What is failing, or NULL. */
static const char *failed_call;

static bool fails(const char *call)
{
    if (calls_left < 0 || calls_left-- > 0)
        return false;
    failed_call = call;
    return true;
}

#define WRAP(type, name, failure, parameters, arguments)         \
    type __real_##name parameters;                               \
    type __wrap_##name parameters;                               \
    type __wrap_##name parameters                                \
    {                                                            \
        return fails(#name) ? failure : __real_##name arguments; \
    }

/* Options are numbers and pointers, which are handed on alike. */
#define WRAP_OPTION(type, name, failure, handle, option)                  \
    type __real_##name(handle *self, option what, ...);                   \
    type __wrap_##name(handle *self, option what, ...);                   \
    type __wrap_##name(handle *self, option what, ...)                    \
    {                                                                     \
        va_list list;                                                     \
        va_start(list, what);                                             \
        void *value = va_arg(list, void *);                               \
        va_end(list);                                                     \
        return fails(#name) ? failure : __real_##name(self, what, value); \
    }

WRAP(CURLM *, curl_multi_init, NULL, (void), ())
WRAP(CURLSH *, curl_share_init, NULL, (void), ())
WRAP(CURL *, curl_easy_init, NULL, (void), ())
WRAP(struct curl_slist *, curl_slist_append, NULL, (struct curl_slist * list, const char *text), (list, text))
WRAP(CURLMcode, curl_multi_add_handle, multi_failure, (CURLM * multi, CURL *easy), (multi, easy))
WRAP(CURLMcode, curl_multi_perform, multi_failure, (CURLM * multi, int *running), (multi, running))
WRAP(CURLMcode, curl_multi_poll, multi_failure,
     (CURLM * multi, struct curl_waitfd extra[], unsigned count, int ms, int *ready), (multi, extra, count, ms, ready))
WRAP_OPTION(CURLcode, curl_easy_setopt, CURLE_OUT_OF_MEMORY, CURL, CURLoption)
WRAP_OPTION(CURLMcode, curl_multi_setopt, multi_failure, CURLM, CURLMoption)
WRAP_OPTION(CURLSHcode, curl_share_setopt, CURLSHE_NOMEM, CURLSH, CURLSHoption)

static const struct script good = SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), AGAIN);

static void a_pool_is_not_made_by_half(void)
{
    long enough = 0;
    for (;; enough++) {
        struct dws_pool *pool = NULL;
        struct dws_error error = {DWS_OK, ""};
        calls_left = enough;
        failed_call = NULL;
        const enum dws_status status = dws_pool_new(2, &pool, &error);
        calls_left = -1;
        if (!failed_call) {
            EXPECT_STATUS(status, DWS_OK);
            dws_pool_free(pool);
            break;
        }
        spec_about(failed_call);
        EXPECT_STATUS(status, DWS_ERR_MEMORY);
        EXPECT_TEXT(spec_text(error.message), LITERAL("pool: out of memory"));
        EXPECT(!pool);
    }
    EXPECT_INT(enough, 4);
}

/* One request with everything that a request may have; the call behind `allowed` others fails. */
static bool fails_at(long allowed, enum dws_status expected)
{
    struct exchange e;
    const struct dws_header headers[] = {{LITERAL("A"), LITERAL("b")}, {LITERAL("C"), LITERAL("d")}};
    exchange_open(&e, 1, &good, 1, NULL);
    e.transport.user_agent = "agent";
    e.transport.proxy = "";
    struct dws_request request = {.method = LITERAL("POST"),
                                  .url = exchange_url(&e, "/"),
                                  .headers = headers,
                                  .header_count = 2,
                                  .body = LITERAL("body")};
    calls_left = allowed;
    failed_call = NULL;
    const enum dws_status status = exchange_perform(&e, &request);
    calls_left = -1;
    const bool failed = failed_call != NULL;
    spec_about(failed ? failed_call : "no call");
    if (failed && strcmp(failed_call, "curl_multi_perform") && strcmp(failed_call, "curl_multi_poll"))
        expected = DWS_ERR_MEMORY;
    EXPECT_STATUS(status, failed ? expected : DWS_OK);
    EXPECT_INT(dws_pool_pending(e.pool), 0);
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL("ok"));
    struct dws_text sent = server_request(e.server, server_request_count(e.server) - 1);
    EXPECT_HOLDS(sent, LITERAL("POST / HTTP/1.1\r\n"));
    EXPECT_HOLDS(sent, LITERAL("User-Agent: agent\r\n"));
    EXPECT_HOLDS(sent, LITERAL("A: b\r\n"));
    EXPECT_HOLDS(sent, LITERAL("C: d\r\n"));
    exchange_close(&e);
    return failed;
}

static void a_request_fails_at_any_call(void)
{
    static const struct {
        CURLMcode code;
        enum dws_status expected;
    } kinds[] = {{CURLM_OUT_OF_MEMORY, DWS_ERR_MEMORY}, {CURLM_INTERNAL_ERROR, DWS_ERR_NETWORK}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        long enough = 0;
        multi_failure = kinds[i].code;
        /* Waiting takes a different number of calls each time: the last ones are those of an exchange that waits. */
        while (enough < 200 && fails_at(enough, kinds[i].expected))
            enough++;
        EXPECT(enough > 20 && enough < 200);
    }
    multi_failure = CURLM_OUT_OF_MEMORY;
}

/* ---- mail ------------------------------------------------------------------------------------- */

static const struct script silent = SCRIPT(HOLD);

static enum dws_status begin_mail(const struct exchange *e, struct dws_mail_transfer **mail, struct dws_error *error)
{
    static const struct dws_text to[] = {TEXT("a@example.com"), TEXT("b@example.com")};
    const struct dws_mail what = {
        .host = LITERAL("127.0.0.1"),
        .port = server_port(e->server),
        .tls = DWS_MAIL_PLAIN,
        .user = LITERAL("dwsync"),
        .password = LITERAL("password"),
        .from = LITERAL("dwsync@example.com"),
        .to = to,
        .to_count = 2,
        .message = LITERAL("Subject: x\r\n"),
    };
    return dws_mail_start(&what, &e->transport, mail, error);
}

static void a_mail_is_not_begun_by_half(void)
{
    struct exchange e;
    long enough = 0;
    exchange_open(&e, 1, &silent, 1, NULL);
    for (;; enough++) {
        struct dws_mail_transfer *mail = NULL;
        struct dws_error error = {DWS_OK, ""};
        calls_left = enough;
        failed_call = NULL;
        const enum dws_status status = begin_mail(&e, &mail, &error);
        calls_left = -1;
        EXPECT_STATUS(status, failed_call ? DWS_ERR_MEMORY : DWS_OK);
        EXPECT(!mail == (failed_call != NULL));
        dws_mail_free(mail);
        if (!failed_call)
            break;
        spec_about(failed_call);
        EXPECT_TEXT(spec_text(error.message), LITERAL("mail: Out of memory"));
    }
    EXPECT(enough > 30);
    exchange_close(&e);
}

static void a_mail_fails_at_any_call(void)
{
    static const char *const calls[] = {"curl_multi_perform", "curl_multi_poll", "curl_multi_perform"};
    struct exchange e;
    exchange_open(&e, 1, &silent, 1, NULL);
    for (long allowed = 0; allowed < 4; allowed++) {
        struct dws_mail_transfer *mail = NULL;
        struct dws_mail_answer answer;
        struct dws_error error = {DWS_OK, ""};
        EXPECT_STATUS(begin_mail(&e, &mail, &error), DWS_OK);
        calls_left = allowed;
        failed_call = NULL;
        const enum dws_status status = dws_mail_step(mail, 1, &answer, &error);
        calls_left = -1;
        dws_mail_free(mail);
        if (allowed < 3) {
            EXPECT_STATUS(status, DWS_ERR_MEMORY);
            EXPECT_TEXT(spec_text(failed_call), spec_text(calls[allowed]));
        } else {
            EXPECT_STATUS(status, DWS_PENDING);
        }
    }
    exchange_close(&e);
}

static const struct spec_case cases[] = {
    {"a pool that libcurl does not give all it needs is not made", a_pool_is_not_made_by_half},
    {"a request is an error of its own kind at whichever call libcurl fails, and the next one succeeds",
     a_request_fails_at_any_call},
    {"a mail that libcurl does not give all it needs is not begun", a_mail_is_not_begun_by_half},
    {"a step of a mail is an error at whichever call libcurl fails", a_mail_fails_at_any_call},
};

SPEC_MAIN(cases)
