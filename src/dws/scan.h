/* scan.h: over plain bytes, blanks and digits many at a time: in 16-byte vectors where the processor has SSE2, and in
 * words of 8 bytes on any. Both are always compiled where they can be, so that a spec can hold one against the other.
 * It must not read a byte at `end` or behind it. */
#ifndef DWS_SCAN_H
#define DWS_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define DWS_ONES UINT64_C(0x0101010101010101)
#define DWS_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t dws_scan_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* ---- plain bytes: neither quote nor backslash, control character or part of a longer UTF-8 form ------------------ */

static inline bool dws_is_plain(char c)
{
    return c != '"' && c != '\\' && (unsigned char)c >= ' ' && (unsigned char)c < 0x80;
}

/* A borrow may report a byte too many, never one too few; the caller looks at each byte anyway. */
static inline bool dws_word_is_plain(uint64_t word)
{
    const uint64_t quote = word ^ (DWS_ONES * '"');
    const uint64_t backslash = word ^ (DWS_ONES * '\\');
    return ((word | (word - DWS_ONES * ' ') | (quote - DWS_ONES) | (backslash - DWS_ONES)) & DWS_HIGHS) == 0;
}

/* The first byte that is not plain, or `end`. */
static inline const char *dws_scan_plain_words(const char *at, const char *end)
{
    while (end - at >= 8 && dws_word_is_plain(dws_scan_word(at)))
        at += 8;
    while (at < end && dws_is_plain(*at))
        at++;
    return at;
}

/* ---- blanks ----------------------------------------------------------------------------------- */

static inline bool dws_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The first byte that is not a blank, or `end`. Long runs are spaces. */
static inline const char *dws_scan_blanks_words(const char *at, const char *end)
{
    while (at < end && dws_is_blank(*at)) {
        at++;
        while (end - at >= 8 && dws_scan_word(at) == DWS_ONES * ' ')
            at += 8;
    }
    return at;
}

/* ---- a known key ------------------------------------------------------------------------------ */

#define DWS_KEY_BYTES 32

/* A key as it is written without escapes, in its quotes, and zeros. */
struct dws_key {
    char bytes[DWS_KEY_BYTES];
    uint32_t mask; /* bit i: byte i is one of the key's */
};

/* Whether the key is at `at`, where DWS_KEY_BYTES can be read. */
static inline bool dws_is_key_words(const char *at, const struct dws_key *key)
{
    uint64_t differing = 0;
    for (unsigned i = 0; i < DWS_KEY_BYTES; i += 8) {
        const uint64_t word = dws_scan_word(key->bytes + i);
        const uint64_t unused = (word - DWS_ONES) & ~word & DWS_HIGHS; /* of ASCII, its bytes of 0 */
        differing |= (dws_scan_word(at + i) ^ word) & ~((unused >> 7) * 255);
    }
    return differing == 0;
}

/* ---- digits ----------------------------------------------------------------------------------- */

#define DWS_MOST_DIGITS 18 /* any so many fit 64 bits */

static inline bool dws_is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* Appends up to `most` digits to *value; returns the first byte that is not one of them. */
static inline const char *dws_scan_digits_bytes(const char *at, const char *end, int most, uint64_t *value)
{
    const char *last = end - at > most ? at + most : end;
    for (; at < last && dws_is_digit(*at); at++)
        *value = *value * 10 + (unsigned)(*at - '0');
    return at;
}

/* ---- by vectors ------------------------------------------------------------------------------- */

#if defined(__SSE2__)

