/* json_cases.h: texts that are JSON by RFC 8259 and texts that are not, with the byte offset and the complaint.
 * It must stay a table: json_spec.c walks through it. */
#ifndef JSON_CASES_H
#define JSON_CASES_H

#include "spec.h"

struct json_case {
    struct dws_text text;
    size_t offset;
    const char *complaint; /* NULL: the text is good */
};

/* clang-format off */
#define GOOD(text) {LITERAL(text), 0, NULL}
#define BAD(text, offset, complaint) {LITERAL(text), offset, complaint}
/* clang-format on */

#define X8 "[[[[[[[["
#define Y8 "]]]]]]]]"
#define O8 "{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":"
#define C8 "}}}}}}}}"

#define NO_VALUE "the text ends where a value was expected"
#define WANT_VALUE "expected a value"
#define WANT_WORD "expected true, false or null"
#define WANT_DIGIT "expected a digit"
#define WANT_END "expected nothing more"
#define WANT_NAME "expected a member's name"
#define WANT_COLON "expected ':'"
#define WANT_BRACE "expected ',' or '}'"
#define WANT_BRACKET "expected ',' or ']'"
#define WANT_ESCAPE "expected an escape (\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX, surrogates in pairs)"
#define OPEN_STRING "the text ends inside a string"
#define CONTROL "a control character must be escaped in a string"
#define NOT_UTF8 "the string is not valid UTF-8"
#define LEADING_0 "a number must not begin with 0"
#define TOO_LARGE "the number is too large"
#define TOO_DEEP "nested more than 64 levels deep"

