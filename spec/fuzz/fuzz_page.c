/* fuzz_page.c: libFuzzer target: any bytes through the JSON reader and the page reader, from a buffer of exactly their
 * length. What both say must agree with a second opinion (second_opinion.c). It must not share code with the
 * readers. */
#include "check.h"
#include "dws.h"
#include "second_opinion.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static bool is_inside(struct dws_text part, struct dws_text whole)
{
    return part.data >= whole.data && part.length <= whole.length &&
           part.data + part.length <= whole.data + whole.length;
}

static bool is_syntax(const struct dws_error *error)
{
    return strncmp(error->message, "at byte offset ", 15) == 0;
}

static void check_error(const struct dws_error *error, struct dws_text body)
{
    size_t offset;
    CHECK(error->status == DWS_ERR_DECODE);
    CHECK(error->message[0] != '\0');
    if (is_syntax(error)) {
        CHECK(sscanf(error->message, "at byte offset %zu: ", &offset) == 1);
        CHECK(offset <= body.length);
    }
}

/* ---- strings ---------------------------------------------------------------------------------- */

static void check_string(struct dws_json_string string, struct dws_text body)
{
    size_t at;
    CHECK(is_inside(string.raw, body));
    CHECK(string.escaped == (string.raw.length > 0 && memchr(string.raw.data, '\\', string.raw.length) != NULL));
    char *plain = malloc(string.raw.length ? string.raw.length : 1);
    size_t length = dws_json_unescape(string, plain);
    struct dws_text text = {plain, length};
    CHECK(string.escaped ? length < string.raw.length : length == string.raw.length);
    CHECK(dws_utf8_valid(text, &at));
    CHECK(second_opinion_of_string(string.raw, text));
    CHECK(dws_json_equals(string, text));
    if (length > 0) {
        plain[length - 1] ^= 1;
        CHECK(!dws_json_equals(string, text));
        CHECK(!dws_json_equals(string, (struct dws_text){plain, length - 1}));
    }
    free(plain);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static void check_number(struct dws_json_number number, const char *start, const char *end)
{
    char copy[1100] = ""; /* an integer with more digits than a number may have is refused before */
    CHECK((size_t)(end - start) < sizeof copy);
    memcpy(copy, start, (size_t)(end - start));
    errno = 0;
    long long integer = strtoll(copy, NULL, 10);
    bool fits = errno == 0 && !strpbrk(copy, ".eE");
    double real = strtod(copy, NULL);
    CHECK(number.is_integer == fits);
    CHECK(!fits || number.integer == integer);
    CHECK(number.real == real && (fits || signbit(number.real) == signbit(real)));
}

/* ---- values ----------------------------------------------------------------------------------- */

static bool walk(struct dws_json *json, struct dws_text body);

static bool walk_container(struct dws_json *json, bool object, struct dws_text body)
{
    struct dws_json_string key;
    if (!(object ? dws_json_object(json) : dws_json_array(json)))
        return false;
    while (object ? dws_json_member(json, &key) : dws_json_element(json)) {
        if (object)
            check_string(key, body);
        if (!walk(json, body))
            return false;
    }
    return json->error.status == DWS_OK;
}

/* Reads any value piece by piece. */
static bool walk(struct dws_json *json, struct dws_text body)
{
    struct dws_json_string string;
    struct dws_json_number number;
    const char *start;
    enum dws_json_type type = dws_json_peek(json);
    CHECK(json->at >= json->start && json->at <= json->end);
    CHECK(json->depth >= 0 && json->depth <= DWS_JSON_DEPTH);
    switch (type) {
    case DWS_JSON_OBJECT:
    case DWS_JSON_ARRAY: return walk_container(json, type == DWS_JSON_OBJECT, body);
    case DWS_JSON_NUMBER:
        start = json->at;
        if (!dws_json_number(json, &number))
            return false;
        check_number(number, start, json->at);
        return true;
    case DWS_JSON_STRING:
        if (!dws_json_string(json, &string))
            return false;
        check_string(string, body);
        return true;
    case DWS_JSON_NOTHING: return false;
    default: return dws_json_literal(json);
    }
}

/* Whether the text is one JSON value: skipped over, walked through, and by the second opinion. */
static bool check_json(struct dws_text body)
{
    struct dws_json skipped, walked;
    dws_json_start(&skipped, body);
    dws_json_start(&walked, body);
    bool good = dws_json_skip(&skipped) && dws_json_finish(&skipped);
    CHECK((walk(&walked, body) && dws_json_finish(&walked)) == good);
    CHECK(strcmp(skipped.error.message, walked.error.message) == 0);
    CHECK(second_opinion_of_text(body, DWS_JSON_DEPTH) == good);
    if (good) {
        CHECK(skipped.at == skipped.end && skipped.depth == 0 && skipped.fresh == 0);
    } else {
        check_error(&skipped.error, body);
        CHECK(!dws_json_skip(&skipped) && !dws_json_finish(&skipped)); /* the failure stays */
    }
    return good;
}

/* ---- pages ------------------------------------------------------------------------------------ */

static unsigned find_field(struct dws_json_string key)
{
    unsigned field = 0;
    while (field < DWS_FIELDS && !dws_json_equals(key, dws_field_name(field)))
        field++;
    return field;
}

/* Reads a field's value the plain way. */
static void read_field(struct dws_json *json, struct dws_record *record, unsigned field)
{
    struct dws_json_number number;
    record->present |= 1u << field;
    if (dws_json_peek(json) == DWS_JSON_NULL) {
        record->present &= ~(1u << field);
        CHECK(dws_json_literal(json));
    } else if (dws_field_is_text(field)) {
        CHECK(dws_json_string(json, &record->text[field]));
    } else {
        CHECK(dws_json_number(json, &number));
        record->integer[field] = number.is_integer ? number.integer : (int64_t)number.real;
        CHECK(number.is_integer || (double)record->integer[field] == number.real);
    }
}

/* The record again, read without the page reader's guesses. */
static struct dws_record read_plainly(struct dws_text source)
{
    struct dws_record record = {.present = 0};
    struct dws_json_string key;
    struct dws_json json;
    dws_json_start(&json, source);
    CHECK(dws_json_object(&json));
    while (dws_json_member(&json, &key)) {
        unsigned field = find_field(key);
        if (field < DWS_FIELDS) {
            read_field(&json, &record, field);
        } else {
            record.unknown++;
            CHECK(dws_json_skip(&json));
        }
    }
    CHECK(dws_json_finish(&json));
    return record;
}

static void compare_record(const struct dws_record *record)
{
    struct dws_record plain = read_plainly(record->source);
    CHECK(record->present == plain.present && record->unknown == plain.unknown);
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        if (!(plain.present & 1u << field))
            continue;
        if (dws_field_is_text(field))
            CHECK(record->text[field].raw.data == plain.text[field].raw.data &&
                  record->text[field].raw.length == plain.text[field].raw.length &&
                  record->text[field].escaped == plain.text[field].escaped);
        else
            CHECK(record->integer[field] == plain.integer[field]);
    }
}

