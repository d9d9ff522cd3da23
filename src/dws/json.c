/* json.c: a strict RFC 8259 pull parser.
 * It must not allocate, copy, or read a byte past the end. */
#include "internal.h"
#include "scan.h"

#include <langinfo.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBER_BYTES 1024 /* more than any double needs to be rounded correctly (767 digits and an exponent) */

void dws_json_start(struct dws_json *json, struct dws_text text)
{
    static const char empty[] = "";
    const char *start = text.data ? text.data : empty;
    *json = (struct dws_json){.start = start, .at = start, .end = start + text.length};
}

bool dws_json_refuse(struct dws_json *json, const char *what)
{
    if (json->error.status == DWS_OK)
        dws_fail(&json->error, DWS_ERR_DECODE, "at byte offset %zu: %s", (size_t)(json->at - json->start), what);
    json->at = json->end; /* nothing more is read */
    return false;
}

static inline void skip_space(struct dws_json *json)
{
    json->at = dws_scan_blanks(json->at, json->end);
}

static inline bool next_is(struct dws_json *json, char wanted)
{
    skip_space(json);
    if (json->at == json->end || *json->at != wanted)
        return false;
    json->at++;
    return true;
}

enum dws_json_type dws_json_peek(struct dws_json *json)
{
    skip_space(json);
    if (json->at == json->end) {
        dws_json_refuse(json, "the text ends where a value was expected");
        return DWS_JSON_NOTHING;
    }
    switch (*json->at) {
    case '{': return DWS_JSON_OBJECT;
    case '[': return DWS_JSON_ARRAY;
    case '"': return DWS_JSON_STRING;
    case 't': return DWS_JSON_TRUE;
    case 'f': return DWS_JSON_FALSE;
    case 'n': return DWS_JSON_NULL;
    case '-':
    /* clang-format off */
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': return DWS_JSON_NUMBER;
    default:
        dws_json_refuse(json, "expected a value");
        return DWS_JSON_NOTHING;
        /* clang-format on */
    }
}

/* ---- containers ------------------------------------------------------------------------------- */

static bool enter(struct dws_json *json, char bracket, const char *expected)
{
    if (!next_is(json, bracket))
        return dws_json_refuse(json, expected);
    if (json->depth == DWS_JSON_DEPTH)
        return dws_json_refuse(json, "nested more than 64 levels deep");
    json->fresh |= UINT64_C(1) << json->depth++;
    return true;
}

/* Whether another member comes in the container that closes with `bracket`. */
static inline bool more(struct dws_json *json, char bracket, const char *expected)
{
    if (json->depth == 0) /* entering it failed */
        return dws_json_refuse(json, expected);
    const uint64_t bit = UINT64_C(1) << (json->depth - 1);
    if (next_is(json, bracket)) {
        json->depth--;
        json->fresh &= ~bit;
        return false;
    }
    if (json->fresh & bit) {
        json->fresh &= ~bit;
        return json->at < json->end || dws_json_refuse(json, expected);
    }
    return next_is(json, ',') || dws_json_refuse(json, expected);
}

bool dws_json_object(struct dws_json *json)
{
    return enter(json, '{', "expected an object");
}

bool dws_json_member(struct dws_json *json, struct dws_json_string *key)
{
    if (!more(json, '}', "expected ',' or '}'"))
        return false;
    skip_space(json);
    if (json->at == json->end || *json->at != '"')
        return dws_json_refuse(json, "expected a member's name");
    if (!dws_json_string(json, key))
        return false;
    return next_is(json, ':') || dws_json_refuse(json, "expected ':'");
}

bool dws_json_array(struct dws_json *json)
{
    return enter(json, '[', "expected an array");
}

bool dws_json_element(struct dws_json *json)
{
    return more(json, ']', "expected ',' or ']'");
}

