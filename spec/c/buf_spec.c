/* buf_spec.c: what buf.c promises about bytes: growth, failure, hex, percent-encoding, UTF-8.
 * It must not need a network. Linked with --wrap for realloc and free, to refuse memory and to watch it go. */
#include "spec.h"

#include "dws/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- realloc and free as libdws sees them ------------------------------------------------------ */

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

static bool refuse_memory;
static char *watched;
static size_t watched_size;
static size_t watched_nonzero;
static size_t watched_frees;

void *__wrap_realloc(void *old, size_t size)
{
    return refuse_memory ? NULL : __real_realloc(old, size);
}

void __wrap_free(void *memory)
{
    if (memory && memory == watched) {
        watched_frees++;
        for (size_t i = 0; i < watched_size; i++)
            watched_nonzero += watched[i] != 0;
        watched = NULL;
    }
    __real_free(memory);
}

static void watch(const struct dws_buf *buf)
{
    watched = buf->data;
    watched_size = buf->length;
    watched_nonzero = 0;
    watched_frees = 0;
}

/* ---- growth and failure ------------------------------------------------------------------------ */

static void grows_and_keeps_content(void)
{
    struct dws_buf buf = {0};
    for (int i = 0; i < 10000; i++) {
        char c = (char)('a' + i % 26);
        dws_buf_append(&buf, &c, 1);
    }
    EXPECT(!buf.failed);
    EXPECT_INT(buf.length, 10000);
    EXPECT(buf.capacity >= buf.length);
    size_t wrong = 0;
    for (size_t i = 0; i < buf.length; i++)
        wrong += buf.data[i] != (char)('a' + i % 26);
    EXPECT_INT(wrong, 0);
    dws_buf_free(&buf);
    EXPECT(!buf.data && buf.length == 0 && buf.capacity == 0);
}

static void reserve_makes_room(void)
{
    struct dws_buf buf = {0};
    EXPECT(dws_buf_reserve(&buf, 5000));
    EXPECT(buf.capacity >= 5000);
    const char *before = buf.data;
    char bytes[5000];
    memset(bytes, 'x', sizeof bytes);
    dws_buf_append(&buf, bytes, sizeof bytes);
    EXPECT(buf.data == before);
    EXPECT_INT(buf.length, sizeof bytes);
    dws_buf_free(&buf);
}

static void empty_appends_allocate_nothing(void)
{
    struct dws_buf buf = {0};
    dws_buf_append(&buf, NULL, 0);
    dws_buf_append_text(&buf, (struct dws_text){NULL, 0});
    dws_buf_append_string(&buf, "");
    EXPECT(!buf.data && !buf.failed);
    EXPECT_INT(dws_buf_text(&buf).length, 0);
}

static void failure_is_sticky(void)
{
    struct dws_buf buf = {0};
    dws_buf_append_string(&buf, "before");
    refuse_memory = true;
    EXPECT(!dws_buf_reserve(&buf, 100000));
    refuse_memory = false;
    EXPECT(buf.failed);
    dws_buf_append_string(&buf, "x");
    dws_buf_append_hex(&buf, (const unsigned char *)"x", 1);
    dws_buf_append_encoded(&buf, LITERAL("x"));
    dws_buf_append_decoded(&buf, LITERAL("x"));
    dws_buf_append_integer(&buf, 1);
    dws_buf_append_blanks(&buf, 1);
    EXPECT(!dws_buf_reserve(&buf, 1));
    EXPECT_TEXT(dws_buf_text(&buf), LITERAL("before"));
    dws_buf_clear(&buf);
    EXPECT(!buf.failed);
    dws_buf_append_string(&buf, "after");
    EXPECT_TEXT(dws_buf_text(&buf), LITERAL("after"));
    dws_buf_free(&buf);
}

static void impossible_sizes_fail(void)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct dws_buf buf = {0};
        dws_buf_append_string(&buf, "kept");
        EXPECT(!dws_buf_reserve(&buf, sizes[i]));
        EXPECT(buf.failed);
        EXPECT_TEXT(dws_buf_text(&buf), LITERAL("kept"));
        dws_buf_free(&buf);
    }
}

