/* json_spec.c: the JSON reader takes RFC 8259 and nothing else, and never reads behind the last byte.
 * It must hand out texts as exact copies on the heap, where a sanitizer or memcheck sees a read too far. */
#include "json_cases.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSITIONS 41 /* beyond two 16-byte steps and one of eight */

/* A heap copy of exactly the text's length. The caller frees it. */
static struct dws_json start(const char *text, size_t length)
{
    struct dws_json json;
    char *copy = malloc(length);
    if (length)
        memcpy(copy, text, length);
    dws_json_start(&json, (struct dws_text){copy, length});
    return json;
}

static void finish(struct dws_json *json)
{
    free((char *)json->start);
}

static bool accepts(const char *text, size_t length)
{
    struct dws_json json = start(text, length);
    bool good = dws_json_skip(&json) && dws_json_finish(&json);
    finish(&json);
    return good;
}

/* Reads the text as one value and expects the complaint. */
static void expect_refused(const char *text, size_t length, size_t offset, const char *complaint)
{
    char expected[320];
    struct dws_json json = start(text, length);
    EXPECT(!(dws_json_skip(&json) && dws_json_finish(&json)));
    snprintf(expected, sizeof expected, "at byte offset %zu: %s", offset, complaint);
    EXPECT_STATUS(json.error.status, DWS_ERR_DECODE);
    EXPECT_TEXT(spec_text(json.error.message), spec_text(expected));
    finish(&json);
}

static void judges_the_table(void)
{
    for (size_t i = 0; i < sizeof json_cases / sizeof *json_cases; i++) {
        const struct json_case *row = &json_cases[i];
        spec_about(row->text.data);
        if (row->complaint)
            expect_refused(row->text.data, row->text.length, row->offset, row->complaint);
        else
            EXPECT(accepts(row->text.data, row->text.length));
    }
}

static void refuses_every_beginning(void)
{
    static const char *const documents[] = {
        ("{\"sync_records\":[{\"id\":\"a\\u00fc\\ud83d\\ude00\xc3\xbc\",\"n\":-1.5e+3,"
         "\"x\":null,\"t\":[true,false]}],\"count\":1}"),
        "[\"0123456789abcdef0123456789abcdef\xf0\x9f\x98\x80\\n\",[[]],{\"\":{}},0.5 ]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\xe2\x82\xac\"",
        "true",
    };
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        size_t length = strlen(documents[i]);
        spec_about(documents[i]);
        EXPECT(accepts(documents[i], length));
        for (size_t cut = 0; cut < length; cut++)
            EXPECT(!accepts(documents[i], cut));
    }
}

static void reads_numbers_up_to_the_end(void)
{
    static const char digits[] = "-12345678901234567890.125e-10";
    static const char good[] = ".aaaaaaaaaaaaaaaaaaaa.aaa..aa"; /* 'a': the beginning up to here is a number */
    for (size_t length = 1; length < sizeof digits; length++) {
        spec_about(good + length - 1);
        EXPECT(accepts(digits, length) == (good[length - 1] == 'a'));
    }
}

/* ---- strings ---------------------------------------------------------------------------------- */

struct special {
    const char *bytes;
    const char *complaint; /* NULL: part of the string */
};

/* a…a special b…b, between quotes; returns the length. */
static size_t write_string(char *out, size_t before, struct dws_text special, size_t after)
{
    char *at = out;
    *at++ = '"';
    memset(at, 'a', before);
    at += before;
    memcpy(at, special.data, special.length);
    at += special.length;
    memset(at, 'b', after);
    at += after;
    *at++ = '"';
    return (size_t)(at - out);
}

static void expect_string(const char *text, size_t length, bool escaped)
{
    struct dws_json_string string;
    struct dws_json json = start(text, length);
    if (EXPECT(dws_json_string(&json, &string))) {
        EXPECT_TEXT(string.raw, ((struct dws_text){text + 1, length - 2}));
        EXPECT(string.escaped == escaped);
        EXPECT(dws_json_finish(&json));
    }
    finish(&json);
}

