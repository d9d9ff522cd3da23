/* second_signer.c: the key of ECDSA and SM2 derived byte by byte, signatures verified by OpenSSL.
 * It must not call libdws: it is what libdws is compared with. */
#include "second_signer.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>

static const char order_minus_2_p256[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f";
static const char order_minus_2_sm2[] = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121";

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

size_t second_unhex(struct dws_text hex, unsigned char *bytes, size_t size)
{
    size_t n = 0;
    for (; n < size && 2 * n + 1 < hex.length; n++) {
        int high = hex_digit(hex.data[2 * n]), low = hex_digit(hex.data[2 * n + 1]);
        if (high < 0 || low < 0)
            return 0;
        bytes[n] = (unsigned char)(16 * high + low);
    }
    return n;
}

bool second_hmac(bool sm3, struct dws_text key, struct dws_text message, unsigned char mac[32])
{
    unsigned length = 0;
    return HMAC(sm3 ? EVP_sm3() : EVP_sha256(), key.data, (int)key.length, (const unsigned char *)message.data,
                message.length, mac, &length) &&
           length == 32;
}

static void add(struct key_pair *pair, const void *bytes, size_t length)
{
    memcpy(pair->kdf_input + pair->kdf_input_length, bytes, length);
    pair->kdf_input_length += length;
}

static void add_one(unsigned char number[32])
{
    for (int i = 31; i >= 0 && ++number[i] == 0; i--)
        ;
}

static bool derive_public(struct key_pair *pair)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(pair->sm2 ? NID_sm2 : NID_X9_62_prime256v1);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    BIGNUM *number = BN_bin2bn(pair->private, 32, NULL);
    bool good = point && number && EC_POINT_mul(group, point, number, NULL, NULL, NULL) &&
                EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pair->public, 65, NULL) == 65;
    BN_clear_free(number);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return good;
}

bool second_key_pair(const char *algorithm, struct dws_text ak, struct dws_text sk, struct key_pair *pair)
{
    unsigned char most[32];
    *pair = (struct key_pair){.sm2 = strcmp(algorithm, "SDK-SM2-SM3") == 0};
    const char *limit = pair->sm2 ? order_minus_2_sm2 : order_minus_2_p256;
    second_unhex((struct dws_text){limit, 64}, most, 32);
    for (unsigned counter = 0; counter < 256 && ak.length <= 128; counter++) {
        const unsigned char byte = (unsigned char)counter;
        pair->kdf_input_length = 0;
        add(pair, "\0\0\0\1", 4);
        add(pair, algorithm, strlen(algorithm) + 1);
        add(pair, ak.data, ak.length);
        add(pair, &byte, 1);
        add(pair, "\0\0\1\0", 4);
        struct dws_text input = {(const char *)pair->kdf_input, pair->kdf_input_length};
        if (!second_hmac(pair->sm2, sk, input, pair->private))
            return false;
        if (memcmp(pair->private, most, 32) <= 0) {
            add_one(pair->private);
            return derive_public(pair);
        }
    }
    return false;
}

static EVP_PKEY *public_key(const struct key_pair *pair)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, pair->sm2 ? "SM2" : "EC", NULL);
    char group[16];
    strcpy(group, pair->sm2 ? "SM2" : "P-256");
    unsigned char point[65];
    memcpy(point, pair->public, sizeof point);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    if (!context || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

bool second_verifies(const struct key_pair *pair, struct dws_text message, struct dws_text der)
{
    EVP_PKEY *key = public_key(pair);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    bool good = key_context && context;
    if (good && pair->sm2)
        good = EVP_PKEY_CTX_set1_id(key_context, "1234567812345678", 16) > 0;
    if (good) {
        EVP_MD_CTX_set_pkey_ctx(context, key_context);
        good = EVP_DigestVerifyInit(context, NULL, pair->sm2 ? EVP_sm3() : EVP_sha256(), NULL, key) > 0 &&
               EVP_DigestVerify(context, (const unsigned char *)der.data, der.length,
                                (const unsigned char *)message.data, message.length) == 1;
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_CTX_free(key_context);
    EVP_PKEY_free(key);
    return good;
}

/* Steps over one positive INTEGER; NULL when it is none. */
static const unsigned char *skip_integer(const unsigned char *p, const unsigned char *end)
{
    if (end - p < 3 || p[0] != 0x02 || p[1] == 0 || p[1] > 33 || p[1] > end - p - 2)
        return NULL;
    bool negative = p[2] >= 0x80;
    bool padded = p[2] == 0 && (p[1] == 1 || p[3] < 0x80);
    return negative || padded ? NULL : p + 2 + p[1];
}

bool second_is_der(struct dws_text der)
{
    const unsigned char *p = (const unsigned char *)der.data;
    const unsigned char *end = p + der.length;
    if (der.length < 8 || p[0] != 0x30 || p[1] != der.length - 2)
        return false;
    p = skip_integer(p + 2, end);
    p = p ? skip_integer(p, end) : NULL;
    return p == end;
}