static void clear_keeps_memory(void)
{
    struct dws_buf buf = {0};
    dws_buf_append_string(&buf, "something");
    const char *memory = buf.data;
    size_t capacity = buf.capacity;
    dws_buf_clear(&buf);
    EXPECT_INT(buf.length, 0);
    EXPECT(buf.data == memory && buf.capacity == capacity);
    dws_buf_free(&buf);
}

static void wipe_overwrites(void)
{
    struct dws_buf buf = {0};
    dws_buf_append_string(&buf, "a secret that must not stay in memory");
    watch(&buf);
    dws_buf_wipe(&buf);
    EXPECT_INT(watched_frees, 1);
    EXPECT_INT(watched_nonzero, 0);
    EXPECT(!buf.data && buf.length == 0);
    dws_buf_wipe(&buf); /* safe twice */
}

static void wipe_after_clear_overwrites(void)
{
    struct dws_buf buf = {0};
    dws_buf_append_string(&buf, "a secret that was only cleared");
    watch(&buf);
    dws_buf_clear(&buf);
    dws_buf_wipe(&buf);
    EXPECT_INT(watched_frees, 1);
    EXPECT_INT(watched_nonzero, 0);
}

static void erase_overwrites_and_keeps_memory(void)
{
    struct dws_buf buf = {0};
    dws_buf_append_string(&buf, "a secret");
    const char *memory = buf.data;
    const size_t capacity = buf.capacity;
    buf.failed = true;
    dws_buf_erase(&buf);
    EXPECT_INT(buf.length, 0);
    EXPECT(!buf.failed);
    EXPECT(buf.data == memory && buf.capacity == capacity);
    EXPECT_INT(memcmp(buf.data, (const char[8]){0}, 8), 0);
    dws_buf_free(&buf);
    dws_buf_erase(&buf); /* nothing is there */
    EXPECT(!buf.data && buf.length == 0);
}

/* ---- hex and percent-encoding ------------------------------------------------------------------- */

static void hex_is_lower_case(void)
{
    struct dws_buf buf = {0};
    dws_buf_append_hex(&buf, (const unsigned char *)"\x00\x0f\xa5\xff", 4);
    EXPECT_TEXT(dws_buf_text(&buf), LITERAL("000fa5ff"));
    dws_buf_free(&buf);
}

static void encoding_keeps_only_unreserved(void)
{
    struct dws_buf buf = {0};
    size_t wrong = 0;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        char expected[4];
        bool kept = c < 128 && c != 0 &&
                    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", c) != NULL;
        snprintf(expected, sizeof expected, kept ? "%c" : "%%%02X", c);
        dws_buf_clear(&buf);
        dws_buf_append_encoded(&buf, (struct dws_text){&byte, 1});
        wrong += buf.length != strlen(expected) || memcmp(buf.data, expected, buf.length) != 0;
    }
    EXPECT_INT(wrong, 0);
    dws_buf_free(&buf);
}

