/* buf.c: bytes: growable buffers, comparison, hex, percent-encoding, UTF-8.
 * It must not know what the bytes mean. */
#include "internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

bool dws_buf_reserve(struct dws_buf *buf, size_t length)
{
    if (buf->failed)
        return false;
    if (length <= buf->capacity - buf->length)
        return true;
    if (length > SIZE_MAX / 2 - buf->length) {
        buf->failed = true;
        return false;
    }
    size_t capacity = buf->capacity ? buf->capacity : 256;
    while (capacity < buf->length + length)
        capacity *= 2;
    char *data = realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void dws_buf_append(struct dws_buf *buf, const void *data, size_t length)
{
    if (length == 0 || !dws_buf_reserve(buf, length))
        return;
    memcpy(buf->data + buf->length, data, length);
    buf->length += length;
}

void dws_buf_append_text(struct dws_buf *buf, struct dws_text text)
{
    dws_buf_append(buf, text.data, text.length);
}

void dws_buf_append_string(struct dws_buf *buf, const char *string)
{
    dws_buf_append(buf, string, strlen(string));
}

void dws_buf_append_hex(struct dws_buf *buf, const unsigned char *bytes, size_t length)
{
    if (!dws_buf_reserve(buf, 2 * length))
        return;
    for (size_t i = 0; i < length; i++) {
        buf->data[buf->length++] = hex_lower[bytes[i] >> 4];
        buf->data[buf->length++] = hex_lower[bytes[i] & 15];
    }
}

/* Spelled out rather than isalnum(), which depends on the locale. */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '~';
}

void dws_buf_append_encoded(struct dws_buf *buf, struct dws_text text)
{
    if (!dws_buf_reserve(buf, 3 * text.length))
        return;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (is_unreserved(c)) {
            buf->data[buf->length++] = (char)c;
        } else {
            buf->data[buf->length++] = '%';
            buf->data[buf->length++] = hex_upper[c >> 4];
            buf->data[buf->length++] = hex_upper[c & 15];
        }
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void dws_buf_append_decoded(struct dws_buf *buf, struct dws_text text)
{
    if (!dws_buf_reserve(buf, text.length))
        return;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%' && text.length - i > 2) {
            int high = hex_value(text.data[i + 1]);
            int low = hex_value(text.data[i + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high * 16 + low);
                i += 2;
            }
        }
        buf->data[buf->length++] = c;
    }
}

void dws_buf_append_integer(struct dws_buf *buf, int64_t integer)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t left = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (integer < 0)
        digits[--at] = '-';
    dws_buf_append(buf, digits + at, sizeof digits - at);
}

void dws_buf_append_blanks(struct dws_buf *buf, size_t count)
{
    if (count == 0 || !dws_buf_reserve(buf, count))
        return;
    memset(buf->data + buf->length, ' ', count);
    buf->length += count;
}

void dws_buf_trim(struct dws_buf *buf, size_t length)
{
    while (buf->length > length && buf->data[buf->length - 1] == ' ')
        buf->length--;
}

void dws_plain_init(struct dws_plain *plain, struct dws_text special, struct dws_text special_first)
{
    for (int c = 0; c < 256; c++)
        plain->special[c] = c < ' ' || c >= 0x7F;
    for (size_t i = 0; i < special.length; i++)
        plain->special[(unsigned char)special.data[i]] = true;
    memcpy(plain->special_first, plain->special, sizeof plain->special);
    for (size_t i = 0; i < special_first.length; i++)
        plain->special_first[(unsigned char)special_first.data[i]] = true;
}

bool dws_buf_append_plain(struct dws_buf *buf, struct dws_text text, const struct dws_plain *plain)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    if (text.length > 0 && plain->special_first[bytes[0]])
        return false;
    for (size_t i = 1; i < text.length; i++) {
        if (plain->special[bytes[i]])
            return false;
    }
    dws_buf_append_text(buf, text);
    return true;
}

void dws_buf_clear(struct dws_buf *buf)
{
    buf->length = 0;
    buf->failed = false;
}

void dws_buf_free(struct dws_buf *buf)
{
    free(buf->data);
    *buf = (struct dws_buf){0};
}

void dws_buf_wipe(struct dws_buf *buf)
{
    if (buf->data)
        OPENSSL_cleanse(buf->data, buf->capacity);
    dws_buf_free(buf);
}

void dws_buf_erase(struct dws_buf *buf)
{
    if (buf->data)
        OPENSSL_cleanse(buf->data, buf->length);
    dws_buf_clear(buf);
}

void dws_buf_swap(struct dws_buf *a, struct dws_buf *b)
{
    struct dws_buf kept = *a;
    *a = *b;
    *b = kept;
}

struct dws_text dws_buf_text(const struct dws_buf *buf)
{
    return (struct dws_text){buf->data, buf->length};
}

/* Unicode, table 3-7. */
size_t dws_utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char lead = p[0];
    unsigned char low = 0x80, high = 0xBF;
    size_t length;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : 0x80;
        high = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : 0x80;
        high = lead == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (left < length || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    }
    return length;
}

bool dws_utf8_valid(struct dws_text text, size_t *offset)
{
    const unsigned char *p = (const unsigned char *)text.data;
    size_t i = 0;
    while (i < text.length) {
        uint64_t word;
        /* Pages are nearly all ASCII: eight bytes at a time while no high bit is set. */
        if (text.length - i >= sizeof word) {
            memcpy(&word, p + i, sizeof word);
            if (!(word & UINT64_C(0x8080808080808080))) {
                i += sizeof word;
                continue;
            }
        }
        size_t step = p[i] < 0x80 ? 1 : dws_utf8_sequence(p + i, text.length - i);
        if (step == 0) {
            *offset = i;
            return false;
        }
        i += step;
    }
    return true;
}

/* ---- borrowed bytes --------------------------------------------------------------------------- */

struct dws_text dws_text_of(const char *string)
{
    return (struct dws_text){string, strlen(string)};
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

void dws_lower(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)lower(bytes[i]);
}

void dws_upper(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] >= 'a' && bytes[i] <= 'z')
            bytes[i] = (char)(bytes[i] - 'a' + 'A');
    }
}

int dws_text_compare(struct dws_text a, struct dws_text b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

int dws_text_compare_nocase(struct dws_text a, struct dws_text b)
{
    for (size_t i = 0; i < a.length && i < b.length; i++) {
        int order = lower(a.data[i]) - lower(b.data[i]);
        if (order)
            return order;
    }
    return (a.length > b.length) - (a.length < b.length);
}

struct dws_text dws_text_trim(struct dws_text text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

bool dws_text_holds_control(struct dws_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return true;
    }
    return false;
}

/* RFC 9110, 5.6.2, a bit for each character: every name of every response's headers is looked at. */
static const uint32_t TOKEN[8] = {0, 0x03FF6CFAu, 0xC7FFFFFEu, 0x57FFFFFFu};

bool dws_text_is_token(struct dws_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        if (!(TOKEN[c / 32] >> c % 32 & 1))
            return false;
    }
    return text.length > 0;
}
