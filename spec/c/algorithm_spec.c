/* algorithm_spec.c: the signing algorithms against published values, a second implementation and OpenSSL's verifier.
 * It must not take a value that libdws computed for the expected one. */
#include "spec.h"

#include "dws/algorithm.h"
#include "second_signer.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#define DATE "20260822T010203Z"
#define SECRET "Secret-key-of-forty-characters-0123456789"
#define HELD(array) ((struct dws_text){(const char *)(array), sizeof(array)})

/* ---- signing, and what an Authorization header says ----------------------------------------------- */

static const char *const names[] = {"SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256",
                                    "SDK-SM2-SM3"};
#define NAME_COUNT (sizeof names / sizeof *names)
static const char *const *const elliptic = names + 3;

static const struct dws_request request = {.url = TEXT("https://h/v1/p/sync-records?limit=100")};
static const struct dws_signed_names no_names = {NULL, 0};

static struct dws_credentials credentials_of(const char *algorithm, struct dws_text ak, struct dws_text sk)
{
    return (struct dws_credentials){
        .ak = ak, .sk = sk, .algorithm = spec_text(algorithm), .region = TEXT("cn-north-4"), .service = TEXT("dws")};
}

static struct dws_text after(struct dws_buf *buf, const char *mark)
{
    dws_buf_append(buf, "", 1);
    const char *found = strstr(buf->data, mark);
    return spec_text(found ? found + strlen(mark) : "");
}

/* Signs the sample request. The signature, in hex, lies in `signature`; what was signed in `to_sign`. */
static struct dws_text sign(const struct dws_credentials *credentials, struct dws_signature *signature,
                            struct dws_buf *to_sign)
{
    struct dws_error error = {0};
    if (!EXPECT_STATUS(dws_sign(&request, credentials, no_names, LITERAL(DATE), signature, &error), DWS_OK) ||
        !EXPECT_STATUS(dws_string_to_sign(&request, credentials, no_names, LITERAL(DATE), to_sign, &error), DWS_OK)) {
        puts(error.message);
        return LITERAL("");
    }
    EXPECT_INT(ERR_peek_error(), 0);
    return after(&signature->authorization, "Signature=");
}

/* A signature made straight by the algorithm, for a text of one's own. */
static void sign_text(const char *algorithm, struct dws_text ak, struct dws_text sk, struct dws_text scope,
                      struct dws_text text, struct dws_buf *out)
{
    struct dws_error error = {0};
    struct dws_credentials credentials = {.ak = ak, .sk = sk};
    const struct dws_algorithm *found = dws_algorithm_find(spec_text(algorithm));
    if (EXPECT(found != NULL))
        EXPECT_STATUS(found->sign(found, &credentials, scope, text, out, &error), DWS_OK);
}

static void expect_hex(const unsigned char *bytes, size_t length, struct dws_text hex)
{
    unsigned char expected[256];
    size_t n = second_unhex(hex, expected, sizeof expected);
    EXPECT_TEXT(((struct dws_text){(const char *)bytes, length}), ((struct dws_text){(const char *)expected, n}));
}

/* ---- published values ------------------------------------------------------------------------------ */

struct primitive {
    const char *name;
    struct dws_text kind, algorithm, key, message, ak, sk, info, expected, prk, kdf_input, private_key, public_x,
        public_y, za, one_valid_signature_der;
    size_t times; /* the message is this often repeated */
};

#include "primitive_vectors.h"

static bool text_is(struct dws_text text, const char *string)
{
    return text.length == strlen(string) && memcmp(text.data, string, text.length) == 0;
}