static void decoding_undoes_escapes_once(void)
{
    static const struct {
        struct dws_text in, out;
    } table[] = {
        {{"", 0}, {"", 0}},         {{"plain", 5}, {"plain", 5}},
        {{"%41%62", 6}, {"Ab", 2}}, {{"%e4%B8%aD", 9}, {"\xe4\xb8\xad", 3}},
        {{"%00", 3}, {"\0", 1}},    {{"%2541", 5}, {"%41", 3}},
        {{"a+b", 3}, {"a+b", 3}},   {{"%", 1}, {"%", 1}},
        {{"%4", 2}, {"%4", 2}},     {{"%4g", 3}, {"%4g", 3}},
        {{"%g4", 3}, {"%g4", 3}},   {{"%%41", 4}, {"%A", 2}},
        {{"a%", 2}, {"a%", 2}},     {{"%zz%41", 6}, {"%zzA", 4}},
        {{"%4%41", 5}, {"%4A", 3}}, {{"%-1", 3}, {"%-1", 3}},
        {{"% 1", 3}, {"% 1", 3}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct dws_buf buf = {0};
        spec_about(table[i].in.data);
        dws_buf_append_decoded(&buf, table[i].in);
        EXPECT_TEXT(dws_buf_text(&buf), table[i].out);
        dws_buf_free(&buf);
    }
}

static void decoding_reverses_encoding(void)
{
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    struct dws_buf encoded = {0}, decoded = {0};
    dws_buf_append_encoded(&encoded, (struct dws_text){all, sizeof all});
    dws_buf_append_decoded(&decoded, dws_buf_text(&encoded));
    EXPECT_TEXT(dws_buf_text(&decoded), ((struct dws_text){all, sizeof all}));
    dws_buf_free(&encoded);
    dws_buf_free(&decoded);
}

/* ---- integers, blanks, plain texts --------------------------------------------------------------- */

static void integers_are_decimal(void)
{
    static const int64_t table[] = {0, 1, -1, 9, 10, -10, 1747637723055, INT64_MAX, -INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct dws_buf buf = {0};
        char expected[32];
        snprintf(expected, sizeof expected, "n%lld", (long long)table[i]);
        dws_buf_append_string(&buf, "n");
        dws_buf_append_integer(&buf, table[i]);
        EXPECT_TEXT(dws_buf_text(&buf), spec_text(expected));
        dws_buf_free(&buf);
    }
}

static void blanks_come_and_go(void)
{
    struct dws_buf buf = {0};
    dws_buf_append_blanks(&buf, 0);
    EXPECT(!buf.data);
    dws_buf_append_string(&buf, "a ");
    dws_buf_append_blanks(&buf, 1000);
    EXPECT_INT(buf.length, 1002);
    dws_buf_trim(&buf, 1001);
    EXPECT_INT(buf.length, 1001);
    dws_buf_trim(&buf, 2000);
    EXPECT_INT(buf.length, 1001);
    dws_buf_trim(&buf, 2);
    EXPECT_TEXT(dws_buf_text(&buf), LITERAL("a "));
    dws_buf_trim(&buf, 0);
    EXPECT_TEXT(dws_buf_text(&buf), LITERAL("a"));
    dws_buf_append_blanks(&buf, SIZE_MAX);
    EXPECT(buf.failed);
    EXPECT_TEXT(dws_buf_text(&buf), LITERAL("a"));
    dws_buf_free(&buf);
}

static void only_plain_texts_are_appended(void)
{
    struct dws_plain plain;
    struct dws_buf buf = {0};
    size_t wrong = 0;
    dws_plain_init(&plain, LITERAL("\"\\"), LITERAL("="));
    for (int c = 0; c < 256; c++) {
        const char texts[][2] = {{(char)c, 'x'}, {'x', (char)c}};
        const bool good = c >= ' ' && c < 0x7F && c != '"' && c != '\\';
        for (int i = 0; i < 2; i++) {
            struct dws_text text = {texts[i], 2};
            const bool expected = good && !(c == '=' && i == 0);
            dws_buf_clear(&buf);
            wrong += dws_buf_append_plain(&buf, text, &plain) != expected;
            wrong += buf.length != (expected ? 2 : 0) || (expected && memcmp(buf.data, texts[i], 2) != 0);
        }
    }
    EXPECT_INT(wrong, 0);
    dws_buf_clear(&buf);
    EXPECT(!dws_buf_append_plain(&buf, LITERAL("="), &plain));
    EXPECT(dws_buf_append_plain(&buf, LITERAL(""), &plain));
    EXPECT(dws_buf_append_plain(&buf, (struct dws_text){NULL, 0}, &plain));
    EXPECT_INT(buf.length, 0);
    dws_buf_free(&buf);
}

/* ---- UTF-8 -------------------------------------------------------------------------------------- */

/* Encodes a code point the way the tables of RFC 3629 say, written independently of the code under test. */
static size_t encode(unsigned point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)(lead[length] | point);
    return length;
}