static void check_record(const struct dws_record *record, struct dws_text body)
{
    compare_record(record);
    CHECK(record->present < 1u << DWS_FIELDS);
    CHECK(is_inside(record->source, body));
    CHECK(record->source.length >= 2 && record->source.data[0] == '{' &&
          record->source.data[record->source.length - 1] == '}');
    CHECK(second_opinion_of_text(record->source, DWS_JSON_DEPTH - 2));
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        if (record->present & 1u << field && dws_field_is_text(field))
            check_string(record->text[field], record->source);
    }
}

/* The page again, with all guesses of each record spoilt: they make the reader quick, and change nothing. */
static void check_guesses(struct dws_text body, unsigned guess, enum dws_status expected, const struct dws_error *error)
{
    struct dws_page page;
    struct dws_record record;
    struct dws_error said = {DWS_OK, ""};
    enum dws_status status = dws_page_start(&page, body, &said);
    while (status == DWS_OK) {
        memset(page.order, (int)guess, sizeof page.order);
        status = dws_page_next(&page, &record, &said);
    }
    CHECK(status == expected);
    CHECK(status == DWS_IDLE || strcmp(said.message, error->message) == 0);
}

static enum dws_status read_page(struct dws_text body, struct dws_error *error)
{
    struct dws_page page;
    struct dws_record record;
    size_t expected = 0;
    enum dws_status status = dws_page_start(&page, body, error);
    if (status != DWS_OK)
        return status;
    while ((status = dws_page_next(&page, &record, error)) == DWS_OK) {
        CHECK(record.index == expected || record.index == 0);
        expected = record.index + 1;
        CHECK(page.records == expected);
        check_record(&record, body);
    }
    CHECK(dws_page_next(&page, &record, error) == status); /* it stays so */
    CHECK(status != DWS_IDLE || !page.has_count || page.count >= 0);
    return status;
}