/* ---- strings ---------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four hex digits behind \u, or -1. */
static int hex4(const char *at, const char *end)
{
    int value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Length of the valid escape at `at`, which is a backslash; 0 for an invalid one. */
static size_t escape_length(const char *at, const char *end)
{
    if (end - at < 2)
        return 0;
    if (at[1] != 'u')
        return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) ? 2 : 0;
    int first = hex4(at + 2, end);
    if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF))
        return 0;
    if (first < 0xD800 || first > 0xDBFF)
        return 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0;
    int second = hex4(at + 8, end);
    return second >= 0xDC00 && second <= 0xDFFF ? 12 : 0;
}

static bool string_special(struct dws_json *json, const char **at, bool *escaped)
{
    unsigned char c = (unsigned char)**at;
    size_t length;
    const char *what;
    if (c == '\\') {
        *escaped = true;
        length = escape_length(*at, json->end);
        what = "expected an escape (\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX, surrogates in pairs)";
    } else if (c < ' ') {
        length = 0;
        what = "a control character must be escaped in a string";
    } else {
        length = dws_utf8_sequence((const unsigned char *)*at, (size_t)(json->end - *at));
        what = "the string is not valid UTF-8";
    }
    if (length == 0) {
        json->at = *at;
        return dws_json_refuse(json, what);
    }
    *at += length;
    return true;
}

bool dws_json_string(struct dws_json *json, struct dws_json_string *string)
{
    if (!next_is(json, '"'))
        return dws_json_refuse(json, "expected a string");
    const char *start = json->at;
    const char *at = start;
    bool escaped = false;
    for (;;) {
        at = dws_scan_plain(at, json->end);
        if (at == json->end) {
            json->at = at;
            return dws_json_refuse(json, "the text ends inside a string");
        }
        if (*at == '"')
            break;
        if (!string_special(json, &at, &escaped))
            return false;
    }
    string->raw = (struct dws_text){start, (size_t)(at - start)};
    string->escaped = escaped;
    json->at = at + 1;
    return true;
}

static size_t put_utf8(unsigned code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    } else if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    } else if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