/* The digest alone, and as the last line of a canonical request. */
static void expect_digest(const struct primitive *p)
{
    const char *algorithm = text_is(p->algorithm, "SM3") ? "SDK-HMAC-SM3" : "SDK-HMAC-SHA256";
    struct dws_buf message = {0}, hex = {0}, canonical = {0};
    struct dws_error error = {0};
    for (size_t i = 0; i < p->times; i++)
        dws_buf_append_text(&message, p->message);
    const struct dws_algorithm *found = dws_algorithm_find(spec_text(algorithm));
    EXPECT_STATUS(dws_algorithm_digest(found, dws_buf_text(&message), &hex, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&hex), p->expected);
    struct dws_request with_body = request;
    with_body.body = dws_buf_text(&message);
    struct dws_credentials credentials = credentials_of(algorithm, LITERAL("AK"), LITERAL("SK"));
    EXPECT_STATUS(dws_canonical_request(&with_body, &credentials, no_names, LITERAL(DATE), &canonical, &error), DWS_OK);
    EXPECT_TEXT(after(&canonical, "\nhost;x-sdk-date\n"), p->expected);
    dws_buf_free(&message);
    dws_buf_free(&hex);
    dws_buf_free(&canonical);
}

static void expect_hmac(const struct primitive *p)
{
    struct dws_buf hex = {0};
    const char *algorithm = text_is(p->algorithm, "HMAC-SM3") ? "SDK-HMAC-SM3" : "SDK-HMAC-SHA256";
    sign_text(algorithm, LITERAL("AK"), p->key, LITERAL(""), p->message, &hex);
    EXPECT_TEXT(dws_buf_text(&hex), p->expected);
    dws_buf_free(&hex);
}

/* The derived key does not leave the library: the signature is the HMAC keyed with its hex text. */
static void expect_hkdf(const struct primitive *p)
{
    unsigned char mac[32];
    struct dws_buf hex = {0};
    EXPECT(second_hmac(false, p->ak, p->sk, mac));
    expect_hex(mac, 32, p->prk);
    EXPECT(second_hmac(false, p->expected, LITERAL("HelloWorld"), mac));
    sign_text("V11-HMAC-SHA256", p->ak, p->sk, p->info, LITERAL("HelloWorld"), &hex);
    expect_hex(mac, 32, dws_buf_text(&hex));
    dws_buf_free(&hex);
}

static void expect_verifies(const struct key_pair *pair, struct dws_text message, struct dws_text hex)
{
    unsigned char der[128];
    struct dws_text signature = {(const char *)der, second_unhex(hex, der, sizeof der)};
    EXPECT_INT(2 * signature.length, hex.length);
    EXPECT(second_is_der(signature));
    EXPECT(second_verifies(pair, message, signature));
    char other[1024];
    size_t length = message.length < sizeof other ? message.length : sizeof other;
    memcpy(other, message.data, length);
    other[length / 2] ^= 1;
    EXPECT(!second_verifies(pair, (struct dws_text){other, length}, signature));
}

static void expect_derived(const struct primitive *p)
{
    struct key_pair pair;
    struct dws_buf hex = {0};
    struct dws_signature signature = {{0}, {0}};
    const char *algorithm = text_is(p->algorithm, elliptic[1]) ? elliptic[1] : elliptic[0];
    EXPECT_TEXT(p->algorithm, spec_text(algorithm));
    EXPECT(second_key_pair(algorithm, p->ak, p->sk, &pair));
    expect_hex(pair.kdf_input, pair.kdf_input_length, p->kdf_input);
    expect_hex(pair.private, 32, p->private_key);
    expect_hex(pair.public + 1, 32, p->public_x);
    expect_hex(pair.public + 33, 32, p->public_y);
    expect_verifies(&pair, p->message, p->one_valid_signature_der);
    sign_text(algorithm, p->ak, p->sk, LITERAL(""), p->message, &hex);
    expect_verifies(&pair, p->message, dws_buf_text(&hex));
    dws_buf_clear(&hex);
    struct dws_credentials credentials = credentials_of(algorithm, p->ak, p->sk);
    struct dws_text signed_hex = sign(&credentials, &signature, &hex);
    expect_verifies(&pair, dws_buf_text(&hex), signed_hex);
    dws_buf_free(&hex);
    dws_signature_free(&signature);
}

