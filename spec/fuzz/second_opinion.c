/* second_opinion.c: a JSON recogniser byte by byte, made to be seen to be right.
 * It must not share a line with the reader it judges, and need not be fast. */
#include "second_opinion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_NUMBER 1024

struct input {
    const unsigned char *at;
    size_t left;
};

static int take(struct input *in)
{
    if (in->left == 0)
        return -1;
    in->left--;
    return *in->at++;
}

static int look(const struct input *in)
{
    return in->left ? *in->at : -1;
}

static bool take_word(struct input *in, const char *word)
{
    for (; *word; word++) {
        if (take(in) != (unsigned char)*word)
            return false;
    }
    return true;
}

static void pass_space(struct input *in)
{
    while (look(in) == 0x20 || look(in) == 0x09 || look(in) == 0x0A || look(in) == 0x0D)
        take(in);
}

/* ---- strings, as code points ------------------------------------------------------------------ */

static long take_utf8(struct input *in)
{
    static const long smallest[] = {0, 0x80, 0x800, 0x10000};
    long first = take(in);
    int more = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 : first >> 3 == 30 ? 3 : -1;
    if (first < 0 || more < 0)
        return -1;
    long code = more == 0 ? first : first & (0x3F >> more);
    for (int i = 0; i < more; i++) {
        int next = take(in);
        if (next < 0 || next >> 6 != 2)
            return -1;
        code = code << 6 | (next & 0x3F);
    }
    return code < smallest[more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) ? -1 : code;
}

static long take_hex4(struct input *in)
{
    char digits[5] = {0};
    for (int i = 0; i < 4; i++) {
        int c = take(in);
        if (c <= 0 || !strchr("0123456789abcdefABCDEF", c))
            return -1;
        digits[i] = (char)c;
    }
    return strtol(digits, NULL, 16);
}

static long take_escape(struct input *in)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    int c = take(in);
    if (c != 'u') {
        const char *name = c > 0 ? strchr(names, c) : NULL;
        return name ? values[name - names] : -1;
    }
    long code = take_hex4(in);
    if (code < 0xD800 || code > 0xDFFF)
        return code;
    if (code > 0xDBFF || !take_word(in, "\\u"))
        return -1;
    long low = take_hex4(in);
    return low < 0xDC00 || low > 0xDFFF ? -1 : 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
}

/* The next code point of a string's content, or -1. */
static long take_point(struct input *in)
{
    if (look(in) >= 0 && look(in) < 0x20)
        return -1;
    if (look(in) != '\\')
        return take_utf8(in);
    take(in);
    return take_escape(in);
}

static bool take_string(struct input *in)
{
    if (take(in) != '"')
        return false;
    while (look(in) != '"') {
        if (take_point(in) < 0)
            return false;
    }
    take(in);
    return true;
}

bool second_opinion_of_string(struct dws_text raw, struct dws_text plain)
{
    struct input a = {(const unsigned char *)raw.data, raw.length};
    struct input b = {(const unsigned char *)plain.data, plain.length};
    while (a.left > 0 && b.left > 0) {
        long code = take_point(&a);
        if (code < 0 || code != take_utf8(&b))
            return false;
    }
    return a.left == 0 && b.left == 0;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static size_t pass_digits(struct input *in)
{
    size_t count = 0;
    for (; look(in) >= '0' && look(in) <= '9'; count++)
        take(in);
    return count;
}

static bool take_number(struct input *in)
{
    const unsigned char *start = in->at;
    char copy[LONGEST_NUMBER + 1];
    if (look(in) == '-')
        take(in);
    bool zero = look(in) == '0';
    size_t digits = pass_digits(in);
    if (digits == 0 || (zero && digits > 1))
        return false;
    if (look(in) == '.') {
        take(in);
        if (pass_digits(in) == 0)
            return false;
    }
    if (look(in) == 'e' || look(in) == 'E') {
        take(in);
        if (look(in) == '+' || look(in) == '-')
            take(in);
        if (pass_digits(in) == 0)
            return false;
    }
    size_t length = (size_t)(in->at - start);
    if (length > LONGEST_NUMBER)
        return false;
    memcpy(copy, start, length);
    copy[length] = '\0';
    return isfinite(strtod(copy, NULL));
}

/* ---- values ----------------------------------------------------------------------------------- */

static bool take_value(struct input *in, int depth);

static bool take_members(struct input *in, int close, int depth)
{
    take(in);
    pass_space(in);
    if (look(in) == close) {
        take(in);
        return depth > 0;
    }
    while (depth > 0) {
        pass_space(in);
        if (close == '}') {
            if (!take_string(in))
                return false;
            pass_space(in);
            if (take(in) != ':')
                return false;
        }
        if (!take_value(in, depth - 1))
            return false;
        int c = take(in);
        if (c != ',')
            return c == close;
    }
    return false;
}

static bool take_scalar(struct input *in)
{
    switch (look(in)) {
    case '"': return take_string(in);
    case 't': return take_word(in, "true");
    case 'f': return take_word(in, "false");
    case 'n': return take_word(in, "null");
    default: return take_number(in);
    }
}

static bool take_value(struct input *in, int depth)
{
    pass_space(in);
    bool good = look(in) == '{'   ? take_members(in, '}', depth)
                : look(in) == '[' ? take_members(in, ']', depth)
                                  : take_scalar(in);
    pass_space(in);
    return good;
}

bool second_opinion_of_text(struct dws_text text, int depth)
{
    struct input in = {(const unsigned char *)text.data, text.length};
    return take_value(&in, depth) && in.left == 0;
}
