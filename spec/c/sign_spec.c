/* sign_spec.c: signing against the published vectors, stage by stage, and the rules the vectors do not reach.
 * It must not compute an expected value with the code under test. */
#include "memory.h"
#include "spec.h"

#include <stdio.h>
#include <string.h>

/* ---- the published vectors ----------------------------------------------------------------------- */

struct vector {
    const char *name;
    struct dws_text algorithm, ak, sk, region, service, method, url, body;
    struct dws_header headers[8];
    size_t header_count;
    struct dws_text names[8];
    size_t name_count;
    struct dws_text date, canonical_request, string_to_sign, authorization;
};

#include "signing_vectors.h"

static void expect_vector(const struct vector *v)
{
    struct dws_request request = {v->method, v->url, v->body, v->headers, v->header_count};
    struct dws_credentials credentials = {
        .ak = v->ak, .sk = v->sk, .algorithm = v->algorithm, .region = v->region, .service = v->service};
    struct dws_signed_names names = {v->names, v->name_count};
    struct dws_buf canonical = {0}, to_sign = {0};
    struct dws_signature signature = {{0}, {0}};
    struct dws_error error = {0};
    spec_about(v->name);
    EXPECT_STATUS(dws_canonical_request(&request, &credentials, names, v->date, &canonical, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&canonical), v->canonical_request);
    EXPECT_STATUS(dws_string_to_sign(&request, &credentials, names, v->date, &to_sign, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&to_sign), v->string_to_sign);
    EXPECT_STATUS(dws_sign(&request, &credentials, names, v->date, &signature, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&signature.authorization), v->authorization);
    dws_buf_free(&canonical);
    dws_buf_free(&to_sign);
    dws_signature_free(&signature);
}

static void reproduces_published_vectors(void)
{
    size_t count = 0;
    for (; count < sizeof vectors / sizeof *vectors; count++)
        expect_vector(&vectors[count]);
    EXPECT_INT(count, 28); /* none got lost on the way */
}

/* ---- one request, varied -------------------------------------------------------------------------- */

#define DATE "20191115T033655Z"
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define MAX_HEADERS 8

struct sample {
    const char *url;
    struct dws_text method, body, token;
    struct dws_header headers[MAX_HEADERS];
    struct dws_text names[MAX_HEADERS];
};

static size_t count_headers(const struct sample *sample)
{
    size_t n = 0;
    while (n < MAX_HEADERS && sample->headers[n].name.data)
        n++;
    return n;
}

static size_t count_names(const struct sample *sample)
{
    size_t n = 0;
    while (n < MAX_HEADERS && sample->names[n].data)
        n++;
    return n;
}

static struct dws_request request_of(const struct sample *sample)
{
    return (struct dws_request){
        .method = sample->method,
        .url = spec_text(sample->url ? sample->url : "https://h/"),
        .body = sample->body,
        .headers = sample->headers,
        .header_count = count_headers(sample),
    };
}

static enum dws_status canonical(const struct sample *sample, struct dws_buf *out, struct dws_error *error)
{
    struct dws_request request = request_of(sample);
    struct dws_credentials credentials = {.ak = LITERAL("AK"), .sk = LITERAL("SK"), .security_token = sample->token};
    struct dws_signed_names names = {sample->names, count_names(sample)};
    return dws_canonical_request(&request, &credentials, names, LITERAL(DATE), out, error);
}

static void expect_canonical(const struct sample *sample, const char *expected)
{
    struct dws_buf out = {0};
    struct dws_error error = {0};
    EXPECT_STATUS(canonical(sample, &out, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&out), spec_text(expected));
    dws_buf_free(&out);
}

static void expect_refused(const struct sample *sample, const char *because)
{
    struct dws_buf out = {0};
    struct dws_error error = {0};
    EXPECT_STATUS(canonical(sample, &out, &error), DWS_ERR_ARGUMENT);
    EXPECT_HOLDS(spec_text(error.message), spec_text(because));
    dws_buf_free(&out);
}

