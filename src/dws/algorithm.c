/* algorithm.c: the five signing algorithms of the vendor's gateways, on OpenSSL.
 * It must not know what is signed, and leaves no secret or derived key in memory. */
#include "algorithm.h"

#include <pthread.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#define MAC_BYTES 32     /* of HMAC with either hash; so long are the V11 key and private keys, too */
#define POINT_BYTES 65   /* uncompressed: 04, x, y, each padded to 32 bytes */
#define MAX_SIGNATURE 72 /* a DER SEQUENCE of two 33-byte integers; OpenSSL refuses less room than that */

/* The user id that GM/T 0009 names for signers without one of their own. */
static const char sm2_user_id[] = "1234567812345678";

/* OpenSSL's own error is dropped: left in the thread's queue, a TLS connection of the caller would trip over it. */
static enum dws_status fail_openssl(const struct dws_algorithm *self, struct dws_error *error)
{
    ERR_clear_error();
    return dws_fail(error, DWS_ERR_CRYPTO, "OpenSSL could not compute %s", self->name);
}

/* ---- what OpenSSL finds by name, found once --------------------------------------------------- */

/* Each part is written by the first signature of the process that wants it, constant ever after, never freed. What this
 * OpenSSL lacks is NULL. */
struct family {
    const char *digest_name;
    const char *empty_digest; /* of no bytes, in hex: what nearly every request carries */
    const char *key_type;
    const char *group_name;
    int group_id;
    bool signs_public_key; /* SM2 hashes the signer's public key, ECDSA has no use for it */
    EVP_MD *digest;
    EVP_MAC_CTX *hmac; /* keyed with zeros; each use has a copy with its own key */
    EC_GROUP *group;
};

static struct family families[] = {
    {"SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "EC", "prime256v1",
     NID_X9_62_prime256v1, false, NULL, NULL, NULL},
    {"SM3", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b", "SM2", "SM2", NID_sm2, true, NULL, NULL,
     NULL},
};

static EVP_MAC_CTX *fetch_hmac(const char *digest)
{
    static const unsigned char zeros[MAC_BYTES] = {0};
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    if (context && !EVP_MAC_init(context, zeros, sizeof zeros, parameters)) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    EVP_MAC_free(mac);
    return context;
}

static void fetch_hashes(struct family *family)
{
    ERR_set_mark();
    family->digest = EVP_MD_fetch(NULL, family->digest_name, NULL);
    family->hmac = fetch_hmac(family->digest_name);
    ERR_pop_to_mark();
}

static void fetch_sha256(void)
{
    fetch_hashes(&families[0]);
}

static void fetch_sm3(void)
{
    fetch_hashes(&families[1]);
}

static void fetch_groups(void)
{
    ERR_set_mark();
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        families[i].group = EC_GROUP_new_by_curve_name(families[i].group_id);
    ERR_pop_to_mark();
}

static const struct family *family_of(const struct dws_algorithm *self)
{
    static pthread_once_t sha256 = PTHREAD_ONCE_INIT;
    static pthread_once_t sm3 = PTHREAD_ONCE_INIT;
    const bool first = strcmp(self->digest, families[0].digest_name) == 0;
    pthread_once(first ? &sha256 : &sm3, first ? fetch_sha256 : fetch_sm3);
    return &families[first ? 0 : 1];
}

static const struct family *family_with_group(const struct dws_algorithm *self)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch_groups);
    return family_of(self);
}

/* ---- hashes and HMAC -------------------------------------------------------------------------- */

enum dws_status dws_algorithm_digest(const struct dws_algorithm *algorithm, struct dws_text bytes, struct dws_buf *out,
                                     struct dws_error *error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length;
    const struct family *family = family_of(algorithm);
    if (bytes.length == 0) {
        dws_buf_append_string(out, family->empty_digest);
        return DWS_OK;
    }
    if (!family->digest || !EVP_Digest(bytes.data, bytes.length, digest, &length, family->digest, NULL))
        return fail_openssl(algorithm, error);
    dws_buf_append_hex(out, digest, length);
    return DWS_OK;
}

static bool hmac(const struct dws_algorithm *self, struct dws_text key, struct dws_text message,
                 unsigned char mac[MAC_BYTES])
{
    const struct family *family = family_of(self);
    EVP_MAC_CTX *context = family->hmac ? EVP_MAC_CTX_dup(family->hmac) : NULL;
    size_t length;
    bool good = context && EVP_MAC_init(context, (const unsigned char *)key.data, key.length, NULL) &&
                EVP_MAC_update(context, (const unsigned char *)message.data, message.length) &&
                EVP_MAC_final(context, mac, &length, MAC_BYTES) && length == MAC_BYTES;
    EVP_MAC_CTX_free(context);
    return good;
}

