/* second_signer.h: keys and signatures once more, written from the description of the algorithms alone.
 * It must not call libdws: it is what libdws is compared with. */
#ifndef SECOND_SIGNER_H
#define SECOND_SIGNER_H

#include "dws.h"

struct key_pair {
    bool sm2;                     /* else P-256 */
    unsigned char kdf_input[256]; /* of the counter that served */
    size_t kdf_input_length;
    unsigned char private[32];
    unsigned char public[65]; /* 04, x, y */
};

/* The bytes that a hex text stands for, `size` at most; how many they are. */
size_t second_unhex(struct dws_text hex, unsigned char *bytes, size_t size);
/* HMAC with SM3 or SHA-256; 32 bytes. */
bool second_hmac(bool sm3, struct dws_text key, struct dws_text message, unsigned char mac[32]);
/* `algorithm`: SDK-ECDSA-P256-SHA256 or SDK-SM2-SM3. Access keys of up to 128 characters. */
bool second_key_pair(const char *algorithm, struct dws_text ak, struct dws_text sk, struct key_pair *pair);
/* Whether OpenSSL accepts the DER signature of the message under the public key. */
bool second_verifies(const struct key_pair *pair, struct dws_text message, struct dws_text der);
/* Whether it is SEQUENCE {INTEGER, INTEGER} in DER: positive, of minimal length, nothing before, between or after. */
bool second_is_der(struct dws_text der);

#endif