static void finds_what_is_special_anywhere(void)
{
    static const struct special specials[] = {
        /* clang-format off */
        {"", NULL}, {"\\\"", NULL}, {"\\\\", NULL}, {"\\u00e9", NULL}, {"\\ud83d\\ude00", NULL}, {"\xc2\x80", NULL},
        {"\xe2\x82\xac", NULL}, {"\xf0\x9f\x98\x80", NULL}, {"\x7f", NULL}, {" !#[]", NULL}, {"\n", CONTROL},
        {"\x1f", CONTROL}, {"\xff", NOT_UTF8}, {"\xe2\x82", NOT_UTF8}, {"\\q", WANT_ESCAPE}, {"\\ud800", WANT_ESCAPE},
        /* clang-format on */
    };
    char text[2 * POSITIONS + 16];
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        const struct special *one = &specials[i];
        spec_about(one->bytes);
        for (size_t before = 0; before < POSITIONS; before++) {
            for (size_t after = 0; after < POSITIONS; after += 1 + after / 4) {
                size_t length = write_string(text, before, spec_text(one->bytes), after);
                if (one->complaint)
                    expect_refused(text, length, before + 1, one->complaint);
                else
                    expect_string(text, length, strchr(one->bytes, '\\') != NULL);
            }
        }
    }
}

/* What a lone byte among letters means to a string. */
static const char *complaint_about(unsigned char byte)
{
    return byte < 0x20 ? CONTROL : byte >= 0x80 ? NOT_UTF8 : NULL;
}

static void judges_every_byte_anywhere(void)
{
    char text[POSITIONS + 8];
    for (unsigned byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        if (c == '"' || c == '\\') /* seen above */
            continue;
        for (size_t before = 0; before < POSITIONS; before++) {
            size_t length = write_string(text, before, (struct dws_text){&c, 1}, 40 - before);
            if (complaint_about((unsigned char)byte))
                expect_refused(text, length, before + 1, complaint_about((unsigned char)byte));
            else
                expect_string(text, length, false);
        }
    }
}

static void ends_a_string_at_its_quote(void)
{
    char text[2 * POSITIONS + 8];
    for (size_t before = 0; before < POSITIONS; before++) {
        size_t length = write_string(text, before, LITERAL("\",\""), 20);
        struct dws_json_string string;
        struct dws_json json = start(text, length);
        EXPECT(dws_json_string(&json, &string));
        EXPECT_INT(string.raw.length, before);
        EXPECT_INT(json.at - json.start, before + 2);
        finish(&json);
        for (size_t cut = 1; cut < before + 2; cut++)
            expect_refused(text, cut, cut, OPEN_STRING);
    }
}

static void expect_plain(struct dws_text text, struct dws_text plain)
{
    struct dws_json_string string = {{NULL, 0}, false};
    struct dws_json json = start(text.data, text.length);
    spec_about(text.data);
    if (EXPECT(dws_json_string(&json, &string))) {
        char *room = malloc(string.raw.length);
        size_t length = dws_json_unescape(string, room);
        EXPECT_TEXT(((struct dws_text){room, length}), plain);
        EXPECT(dws_json_equals(string, plain));
        EXPECT(!dws_json_equals(string, (struct dws_text){plain.data, plain.length - 1}));
        EXPECT(!dws_json_equals(string, (struct dws_text){plain.data + 1, plain.length - 1}));
        free(room);
    }
    finish(&json);
}

