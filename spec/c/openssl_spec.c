/* openssl_spec.c: OpenSSL itself fails, at every single call: no signature is made, nothing is lost, and the next one
 * is right.
 * It must not change what OpenSSL does inside: --wrap reaches only libdws and this program. */
#include "spec.h"

#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/* Calls that succeed before one fails; negative: none fails. */
static long calls_left = -1;

/* What is failing, or NULL. */
static const char *failed_call;

/* Objects that were made and not freed, and what was asked of them. */
static long held;
static int constant_time;

static bool fails(const char *call)
{
    if (calls_left < 0 || calls_left-- > 0)
        return false;
    failed_call = call;
    return true;
}

/* What fails did its work nevertheless: nobody is to go on with it. */
#define WRAP(type, name, failure, parameters, arguments) \
    type __real_##name parameters;                       \
    type __wrap_##name parameters;                       \
    type __wrap_##name parameters                        \
    {                                                    \
        type result = __real_##name arguments;           \
        return fails(#name) ? failure : result;          \
    }

#define WRAP_MAKE(type, name, parameters, arguments)                \
    type *__real_##name parameters;                                 \
    type *__wrap_##name parameters;                                 \
    type *__wrap_##name parameters                                  \
    {                                                               \
        type *made = fails(#name) ? NULL : __real_##name arguments; \
        held += made != NULL;                                       \
        return made;                                                \
    }

#define WRAP_FREE(type, name)         \
    void __real_##name(type *object); \
    void __wrap_##name(type *object); \
    void __wrap_##name(type *object)  \
    {                                 \
        held -= object != NULL;       \
        __real_##name(object);        \
    }

WRAP(int, EVP_Digest, 0,
     (const void *data, size_t count, unsigned char *out, unsigned *size, const EVP_MD *type, ENGINE *engine),
     (data, count, out, size, type, engine))
WRAP_MAKE(EVP_MAC_CTX, EVP_MAC_CTX_dup, (const EVP_MAC_CTX *from), (from))
WRAP_FREE(EVP_MAC_CTX, EVP_MAC_CTX_free)
WRAP(int, EVP_MAC_init, 0,
     (EVP_MAC_CTX * context, const unsigned char *key, size_t length, const OSSL_PARAM parameters[]),
     (context, key, length, parameters))
WRAP(int, EVP_MAC_update, 0, (EVP_MAC_CTX * context, const unsigned char *data, size_t length), (context, data, length))
WRAP(int, EVP_MAC_final, 0, (EVP_MAC_CTX * context, unsigned char *out, size_t *length, size_t size),
     (context, out, length, size))
WRAP_MAKE(BIGNUM, BN_secure_new, (void), ())
WRAP_FREE(BIGNUM, BN_clear_free)
WRAP(BIGNUM *, BN_bin2bn, NULL, (const unsigned char *bytes, int length, BIGNUM *out), (bytes, length, out))
WRAP(int, BN_add_word, 0, (BIGNUM * number, BN_ULONG word), (number, word))
WRAP_MAKE(EC_POINT, EC_POINT_new, (const EC_GROUP *group), (group))
WRAP_FREE(EC_POINT, EC_POINT_free)
WRAP(int, EC_POINT_mul, 0,
     (const EC_GROUP *group, EC_POINT *out, const BIGNUM *n, const EC_POINT *q, const BIGNUM *m, BN_CTX *context),
     (group, out, n, q, m, context))
WRAP(size_t, EC_POINT_point2oct, 0,
     (const EC_GROUP *group, const EC_POINT *point, point_conversion_form_t form, unsigned char *out, size_t size,
      BN_CTX *context),
     (group, point, form, out, size, context))
WRAP_MAKE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_new, (void), ())
WRAP_FREE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
WRAP(int, OSSL_PARAM_BLD_push_utf8_string, 0,
     (OSSL_PARAM_BLD * builder, const char *key, const char *text, size_t length), (builder, key, text, length))
WRAP(int, OSSL_PARAM_BLD_push_BN, 0, (OSSL_PARAM_BLD * builder, const char *key, const BIGNUM *number),
     (builder, key, number))
WRAP(int, OSSL_PARAM_BLD_push_octet_string, 0,
     (OSSL_PARAM_BLD * builder, const char *key, const void *bytes, size_t length), (builder, key, bytes, length))
WRAP_MAKE(OSSL_PARAM, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD * builder), (builder))
WRAP_FREE(OSSL_PARAM, OSSL_PARAM_free)
WRAP_MAKE(EVP_PKEY_CTX, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX * library, const char *name, const char *properties),
          (library, name, properties))
