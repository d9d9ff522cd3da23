/* libcurl_spec.c: libcurl itself fails, at every single call: that is an error of the right kind, never an answer that
 * lacks something, and the pool goes on.
 * It must not change what libcurl does inside: --wrap reaches only libdws and this program. */
#include "exchange.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
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

/* What is told to libcurl meanwhile, a line for each option, in its order; or NULL. */
static struct dws_buf *told;

static void note(const char *name, const char *value)
{
    if (!told)
        return;
    dws_buf_append_string(told, name);
    dws_buf_append_string(told, " ");
    dws_buf_append_string(told, value);
    dws_buf_append_string(told, "\n");
}

static void note_option(CURLoption what, const void *value)
{
    const struct curl_easyoption *option = curl_easy_option_by_id(what);
    char number[32];
    snprintf(number, sizeof number, "%" PRIdPTR, (intptr_t)value);
    if (what == CURLOPT_MAIL_RCPT_ALLLOWFAILS) /* which has two names in libcurl */
        note("MAIL_RCPT_ALLLOWFAILS", number);
    else if (option->type == CURLOT_LONG || option->type == CURLOT_VALUES || option->type == CURLOT_OFF_T)
        note(option->name, number);
    else if (option->type == CURLOT_STRING)
        note(option->name, value ? value : "nothing");
    else
        note(option->name, value ? "something" : "nothing");
}

static void note_number(const char *name, const void *value)
{
    char number[32];
    snprintf(number, sizeof number, "%" PRIdPTR, (intptr_t)value);
    note(name, number);
}