static void takes_escapes_out(void)
{
    expect_plain(LITERAL("\"plain\""), LITERAL("plain"));
    expect_plain(LITERAL("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), LITERAL("\"\\/\b\f\n\r\t"));
    expect_plain(LITERAL("\"a\\u0000b\""), LITERAL("a\0b"));
    expect_plain(LITERAL("\"\\u0000\\u0000x\""), LITERAL("\0\0x"));
    expect_plain(LITERAL("\"\\u0041\\u007f\\u0080\\u07FF\""), LITERAL("A\x7f\xc2\x80\xdf\xbf"));
    expect_plain(LITERAL("\"\\u0800\\ud7ff\\uE000\\uFFFF\""),
                 LITERAL("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));
    expect_plain(LITERAL("\"\\uD800\\uDC00\\udbff\\udfff\""), LITERAL("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    expect_plain(LITERAL("\"\\ud83D\\uDe00\xf0\x9f\x98\x80\""), LITERAL("\xf0\x9f\x98\x80\xf0\x9f\x98\x80"));
    expect_plain(LITERAL("\"\\\\u0041\\\\\""), LITERAL("\\u0041\\"));
    expect_plain(LITERAL("\"\xc3\xbc\\u00fc\\u00FC\""), LITERAL("\xc3\xbc\xc3\xbc\xc3\xbc"));
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static struct dws_json_number read_number(const char *text, size_t length)
{
    struct dws_json_number number = {false, 0, NAN};
    struct dws_json json = start(text, length);
    spec_about(text);
    EXPECT(dws_json_number(&json, &number) && dws_json_finish(&json));
    finish(&json);
    return number;
}

static void keeps_64_bit_integers_exact(void)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        /* clang-format off */
        {"0", 0}, {"-0", 0}, {"7", 7}, {"-7", -7}, {"1747637723055", 1747637723055},
        {"9007199254740993", 9007199254740993}, {"-9007199254740993", -9007199254740993},
        {"999999999999999999", 999999999999999999}, {"9223372036854775806", INT64_MAX - 1},
        {"9223372036854775807", INT64_MAX}, {"-9223372036854775807", -INT64_MAX}, {"-9223372036854775808", INT64_MIN},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dws_json_number number = read_number(rows[i].text, strlen(rows[i].text));
        EXPECT(number.is_integer);
        EXPECT_INT(number.integer, rows[i].value);
        EXPECT(number.real == (double)rows[i].value);
    }
}

static void expect_real(const char *text, size_t length, double value)
{
    struct dws_json_number number = read_number(text, length);
    EXPECT(!number.is_integer);
    EXPECT(memcmp(&number.real, &value, sizeof value) == 0); /* the sign of zero, too */
}

#define HALF "1.00000000000000011102230246251565404236316680908203125" /* halfway between 1 and the next double */

static void rounds_other_numbers_correctly(void)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        /* clang-format off */
        {"9223372036854775808", 0x1p63}, {"-9223372036854775809", -0x1p63}, {"18446744073709551615", 0x1p64},
        {"18446744073709551616", 0x1p64}, {"99999999999999999999", 0x1.5af1d78b58c4p66}, {"1e3", 1000}, {"5.0", 5},
        {"-0.0", -0.0}, {"-0e5", -0.0}, {"0e999999999", 0}, {"1e-999999999", 0}, {"-1e-400", -0.0},
        {"0.1", 0x1.999999999999ap-4}, {"-0.3", -0x1.3333333333333p-2}, {"1e22", 0x1.0f0cf064dd592p73},
        {"1e23", 0x1.52d02c7e14af6p76}, {"100000000000000000000000", 0x1.52d02c7e14af6p76},
        {"9007199254740993.0", 0x1p53}, {"9007199254740993.00000000000000000000001", 0x1.0000000000001p53},
        {"9007199254740994.9999", 0x1.0000000000001p53}, {HALF, 1}, {HALF "0000001", 0x1.0000000000001p0},
        {"1.00000000000000011102230246251565404236316680908203124999", 1}, {"1.7976931348623157e308", DBL_MAX},
        {"1.7976931348623158e308", DBL_MAX}, {"-1.7976931348623157E+308", -DBL_MAX},
        {"2.2250738585072014e-308", 0x1p-1022}, {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
        {"2.2250738585072012e-308", 0x1p-1022}, {"4.9e-324", 0x1p-1074}, {"5e-324", 0x1p-1074},
        {"2.4703282292062328e-324", 0x1p-1074}, {"2.4703282292062327e-324", 0}, {"1e-323", 0x1p-1073},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_real(rows[i].text, strlen(rows[i].text), rows[i].value);
}

static void rounds_long_numbers_by_their_last_digit(void)
{
    char text[1025];
    size_t half = strlen(HALF);
    memset(text, '0', sizeof text);
    memcpy(text, HALF, half);
    expect_real(text, 1024, 1);
    text[1023] = '1';
    expect_real(text, 1024, 0x1.0000000000001p0);
    expect_refused(text, 1025, 0, "a number of more than 1024 characters");
    memset(text, '9', sizeof text);
    expect_real(text, 308, 1e308);
    expect_refused(text, 400, 0, TOO_LARGE);
    expect_refused(text, 1025, 0, "a number of more than 1024 characters");
}

/* Numbers do not change when the program speaks another language. */
static void expect_locale(const char *name, const char *point)
{
    if (!setlocale(LC_ALL, name) || strcmp(localeconv()->decimal_point, point) != 0) {
        printf("    skipped: no locale %s with the decimal point %s\n", name, point);
    } else {
        expect_real("0.1", 3, 0x1.999999999999ap-4);
        expect_real("-12.5e-1", 8, -1.25);
        expect_real("1234567.25", 10, 1234567.25);
        expect_refused("1,5", 3, 1, WANT_END);
        expect_refused("[0\xd9\xab"
                       "5]",
                       6, 2, WANT_BRACKET);
        rounds_long_numbers_by_their_last_digit();
    }
    EXPECT(setlocale(LC_ALL, "C") != NULL);
}

static void knows_only_the_point(void)
{
#ifdef SPEC_LOCALES
    setenv("LOCPATH", SPEC_LOCALES, 1);
#endif
    expect_locale("de_DE.UTF-8", ",");
    expect_locale("ps_AF.UTF-8", "\xd9\xab");
    expect_real("0.5", 3, 0.5);
}

/* ---- pulling ---------------------------------------------------------------------------------- */

static void hands_out_one_piece_after_another(void)
{
    static const char text[] = " {\"a\": [1, \"x\", true, null, {}], \"b\": -2.5 } ";
    struct dws_json_string string;
    struct dws_json_number number;
    struct dws_json json = start(text, sizeof text - 1);
    EXPECT_INT(dws_json_peek(&json), DWS_JSON_OBJECT);
    EXPECT(dws_json_object(&json));
    EXPECT(dws_json_member(&json, &string));
    EXPECT_TEXT(string.raw, LITERAL("a"));
    EXPECT_INT(dws_json_peek(&json), DWS_JSON_ARRAY);
    EXPECT(dws_json_array(&json));
    EXPECT(dws_json_element(&json));
    EXPECT_INT(dws_json_peek(&json), DWS_JSON_NUMBER);
    EXPECT(dws_json_number(&json, &number));
    EXPECT_INT(number.integer, 1);
    EXPECT(dws_json_element(&json) && dws_json_peek(&json) == DWS_JSON_STRING && dws_json_string(&json, &string));
    EXPECT(dws_json_element(&json) && dws_json_peek(&json) == DWS_JSON_TRUE && dws_json_literal(&json));
    EXPECT(dws_json_element(&json) && dws_json_peek(&json) == DWS_JSON_NULL && dws_json_literal(&json));
    EXPECT(dws_json_element(&json) && dws_json_peek(&json) == DWS_JSON_OBJECT && dws_json_object(&json));
    EXPECT(!dws_json_member(&json, &string));
    EXPECT(!dws_json_element(&json));
    EXPECT(dws_json_member(&json, &string) && dws_json_skip(&json));
    EXPECT(!dws_json_finish(&json) && json.error.status == DWS_ERR_DECODE); /* the object is still open */
    finish(&json);
}

static void expect_stuck(struct dws_json *json)
{
    struct dws_json_string string;
    struct dws_json_number number;
    char message[sizeof json->error.message];
    memcpy(message, json->error.message, sizeof message);
    EXPECT_STATUS(json->error.status, DWS_ERR_DECODE);
    EXPECT_INT(dws_json_peek(json), DWS_JSON_NOTHING);
    EXPECT(!dws_json_object(json) && !dws_json_array(json) && !dws_json_string(json, &string));
    EXPECT(!dws_json_member(json, &string) && !dws_json_element(json));
    EXPECT(!dws_json_number(json, &number) && !dws_json_literal(json));
    EXPECT(!dws_json_skip(json) && !dws_json_finish(json) && !dws_json_refuse(json, "another complaint"));
    EXPECT_TEXT(spec_text(json->error.message), spec_text(message));
}

static void stays_failed(void)
{
    struct dws_json json = start("[1,x,2]", 7);
    EXPECT(!dws_json_object(&json)); /* before anything was entered */
    EXPECT_TEXT(spec_text(json.error.message), LITERAL("at byte offset 0: expected an object"));
    expect_stuck(&json);
    finish(&json);
    json = start("[1,x,2]", 7);
    EXPECT(!dws_json_skip(&json));
    expect_stuck(&json);
    finish(&json);
    json = start("[1]", 3);
    EXPECT(dws_json_array(&json) && !dws_json_refuse(&json, "it is Monday"));
    EXPECT_TEXT(spec_text(json.error.message), LITERAL("at byte offset 1: it is Monday"));
    expect_stuck(&json);
    finish(&json);
}

static void names_what_it_wanted(void)
{
    struct dws_json_string string;
    struct dws_json_number number;
    struct dws_json json = start(" 1", 2);
    EXPECT(!dws_json_string(&json, &string));
    EXPECT_TEXT(spec_text(json.error.message), LITERAL("at byte offset 1: expected a string"));
    dws_json_start(&json, (struct dws_text){json.start, 2});
    EXPECT(!dws_json_array(&json));
    EXPECT_TEXT(spec_text(json.error.message), LITERAL("at byte offset 1: expected an array"));
    dws_json_start(&json, (struct dws_text){json.start, 1});
    EXPECT(!dws_json_number(&json, &number));
    EXPECT_TEXT(spec_text(json.error.message), LITERAL("at byte offset 1: expected a digit"));
    finish(&json);
    dws_json_start(&json, (struct dws_text){NULL, 0});
    EXPECT(!dws_json_skip(&json));
    EXPECT_TEXT(spec_text(json.error.message), LITERAL("at byte offset 0: " NO_VALUE));
}

/* Every byte in every place of an escape. */
static void takes_only_hex_digits_behind_u(void)
{
    for (int place = 3; place < 7; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[] = "\"\\u0000\"";
            text[place] = (char)byte;
            struct dws_json_string string;
            struct dws_json json = start(text, sizeof text - 1);
            const bool digit = byte != 0 && strchr("0123456789abcdefABCDEF", byte);
            spec_about(text);
            EXPECT(dws_json_string(&json, &string) == digit);
            finish(&json);
        }
    }
}

static const struct spec_case cases[] = {
    {"an escape has four hex digits, and nothing else", takes_only_hex_digits_behind_u},
    {"every text of the table is taken or refused, with byte offset and complaint", judges_the_table},
    {"every beginning of a valid text is refused", refuses_every_beginning},
    {"a number may end with the last byte", reads_numbers_up_to_the_end},
    {"special bytes are found at every position of a string", finds_what_is_special_anywhere},
    {"every byte is judged at every position of a string", judges_every_byte_anywhere},
    {"a string ends at its quote, wherever that is", ends_a_string_at_its_quote},
    {"strings lose their escapes, and compare without them", takes_escapes_out},
    {"64-bit integers are exact", keeps_64_bit_integers_exact},
    {"other numbers are rounded correctly", rounds_other_numbers_correctly},
    {"long numbers are rounded by their last digit, and have a limit", rounds_long_numbers_by_their_last_digit},
    {"numbers are the same in every locale", knows_only_the_point},
    {"pieces are pulled one after another", hands_out_one_piece_after_another},
    {"the first failure stays", stays_failed},
    {"a call that does not fit says what it wanted", names_what_it_wanted},
};

SPEC_MAIN(cases)
