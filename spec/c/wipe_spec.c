/* wipe_spec.c: what signing leaves in memory that it gives back, and what it does when OpenSSL gets no memory.
 * It must not look at memory still in use: that is the caller's. */
#include "freed.h"

#include "second_signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#define DATE "20260822T010203Z"
#define SECRET "Secret-key-of-forty-characters-0123456789"
#define HELD(array) ((struct dws_text){(const char *)(array), sizeof(array)})

/* ---- memory as OpenSSL sees it ------------------------------------------------------------------- */

static long allocations_left = -1; /* of OpenSSL, before one fails; negative: none fails */

static bool may_allocate(void)
{
    return allocations_left < 0 || allocations_left-- > 0;
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return may_allocate() ? calloc(1, size) : NULL;
}

static void *openssl_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return may_allocate() ? __wrap_realloc(old, size) : NULL;
}

static void openssl_free(void *block, const char *file, int line)
{
    (void)file, (void)line;
    __wrap_free(block);
}

/* Pieces of memory, of the stack too, that held what is looked for and no longer do. */
static size_t cleansed;

void __real_OPENSSL_cleanse(void *bytes, size_t length);
void __wrap_OPENSSL_cleanse(void *bytes, size_t length);

void __wrap_OPENSSL_cleanse(void *bytes, size_t length)
{
    cleansed += freed_holds((struct dws_text){bytes, length});
    __real_OPENSSL_cleanse(bytes, length);
}

/* ---- signing ---------------------------------------------------------------------------------------- */

static const char *const names[] = {"SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256",
                                    "SDK-SM2-SM3"};
#define NAME_COUNT (sizeof names / sizeof *names)
static const char *const *const elliptic = names + 3;

static enum dws_status sign(const char *algorithm, struct dws_text token, struct dws_error *error)
{
    static char filler[5000]; /* stands behind the token, so that a buffer which holds the token has to grow */
    memset(filler, 'f', sizeof filler);
    const struct dws_header header = {TEXT("x-z"), {filler, sizeof filler}};
    const struct dws_request request = {
        .url = TEXT("https://h/v1/p/sync-records?limit=100"), .headers = &header, .header_count = 1};
    const struct dws_credentials credentials = {.ak = TEXT("AK"),
                                                .sk = TEXT(SECRET),
                                                .security_token = token,
                                                .algorithm = spec_text(algorithm),
                                                .region = TEXT("cn-north-4"),
                                                .service = TEXT("dws")};
    struct dws_signature signature = {{0}, {0}};
    enum dws_status status =
        dws_sign(&request, &credentials, (struct dws_signed_names){NULL, 0}, LITERAL(DATE), &signature, error);
    dws_signature_free(&signature);
    return status;
}

/* ---- what is left behind --------------------------------------------------------------------------- */

/* The HMAC of which a private key was made: one less. */
static void take_one_off(const unsigned char key[32], unsigned char candidate[32])
{
    int i = 31;
    memcpy(candidate, key, 32);
    while (candidate[i]-- == 0)
        i--;
}

/* The secret, every key derived from it (as bytes, as OpenSSL's number, as hex), what it was made of, and the security
 * token. */