static void check_page(struct dws_text body, bool is_json)
{
    struct dws_error error;
    enum dws_status status = read_page(body, &error);
    check_guesses(body, DWS_ID, status, &error);
    check_guesses(body, DWS_STATUS, status, &error);
    if (status == DWS_IDLE) {
        CHECK(is_json);
        return;
    }
    check_error(&error, body);
    if (is_json && is_syntax(&error))
        CHECK(strstr(error.message, "expected an object") != NULL); /* JSON, but not even an object */
}

/* A page without the records that do not fit has the others, as they were, and the same count. */
static void check_filter(struct dws_text body)
{
    const struct dws_value failed = {.text = {"FAILED", 6}};
    const struct dws_condition condition = {.field = DWS_STATUS, .values = &failed, .count = 1};
    const struct dws_filter filter = {&condition, 1};
    struct dws_page whole, shorter;
    struct dws_record record, kept;
    struct dws_error error;
    struct dws_buf out = {0};
    const bool traces = body.length % 2;
    enum dws_status status = dws_filter_page(&filter, body, traces, &out, &error);
    CHECK(status == DWS_OK || status == DWS_IDLE);
    if (status == DWS_OK) {
        CHECK(dws_page_start(&whole, body, &error) == DWS_OK);
        CHECK(dws_page_start(&shorter, dws_buf_text(&out), &error) == DWS_OK);
        while (dws_page_next(&whole, &record, &error) == DWS_OK) {
            const bool fits = dws_filter_fits(&filter, &record);
            if (!fits && !traces)
                continue;
            CHECK(dws_page_next(&shorter, &kept, &error) == DWS_OK);
            CHECK(dws_filter_fits(&filter, &kept) == fits);
            CHECK(!fits || (kept.source.length == record.source.length &&
                            memcmp(kept.source.data, record.source.data, kept.source.length) == 0));
        }
        CHECK(dws_page_next(&shorter, &kept, &error) == DWS_IDLE);
        CHECK(shorter.has_count == whole.has_count && shorter.count == whole.count);
    }
    dws_buf_free(&out);
}

/* A page that was cut off anywhere before its last brace is refused. */
static void check_cut(struct dws_text body)
{
    struct dws_error error;
    size_t length = body.length;
    while (length > 0 && body.data[length - 1] != '}')
        length--;
    if (length < 2)
        return;
    size_t cut = (length * 2654435761u) % (length - 1);
    char *copy = malloc(cut ? cut : 1);
    memcpy(copy, body.data, cut);
    CHECK(read_page((struct dws_text){copy, cut}, &error) == DWS_ERR_DECODE);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    struct dws_text body = {size ? copy : copy + 1, size}; /* at the end of its buffer, even when empty */
    bool is_json = check_json(body);
    check_page(body, is_json);
    check_filter(body);
    if (is_json)
        check_cut(body);
    free(copy);
    return 0;
}