#define WRAP(type, name, failure, parameters, arguments)         \
    type __real_##name parameters;                               \
    type __wrap_##name parameters;                               \
    type __wrap_##name parameters                                \
    {                                                            \
        return fails(#name) ? failure : __real_##name arguments; \
    }

/* Options are numbers and pointers, which are handed on alike. */
#define WRAP_OPTION(type, name, failure, handle, option, noted)           \
    type __real_##name(handle *self, option what, ...);                   \
    type __wrap_##name(handle *self, option what, ...);                   \
    type __wrap_##name(handle *self, option what, ...)                    \
    {                                                                     \
        va_list list;                                                     \
        va_start(list, what);                                             \
        void *value = va_arg(list, void *);                               \
        va_end(list);                                                     \
        noted;                                                            \
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
WRAP_OPTION(CURLcode, curl_easy_setopt, CURLE_OUT_OF_MEMORY, CURL, CURLoption, note_option(what, value))
WRAP_OPTION(CURLMcode, curl_multi_setopt, multi_failure, CURLM, CURLMoption,
            note_number(what == CURLMOPT_MAXCONNECTS ? "MAXCONNECTS" : "another", value))
WRAP_OPTION(CURLSHcode, curl_share_setopt, CURLSHE_NOMEM, CURLSH, CURLSHoption,
            note_number(what == CURLSHOPT_SHARE ? "SHARE" : "another", value))

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
    EXPECT_LACKS(sent, LITERAL("A: b\r\nA: b\r\n")); /* as far as the failed one had come */
    EXPECT_LACKS(sent, LITERAL("C: d\r\nA: b\r\n"));
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

/* ---- what libcurl is told ----------------------------------------------------------------------- */

static void expect_told(struct dws_buf *said, const char *expected)
{
    told = NULL;
    EXPECT_TEXT(dws_buf_text(said), spec_text(expected));
    dws_buf_free(said);
}

static void tells_libcurl_how_many_connections_stay(void)
{
    struct dws_buf said = {0};
    struct dws_pool *pool = NULL;
    struct dws_error error;
    told = &said;
    EXPECT_STATUS(dws_pool_new(3, &pool, &error), DWS_OK);
    dws_pool_free(pool);
    expect_told(&said, "SHARE 4\nMAXCONNECTS 3\n"); /* the sessions of TLS */
    said = (struct dws_buf){0};
    told = &said;
    for (size_t i = 0; i < 2; i++) {
        EXPECT_STATUS(dws_pool_cache_take(i ? 9 : 3, &pool, &error), DWS_OK);
        dws_pool_cache_give(pool);
    }
    dws_pool_cache_clear();
    expect_told(&said, "SHARE 4\nMAXCONNECTS 3\nMAXCONNECTS 8\nSHARE 4\nMAXCONNECTS 9\nMAXCONNECTS 9\n");
}

#define SAFE_TLS "SSLVERSION 6\nSSL_VERIFYPEER 1\nSSL_VERIFYHOST 2\n"
#define SOCKETS                                                                                           \
    "NOSIGNAL 1\nQUICK_EXIT 1\nTCP_KEEPALIVE 1\nOPENSOCKETFUNCTION something\nOPENSOCKETDATA something\n" \
    "CLOSESOCKETFUNCTION something\nCLOSESOCKETDATA something\nPREREQFUNCTION something\nPREREQDATA something\n"
#define ROUTE(scheme) \
    "SUPPRESS_CONNECT_HEADERS 1\nPROTOCOLS_STR " scheme "\nFOLLOWLOCATION 0\nPATH_AS_IS 1\nHTTP_VERSION 2\n"
#define READING                                                              \
    "HTTPHEADER something\nHEADERFUNCTION something\nHEADERDATA something\n" \
    "WRITEFUNCTION something\nWRITEDATA something\nERRORBUFFER something\nPRIVATE something\n"

static void tells_libcurl_what_a_request_is(void)
{
    static const struct {
        struct dws_request request;
        struct dws_transport transport;
        const char *expected;
    } requests[] = {
        {{.url = TEXT("http://127.0.0.1:1/")},
         {.user_agent = "a"},
         "SHARE something\nHTTPGET 1\nCUSTOMREQUEST GET\n" SAFE_TLS
         "PROXY \n" ROUTE("http") "USERAGENT a\nCONNECTTIMEOUT_MS 10000\n" SOCKETS "URL http://127.0.0.1:1/\n" READING},
        {{.method = TEXT("put"), .url = TEXT("https://127.0.0.1:1/a/../b"), .body = TEXT("xyz")},
         {.user_agent = "a",
          .ca_file = "/nowhere/ca",
          .client_cert = "/nowhere/cert",
          .client_key = "/nowhere/key",
          .proxy = "http://p:1",
          .connect_timeout_ms = 1,
          .certificate_info = true},
         "SHARE something\nPOSTFIELDSIZE_LARGE 3\nCOPYPOSTFIELDS something\nCUSTOMREQUEST PUT\n" SAFE_TLS
         "CAINFO /nowhere/ca\nCAPATH nothing\nSSLCERT /nowhere/cert\nSSLKEY /nowhere/key\n"
         "CERTINFO 1\nFRESH_CONNECT 1\nPROXY http://p:1\n" ROUTE("https") "USERAGENT a\nCONNECTTIMEOUT_MS 1\n" SOCKETS
                                                                          "URL https://127.0.0.1:1/a/../b\n" READING},
        {{.method = TEXT("HEAD"), .url = TEXT("http://example.com/")},
         {.user_agent = "a", .allow_http = true, .connect_timeout_ms = LONG_MAX},
         "SHARE something\nHTTPGET 1\nNOBODY 1\n" SAFE_TLS ROUTE(
             "http") "USERAGENT a\nCONNECTTIMEOUT_MS 2147483647\n" SOCKETS "URL http://example.com/\n" READING},
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct dws_buf said = {0};
        struct dws_pool *pool = NULL;
        struct dws_error error;
        EXPECT_STATUS(dws_pool_new(1, &pool, &error), DWS_OK);
        told = &said;
        EXPECT_STATUS(dws_pool_submit(pool, 1, &requests[i].request, &requests[i].transport, &error), DWS_OK);
        expect_told(&said, requests[i].expected);
        dws_pool_free(pool);
    }
}

/* How long what is told is for a request, when the pool sent another before it. */
static size_t told_for(struct dws_pool *pool, const struct dws_request *request, const struct dws_transport *transport)
{
    struct dws_buf said = {0};
    struct dws_completion completion;
    struct dws_error error;
    told = &said;
    EXPECT_STATUS(dws_pool_submit(pool, 1, request, transport, &error), DWS_OK);
    EXPECT(dws_pool_cancel(pool, 1));
    EXPECT_STATUS(dws_pool_next(pool, 0, &completion), DWS_OK);
    EXPECT_STATUS(dws_pool_next(pool, 0, &completion), DWS_IDLE); /* which makes it ready for the next one */
    told = NULL;
    const size_t length = said.length;
    dws_buf_free(&said);
    return length;
}

static void tells_libcurl_only_what_is_new(void)
{
    static const struct dws_request get = {.url = TEXT("https://127.0.0.1:1/")};
    static const struct dws_transport plain = {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = ""};
    static const struct {
        struct dws_request request;
        struct dws_transport transport;
        bool as_before;
    } next[] = {
        {{.url = TEXT("https://127.0.0.1:1/")}, {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = ""}, true},
        {{.url = TEXT("https://localhost:2/x"), .method = TEXT("get")},
         {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = "", .timeout_ms = 5, .max_response_bytes = 1},
         true},
        {{.url = TEXT("http://127.0.0.1:1/")}, {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = ""}, false},
        {{.url = TEXT("https://example.com/")}, {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = ""}, false},
        {{.url = TEXT("https://169.254.169.254/")}, {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = ""}, false},
        {{.url = TEXT("https://127.0.0.1:1/")}, {.ca_file = "/nowhere/cb", .user_agent = "a", .proxy = ""}, false},
        {{.url = TEXT("https://127.0.0.1:1/")}, {.ca_file = "/nowhere/ca", .user_agent = "b", .proxy = ""}, false},
        {{.url = TEXT("https://127.0.0.1:1/")}, {.ca_file = "/nowhere/ca", .proxy = ""}, false},
        {{.url = TEXT("https://127.0.0.1:1/")}, {.ca_file = "/nowhere/ca", .user_agent = "a"}, false},
        {{.url = TEXT("https://127.0.0.1:1/")},
         {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = "", .client_cert = "/nowhere/c"},
         false},
        {{.url = TEXT("https://127.0.0.1:1/")}, /* the same texts, and one of them is another option's */
         {.ca_file = "/nowhere/ca", .user_agent = "a", .client_cert = ""},
         false},
        {{.url = TEXT("https://127.0.0.1:1/")},
         {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = "", .client_key = "/nowhere/k"},
         false},
        {{.url = TEXT("https://127.0.0.1:1/")},
         {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = "", .connect_timeout_ms = 7},
         false},
        {{.url = TEXT("https://127.0.0.1:1/")},
         {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = "", .certificate_info = true},
         false},
        {{.url = TEXT("https://127.0.0.1:1/"), .method = TEXT("PUT")},
         {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = ""},
         false},
        {{.url = TEXT("https://127.0.0.1:1/"), .body = TEXT("")},
         {.ca_file = "/nowhere/ca", .user_agent = "a", .proxy = ""},
         false},
    };
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        struct dws_pool *pool = NULL;
        struct dws_error error;
        char about[20];
        snprintf(about, sizeof about, "number %zu", i);
        spec_about(about);
        EXPECT_STATUS(dws_pool_new(1, &pool, &error), DWS_OK);
        EXPECT(told_for(pool, &get, &plain) > 500);
        EXPECT((told_for(pool, &next[i].request, &next[i].transport) < 300) == next[i].as_before);
        dws_pool_free(pool);
    }
    spec_about(NULL);
}

#define MAIL_SOCKETS                                                                                      \
    "PROXY \nNOSIGNAL 1\nFORBID_REUSE 1\nVERBOSE 1\nDEBUGFUNCTION something\nDEBUGDATA something\n"       \
    "OPENSOCKETFUNCTION something\nOPENSOCKETDATA something\nCLOSESOCKETFUNCTION something\n"             \
    "CLOSESOCKETDATA something\nHEADERFUNCTION something\nHEADERDATA something\nREADFUNCTION something\n" \
    "READDATA something\nERRORBUFFER something\n"
#define ENVELOPE(tls) \
    "USE_SSL " tls "\nMAIL_FROM a@b\nMAIL_RCPT something\nMAIL_RCPT_ALLLOWFAILS 1\nUPLOAD 1\nINFILESIZE_LARGE 6\n"

static void tells_libcurl_what_a_mail_is(void)
{
    static const struct dws_text to = TEXT("c@d");
    static const struct {
        enum dws_mail_tls tls;
        struct dws_text user, password;
        struct dws_transport transport;
        const char *expected;
    } mails[] = {
        {.tls = DWS_MAIL_PLAIN,
         .expected = "URL smtp://localhost:25\nPROTOCOLS_STR smtp\n" ENVELOPE("0") SAFE_TLS
         "CONNECTTIMEOUT_MS 10000\nTIMEOUT_MS 30000\n" MAIL_SOCKETS},
        {.tls = DWS_MAIL_STARTTLS,
         .user = TEXT("u"),
         .password = TEXT("p"),
         .transport = {.ca_file = "/nowhere/ca", .timeout_ms = 1, .connect_timeout_ms = 1},
         .expected = "URL smtp://localhost:25\nPROTOCOLS_STR smtp\n" ENVELOPE(
             "3") "USERNAME u\nPASSWORD p\n" SAFE_TLS
                  "CAINFO /nowhere/ca\nCAPATH nothing\nCONNECTTIMEOUT_MS 1\nTIMEOUT_MS 1\n" MAIL_SOCKETS},
        {.tls = DWS_MAIL_IMPLICIT,
         .transport = {.ca_file = "/nowhere/ca", .timeout_ms = LONG_MAX, .connect_timeout_ms = LONG_MAX},
         .expected = "URL smtps://localhost:25\nPROTOCOLS_STR smtps\n" ENVELOPE("0") SAFE_TLS
         "CAINFO /nowhere/ca\nCAPATH nothing\nCONNECTTIMEOUT_MS 2147483647\nTIMEOUT_MS 2147483647\n" MAIL_SOCKETS},
    };
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        const struct dws_mail what = {.host = LITERAL("localhost"),
                                      .port = 25,
                                      .tls = mails[i].tls,
                                      .user = mails[i].user,
                                      .password = mails[i].password,
                                      .from = LITERAL("a@b"),
                                      .to = &to,
                                      .to_count = 1,
                                      .message = LITERAL("a: b\r\n")};
        struct dws_buf said = {0};
        struct dws_mail_transfer *mail = NULL;
        struct dws_error error = {DWS_OK, ""};
        told = &said;
        EXPECT_STATUS(dws_mail_start(&what, &mails[i].transport, &mail, &error), DWS_OK);
        expect_told(&said, mails[i].expected);
        dws_mail_free(mail);
    }
}

static const struct spec_case cases[] = {
    {"libcurl is told how many connections stay", tells_libcurl_how_many_connections_stay},
    {"libcurl is told all that a request is, and what it must not do", tells_libcurl_what_a_request_is},
    {"libcurl is told what differs from the request before, and nothing again", tells_libcurl_only_what_is_new},
    {"libcurl is told all that a mail is, and what it must not do", tells_libcurl_what_a_mail_is},
    {"a pool that libcurl does not give all it needs is not made", a_pool_is_not_made_by_half},
    {"a request is an error of its own kind at whichever call libcurl fails, and the next one succeeds",
     a_request_fails_at_any_call},
    {"a mail that libcurl does not give all it needs is not begun", a_mail_is_not_begun_by_half},
    {"a step of a mail is an error at whichever call libcurl fails", a_mail_fails_at_any_call},
};

SPEC_MAIN(cases)