static void leaves_no_key_in_freed_memory(void)
{
    static char token[3000];
    unsigned char prk[32], v11[32], back[2][32], candidates[2][32];
    struct key_pair pairs[2];
    struct dws_buf hex = {0};
    memset(token, 't', sizeof token);
    EXPECT(second_hmac(false, LITERAL("AK"), LITERAL(SECRET), prk));
    EXPECT(second_hmac(false, HELD(prk), LITERAL("20260822/cn-north-4/dws\1"), v11));
    dws_buf_append_hex(&hex, v11, sizeof v11);
    for (int e = 0; e < 2; e++) {
        EXPECT(second_key_pair(elliptic[e], LITERAL("AK"), LITERAL(SECRET), &pairs[e]));
        for (int i = 0; i < 32; i++)
            back[e][i] = pairs[e].private[31 - i];
        take_one_off(pairs[e].private, candidates[e]);
    }
    const struct dws_text secrets[] = {LITERAL("Secret-key-of-forty"),
                                       LITERAL("tttttttttttttttttttttttttttttttt"),
                                       dws_buf_text(&hex),
                                       HELD(prk),
                                       HELD(v11),
                                       HELD(pairs[0].private),
                                       HELD(back[0]),
                                       HELD(pairs[1].private),
                                       HELD(back[1]),
                                       HELD(candidates[0]),
                                       HELD(candidates[1])};
    static const size_t wiped[NAME_COUNT] = {1, 1, 4, 2, 2}; /* the token, and each key on its way */
    for (size_t n = 0; n < NAME_COUNT; n++) {
        struct dws_error error = {0};
        spec_about(names[n]);
        freed_look_for(secrets, sizeof secrets / sizeof *secrets);
        cleansed = 0;
        EXPECT_STATUS(sign(names[n], HELD(token), &error), DWS_OK);
        EXPECT_INT(freed_found(), 0);
        EXPECT_INT(cleansed, wiped[n]);
    }
    const struct dws_text derived = HELD(prk);
    dws_buf_append_text(&hex, derived);
    freed_look_for(&derived, 1); /* and the eyes are open: */
    dws_buf_free(&hex);
    EXPECT_INT(freed_found(), 1);
}

/* libcurl has copies of its own. */
static void leaves_no_login_on_the_stack(void)
{
    static const struct dws_text to[] = {TEXT("ops@example.com")};
    const struct dws_text secrets[] = {LITERAL("who-logs-in-here"), LITERAL("hunter2-the-password")};
    const struct dws_mail mail = {
        .host = LITERAL("127.0.0.1"),
        .port = 25,
        .tls = DWS_MAIL_PLAIN,
        .user = secrets[0],
        .password = secrets[1],
        .from = to[0],
        .to = to,
        .to_count = 1,
        .message = LITERAL("Subject: Hello\r\n\r\nLine\r\n"),
    };
    const struct dws_transport transport = {0};
    struct dws_mail_transfer *started = NULL;
    struct dws_error error = {0};
    freed_look_for(secrets, 2);
    cleansed = 0;
    EXPECT_STATUS(dws_mail_start(&mail, &transport, &started, &error), DWS_OK);
    EXPECT_INT(freed_found(), 0);
    EXPECT_INT(cleansed, 2);
    dws_mail_free(started);
}

/* OpenSSL without memory: no crash, no leak, and never half a signature. */
static void reports_what_openssl_cannot_do(void)
{
    for (size_t n = 0; n < NAME_COUNT; n++) {
        char expected[80];
        snprintf(expected, sizeof expected, "OpenSSL could not compute %s", names[n]);
        spec_about(names[n]);
        long failed = 0;
        struct dws_error first = {0};
        EXPECT_STATUS(sign(names[n], LITERAL(""), &first), DWS_OK);
        for (long allowed = 0; allowed < 40; allowed++) {
            struct dws_error error = {0};
            allocations_left = allowed;
            enum dws_status status = sign(names[n], LITERAL(""), &error);
            allocations_left = -1;
            if (status != DWS_OK) {
                failed++;
                EXPECT_STATUS(status, DWS_ERR_CRYPTO);
                EXPECT_TEXT(spec_text(error.message), spec_text(expected));
                EXPECT_INT(ERR_peek_error(), 0);
            }
        }
        EXPECT(failed > 3);
    }
}

static const struct spec_case cases[] = {
    {"no secret, derived key or token is left in freed memory, or on the stack", leaves_no_key_in_freed_memory},
    {"no user or password of a mail is left on the stack", leaves_no_login_on_the_stack},
    {"what OpenSSL cannot do is reported, and nothing is left in its error queue", reports_what_openssl_cannot_do},
};

int main(int argc, char **argv)
{
    if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free))
        return 2;
    return spec_run(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