static enum dws_status append_hmac(const struct dws_algorithm *self, struct dws_text key, struct dws_text message,
                                   struct dws_buf *out, struct dws_error *error)
{
    unsigned char mac[MAC_BYTES];
    if (!hmac(self, key, message, mac))
        return fail_openssl(self, error);
    dws_buf_append_hex(out, mac, sizeof mac);
    return DWS_OK;
}

enum dws_status dws_hmac_sha256(struct dws_text key, struct dws_text message, struct dws_buf *out,
                                struct dws_error *error)
{
    const struct dws_algorithm *algorithm = dws_algorithm_find((struct dws_text){NULL, 0});
    unsigned char mac[MAC_BYTES];
    unsigned char text[4 * ((MAC_BYTES + 2) / 3) + 1];
    if (!hmac(algorithm, key, message, mac))
        return fail_openssl(algorithm, error);
    EVP_EncodeBlock(text, mac, sizeof mac);
    dws_buf_append_string(out, (const char *)text);
    return out->failed ? dws_fail(error, DWS_ERR_MEMORY, "out of memory") : DWS_OK;
}

static enum dws_status sign_hmac(const struct dws_algorithm *self, const struct dws_credentials *credentials,
                                 struct dws_text scope, struct dws_text string_to_sign, struct dws_buf *out,
                                 struct dws_error *error)
{
    (void)scope;
    return append_hmac(self, credentials->sk, string_to_sign, out, error);
}

/* ---- V11: a key derived for date, region and service ------------------------------------------ */

/* HKDF (RFC 5869) for a key as long as the hash: PRK = HMAC(ak, sk), key = HMAC(PRK, scope 01). */
static bool derive_hkdf(const struct dws_algorithm *self, const struct dws_credentials *credentials,
                        struct dws_text scope, unsigned char key[MAC_BYTES])
{
    unsigned char prk[MAC_BYTES];
    struct dws_buf info = {0};
    dws_buf_append_text(&info, scope);
    dws_buf_append(&info, "\1", 1);
    bool good = !info.failed && hmac(self, credentials->ak, credentials->sk, prk) &&
                hmac(self, (struct dws_text){(const char *)prk, sizeof prk}, dws_buf_text(&info), key);
    OPENSSL_cleanse(prk, sizeof prk);
    dws_buf_free(&info);
    return good;
}

/* The HMAC key is the derived key's hexadecimal text, 64 characters, not its 32 bytes. */
static enum dws_status sign_v11(const struct dws_algorithm *self, const struct dws_credentials *credentials,
                                struct dws_text scope, struct dws_text string_to_sign, struct dws_buf *out,
                                struct dws_error *error)
{
    unsigned char key[MAC_BYTES];
    struct dws_buf hex = {0};
    enum dws_status status;
    if (!derive_hkdf(self, credentials, scope, key)) {
        status = fail_openssl(self, error);
    } else {
        dws_buf_append_hex(&hex, key, sizeof key);
        status = hex.failed ? dws_fail(error, DWS_ERR_MEMORY, "out of memory")
                            : append_hmac(self, dws_buf_text(&hex), string_to_sign, out, error);
    }
    OPENSSL_cleanse(key, sizeof key);
    dws_buf_wipe(&hex);
    return status;
}

/* ---- ECDSA and SM2: a private key derived from access key and secret -------------------------- */

/* What is fed to the HMAC for one counter: 00000001, name, 00, access key, counter, 00000100. */
static void append_derivation(struct dws_buf *out, const struct dws_algorithm *self, struct dws_text ak,
                              unsigned char counter)
{
    static const unsigned char head[] = {0, 0, 0, 1};
    static const unsigned char tail[] = {0, 0, 1, 0};
    dws_buf_append(out, head, sizeof head);
    dws_buf_append_string(out, self->name);
    dws_buf_append(out, "", 1);
    dws_buf_append_text(out, ak);
    dws_buf_append(out, &counter, 1);
    dws_buf_append(out, tail, sizeof tail);
}

/* The candidate of one counter, plus one. */
static bool derive_candidate(const struct dws_algorithm *self, const struct dws_credentials *credentials,
                             unsigned char counter, BIGNUM *key)
{
    unsigned char mac[MAC_BYTES];
    struct dws_buf input = {0};
    append_derivation(&input, self, credentials->ak, counter);
    bool good = !input.failed && hmac(self, credentials->sk, dws_buf_text(&input), mac) &&
                BN_bin2bn(mac, sizeof mac, key) && BN_add_word(key, 1);
    OPENSSL_cleanse(mac, sizeof mac);
    dws_buf_free(&input);
    return good;
}