/* SM2 hashes the user id, the curve and the public key, leading zeros of its coordinates included. */
static void expect_za(const struct primitive *p)
{
    static const char curve[] = "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc" /* a */
                                "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93" /* b */
                                "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7" /* the generator */
                                "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0";
    unsigned char bytes[192];
    struct dws_buf input = {0}, hex = {0};
    struct dws_error error = {0};
    dws_buf_append(&input,
                   "\0\200"
                   "1234567812345678",
                   18);
    dws_buf_append(&input, bytes, second_unhex(spec_text(curve), bytes, sizeof bytes));
    dws_buf_append(&input, bytes, second_unhex(p->public_x, bytes, sizeof bytes));
    dws_buf_append(&input, bytes, second_unhex(p->public_y, bytes, sizeof bytes));
    EXPECT_INT(input.length, 18 + 128 + 64);
    const struct dws_algorithm *sm2 = dws_algorithm_find(LITERAL("SDK-SM2-SM3"));
    EXPECT_STATUS(dws_algorithm_digest(sm2, dws_buf_text(&input), &hex, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&hex), p->za);
    dws_buf_free(&input);
    dws_buf_free(&hex);
}

static void reproduces_the_vectors(void)
{
    static const struct {
        const char *kind;
        void (*expect)(const struct primitive *p);
        int count;
    } kinds[] = {{"digest", expect_digest, 10},
                 {"hmac", expect_hmac, 8},
                 {"hkdf", expect_hkdf, 3},
                 {"derived-signing-key", expect_derived, 8}};
    int seen = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int count = 0;
        for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) {
            if (!text_is(primitives[i].kind, kinds[k].kind))
                continue;
            spec_about(primitives[i].name);
            kinds[k].expect(&primitives[i]);
            if (primitives[i].za.length > 0)
                expect_za(&primitives[i]);
            count++;
        }
        EXPECT_INT(count, kinds[k].count);
        seen += count;
    }
    EXPECT_INT(seen, sizeof primitives / sizeof *primitives);
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

/* The signature by dws_sign, against the key of the second implementation. */
static void expect_signs(const char *algorithm, struct dws_text ak, struct dws_text sk)
{
    struct key_pair pair;
    struct dws_signature signature = {{0}, {0}};
    struct dws_buf to_sign = {0};
    struct dws_credentials credentials = credentials_of(algorithm, ak, sk);
    struct dws_text hex = sign(&credentials, &signature, &to_sign);
    if (strstr(algorithm, "SDK-HMAC")) {
        unsigned char mac[32];
        EXPECT(second_hmac(strstr(algorithm, "SM3") != NULL, sk, dws_buf_text(&to_sign), mac));
        expect_hex(mac, 32, hex);
    } else if (!strstr(algorithm, "V11")) {
        EXPECT(second_key_pair(algorithm, ak, sk, &pair));
        expect_verifies(&pair, dws_buf_text(&to_sign), hex);
    }
    dws_buf_free(&to_sign);
    dws_signature_free(&signature);
}

static void signs_with_random_keys(void)
{
    char ak[64], sk[64], title[32];
    for (int i = 0; i < 200; i++) {
        size_t ak_length = 1 + random_below(sizeof ak), sk_length = 1 + random_below(sizeof sk);
        snprintf(title, sizeof title, "pair %d", i);
        spec_about(title);
        for (size_t j = 0; j < ak_length; j++) {
            ak[j] = (char)('!' + random_below(94));
            ak[j] = ak[j] == ',' ? '-' : ak[j];
        }
        for (size_t j = 0; j < sk_length; j++)
            sk[j] = (char)random_below(256);
        for (int e = 0; e < 2; e++)
            expect_signs(elliptic[e], (struct dws_text){ak, ak_length}, (struct dws_text){sk, sk_length});
    }
}