static void utf8_knows_every_code_point(void)
{
    size_t wrong = 0;
    size_t offset = 0;
    for (unsigned point = 0; point <= 0x1FFFFF; point++) {
        char bytes[4];
        size_t length = encode(point, bytes);
        bool good = point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
        wrong += dws_utf8_valid((struct dws_text){bytes, length}, &offset) != good;
    }
    EXPECT_INT(wrong, 0);
}

struct utf8_bad {
    const char *bytes;
    size_t length;
    size_t offset;
};

static const struct utf8_bad utf8_table[] = {
    {"\x80", 1, 0}, /* a continuation alone */
    {"\xBF", 1, 0},
    {"\xC0\x80", 2, 0},     /* overlong NUL */
    {"\xC1\xBF", 2, 0},     /* overlong U+007F */
    {"\xE0\x80\x80", 3, 0}, /* overlong, three bytes */
    {"\xE0\x9F\xBF", 3, 0},
    {"\xF0\x80\x80\x80", 4, 0}, /* overlong, four bytes */
    {"\xF0\x8F\xBF\xBF", 4, 0},
    {"\xED\xA0\x80", 3, 0}, /* surrogates */
    {"\xED\xBF\xBF", 3, 0},
    {"\xF4\x90\x80\x80", 4, 0}, /* U+110000 */
    {"\xF5\x80\x80\x80", 4, 0},
    {"\xF8\x88\x80\x80\x80", 5, 0},
    {"\xFE", 1, 0},
    {"\xFF", 1, 0},
    {"\xC3", 1, 0}, /* cut off */
    {"\xE2\x82", 2, 0},
    {"\xF0\x9F\x98", 3, 0},
    {"a\xC3", 2, 1},
    {"\xC3\xA4\xE2\x82", 4, 2},
    {"\xC3\x28", 2, 0}, /* a wrong second, third, fourth byte */
    {"\xE2\x28\xA1", 3, 0},
    {"\xE2\x82\x28", 3, 0},
    {"\xF0\x28\x8C\xBC", 4, 0},
    {"\xF0\x90\x28\xBC", 4, 0},
    {"\xF0\x90\x8C\x28", 4, 0},
    {"12345678\xFF", 9, 8},         /* right behind eight ASCII bytes */
    {"1234567\xC3\xA4\x80", 10, 9}, /* across the boundary of eight */
};

static void utf8_names_the_first_bad_byte(void)
{
    for (size_t i = 0; i < sizeof utf8_table / sizeof *utf8_table; i++) {
        size_t offset = 999;
        EXPECT(!dws_utf8_valid((struct dws_text){utf8_table[i].bytes, utf8_table[i].length}, &offset));
        EXPECT_INT(offset, utf8_table[i].offset);
    }
}

/* Exactly sized allocations, so that a read behind the end shows under the sanitizers. */
static void utf8_covers_every_length_and_place(void)
{
    size_t wrong = 0;
    for (size_t length = 0; length <= 24; length++) {
        char *bytes = malloc(length ? length : 1);
        size_t offset = 999;
        memset(bytes, 'a', length);
        wrong += !dws_utf8_valid((struct dws_text){bytes, length}, &offset);
        for (size_t at = 0; at < length; at++) {
            bytes[at] = (char)0xFF;
            wrong += dws_utf8_valid((struct dws_text){bytes, length}, &offset) || offset != at;
            bytes[at] = (char)0xC3; /* good only when a continuation follows */
            wrong += dws_utf8_valid((struct dws_text){bytes, length}, &offset) || offset != at;
            if (at + 1 < length) {
                bytes[at + 1] = (char)0xA4;
                wrong += !dws_utf8_valid((struct dws_text){bytes, length}, &offset);
                bytes[at + 1] = 'a';
            }
            bytes[at] = 'a';
        }
        free(bytes);
    }
    EXPECT_INT(wrong, 0);
}