WRAP_MAKE(EVP_PKEY_CTX, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX * library, EVP_PKEY *key, const char *properties),
          (library, key, properties))
WRAP_FREE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
WRAP(int, EVP_PKEY_fromdata_init, 0, (EVP_PKEY_CTX * context), (context))
WRAP(int, EVP_PKEY_CTX_set1_id, 0, (EVP_PKEY_CTX * context, const void *id, int length), (context, id, length))
WRAP_FREE(EVP_PKEY, EVP_PKEY_free)
WRAP_MAKE(EVP_MD_CTX, EVP_MD_CTX_new, (void), ())
WRAP_FREE(EVP_MD_CTX, EVP_MD_CTX_free)
WRAP(int, EVP_DigestSignInit_ex, 0,
     (EVP_MD_CTX * context, EVP_PKEY_CTX **key_context, const char *digest, OSSL_LIB_CTX *library,
      const char *properties, EVP_PKEY *key, const OSSL_PARAM parameters[]),
     (context, key_context, digest, library, properties, key, parameters))
WRAP(int, EVP_DigestSign, 0,
     (EVP_MD_CTX * context, unsigned char *out, size_t *size, const unsigned char *data, size_t length),
     (context, out, size, data, length))

int __real_EVP_PKEY_fromdata(EVP_PKEY_CTX *context, EVP_PKEY **key, int selection, OSSL_PARAM parameters[]);
int __wrap_EVP_PKEY_fromdata(EVP_PKEY_CTX *context, EVP_PKEY **key, int selection, OSSL_PARAM parameters[]);
int __wrap_EVP_PKEY_fromdata(EVP_PKEY_CTX *context, EVP_PKEY **key, int selection, OSSL_PARAM parameters[])
{
    if (fails("EVP_PKEY_fromdata"))
        return 0;
    held++;
    return __real_EVP_PKEY_fromdata(context, key, selection, parameters);
}

void __real_BN_set_flags(BIGNUM *number, int flags);
void __wrap_BN_set_flags(BIGNUM *number, int flags);
void __wrap_BN_set_flags(BIGNUM *number, int flags)
{
    constant_time += flags == BN_FLG_CONSTTIME;
    __real_BN_set_flags(number, flags);
}

/* What is looked for by name, once in a process, leaves an error as if something had been missing on the way. */
#define WRAP_FIND(type, name, parameters, arguments) \
    type *__real_##name parameters;                  \
    type *__wrap_##name parameters;                  \
    type *__wrap_##name parameters                   \
    {                                                \
        ERR_raise(ERR_LIB_USER, 2);                  \
        return __real_##name arguments;              \
    }

WRAP_FIND(EVP_MD, EVP_MD_fetch, (OSSL_LIB_CTX * library, const char *name, const char *properties),
          (library, name, properties))
WRAP_FIND(EVP_MAC, EVP_MAC_fetch, (OSSL_LIB_CTX * library, const char *name, const char *properties),
          (library, name, properties))
WRAP_FIND(EC_GROUP, EC_GROUP_new_by_curve_name, (int id), (id))

/* How many candidates are to be too large for a private key, and how many were looked at. */
static int too_large, looked_at;

int __real_BN_cmp(const BIGNUM *a, const BIGNUM *b);
int __wrap_BN_cmp(const BIGNUM *a, const BIGNUM *b);
int __wrap_BN_cmp(const BIGNUM *a, const BIGNUM *b)
{
    const int order = __real_BN_cmp(a, b);
    return looked_at++ < too_large ? 0 : order;
}

/* ---- signing ---------------------------------------------------------------------------------- */

static enum dws_status sign(const char *algorithm, struct dws_buf *authorization, struct dws_error *error)
{
    const struct dws_request request = {.url = TEXT("https://h/"), .body = TEXT("body")};
    const struct dws_credentials credentials = {.ak = TEXT("AK"),
                                                .sk = TEXT("SK"),
                                                .algorithm = spec_text(algorithm),
                                                .region = TEXT("cn-north-4"),
                                                .service = TEXT("dws")};
    struct dws_signature signature = {{0}, {0}};
    const enum dws_status status = dws_sign(&request, &credentials, (struct dws_signed_names){NULL, 0},
                                            LITERAL("20260822T010203Z"), &signature, error);
    *authorization = signature.authorization;
    signature.authorization = (struct dws_buf){0};
    dws_signature_free(&signature);
    return status;
}