/* One counter in 2^32 does not do; 256 are tried, as in the Go and Java SDKs. A counter that could not be computed is
 * not passed over: the next one's key is another, whose signatures the service would refuse. */
static bool derive_private(const struct dws_algorithm *self, const struct dws_credentials *credentials,
                           const EC_GROUP *group, BIGNUM *key)
{
    for (unsigned counter = 0; counter < 256; counter++) {
        if (!derive_candidate(self, credentials, (unsigned char)counter, key))
            return false;
        if (BN_cmp(key, EC_GROUP_get0_order(group)) < 0) /* candidate <= n - 2 */
            return true;
    }
    return false;
}

/* The public key as a point whose coordinates keep their leading zeros. */
static bool derive_public(const EC_GROUP *group, const BIGNUM *key, unsigned char point[POINT_BYTES])
{
    EC_POINT *public = EC_POINT_new(group);
    bool good =
        public && EC_POINT_mul(group, public, key, NULL, NULL, NULL) &&
        EC_POINT_point2oct(group, public, POINT_CONVERSION_UNCOMPRESSED, point, POINT_BYTES, NULL) == POINT_BYTES;
    EC_POINT_free(public);
    return good;
}

/* `point`: the public key, or NULL where signing does without. */
static EVP_PKEY *make_pkey(const struct family *family, const BIGNUM *key, const unsigned char *point)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *parameters = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, family->key_type, NULL);
    if (builder && context &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, family->group_name, 0) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, key) &&
        (!point || OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_BYTES)) &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) && EVP_PKEY_fromdata_init(context) > 0 &&
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, parameters) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_BLD_free(builder);
    OSSL_PARAM_free(parameters);
    return pkey;
}

static EVP_PKEY *derive_pkey(const struct dws_algorithm *self, const struct dws_credentials *credentials)
{
    unsigned char point[POINT_BYTES];
    EVP_PKEY *pkey = NULL;
    const struct family *family = family_with_group(self);
    BIGNUM *key = BN_secure_new();
    if (family->group && key) {
        BN_set_flags(key, BN_FLG_CONSTTIME);
        if (derive_private(self, credentials, family->group, key) &&
            (!family->signs_public_key || derive_public(family->group, key, point)))
            pkey = make_pkey(family, key, family->signs_public_key ? point : NULL);
    }
    BN_clear_free(key);
    return pkey;
}

static bool sign_der(const struct dws_algorithm *self, EVP_PKEY *pkey, struct dws_text message,
                     unsigned char *signature, size_t *length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool good = context && key_context;
    if (good && family_of(self)->signs_public_key)
        good = EVP_PKEY_CTX_set1_id(key_context, sm2_user_id, (int)strlen(sm2_user_id)) > 0;
    if (good) {
        EVP_MD_CTX_set_pkey_ctx(context, key_context);
        good = EVP_DigestSignInit_ex(context, NULL, self->digest, NULL, NULL, pkey, NULL) > 0 &&
               EVP_DigestSign(context, signature, length, (const unsigned char *)message.data, message.length) > 0;
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_CTX_free(key_context);
    return good;
}

static enum dws_status sign_ec(const struct dws_algorithm *self, const struct dws_credentials *credentials,
                               struct dws_text scope, struct dws_text string_to_sign, struct dws_buf *out,
                               struct dws_error *error)
{
    unsigned char signature[MAX_SIGNATURE];
    size_t length = sizeof signature;
    (void)scope;
    EVP_PKEY *pkey = derive_pkey(self, credentials);
    bool good = pkey && sign_der(self, pkey, string_to_sign, signature, &length);
    EVP_PKEY_free(pkey); /* OpenSSL wipes private numbers */
    if (!good)
        return fail_openssl(self, error);
    dws_buf_append_hex(out, signature, length);
    return DWS_OK;
}

/* ---- the table -------------------------------------------------------------------------------- */

static const struct dws_algorithm algorithms[] = {
    {"SDK-HMAC-SHA256", "x-sdk-content-sha256", "SHA256", false, sign_hmac},
    {"SDK-HMAC-SM3", "x-sdk-content-sm3", "SM3", false, sign_hmac},
    {"V11-HMAC-SHA256", "x-sdk-content-sha256", "SHA256", true, sign_v11},
    {"SDK-ECDSA-P256-SHA256", "x-sdk-content-sha256", "SHA256", false, sign_ec},
    {"SDK-SM2-SM3", "x-sdk-content-sm3", "SM3", false, sign_ec},
};

const struct dws_algorithm *dws_algorithm_find(struct dws_text name)
{
    if (!name.data)
        return &algorithms[0];
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        if (dws_text_compare(dws_text_of(algorithms[i].name), name) == 0)
            return &algorithms[i];
    }
    return NULL;
}