static void utf8_accepts_nothing_at_all(void)
{
    size_t offset = 0;
    EXPECT(dws_utf8_valid((struct dws_text){NULL, 0}, &offset));
}

/* ---- borrowed bytes ----------------------------------------------------------------------------- */

static void comparison_is_by_byte(void)
{
    EXPECT(dws_text_compare(LITERAL("a"), LITERAL("b")) < 0);
    EXPECT(dws_text_compare(LITERAL("a"), LITERAL("ab")) < 0);
    EXPECT(dws_text_compare(LITERAL("Z"), LITERAL("a")) < 0);
    EXPECT(dws_text_compare(LITERAL("\xC3"), LITERAL("z")) > 0);
    EXPECT(dws_text_compare(LITERAL("x"), LITERAL("x")) == 0);
    EXPECT(dws_text_compare((struct dws_text){NULL, 0}, LITERAL("")) == 0);
    EXPECT(dws_text_compare_nocase(LITERAL("Content-TYPE"), LITERAL("content-type")) == 0);
    EXPECT(dws_text_compare_nocase(LITERAL("host"), LITERAL("HOSTS")) < 0);
    EXPECT(dws_text_compare_nocase(LITERAL("["), LITERAL("{")) != 0);
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* The byte among `to` that is where `c` is among `from`, or `c`. */
static char mapped(char c, const char *from, const char *to)
{
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : c;
}

static void each_byte_is_known_for_what_it_is(void)
{
    size_t wrong = 0;
    for (int i = 0; i < 256; i++) {
        const char c = (char)i;
        char upper[] = {c, 'a'}, lower[] = {c, 'A'};
        const char token[] = {'a', c};
        dws_upper(upper, 2);
        dws_lower(lower, 2);
        wrong += upper[0] != mapped(c, LOWER, UPPER) || upper[1] != 'A';
        wrong += lower[0] != mapped(c, UPPER, LOWER) || lower[1] != 'a';
        wrong += dws_text_is_token((struct dws_text){token, 2}) !=
                 (c && strchr("!#$%&'*+-.^_`|~" DIGITS UPPER LOWER, c) != NULL);
        wrong += dws_text_is_token((struct dws_text){token + 1, 1}) != dws_text_is_token((struct dws_text){token, 2});
        for (int k = 0; k < 256; k++) {
            const char other = (char)k;
            const int order = (unsigned char)mapped(c, UPPER, LOWER) - (unsigned char)mapped(other, UPPER, LOWER);
            const int found = dws_text_compare_nocase((struct dws_text){&c, 1}, (struct dws_text){&other, 1});
            wrong += (order > 0) - (order < 0) != (found > 0) - (found < 0);
        }
    }
    EXPECT_INT(wrong, 0);
    EXPECT(!dws_text_is_token((struct dws_text){NULL, 0}));
}

static void each_pair_of_digits_is_decoded(void)
{
    static const char hex[] = DIGITS "abcdefABCDEF";
    size_t wrong = 0;
    for (int high = 0; high < 256; high++) {
        for (int low = 0; low < 256; low++) {
            const char text[] = {'%', (char)high, (char)low};
            const char *first = high ? strchr(hex, high) : NULL, *second = low ? strchr(hex, low) : NULL;
            struct dws_buf out = {0};
            dws_buf_append_decoded(&out, (struct dws_text){text, 3});
            if (first && second) {
                const long value = (first - hex > 15 ? first - hex - 6 : first - hex) * 16 +
                                   (second - hex > 15 ? second - hex - 6 : second - hex);
                wrong += out.length != 1 || (unsigned char)out.data[0] != value;
            } else {
                wrong += out.length != 3 || memcmp(out.data, text, 3) != 0;
            }
            dws_buf_free(&out);
        }
    }
    EXPECT_INT(wrong, 0);
}

static void trimming_takes_spaces_and_tabs_at_the_ends(void)
{
    EXPECT_TEXT(dws_text_trim(LITERAL(" \t a \t b\t ")), LITERAL("a \t b"));
    EXPECT_TEXT(dws_text_trim(LITERAL(" \t ")), LITERAL(""));
    EXPECT_TEXT(dws_text_trim(LITERAL("\na\n")), LITERAL("\na\n"));
    EXPECT_INT(dws_text_trim((struct dws_text){NULL, 0}).length, 0);
}

static void control_characters_are_found(void)
{
    size_t wrong = 0;
    for (int c = 0; c < 256; c++) {
        char bytes[] = {'a', (char)c, 'b'};
        bool control = (c < 32 && c != '\t') || c == 127;
        wrong += dws_text_holds_control((struct dws_text){bytes, sizeof bytes}) != control;
    }
    EXPECT_INT(wrong, 0);
}

static void every_status_has_its_own_name(void)
{
    for (int a = DWS_OK; a <= DWS_ERR_CANCELLED; a++) {
        EXPECT(strcmp(dws_status_name((enum dws_status)a), "unknown") != 0);
        for (int b = DWS_OK; b < a; b++)
            EXPECT(strcmp(dws_status_name((enum dws_status)a), dws_status_name((enum dws_status)b)) != 0);
    }
    EXPECT(strcmp(dws_status_name((enum dws_status)999), "unknown") == 0);
}

static void a_long_message_is_cut(void)
{
    struct dws_error error;
    char text[1000];
    memset(text, 'm', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    EXPECT_STATUS(dws_fail(&error, DWS_ERR_NETWORK, "%s", text), DWS_ERR_NETWORK);
    EXPECT_STATUS(error.status, DWS_ERR_NETWORK);
    EXPECT_INT(strlen(error.message), sizeof error.message - 1);
}

static const struct spec_case cases[] = {
    {"each byte is known for what it is", each_byte_is_known_for_what_it_is},
    {"each pair of digits is decoded, and nothing else", each_pair_of_digits_is_decoded},
    {"a buffer grows and keeps its content", grows_and_keeps_content},
    {"reserve makes room that appends then use", reserve_makes_room},
    {"appending nothing allocates nothing", empty_appends_allocate_nothing},
    {"a refused allocation is sticky until the buffer is cleared", failure_is_sticky},
    {"sizes that cannot exist fail without touching the content", impossible_sizes_fail},
    {"clear keeps the memory", clear_keeps_memory},
    {"wipe overwrites the content before it frees", wipe_overwrites},
    {"wipe also overwrites what clear left behind", wipe_after_clear_overwrites},
    {"erase overwrites the content and keeps the memory", erase_overwrites_and_keeps_memory},
    {"hex is lower-case", hex_is_lower_case},
    {"percent-encoding keeps the unreserved bytes and no other", encoding_keeps_only_unreserved},
    {"percent-decoding undoes escapes once and leaves bad ones", decoding_undoes_escapes_once},
    {"percent-decoding reverses percent-encoding", decoding_reverses_encoding},
    {"integers are written in decimal digits", integers_are_decimal},
    {"blanks are appended, and taken away down to a length", blanks_come_and_go},
    {"a text is appended if it is plain, and nothing if not", only_plain_texts_are_appended},
    {"UTF-8: every code point is judged rightly, surrogates and beyond included", utf8_knows_every_code_point},
    {"UTF-8: the first bad byte is named", utf8_names_the_first_bad_byte},
    {"UTF-8: every length to 24 and every place in it is looked at", utf8_covers_every_length_and_place},
    {"UTF-8: the absent text is valid", utf8_accepts_nothing_at_all},
    {"texts compare by byte, and without case only for A to Z", comparison_is_by_byte},
    {"trimming takes spaces and tabs from both ends only", trimming_takes_spaces_and_tabs_at_the_ends},
    {"control characters but tab are found", control_characters_are_found},
    {"every status has a name of its own", every_status_has_its_own_name},
    {"a message that is too long is cut, not overrun", a_long_message_is_cut},
};

SPEC_MAIN(cases)