static void signs_with_keys_of_any_length(void)
{
    static char long_secret[4096];
    memset(long_secret, 's', sizeof long_secret);
    const struct dws_text aks[] = {LITERAL("A"), LITERAL("QTWAOYTTINDUT2QVKYUC"),
                                   LITERAL("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")};
    const struct dws_text sks[] = {LITERAL("s"),  HELD(long_secret), LITERAL("Schl\xc3\xbcssel \xff"),
                                   LITERAL("\0"), LITERAL("a\0b\0"), LITERAL("a\0c\0")};
    for (size_t n = 0; n < NAME_COUNT; n++) {
        spec_about(names[n]);
        for (size_t a = 0; a < sizeof aks / sizeof *aks; a++) {
            for (size_t s = 0; s < sizeof sks / sizeof *sks; s++)
                expect_signs(names[n], aks[a], sks[s]);
        }
    }
}

static void takes_a_new_nonce_each_time(void)
{
    for (int e = 0; e < 2; e++) {
        struct key_pair pair;
        struct dws_buf hex[2] = {{0}, {0}};
        spec_about(elliptic[e]);
        EXPECT(second_key_pair(elliptic[e], LITERAL("AK"), LITERAL(SECRET), &pair));
        for (int i = 0; i < 2; i++) {
            sign_text(elliptic[e], LITERAL("AK"), LITERAL(SECRET), LITERAL(""), LITERAL("HelloWorld"), &hex[i]);
            expect_verifies(&pair, LITERAL("HelloWorld"), dws_buf_text(&hex[i]));
        }
        EXPECT(hex[0].length != hex[1].length || memcmp(hex[0].data, hex[1].data, hex[0].length) != 0);
        dws_buf_free(&hex[0]);
        dws_buf_free(&hex[1]);
    }
}

/* ---- forms ----------------------------------------------------------------------------------------- */

static void writes_the_form_of_each_algorithm(void)
{
    for (size_t n = 0; n < NAME_COUNT; n++) {
        bool scoped = n == 2;
        char expected[300];
        struct dws_signature signature = {{0}, {0}};
        struct dws_buf to_sign = {0};
        struct dws_credentials credentials = credentials_of(names[n], LITERAL("AK"), LITERAL(SECRET));
        spec_about(names[n]);
        struct dws_text hex = sign(&credentials, &signature, &to_sign);
        snprintf(expected, sizeof expected, "%s %s, SignedHeaders=host;x-sdk-date, Signature=%s", names[n],
                 scoped ? "Credential=AK/20260822/cn-north-4/dws" : "Access=AK", hex.data);
        EXPECT_TEXT(spec_text(signature.authorization.data), spec_text(expected));
        snprintf(expected, sizeof expected, "%s\n" DATE "\n%s", names[n], scoped ? "20260822/cn-north-4/dws\n" : "");
        EXPECT_HOLDS(dws_buf_text(&to_sign), spec_text(expected));
        EXPECT_INT(to_sign.length, strlen(expected) + 64);
        dws_buf_free(&to_sign);
        dws_signature_free(&signature);
    }
}

/* Only the header of the algorithm's own hash stands for the hash of the body. */
static void takes_the_content_hash_from_its_own_header(void)
{
    const struct dws_header headers[] = {{TEXT("X-Sdk-Content-SM3"), TEXT(" of-sm3 ")},
                                         {TEXT("x-sdk-content-sha256"), TEXT("UNSIGNED-PAYLOAD")}};
    struct dws_request hashed = request;
    hashed.headers = headers;
    hashed.header_count = 2;
    for (size_t n = 0; n < NAME_COUNT; n++) {
        struct dws_buf out = {0};
        struct dws_error error = {0};
        struct dws_credentials credentials = credentials_of(names[n], LITERAL("AK"), LITERAL(SECRET));
        spec_about(names[n]);
        EXPECT_STATUS(dws_canonical_request(&hashed, &credentials, no_names, LITERAL(DATE), &out, &error), DWS_OK);
        EXPECT_TEXT(after(&out, "\nhost;x-sdk-content-sha256;x-sdk-content-sm3;x-sdk-date\n"),
                    spec_text(strstr(names[n], "SM3") ? "of-sm3" : "UNSIGNED-PAYLOAD"));
        dws_buf_free(&out);
    }
}