/* Line `wanted` (from 1) of the canonical request for a URL. */
static void expect_line(const char *url, int wanted, const char *expected)
{
    struct sample sample = {.url = url};
    struct dws_buf out = {0};
    struct dws_error error = {0};
    spec_about(url);
    if (EXPECT_STATUS(canonical(&sample, &out, &error), DWS_OK)) {
        const char *line = out.data;
        const char *end = out.data + out.length;
        for (int i = 1; i < wanted; i++)
            line = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        EXPECT_TEXT(((struct dws_text){line, (size_t)(newline - line)}), spec_text(expected));
    }
    dws_buf_free(&out);
}

static void orders_and_encodes_the_query(void)
{
    static const char *const table[][2] = {
        {"https://h/", ""},
        {"https://h/?", ""},
        {"https://h/?&", ""},
        {"https://h/?&&a=1&&b=2&&", "a=1&b=2"},
        {"https://h/?b=2&a=1", "a=1&b=2"},
        {"https://h/?a=2&a=1&a=10", "a=1&a=10&a=2"},
        {"https://h/?a=", "a="},
        {"https://h/?a", "a="},
        {"https://h/?a&a=&a=1", "a=&a=&a=1"},
        {"https://h/?=1", "=1"},
        {"https://h/?a=b=c", "a=b%3Dc"},
        {"https://h/?a=1&B=2", "B=2&a=1"},
        {"https://h/?a1=x&a=y", "a=y&a1=x"},
        {"https://h/?k=-_.~", "k=-_.~"},
        {"https://h/?k=%2d%5F%2e%7E", "k=-_.~"},
        {"https://h/?k=a%20b", "k=a%20b"},
        {"https://h/?k=a+b", "k=a%2Bb"},
        {"https://h/?k=%2f/", "k=%2F%2F"},
        {"https://h/?k=%26%3d", "k=%26%3D"},
        {"https://h/?k=%e4%b8%ad", "k=%E4%B8%AD"},
        {"https://h/?%e4%b8%ad=1&z=2", "z=2&%E4%B8%AD=1"},
        {"https://h/?k=100%", "k=100%25"},
        {"https://h/?k=%zz", "k=%25zz"},
        {"https://h/?k=%2541", "k=%2541"},
        {"https://h/?k=a?b", "k=a%3Fb"},
        {"https://h/?k='()*!", "k=%27%28%29%2A%21"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_line(table[i][0], 3, table[i][1]);
}

static void encodes_the_path(void)
{
    static const char *const table[][2] = {
        {"https://h", "/"},
        {"https://h?a=b", "/"},
        {"https://h/", "/"},
        {"https://h/a", "/a/"},
        {"https://h/a/", "/a/"},
        {"https://h/a/b", "/a/b/"},
        {"https://h//a//b", "//a//b/"},
        {"https://h/a/../b", "/a/../b/"},
        {"https://h/a%2Fb", "/a/b/"},
        {"https://h/a%2f", "/a/"},
        {"https://h/-_.~", "/-_.~/"},
        {"https://h/%7e", "/~/"},
        {"https://h/a%20b", "/a%20b/"},
        {"https://h/a+b", "/a%2Bb/"},
        {"https://h/a:b@c", "/a%3Ab%40c/"},
        {"https://h/%e4%b8%ad", "/%E4%B8%AD/"},
        {"https://h/%2541", "/%2541/"},
        {"https://h/100%", "/100%25/"},
        {"https://h/%00", "/%00/"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_line(table[i][0], 2, table[i][1]);
}

/* All bytes at once, each of them escaped in the URL. */
static void encodes_every_byte_of_a_value(void)
{
    char url[1024] = "https://h/?k=";
    char expected[1024] = "k=";
    for (int c = 0; c < 256; c++) {
        bool kept = c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", c) != NULL;
        sprintf(url + strlen(url), "%%%02x", c);
        sprintf(expected + strlen(expected), kept ? "%c" : "%%%02X", c);
    }
    expect_line(url, 3, expected);
}

static void signs_headers_by_default(void)
{
    const struct sample sample = {
        .url = "https://h:8443/a?b=c",
        .headers = {{LITERAL("X-Project-Id"), LITERAL(" \t p1 \t ")},
                    {LITERAL("content-TYPE"), LITERAL("application/json; a  b")},
                    {LITERAL("X_Unsigned"), LITERAL("no")},
                    {LITERAL("Authorization"), LITERAL("other")},
                    {LITERAL("x-sdk-DATE"), LITERAL("20000101T000000Z")},
                    {LITERAL("X-Empty"), LITERAL("")}},
    };
    expect_canonical(&sample, "GET\n/a/\nb=c\n"
                              "content-type:application/json; a  b\nhost:h:8443\nx-empty:\nx-project-id:p1\n"
                              "x-sdk-date:" DATE "\n\n"
                              "content-type;host;x-empty;x-project-id;x-sdk-date\n" EMPTY_HASH);
}

static void signs_a_host_that_is_given(void)
{
    const struct sample sample = {.headers = {{LITERAL("HOST"), LITERAL(" other.example ")}}};
    expect_canonical(&sample, "GET\n/\n\nhost:other.example\nx-sdk-date:" DATE "\n\nhost;x-sdk-date\n" EMPTY_HASH);
}

static void signs_the_security_token(void)
{
    const struct sample sample = {
        .token = LITERAL("token-1"),
        .headers = {{LITERAL("X-Security-Token"), LITERAL("stale")}}, /* the credentials' own is what counts */
    };
    expect_canonical(&sample, "GET\n/\n\nhost:h\nx-sdk-date:" DATE "\nx-security-token:token-1\n\n"
                              "host;x-sdk-date;x-security-token\n" EMPTY_HASH);
}

static void signs_a_token_header_of_permanent_credentials_as_any_other(void)
{
    const struct sample sample = {.headers = {{LITERAL("X-Security-Token"), LITERAL("given")}}};
    expect_canonical(&sample, "GET\n/\n\nhost:h\nx-sdk-date:" DATE "\nx-security-token:given\n\n"
                              "host;x-sdk-date;x-security-token\n" EMPTY_HASH);
}

static void upper_cases_the_method(void)
{
    const struct sample sample = {.method = LITERAL("pUt")};
    expect_canonical(&sample, "PUT\n/\n\nhost:h\nx-sdk-date:" DATE "\n\nhost;x-sdk-date\n" EMPTY_HASH);
}

static void hashes_the_body(void)
{
    const struct sample text = {.method = LITERAL("POST"), .body = LITERAL("abc")};
    expect_canonical(&text, "POST\n/\n\nhost:h\nx-sdk-date:" DATE "\n\nhost;x-sdk-date\n"
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const struct sample nul = {.method = LITERAL("POST"), .body = LITERAL("\0")};
    expect_canonical(&nul, "POST\n/\n\nhost:h\nx-sdk-date:" DATE "\n\nhost;x-sdk-date\n"
                           "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

static void takes_a_given_content_hash(void)
{
    const struct sample sample = {
        .method = LITERAL("POST"),
        .body = LITERAL("abc"),
        .headers = {{LITERAL("X-Sdk-Content-SHA256"), LITERAL(" UNSIGNED-PAYLOAD ")}},
    };
    expect_canonical(&sample, "POST\n/\n\nhost:h\nx-sdk-content-sha256:UNSIGNED-PAYLOAD\nx-sdk-date:" DATE "\n\n"
                              "host;x-sdk-content-sha256;x-sdk-date\nUNSIGNED-PAYLOAD");
}

static void signs_exactly_the_names_listed(void)
{
    const struct sample sample = {
        .headers = {{LITERAL("X-A"), LITERAL("1")}, {LITERAL("x_b"), LITERAL("2")}},
        .names = {LITERAL("X_B"), LITERAL("X-Sdk-Date")},
    };
    expect_canonical(&sample, "GET\n/\n\nx-sdk-date:" DATE "\nx_b:2\n\nx-sdk-date;x_b\n" EMPTY_HASH);
}

static void refuses_wrong_lists_of_names(void)
{
    const struct sample undated = {.names = {LITERAL("host")}};
    expect_refused(&undated, "x-sdk-date must be among them");
    const struct sample missing = {.names = {LITERAL("x-sdk-date"), LITERAL("x-missing")}};
    expect_refused(&missing, "not in the request");
    const struct sample twice = {.names = {LITERAL("x-sdk-date"), LITERAL("host"), LITERAL("Host")}};
    expect_refused(&twice, "listed twice");
    const struct sample never = {
        .headers = {{LITERAL("Authorization"), LITERAL("x")}},
        .names = {LITERAL("x-sdk-date"), LITERAL("authorization")},
    };
    expect_refused(&never, "not in the request");
}

static void refuses_headers_given_twice(void)
{
    const struct sample twice = {
        .headers = {{LITERAL("X-Same"), LITERAL("1")}, {LITERAL("x-sAME"), LITERAL("2")}},
    };
    expect_refused(&twice, "given twice");
    const struct sample hosts = {
        .headers = {{LITERAL("Host"), LITERAL("a")}, {LITERAL("host"), LITERAL("b")}},
    };
    expect_refused(&hosts, "given twice");
}

static void refuses_headers_that_cannot_be_sent(void)
{
    const struct sample nameless = {.headers = {{LITERAL(""), LITERAL("1")}}};
    expect_refused(&nameless, "empty name");
    const struct sample split = {.headers = {{LITERAL("X-A"), LITERAL("1\nx-b:2")}}};
    spec_about("a value with a line feed would add a line to what is signed");
    expect_refused(&split, "X-A");
    const struct sample names = {.headers = {{LITERAL("X-A, Signature=0\r\nX-B"), LITERAL("1")}}};
    spec_about("a name with a line end would add a line to Authorization");
    expect_refused(&names, "header");
}

static void refuses_wrong_dates(void)
{
    static const char *const dates[] = {
        "",
        "20191115",
        "20191115T033655",
        "20191115T033655z",
        "20191115t033655Z",
        "20191115T033655ZZ",
        "2019-11-15T03:36:55Z",
        "20191115 033655Z",
        "2019111xT033655Z",
        "20191115T03365 Z",
        "20191115T033655+",
    };
    struct sample sample = {0};
    struct dws_request request = request_of(&sample);
    struct dws_credentials credentials = {.ak = LITERAL("AK"), .sk = LITERAL("SK")};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct dws_signature signature = {{0}, {0}};
        struct dws_error error = {0};
        spec_about(dates[i]);
        EXPECT_STATUS(dws_sign(&request, &credentials, (struct dws_signed_names){NULL, 0}, spec_text(dates[i]),
                               &signature, &error),
                      DWS_ERR_ARGUMENT);
        EXPECT_HOLDS(spec_text(error.message), LITERAL("20251025T104952Z"));
        dws_signature_free(&signature);
    }
}

/* ---- credentials ---------------------------------------------------------------------------------- */

struct credential_case {
    struct dws_credentials credentials;
    const char *because;
};

#define SECRET "the-secret-key"

static const struct credential_case bad_credentials[] = {
    {{.ak = TEXT(""), .sk = TEXT(SECRET)}, "(ak)"},
    {{.sk = TEXT(SECRET)}, "(ak)"},
    {{.ak = TEXT("A,B"), .sk = TEXT(SECRET)}, "(ak)"},
    {{.ak = TEXT("A B"), .sk = TEXT(SECRET)}, "(ak)"},
    {{.ak = TEXT("A\r\nX: y"), .sk = TEXT(SECRET)}, "(ak)"},
    {{.ak = TEXT("A\0B"), .sk = TEXT(SECRET)}, "(ak)"},
    {{.ak = TEXT("A\x7f"), .sk = TEXT(SECRET)}, "(ak)"},
    {{.ak = TEXT("A\xc3\xa4"), .sk = TEXT(SECRET)}, "(ak)"},
    {{.ak = TEXT("AK"), .sk = TEXT("")}, "(sk)"},
    {{.ak = TEXT("AK")}, "(sk)"},
    {{.ak = TEXT("AK"), .sk = TEXT(SECRET), .security_token = TEXT(SECRET "\r\nX: y")}, "security token"},
    {{.ak = TEXT("AK"), .sk = TEXT(SECRET), .security_token = TEXT("a\0b")}, "security token"},
    {{.ak = TEXT("AK"), .sk = TEXT(SECRET), .algorithm = TEXT("SDK-HMAC-MD5")}, "\"SDK-HMAC-MD5\""},
    {{.ak = TEXT("AK"), .sk = TEXT(SECRET), .algorithm = TEXT("sdk-hmac-sha256")}, "algorithm"},
    {{.ak = TEXT("AK"), .sk = TEXT(SECRET), .algorithm = TEXT("SDK-HMAC-SHA2567")}, "algorithm"},
    {{.ak = TEXT("AK"), .sk = TEXT(SECRET), .algorithm = TEXT("SDK-HMAC-SHA25")}, "algorithm"},
    {{.ak = TEXT("AK"), .sk = TEXT(SECRET), .algorithm = TEXT("")}, "algorithm"},
};

static enum dws_status sign_as(const struct dws_credentials *credentials, struct dws_text date)
{
    const struct dws_request request = {.url = TEXT("https://h/")};
    struct dws_signature signature = {{0}, {0}};
    struct dws_error error = {0};
    const enum dws_status status =
        dws_sign(&request, credentials, (struct dws_signed_names){NULL, 0}, date, &signature, &error);
    dws_signature_free(&signature);
    return status;
}

/* At the beginning, within, and at the end. */
static void takes_only_the_bytes_of_each_part(void)
{
    size_t wrong = 0;
    for (int c = 0; c < 256; c++) {
        const bool visible = c > ' ' && c < 0x7F;
        for (size_t at = 0; at < 3; at++) {
            struct dws_credentials credentials = {.ak = TEXT("AK"),
                                                  .sk = TEXT("SK"),
                                                  .algorithm = TEXT("V11-HMAC-SHA256"),
                                                  .region = TEXT("r"),
                                                  .service = TEXT("s")};
            char part[] = "xxx";
            char date[] = DATE;
            part[at] = (char)c;
            const struct dws_text changed = {part, 3};
            credentials.ak = changed;
            wrong += (sign_as(&credentials, LITERAL(DATE)) == DWS_OK) != (visible && c != ',');
            credentials.ak = LITERAL("AK");
            credentials.region = changed;
            wrong += (sign_as(&credentials, LITERAL(DATE)) == DWS_OK) != (visible && c != ',' && c != '/');
            credentials.region = LITERAL("r");
            credentials.service = changed;
            wrong += (sign_as(&credentials, LITERAL(DATE)) == DWS_OK) != (visible && c != ',' && c != '/');
            credentials.service = LITERAL("s");
            date[at * 5] = (char)c; /* digits all three */
            wrong +=
                (sign_as(&credentials, (struct dws_text){date, sizeof date - 1}) == DWS_OK) != (c >= '0' && c <= '9');
        }
    }
    EXPECT_INT(wrong, 0);
}

static void refuses_wrong_credentials(void)
{
    struct sample sample = {0};
    struct dws_request request = request_of(&sample);
    for (size_t i = 0; i < sizeof bad_credentials / sizeof *bad_credentials; i++) {
        struct dws_signature signature = {{0}, {0}};
        struct dws_error error = {0};
        spec_about(bad_credentials[i].because);
        EXPECT_STATUS(dws_sign(&request, &bad_credentials[i].credentials, (struct dws_signed_names){NULL, 0},
                               LITERAL(DATE), &signature, &error),
                      DWS_ERR_ARGUMENT);
        EXPECT_HOLDS(spec_text(error.message), spec_text(bad_credentials[i].because));
        EXPECT_LACKS(spec_text(error.message), LITERAL(SECRET));
        dws_signature_free(&signature);
    }
}

static void returns_the_host_that_was_signed(void)
{
    static const struct {
        struct sample sample;
        const char *host;
    } table[] = {
        {{.url = "https://h:443/"}, "h"},
        {{.url = "https://h:8443/"}, "h:8443"},
        {{.url = "https://h/", .headers = {{TEXT("hOST"), TEXT(" given ")}}}, "given"},
    };
    struct dws_credentials credentials = {.ak = LITERAL("AK"), .sk = LITERAL("SK")};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct dws_request request = request_of(&table[i].sample);
        struct dws_signature signature = {{0}, {0}};
        struct dws_error error = {0};
        EXPECT_STATUS(
            dws_sign(&request, &credentials, (struct dws_signed_names){NULL, 0}, LITERAL(DATE), &signature, &error),
            DWS_OK);
        EXPECT_TEXT(dws_buf_text(&signature.host), spec_text(table[i].host));
        EXPECT_HOLDS(dws_buf_text(&signature.authorization),
                     LITERAL("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature="));
        dws_signature_free(&signature);
    }
}

static void appends_to_the_output(void)
{
    struct sample sample = {0};
    struct dws_buf out = {0};
    struct dws_error error = {0};
    dws_buf_append_string(&out, "before:");
    EXPECT_STATUS(canonical(&sample, &out, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&out),
                LITERAL("before:GET\n/\n\nhost:h\nx-sdk-date:" DATE "\n\nhost;x-sdk-date\n" EMPTY_HASH));
    dws_buf_free(&out);
}

/* ---- messages ------------------------------------------------------------------------------------- */

#define SIXTY "x-345678901234567890123456789012345678901234567890123456789A"

static void says_what_is_wrong_and_no_more_of_it_than_is_seen_at_a_glance(void)
{
    static const struct {
        struct dws_header headers[2];
        struct dws_text algorithm;
        const char *message;
    } rows[] = {
        {.algorithm = TEXT("123456789012345678901234567890123456789A"),
         .message = "\"123456789012345678901234567890123456789A\""},
        {.algorithm = TEXT("123456789012345678901234567890123456789AB"),
         .message = "\"123456789012345678901234567890123456789A\""},
        {.headers = {{TEXT(SIXTY), TEXT("1")}, {TEXT(SIXTY), TEXT("2")}}, .message = "\"" SIXTY "\""},
        {.headers = {{TEXT(SIXTY "B"), TEXT("1")}, {TEXT(SIXTY "B"), TEXT("2")}}, .message = "\"" SIXTY "\""},
        {.headers = {{TEXT("a"), TEXT("1")}, {TEXT(SIXTY), TEXT("\n")}}, .message = "\"" SIXTY "\""},
        {.headers = {{TEXT("a"), TEXT("1")}, {TEXT(SIXTY "B"), TEXT("\n")}}, .message = "\"" SIXTY "\""},
        {.headers = {{TEXT("a"), TEXT("1")}, {TEXT("b c"), TEXT("1")}}, .message = "request: header 2 has an empty"},
        {.headers = {{TEXT(""), TEXT("1")}, {TEXT("b"), TEXT("1")}}, .message = "request: header 1 has an empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct dws_request request = {
            .url = TEXT("https://h/"), .headers = rows[i].headers, .header_count = rows[i].algorithm.data ? 0 : 2};
        const struct dws_credentials credentials = {.ak = TEXT("AK"), .sk = TEXT("SK"), .algorithm = rows[i].algorithm};
        struct dws_signature signature = {{0}, {0}};
        struct dws_error error = {DWS_OK, ""};
        spec_about(rows[i].message);
        EXPECT_STATUS(
            dws_sign(&request, &credentials, (struct dws_signed_names){NULL, 0}, LITERAL(DATE), &signature, &error),
            DWS_ERR_ARGUMENT);
        EXPECT_HOLDS(spec_text(error.message), spec_text(rows[i].message));
        dws_signature_free(&signature);
    }
}

/* ---- allocation ----------------------------------------------------------------------------------- */

static enum dws_status sign_with_memory_for(long allocations, struct dws_error *error)
{
    struct sample sample = {.url = "https://h/a/b?c=d&e=f", .headers = {{LITERAL("X-A"), LITERAL("1")}}};
    struct dws_request request = request_of(&sample);
    struct dws_credentials credentials = {.ak = LITERAL("AK"), .sk = LITERAL("SK")};
    struct dws_signature signature = {{0}, {0}};
    memory_left = allocations;
    enum dws_status status =
        dws_sign(&request, &credentials, (struct dws_signed_names){NULL, 0}, LITERAL(DATE), &signature, error);
    memory_left = -1;
    if (status == DWS_OK) /* then nothing is missing in what was signed */
        EXPECT_HOLDS(dws_buf_text(&signature.authorization),
                     LITERAL("Signature=b286ead6a9f0d0cad58044be3a9597e78ab898494ecfea1071b528ffdd93ae5f"));
    dws_signature_free(&signature);
    return status;
}

static void reports_every_failed_allocation(void)
{
    for (int returns = 0; returns < 2; returns++) {
        struct dws_error error = {0};
        long needed = 0;
        memory_returns = returns;
        while (needed < 100 && sign_with_memory_for(needed, &error) != DWS_OK) {
            EXPECT_STATUS(error.status, DWS_ERR_MEMORY);
            needed++;
        }
        EXPECT(needed > 3 && needed < 100);
    }
    memory_returns = false;
}

/* RFC 4231, 4.3, in base64. */
static void makes_an_hmac(void)
{
    struct dws_buf text = {0};
    struct dws_error error = {0};
    dws_buf_append_string(&text, "=");
    EXPECT_STATUS(dws_hmac_sha256(LITERAL("Jefe"), LITERAL("what do ya want for nothing?"), &text, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&text), LITERAL("=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="));
    dws_buf_free(&text);
    memory_left = 0;
    EXPECT_STATUS(dws_hmac_sha256(LITERAL("Jefe"), LITERAL("?"), &text, &error), DWS_ERR_MEMORY);
    memory_left = -1;
    EXPECT_TEXT(spec_text(error.message), LITERAL("out of memory"));
    dws_buf_free(&text);
}

static const struct spec_case cases[] = {
    {"each part takes the bytes that it may hold, and no others", takes_only_the_bytes_of_each_part},
    {"the published vectors are reproduced at every stage", reproduces_published_vectors},
    {"the query is split, decoded once, ordered by name then value, and encoded", orders_and_encodes_the_query},
    {"the path is decoded once, encoded by segment, and ends in a slash", encodes_the_path},
    {"every byte of a value is encoded unless it is unreserved", encodes_every_byte_of_a_value},
    {"headers are lower-cased, trimmed, ordered; underscored names and our own are left out", signs_headers_by_default},
    {"a Host that is given is the Host that is signed", signs_a_host_that_is_given},
    {"the security token of the credentials is signed", signs_the_security_token},
    {"a token header beside permanent credentials is signed as any other",
     signs_a_token_header_of_permanent_credentials_as_any_other},
    {"the method is signed in upper case", upper_cases_the_method},
    {"the body is hashed, NUL bytes included", hashes_the_body},
    {"a content hash that is given takes the place of the body's", takes_a_given_content_hash},
    {"a list of names is signed exactly", signs_exactly_the_names_listed},
    {"a list without x-sdk-date, with an unknown or a repeated name is refused", refuses_wrong_lists_of_names},
    {"a header given twice is refused, whatever its case", refuses_headers_given_twice},
    {"a header that could not be sent is not signed either", refuses_headers_that_cannot_be_sent},
    {"a date in another form is refused", refuses_wrong_dates},
    {"wrong credentials are refused without repeating a secret", refuses_wrong_credentials},
    {"the Host that was signed is returned", returns_the_host_that_was_signed},
    {"a stage appends to what the caller's buffer holds", appends_to_the_output},
    {"it is said what is wrong, and of a long name its beginning",
     says_what_is_wrong_and_no_more_of_it_than_is_seen_at_a_glance},
    {"an HMAC is base64, behind what the buffer holds", makes_an_hmac},
    {"every failed allocation is reported as one, also when the next does not fail", reports_every_failed_allocation},
};

SPEC_MAIN(cases)