/* The first case, since this is done once. */
static void leaves_the_callers_errors_as_they_are(void)
{
    static const char *const algorithms[] = {"SDK-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-SM2-SM3"};
    ERR_raise(ERR_LIB_USER, 1);
    for (size_t i = 0; i < 3; i++) {
        struct dws_error error = {0};
        struct dws_buf authorization = {0};
        spec_about(algorithms[i]);
        EXPECT_STATUS(sign(algorithms[i], &authorization, &error), DWS_OK);
        dws_buf_free(&authorization);
        EXPECT_INT(ERR_GET_REASON(ERR_peek_error()), 1);
        EXPECT_INT(ERR_GET_REASON(ERR_peek_last_error()), 1);
    }
    ERR_clear_error();
}

static long calls_until_signed(const char *algorithm)
{
    for (long enough = 0;; enough++) {
        struct dws_error error = {0};
        struct dws_buf authorization = {0};
        char expected[80];
        snprintf(expected, sizeof expected, "OpenSSL could not compute %s", algorithm);
        failed_call = NULL;
        calls_left = enough;
        const enum dws_status status = sign(algorithm, &authorization, &error);
        calls_left = -1;
        spec_about(failed_call ? failed_call : algorithm);
        EXPECT_INT(held, 0);
        if (failed_call) {
            EXPECT_STATUS(status, DWS_ERR_CRYPTO);
            EXPECT_TEXT(spec_text(error.message), spec_text(expected));
            EXPECT(authorization.length == 0 || authorization.data[authorization.length - 1] == '=');
        } else {
            EXPECT_STATUS(status, DWS_OK);
            EXPECT_HOLDS(dws_buf_text(&authorization), LITERAL("Signature="));
        }
        EXPECT_INT(ERR_peek_error(), 0);
        dws_buf_free(&authorization);
        if (!failed_call)
            return enough;
    }
}

static void signs_nothing_when_a_call_fails(void)
{
    static const struct {
        const char *algorithm;
        long calls;
        int secret_numbers;
    } cases[] = {
        {"SDK-HMAC-SHA256", 6, 0},        {"SDK-HMAC-SM3", 6, 0}, {"V11-HMAC-SHA256", 14, 0},
        {"SDK-ECDSA-P256-SHA256", 20, 1}, {"SDK-SM2-SM3", 25, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dws_error error = {0};
        struct dws_buf first = {0};
        EXPECT_STATUS(sign(cases[i].algorithm, &first, &error), DWS_OK); /* what is fetched once is there */
        dws_buf_free(&first);
        EXPECT_INT(calls_until_signed(cases[i].algorithm), cases[i].calls);
        constant_time = 0;
        EXPECT_STATUS(sign(cases[i].algorithm, &first, &error), DWS_OK);
        dws_buf_free(&first);
        EXPECT_INT(constant_time, cases[i].secret_numbers);
    }
    spec_about(NULL);
}

static void makes_no_hmac_when_a_call_fails(void)
{
    struct dws_buf text = {0};
    for (long allowed = 0; allowed < 3; allowed++) {
        struct dws_error error = {0};
        calls_left = allowed;
        EXPECT_STATUS(dws_hmac_sha256(LITERAL("Jefe"), LITERAL("?"), &text, &error), DWS_ERR_CRYPTO);
        calls_left = -1;
        EXPECT_TEXT(spec_text(error.message), LITERAL("OpenSSL could not compute SDK-HMAC-SHA256"));
        EXPECT_INT(text.length, 0);
        EXPECT_INT(held, 0);
    }
    dws_buf_free(&text);
}

/* In truth one in 2^32 is too large. */
static void tries_256_keys(void)
{
    static const char *const algorithms[] = {"SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3"};
    for (size_t i = 0; i < 2; i++) {
        for (too_large = 254; too_large <= 257; too_large++) {
            struct dws_error error = {0};
            struct dws_buf authorization = {0};
            looked_at = 0;
            EXPECT_STATUS(sign(algorithms[i], &authorization, &error), too_large < 256 ? DWS_OK : DWS_ERR_CRYPTO);
            EXPECT_INT(looked_at, too_large < 256 ? too_large + 1 : 256);
            EXPECT_INT(held, 0);
            dws_buf_free(&authorization);
        }
        too_large = 0;
    }
}

static const struct spec_case cases[] = {
    {"errors of OpenSSL's that the caller has not read yet stay, and no others", leaves_the_callers_errors_as_they_are},
    {"nothing is signed when a call of OpenSSL fails, whichever it is", signs_nothing_when_a_call_fails},
    {"no HMAC is made when a call of OpenSSL fails", makes_no_hmac_when_a_call_fails},
    {"of the keys that may be derived 256 are tried", tries_256_keys},
};

SPEC_MAIN(cases)