static void expect_refused(const struct dws_credentials *credentials, const char *because)
{
    struct dws_signature signature = {{0}, {0}};
    struct dws_error error = {0};
    EXPECT_STATUS(dws_sign(&request, credentials, no_names, LITERAL(DATE), &signature, &error), DWS_ERR_ARGUMENT);
    EXPECT_HOLDS(spec_text(error.message), spec_text(because));
    EXPECT_LACKS(spec_text(error.message), LITERAL(SECRET));
    EXPECT_INT(signature.authorization.length, 0);
    dws_signature_free(&signature);
}

static void wants_region_and_service_for_v11(void)
{
    static const struct dws_text bad[] = {{NULL, 0},     TEXT(""),    TEXT("a/b"),     TEXT("/"),      TEXT("a,b"),
                                          TEXT("a b"),   TEXT(" a"),  TEXT("a\n"),     TEXT("a\r\nB"), TEXT("a\0b"),
                                          TEXT("a\x7f"), TEXT("a\t"), TEXT("\xc3\xa4")};
    const char *needs = "credentials: V11-HMAC-SHA256 needs a region and a service name; the ";
    char because[100];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int service = 0; service < 2; service++) {
            struct dws_credentials credentials = credentials_of("V11-HMAC-SHA256", LITERAL("AK"), LITERAL(SECRET));
            *(service ? &credentials.service : &credentials.region) = bad[i];
            snprintf(because, sizeof because, "%s%s is empty or holds", needs, service ? "service name" : "region");
            expect_refused(&credentials, because);
            credentials.algorithm = LITERAL("SDK-HMAC-SHA256");
            struct dws_signature signature = {{0}, {0}};
            struct dws_buf to_sign = {0};
            EXPECT_INT(sign(&credentials, &signature, &to_sign).length, 64); /* who does not sign them does not mind */
            dws_buf_free(&to_sign);
            dws_signature_free(&signature);
        }
    }
}

static void refuses_unknown_names(void)
{
    static const char *const unknown[] = {"",
                                          " ",
                                          "sdk-hmac-sm3",
                                          "SDK-HMAC-SM",
                                          "SDK-HMAC-SM33",
                                          "SDK-SM2-SM3 ",
                                          "V11-HMAC-SM3",
                                          "SDK-ECDSA-P256-SHA25",
                                          "HMAC-SHA256",
                                          "SM2"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        struct dws_credentials credentials = credentials_of(unknown[i], LITERAL("AK"), LITERAL(SECRET));
        spec_about(unknown[i]);
        EXPECT(dws_algorithm_find(spec_text(unknown[i])) == NULL);
        expect_refused(&credentials, "credentials: unknown signing algorithm \"");
    }
    EXPECT(dws_algorithm_find((struct dws_text){NULL, 0}) == dws_algorithm_find(spec_text(names[0])));
    EXPECT(dws_algorithm_find(LITERAL("SDK-SM2-SM3\0")) == NULL);
}

static const struct spec_case cases[] = {
    {"the published hashes, HMACs and derived keys are reproduced", reproduces_the_vectors},
    {"signatures of 200 random key pairs are accepted by OpenSSL", signs_with_random_keys},
    {"keys of any length and secrets of any bytes serve", signs_with_keys_of_any_length},
    {"ECDSA and SM2 sign the same text differently each time", takes_a_new_nonce_each_time},
    {"each algorithm writes its own form of Authorization and string to sign", writes_the_form_of_each_algorithm},
    {"the content hash is taken from the header of the algorithm's own hash",
     takes_the_content_hash_from_its_own_header},
    {"V11 wants a region and a service name that fit its scope", wants_region_and_service_for_v11},
    {"an unknown algorithm is refused by name", refuses_unknown_names},
};

SPEC_MAIN(cases)