/* clang-format off */
static const struct json_case json_cases[] = {
    /* literals */
    GOOD("true"), GOOD("false"), GOOD("null"), GOOD(" true "), GOOD("[true,false,null]"),
    BAD("True", 0, WANT_VALUE), BAD("nul", 0, WANT_WORD), BAD("nulL", 0, WANT_WORD), BAD("tru", 0, WANT_WORD),
    BAD("truee", 4, WANT_END), BAD("fals\0", 0, WANT_WORD), BAD("[nulL]", 1, WANT_WORD),
    BAD("undefined", 0, WANT_VALUE),
    BAD("NaN", 0, WANT_VALUE), BAD("Infinity", 0, WANT_VALUE), BAD("-Infinity", 1, WANT_DIGIT),
    BAD("nan", 0, WANT_WORD), BAD("t", 0, WANT_WORD), BAD("f", 0, WANT_WORD), BAD("n", 0, WANT_WORD),

    /* numbers */
    GOOD("0"), GOOD("-0"), GOOD("1"), GOOD("-1"), GOOD("10"), GOOD("1234567890"), GOOD("0.0"), GOOD("-0.0"),
    GOOD("0.5"),
    GOOD("1.25"), GOOD("1e5"), GOOD("1E5"), GOOD("1e+5"), GOOD("1e-5"), GOOD("0e0"), GOOD("0E+00"), GOOD("1.5e007"),
    GOOD("9223372036854775807"), GOOD("-9223372036854775808"), GOOD("99999999999999999999"), GOOD("1e308"),
    GOOD("1e-999"),
    BAD("-", 1, WANT_DIGIT), BAD("+1", 0, WANT_VALUE), BAD("--1", 1, WANT_DIGIT), BAD("01", 0, LEADING_0),
    BAD("00", 0, LEADING_0), BAD("-01", 1, LEADING_0), BAD("0123.5", 0, LEADING_0), BAD(".5", 0, WANT_VALUE),
    BAD("-.5", 1, WANT_DIGIT), BAD("1.", 2, WANT_DIGIT), BAD("[1.]", 3, WANT_DIGIT), BAD("1.e5", 2, WANT_DIGIT),
    BAD("1e", 2, WANT_DIGIT), BAD("1e+", 3, WANT_DIGIT), BAD("1E-", 3, WANT_DIGIT), BAD("[1e]", 3, WANT_DIGIT),
    BAD("1e1.5", 3, WANT_END), BAD("1.5.5", 3, WANT_END), BAD("1 2", 2, WANT_END), BAD("1a", 1, WANT_END),
    BAD("0x10", 1, WANT_END), BAD("1_000", 1, WANT_END), BAD("1,5", 1, WANT_END), BAD("- 1", 1, WANT_DIGIT),
    BAD("1\0", 1, WANT_END), BAD("0b1", 1, WANT_END), BAD("1f", 1, WANT_END), BAD("\xef\xbc\x91", 0, WANT_VALUE),
    BAD("1e309", 0, TOO_LARGE), BAD("[-1e999]", 1, TOO_LARGE), BAD("[1,1.8e308]", 3, TOO_LARGE),

    /* strings */
    GOOD("\"\""), GOOD("\"a\""), GOOD("\" \""), GOOD("\"'\""), GOOD("\"/\""), GOOD("\"\x7f\""),
    GOOD("\"0123456789abcdef0123456789abcdef\""),
    BAD("\"", 1, OPEN_STRING), BAD("\"a", 2, OPEN_STRING), BAD("'a'", 0, WANT_VALUE), BAD("a", 0, WANT_VALUE),
    BAD("\"a\"b\"", 3, WANT_END), BAD("\"\n\"", 1, CONTROL), BAD("\"a\tb\"", 2, CONTROL), BAD("\"\0\"", 1, CONTROL),
    BAD("\"\x1f\"", 1, CONTROL), BAD("\"\x1b[2J\"", 1, CONTROL),

    /* escapes */
    GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), GOOD("\"\\u0000\""), GOOD("\"\\u0041\\u00e9\\u20AC\""), GOOD("\"\\uFFFF\""),
    GOOD("\"\\uD7FF\\uE000\""), GOOD("\"\\ud800\\udc00\""), GOOD("\"\\uDBFF\\uDFFF\""), GOOD("\"\\\\u12\""),
    BAD("\"\\", 1, WANT_ESCAPE), BAD("\"\\\"", 3, OPEN_STRING), BAD("\"\\x41\"", 1, WANT_ESCAPE),
    BAD("\"\\a\"", 1, WANT_ESCAPE), BAD("\"\\'\"", 1, WANT_ESCAPE), BAD("\"\\0\"", 1, WANT_ESCAPE),
    BAD("\"\\\0\"", 1, WANT_ESCAPE), BAD("\"\\N\"", 1, WANT_ESCAPE), BAD("\"\\U0041\"", 1, WANT_ESCAPE),
    BAD("\"\\u\"", 1, WANT_ESCAPE), BAD("\"\\u1\"", 1, WANT_ESCAPE), BAD("\"\\u123\"", 1, WANT_ESCAPE),
    BAD("\"\\u123", 1, WANT_ESCAPE), BAD("\"\\u12G4\"", 1, WANT_ESCAPE), BAD("\"\\u+123\"", 1, WANT_ESCAPE),
    BAD("\"\\u 123\"", 1, WANT_ESCAPE), BAD("\"\\u00\xc3\xa9\"", 1, WANT_ESCAPE), BAD("\"\\\xc3\xa9\"", 1, WANT_ESCAPE),
    BAD("\"\\u@123\"", 1, WANT_ESCAPE), BAD("\"\\u`123\"", 1, WANT_ESCAPE), BAD("\"\\u/123\"", 1, WANT_ESCAPE),

    /* surrogates */
    BAD("\"\\ud800\"", 1, WANT_ESCAPE), BAD("\"\\udbff\"", 1, WANT_ESCAPE), BAD("\"\\udc00\"", 1, WANT_ESCAPE),
    BAD("\"\\udfff\"", 1, WANT_ESCAPE), BAD("\"a\\ud800b\"", 2, WANT_ESCAPE),
    BAD("\"\\ud800\\n12345\"", 1, WANT_ESCAPE),
    BAD("\"\\ud800\\u0041\"", 1, WANT_ESCAPE), BAD("\"\\ud800\\ud800\"", 1, WANT_ESCAPE),
    BAD("\"\\udc00\\ud800\"", 1, WANT_ESCAPE), BAD("\"\\ud800\\udbff\"", 1, WANT_ESCAPE),
    BAD("\"\\ud800\\ue000\"", 1, WANT_ESCAPE), BAD("\"\\ud800\\udc0", 1, WANT_ESCAPE),
    BAD("\"\\ud800\\udc0x\"", 1, WANT_ESCAPE), BAD("\"\\ud800xudc00\"", 1, WANT_ESCAPE),

    /* UTF-8 at its boundaries */
    GOOD("\"\xc2\x80\""), GOOD("\"\xdf\xbf\""), GOOD("\"\xe0\xa0\x80\""), GOOD("\"\xed\x9f\xbf\""),
    GOOD("\"\xee\x80\x80\""), GOOD("\"\xef\xbf\xbf\""), GOOD("\"\xf0\x90\x80\x80\""), GOOD("\"\xf4\x8f\xbf\xbf\""),
    GOOD("\"\xef\xbb\xbf\""),
    BAD("\"\x80\"", 1, NOT_UTF8), BAD("\"\xbf\"", 1, NOT_UTF8), BAD("\"\xc0\x80\"", 1, NOT_UTF8),
    BAD("\"\xc1\xbf\"", 1, NOT_UTF8), BAD("\"\xc2\"", 1, NOT_UTF8), BAD("\"\xc2\x7f\"", 1, NOT_UTF8),
    BAD("\"\xc2\xc0\"", 1, NOT_UTF8), BAD("\"\xe0\x9f\xbf\"", 1, NOT_UTF8), BAD("\"\xe1\x80\"", 1, NOT_UTF8),
    BAD("\"\xe1\x80\xc0\"", 1, NOT_UTF8), BAD("\"\xed\xa0\x80\"", 1, NOT_UTF8), BAD("\"\xed\xbf\xbf\"", 1, NOT_UTF8),
    BAD("\"\xf0\x8f\xbf\xbf\"", 1, NOT_UTF8), BAD("\"\xf1\x80\x80\"", 1, NOT_UTF8), BAD("\"\xf1\x80\x80", 1, NOT_UTF8),
    BAD("\"\xf4\x90\x80\x80\"", 1, NOT_UTF8), BAD("\"\xf5\x80\x80\x80\"", 1, NOT_UTF8),
    BAD("\"\xf8\x88\x80\x80\x80\"", 1, NOT_UTF8), BAD("\"\xfe\"", 1, NOT_UTF8), BAD("\"\xff\"", 1, NOT_UTF8),
    BAD("\"ok \xe4 latin\"", 4, NOT_UTF8), BAD("{\"\xff\":1}", 2, NOT_UTF8), BAD("\xc3\xa9", 0, WANT_VALUE),

    /* white space */
    GOOD(" \t\r\n0\t\r\n "), GOOD("[ ]"), GOOD("{ }"), GOOD(" [ 1 , 2 ] "), GOOD("\n{\r\"a\"\t:\n1 , \"b\" : 2 }\n"),
    BAD("", 0, NO_VALUE), BAD(" ", 1, NO_VALUE), BAD(" \n\t\r", 4, NO_VALUE), BAD("\f1", 0, WANT_VALUE),
    BAD("\v1", 0, WANT_VALUE), BAD("1\v", 1, WANT_END), BAD("\0", 0, WANT_VALUE), BAD("\xc2\xa0" "1", 0, WANT_VALUE),
    BAD("[1\f]", 2, WANT_BRACKET), BAD("[\xe2\x80\xa8]", 1, WANT_VALUE), BAD("\xef\xbb\xbf{}", 0, WANT_VALUE),
    BAD("{}\xef\xbb\xbf", 2, WANT_END), BAD("\xff\xfe{}", 0, WANT_VALUE), BAD("{\0}", 1, WANT_NAME),

    /* arrays */
    GOOD("[]"), GOOD("[1]"), GOOD("[[],[[]],{}]"), GOOD("[\"\",0,null]"),
    BAD("[", 1, WANT_BRACKET), BAD("]", 0, WANT_VALUE), BAD("[1", 2, WANT_BRACKET), BAD("[1,", 3, NO_VALUE),
    BAD("[1,]", 3, WANT_VALUE), BAD("[,]", 1, WANT_VALUE), BAD("[,1]", 1, WANT_VALUE), BAD("[1,,2]", 3, WANT_VALUE),
    BAD("[1 2]", 3, WANT_BRACKET), BAD("[1:2]", 2, WANT_BRACKET), BAD("[1}", 2, WANT_BRACKET), BAD("[}", 1, WANT_VALUE),
    BAD("[]]", 2, WANT_END), BAD("[[]", 3, WANT_BRACKET), BAD("[1;2]", 2, WANT_BRACKET),
    BAD("[1/**/]", 2, WANT_BRACKET),
    BAD("[//\n]", 1, WANT_VALUE), BAD("(1)", 0, WANT_VALUE),

    /* objects */
    GOOD("{}"), GOOD("{\"a\":1}"), GOOD("{\"\":0}"), GOOD("{\"a\":1,\"a\":2}"), GOOD("{\"a\":{\"b\":[{}]}}"),
    GOOD("{\"\\u0061\":1}"),
    BAD("{", 1, WANT_BRACE), BAD("}", 0, WANT_VALUE), BAD("{\"a\"", 4, WANT_COLON), BAD("{\"a\":", 5, NO_VALUE),
    BAD("{\"a\":1", 6, WANT_BRACE), BAD("{\"a\":1,", 7, WANT_NAME), BAD("{\"a\":1,}", 7, WANT_NAME),
    BAD("{,}", 1, WANT_NAME), BAD("{\"a\"}", 4, WANT_COLON), BAD("{\"a\" 1}", 5, WANT_COLON),
    BAD("{\"a\"=1}", 4, WANT_COLON), BAD("{\"a\":}", 5, WANT_VALUE), BAD("{\"a\"::1}", 5, WANT_VALUE),
    BAD("{\"a\":1 \"b\":2}", 7, WANT_BRACE), BAD("{\"a\":1;}", 6, WANT_BRACE), BAD("{a:1}", 1, WANT_NAME),
    BAD("{'a':1}", 1, WANT_NAME), BAD("{1:1}", 1, WANT_NAME), BAD("{null:1}", 1, WANT_NAME),
    BAD("{\"a\":1]", 6, WANT_BRACE), BAD("{]", 1, WANT_NAME), BAD("{}}", 2, WANT_END), BAD("{{}:1}", 1, WANT_NAME),
    BAD("{\"a\",1}", 4, WANT_COLON), BAD("{\"a", 3, OPEN_STRING), BAD("{\"a\\\":1}", 8, OPEN_STRING),

    /* several values */
    BAD("{}{}", 2, WANT_END), BAD("[] []", 3, WANT_END), BAD("{},{}", 2, WANT_END), BAD("1,2", 1, WANT_END),
    BAD("null\nnull", 5, WANT_END), BAD("{}x", 2, WANT_END), BAD("{}\0", 2, WANT_END), BAD("\"\"\"\"", 2, WANT_END),

    /* nesting: 64 levels and no more */
    GOOD(X8 X8 X8 X8 X8 X8 X8 X8 Y8 Y8 Y8 Y8 Y8 Y8 Y8 Y8), GOOD(O8 O8 O8 O8 O8 O8 O8 O8 "0" C8 C8 C8 C8 C8 C8 C8 C8),
    GOOD(X8 X8 X8 X8 O8 O8 O8 O8 "0" C8 C8 C8 C8 Y8 Y8 Y8 Y8), GOOD("[[[]],[[]],[[]]]"),
    GOOD("[" X8 X8 X8 X8 X8 X8 X8 Y8 Y8 Y8 Y8 Y8 Y8 Y8 "," X8 X8 X8 X8 X8 X8 X8 Y8 Y8 Y8 Y8 Y8 Y8 Y8 "]"),
    BAD("[" X8 X8 X8 X8 X8 X8 X8 X8 Y8 Y8 Y8 Y8 Y8 Y8 Y8 Y8 "]", 65, TOO_DEEP),
    BAD(X8 X8 X8 X8 X8 X8 X8 X8 "{" "}" Y8 Y8 Y8 Y8 Y8 Y8 Y8 Y8, 65, TOO_DEEP),
    BAD(O8 O8 O8 O8 O8 O8 O8 O8 "{}" C8 C8 C8 C8 C8 C8 C8 C8, 257, TOO_DEEP),
    BAD(X8 X8 X8 X8 X8 X8 X8 X8 X8, 65, TOO_DEEP),
};
/* clang-format on */

#endif