static inline __m128i dws_scan_vector(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline const char *dws_scan_plain_vectors(const char *at, const char *end)
{
    while (end - at >= 16) {
        const __m128i bytes = dws_scan_vector(at);
        const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')); /* signed: bytes from 0x80 on are below, too */
        const __m128i found = _mm_or_si128(
            low, _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        const int mask = _mm_movemask_epi8(found);
        if (mask)
            return at + __builtin_ctz((unsigned)mask);
        at += 16;
    }
    return dws_scan_plain_words(at, end);
}

static inline const char *dws_scan_blanks_vectors(const char *at, const char *end)
{
    while (end - at >= 16) {
        const __m128i bytes = dws_scan_vector(at);
        const __m128i blank = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'))));
        const unsigned other = ~(unsigned)_mm_movemask_epi8(blank) & 0xffff;
        if (other)
            return at + __builtin_ctz(other);
        at += 16;
    }
    return dws_scan_blanks_words(at, end);
}

static inline bool dws_is_key_vectors(const char *at, const struct dws_key *key)
{
    const __m128i first = _mm_cmpeq_epi8(dws_scan_vector(at), dws_scan_vector(key->bytes));
    const __m128i second = _mm_cmpeq_epi8(dws_scan_vector(at + 16), dws_scan_vector(key->bytes + 16));
    const unsigned equal = (unsigned)_mm_movemask_epi8(first) | (unsigned)_mm_movemask_epi8(second) << 16;
    return (key->mask & ~equal) == 0;
}

#define dws_is_key dws_is_key_vectors
#define dws_scan_plain dws_scan_plain_vectors
#define dws_scan_more_blanks dws_scan_blanks_vectors

#else

#define dws_is_key dws_is_key_words
#define dws_scan_plain dws_scan_plain_words
#define dws_scan_more_blanks dws_scan_blanks_words

#endif

/* The same where most often is no blank, or one. */
static inline const char *dws_scan_blanks(const char *at, const char *end)
{
    if (at == end || (unsigned char)*at > ' ')
        return at;
    if (*at == ' ' && end - at > 1 && (unsigned char)at[1] > ' ')
        return at + 1;
    return dws_scan_more_blanks(at, end);
}

/* ---- digits by words, where the first byte of a word is its lowest ----------------------------- */

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* Eight digits, the first of them in the lowest byte; bytes of 0 count as the digit 0. */
static inline uint64_t dws_word_of_digits(uint64_t word)
{
    word = (word & (DWS_ONES * 0x0f)) * 2561 >> 8;                       /* 10 * first + second, in every other byte */
    word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;        /* 100 * … */
    return (word & UINT64_C(0x0000ffff0000ffff)) * 42949672960001 >> 32; /* 10000 * … */
}

/* The value of up to DWS_MOST_DIGITS digits; returns the first byte that is not one of them. */
static inline const char *dws_scan_digits_words(const char *at, const char *end, uint64_t *value)
{
    uint64_t sum = 0;
    if (end - at >= 2 && dws_is_digit(at[0]) && !dws_is_digit(at[1])) { /* as most counts are */
        *value = (unsigned)(at[0] - '0');
        return at + 1;
    }
    int most = DWS_MOST_DIGITS;
    for (; most >= 8 && end - at >= 8; most -= 8) {
        const uint64_t word = dws_scan_word(at);
        const uint64_t zeros = word ^ (DWS_ONES * '0');                          /* digits become 0 to 9 */
        const uint64_t others = ((zeros + DWS_ONES * 0x76) | zeros) & DWS_HIGHS; /* exact up to the first of them */
        if (!others) {
            sum = sum * 100000000 + dws_word_of_digits(word);
            at += 8;
            continue;
        }
        const unsigned count = (unsigned)__builtin_ctzll(others) >> 3;
        static const uint64_t powers[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
        *value = count == 0 ? sum : sum * powers[count] + dws_word_of_digits(word << (64 - 8 * count));
        return at + count;
    }
    *value = sum;
    return dws_scan_digits_bytes(at, end, most, value);
}

#define dws_scan_digits dws_scan_digits_words
#else
#define dws_scan_digits(at, end, value) (*(value) = 0, dws_scan_digits_bytes(at, end, DWS_MOST_DIGITS, value))
#endif

#endif