static char simple_escape(char c)
{
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

/* Writes what the next byte or escape means and moves on behind it. */
static size_t unescape_next(const char **at, const char *end, char out[4])
{
    const char *start = *at;
    if (*start != '\\') {
        *at = start + 1;
        out[0] = *start;
        return 1;
    }
    if (start[1] != 'u') {
        *at = start + 2;
        out[0] = simple_escape(start[1]);
        return 1;
    }
    unsigned code = (unsigned)hex4(start + 2, end);
    *at = start + 6;
    if (code >= 0xD800 && code <= 0xDBFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + ((unsigned)hex4(start + 8, end) - 0xDC00);
        *at = start + 12;
    }
    return put_utf8(code, out);
}

size_t dws_json_unescape(struct dws_json_string string, char *out)
{
    const char *at = string.raw.data;
    const char *end = at + string.raw.length;
    char piece[4];
    size_t length = 0;
    while (at < end) {
        size_t n = unescape_next(&at, end, piece);
        memcpy(out + length, piece, n);
        length += n;
    }
    return length;
}

bool dws_json_equals(struct dws_json_string string, struct dws_text text)
{
    if (!string.escaped)
        return dws_text_compare(string.raw, text) == 0;
    const char *at = string.raw.data;
    const char *end = at + string.raw.length;
    char piece[4];
    size_t length = 0;
    while (at < end) {
        size_t n = unescape_next(&at, end, piece);
        if (n > text.length - length || memcmp(text.data + length, piece, n) != 0)
            return false;
        length += n;
    }
    return length == text.length;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

/* Goes over the digits at `at`. NULL when the first byte is not a digit. */
static const char *skip_digits(struct dws_json *json, const char *at)
{
    const char *last = at;
    while (last < json->end && *last >= '0' && *last <= '9')
        last++;
    json->at = last;
    return last > at ? last : NULL;
}

/* The integer part has been read up to `at`; goes on over fraction and exponent. NULL: a digit is missing there. */
static const char *skip_fraction(struct dws_json *json, const char *at)
{
    const char *end = json->end;
    if (at < end && *at == '.') {
        at = skip_digits(json, at + 1);
        if (!at)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        return skip_digits(json, at);
    }
    return at;
}

/* Copies the number, with the program's decimal point (which may be several bytes) and a NUL, as strtod() wants it. */
static void copy_number(const char *start, size_t length, char *copy)
{
    const char *point = memchr(start, '.', length);
    size_t whole = point ? (size_t)(point - start) : length;
    memcpy(copy, start, whole);
    copy += whole;
    if (point) {
        const char *local = nl_langinfo(RADIXCHAR); /* localeconv() is not for two threads at once */
        size_t size = strnlen(local, MB_LEN_MAX);
        memcpy(copy, local, size);
        copy += size;
        memcpy(copy, point + 1, length - whole - 1);
        copy += length - whole - 1;
    }
    *copy = '\0';
}

static bool read_real(struct dws_json *json, const char *start, const char *end, struct dws_json_number *number)
{
    char copy[MAX_NUMBER_BYTES + MB_LEN_MAX + 1];
    size_t length = (size_t)(end - start);
    json->at = start; /* an error points at the number */
    if (length > MAX_NUMBER_BYTES)
        return dws_json_refuse(json, "a number of more than 1024 characters");
    copy_number(start, length, copy);
    number->is_integer = false;
    number->real = strtod(copy, NULL); /* rounds correctly */
    if (isinf(number->real))
        return dws_json_refuse(json, "the number is too large");
    json->at = end;
    return true;
}

bool dws_json_number(struct dws_json *json, struct dws_json_number *number)
{
    skip_space(json);
    const char *start = json->at;
    const char *end = json->end;
    const char *at = start;
    bool negative = at < end && *at == '-';
    if (negative)
        at++;
    const char *digits = at;
    uint64_t value = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (unsigned)(*at - '0');
    const bool fits = at - digits <= 19; /* any 19 digits fit 64 bits; 20 without a leading 0 are beyond INT64_MIN */
    json->at = at;
    if (at == digits)
        return dws_json_refuse(json, "expected a digit");
    if (*digits == '0' && at - digits > 1) {
        json->at = digits;
        return dws_json_refuse(json, "a number must not begin with 0");
    }
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    const char *last = skip_fraction(json, at);
    if (!last)
        return dws_json_refuse(json, "expected a digit");
    if (last != at || !fits || value > limit)
        return read_real(json, start, last, number);
    number->is_integer = true;
    number->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    number->real = (double)number->integer;
    return true;
}

/* ---- the rest --------------------------------------------------------------------------------- */

bool dws_json_literal(struct dws_json *json)
{
    skip_space(json);
    const size_t left = (size_t)(json->end - json->at);
    if (left >= 4 && (memcmp(json->at, "null", 4) == 0 || memcmp(json->at, "true", 4) == 0))
        json->at += 4;
    else if (left >= 5 && memcmp(json->at, "false", 5) == 0)
        json->at += 5;
    else
        return dws_json_refuse(json, "expected true, false or null");
    return true;
}

static bool skip_container(struct dws_json *json, bool object)
{
    struct dws_json_string key;
    if (!(object ? dws_json_object(json) : dws_json_array(json)))
        return false;
    while (object ? dws_json_member(json, &key) : dws_json_element(json)) {
        if (!dws_json_skip(json))
            return false;
    }
    return json->error.status == DWS_OK;
}

bool dws_json_skip(struct dws_json *json)
{
    struct dws_json_string string;
    struct dws_json_number number;
    switch (dws_json_peek(json)) {
    case DWS_JSON_OBJECT: return skip_container(json, true);
    case DWS_JSON_ARRAY: return skip_container(json, false);
    case DWS_JSON_STRING: return dws_json_string(json, &string);
    case DWS_JSON_NUMBER: return dws_json_number(json, &number);
    case DWS_JSON_NOTHING: return false;
    default: return dws_json_literal(json);
    }
}

bool dws_json_finish(struct dws_json *json)
{
    if (json->error.status != DWS_OK)
        return false;
    skip_space(json);
    return json->at == json->end || dws_json_refuse(json, "expected nothing more");
}
