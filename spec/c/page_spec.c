/* page_spec.c: a page of records is read whatever its order, and refused when it says something else.
 * It must hand out pages as exact copies on the heap, where a sanitizer or memcheck sees a read too far. */
#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 8 /* records that a page of this spec has at most */

static const char published[] =
    "{\n  \"sync_records\" : [ {\n    \"id\" : \"0bba9b07\",\n    \"identity_source_id\" : \"1b6a1c36\",\n"
    "    \"identity_source_type\" : \"ldap\",\n    \"start_time\" : 1747637723055,\n    \"end_time\" : 1747637723056,\n"
    "    \"add_count\" : 1,\n    \"update_count\" : 2,\n    \"delete_count\" : 3,\n    \"failed_count\" : 4,\n"
    "    \"status\" : \"FINISHED\",\n    \"fail_reason\" : null\n  } ],\n  \"count\" : 1\n}";

/* A page that was read to its end. The body lives until forget(). */
struct reading {
    char *body;
    struct dws_page page;
    struct dws_record records[MOST];
    size_t rows; /* as the caller of dws_page_next saw them */
    enum dws_status status;
    struct dws_error error;
};

static struct reading read_bytes(const char *text, size_t length)
{
    struct reading r = {.body = malloc(length)};
    struct dws_record record;
    if (length)
        memcpy(r.body, text, length);
    spec_about(text);
    r.status = dws_page_start(&r.page, (struct dws_text){r.body, length}, &r.error);
    if (r.status != DWS_OK)
        return r;
    while ((r.status = dws_page_next(&r.page, &record, &r.error)) == DWS_OK && r.rows < MOST)
        r.records[r.rows++] = record;
    return r;
}

static struct reading read_page(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void forget(struct reading *r)
{
    free(r->body);
}

static bool has(const struct dws_record *record, enum dws_field field)
{
    return record->present & 1u << field;
}

static void expect_text(const struct dws_record *record, enum dws_field field, const char *expected)
{
    if (EXPECT(has(record, field))) {
        char *room = malloc(record->text[field].raw.length);
        size_t length = dws_json_unescape(record->text[field], room);
        EXPECT_TEXT(((struct dws_text){room, length}), spec_text(expected));
        free(room);
    }
}

static void expect_integer(const struct dws_record *record, enum dws_field field, int64_t expected)
{
    if (EXPECT(has(record, field)))
        EXPECT_INT(record->integer[field], expected);
}

static void expect_refused(const char *text, const char *message)
{
    struct reading r = read_page(text);
    struct dws_record record;
    EXPECT_STATUS(r.status, DWS_ERR_DECODE);
    EXPECT_STATUS(r.error.status, DWS_ERR_DECODE);
    EXPECT_TEXT(spec_text(r.error.message), spec_text(message));
    if (r.page.json.depth > 0) { /* it was begun */
        struct dws_error again = {DWS_OK, ""};
        EXPECT_STATUS(dws_page_next(&r.page, &record, &again), DWS_ERR_DECODE);
        EXPECT_TEXT(spec_text(again.message), spec_text(message));
        EXPECT_STATUS(dws_page_next(&r.page, &record, &again), DWS_ERR_DECODE);
    }
    forget(&r);
}

/* ---- what a page may be ----------------------------------------------------------------------- */

static void reads_the_published_page(void)
{
    struct reading r = read_page(published);
    const struct dws_record *record = &r.records[0];
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.rows, 1);
    EXPECT_INT(r.page.records, 1);
    EXPECT(r.page.has_count);
    EXPECT_INT(r.page.count, 1);
    EXPECT_INT(r.page.unknown, 0);
    expect_text(record, DWS_ID, "0bba9b07");
    expect_text(record, DWS_IDENTITY_SOURCE_ID, "1b6a1c36");
    expect_text(record, DWS_IDENTITY_SOURCE_TYPE, "ldap");
    expect_integer(record, DWS_START_TIME, 1747637723055);
    expect_integer(record, DWS_END_TIME, 1747637723056);
    expect_integer(record, DWS_ADD_COUNT, 1);
    expect_integer(record, DWS_UPDATE_COUNT, 2);
    expect_integer(record, DWS_DELETE_COUNT, 3);
    expect_integer(record, DWS_FAILED_COUNT, 4);
    expect_text(record, DWS_STATUS, "FINISHED");
    EXPECT(!has(record, DWS_FAIL_REASON));
    EXPECT_INT(record->index, 0);
    EXPECT_INT(record->unknown, 0);
    forget(&r);
}

static void refuses_every_beginning(void)
{
    struct dws_text whole = LITERAL(published);
    for (size_t cut = 0; cut < whole.length; cut++) {
        struct reading r = read_bytes(published, cut);
        EXPECT_STATUS(r.status, DWS_ERR_DECODE);
        EXPECT_HOLDS(spec_text(r.error.message), LITERAL("at byte offset "));
        forget(&r);
    }
}

static const char *const members[DWS_FIELDS] = {
    "\"id\":\"a\"",
    "\"identity_source_id\":\"b\"",
    "\"identity_source_type\":\"c\"",
    "\"start_time\":3",
    "\"end_time\":4",
    "\"add_count\":5",
    "\"update_count\":6",
    "\"delete_count\":7",
    "\"failed_count\":8",
    "\"status\":\"j\"",
    "\"fail_reason\":\"k\"",
};

static void expect_all_members(const struct dws_record *record)
{
    EXPECT_INT(record->present, (1u << DWS_FIELDS) - 1);
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        const char letter[] = {(char)('a' + field), '\0'};
        if (dws_field_is_text(field))
            expect_text(record, field, letter);
        else
            expect_integer(record, field, field);
    }
}

/* Every record begins with another field and goes through them in another step, with white space in every second. */
static void takes_fields_in_any_order(void)
{
    for (unsigned step = 1; step < DWS_FIELDS; step++) {
        char text[4096] = "{\"sync_records\":[";
        for (unsigned row = 0; row < MOST; row++) {
            strcat(text, row ? ",{" : "{");
            for (unsigned i = 0; i < DWS_FIELDS; i++) {
                strcat(text, i == 0 ? "" : row % 2 ? " ,\n" : ",");
                strcat(text, members[(row * (row > 3) + (i * step)) % DWS_FIELDS]);
            }
            strcat(text, "}");
        }
        strcat(text, "]}");
        struct reading r = read_page(text);
        EXPECT_STATUS(r.status, DWS_IDLE);
        EXPECT_INT(r.rows, MOST);
        for (size_t row = 0; row < r.rows; row++)
            expect_all_members(&r.records[row]);
        forget(&r);
    }
}

static void tells_records_from_one_another(void)
{
    struct reading r =
        read_page("{\"sync_records\":[{\"id\":\"a\",\"status\":\"x\",\"add_count\":1},{},"
                  "{\"id\":null},{\"ids\":1,\"id\":\"d\"},{\"i\":0,\"id\":\"e\"},{\"add_count\":2,\"id\":\"f\"}]}");
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.rows, 6);
    EXPECT_INT(r.records[1].present, 0);
    EXPECT_INT(r.records[2].present, 0);
    EXPECT_INT(r.records[3].present, 1u << DWS_ID);
    EXPECT_INT(r.records[3].unknown, 1);
    expect_text(&r.records[3], DWS_ID, "d");
    expect_text(&r.records[4], DWS_ID, "e");
    expect_text(&r.records[5], DWS_ID, "f");
    expect_integer(&r.records[5], DWS_ADD_COUNT, 2);
    forget(&r);
}

static void lets_the_last_of_repeated_keys_win(void)
{
    struct reading r =
        read_page("{\"count\":9,\"sync_records\":[{\"id\":\"a\",\"id\":\"b\",\"add_count\":1,\"add_count\":2},"
                  "{\"id\":\"a\",\"id\":null},{\"id\":null,\"id\":\"c\"},{\"id\":\"a\",\"\\u0069d\":\"d\"}],"
                  "\"count\":4}");
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.page.count, 4);
    expect_text(&r.records[0], DWS_ID, "b");
    expect_integer(&r.records[0], DWS_ADD_COUNT, 2);
    EXPECT(!has(&r.records[1], DWS_ID));
    expect_text(&r.records[2], DWS_ID, "c");
    expect_text(&r.records[3], DWS_ID, "d");
    forget(&r);
}

/* In the order of the fields and against it. */
static void takes_null_from_no_field_but_its_own(void)
{
    for (int turned = 0; turned < 2; turned++) {
        for (unsigned field = 0; field < DWS_FIELDS; field++) {
            char text[8192] = "{\"sync_records\":[";
            for (unsigned row = 0; row < MOST; row++) {
                strcat(text, row ? ",{" : "{");
                for (unsigned i = 0; i < DWS_FIELDS; i++) {
                    const unsigned at = turned ? DWS_FIELDS - 1 - i : i;
                    strcat(text, i == 0 ? "" : ",");
                    if (at == field)
                        sprintf(text + strlen(text), "\"%s\":null", dws_field_name(at).data);
                    else
                        strcat(text, members[at]);
                }
                strcat(text, "}");
            }
            strcat(text, "]}");
            struct reading r = read_page(text);
            EXPECT_STATUS(r.status, DWS_IDLE);
            for (size_t row = 0; row < r.rows; row++)
                EXPECT_INT(r.records[row].present, ((1u << DWS_FIELDS) - 1) & ~(1u << field));
            forget(&r);
        }
    }
}

/* A page of records like one another: all fields, of which one has this member instead of its own. */
static void expect_unknown(unsigned field, const char *member)
{
    char text[8192] = "{\"sync_records\":[";
    spec_about(member);
    for (unsigned row = 0; row < 3; row++) {
        strcat(text, row ? ",{" : "{");
        for (unsigned i = 0; i < DWS_FIELDS; i++) {
            strcat(text, i == 0 ? "" : ",");
            strcat(text, i == field ? member : members[i]);
        }
        strcat(text, "}");
    }
    strcat(text, "]}");
    struct reading r = read_page(text);
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.rows, 3);
    for (size_t row = 0; row < r.rows; row++) {
        EXPECT_INT(r.records[row].present, ((1u << DWS_FIELDS) - 1) & ~(1u << field));
        EXPECT_INT(r.records[row].unknown, 1);
    }
    forget(&r);
}

/* Other in any byte; longer, with what could be taken for the end of the name. */
static void knows_no_names_like_the_exact_ones(void)
{
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        const char *name = dws_field_name(field).data;
        char member[80];
        for (size_t at = 0; at < strlen(name); at++) {
            strcpy(member, members[field]);
            member[1 + at] ^= 1;
            expect_unknown(field, member);
        }
        snprintf(member, sizeof member, "\"%.60sx:1,y\":2", name);
        expect_unknown(field, member);
        snprintf(member, sizeof member, "\"%.*s\":2", (int)strlen(name) - 1, name);
        expect_unknown(field, member);
    }
}

static void knows_escaped_names(void)
{
    struct reading r = read_page("{\"\\u0063\\u006funt\":1,\"sync\\u005Frecords\":["
                                 "{\"\\u0069\\u0064\":\"x\",\"add\\u005fcount\":7,\"st\\/atus\":1,"
                                 "\"\\u0069\\u0064\\u0065\\u006e"
                                 "\\u0074\\u0069\\u0074\\u0079\\u005f\\u0073\\u006f\\u0075\\u0072\\u0063\\u0065\\u005f"
                                 "\\u0074\\u0079\\u0070\\u0065\":\"ldap\",\"\\u0069\\u0064\\u0000\":2}]}");
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.page.count, 1);
    EXPECT_INT(r.page.unknown, 0);
    EXPECT_INT(r.records[0].unknown, 2);
    expect_text(&r.records[0], DWS_ID, "x");
    expect_text(&r.records[0], DWS_IDENTITY_SOURCE_TYPE, "ldap");
    expect_integer(&r.records[0], DWS_ADD_COUNT, 7);
    forget(&r);
}

static void passes_over_what_it_does_not_know(void)
{
    struct reading r = read_page("{\"next\":{\"sync_records\":[{\"id\":7}],\"count\":\"x\"},\"sync_records\":["
                                 "{\"tags\":[{\"id\":1},null],\"id\":\"a\",\"ID\":5,\"\":{}},{\"id\":\"b\"}],"
                                 "\"Count\":true,\"count\":2}");
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.page.unknown, 2);
    EXPECT_INT(r.page.count, 2);
    EXPECT_INT(r.rows, 2);
    EXPECT_INT(r.records[0].unknown, 3);
    EXPECT_INT(r.records[1].unknown, 0);
    expect_text(&r.records[0], DWS_ID, "a");
    forget(&r);
}

static void says_where_a_record_stands(void)
{
    struct reading r = read_page("{\"sync_records\":[ {\"id\":\"a\"} ,\n{ } , {\"x\":{\"y\":[]}}]}");
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.rows, 3);
    EXPECT_TEXT(r.records[0].source, LITERAL("{\"id\":\"a\"}"));
    EXPECT_TEXT(r.records[1].source, LITERAL("{ }"));
    EXPECT_TEXT(r.records[2].source, LITERAL("{\"x\":{\"y\":[]}}"));
    EXPECT(r.records[0].source.data == r.body + 18);
    for (size_t row = 0; row < r.rows; row++)
        EXPECT_INT(r.records[row].index, row);
    forget(&r);
}

static void takes_whole_numbers_however_written(void)
{
    struct reading r =
        read_page("{\"count\":2.0,\"sync_records\":[{\"start_time\":1e3,\"end_time\":-5.0,\"add_count\":-0.0,"
                  "\"update_count\":9007199254740992.0,\"delete_count\":9223372036854775807,"
                  "\"failed_count\":-9223372036854775808}]}");
    const struct dws_record *record = &r.records[0];
    EXPECT_STATUS(r.status, DWS_IDLE);
    EXPECT_INT(r.page.count, 2);
    expect_integer(record, DWS_START_TIME, 1000);
    expect_integer(record, DWS_END_TIME, -5);
    expect_integer(record, DWS_ADD_COUNT, 0);
    expect_integer(record, DWS_UPDATE_COUNT, INT64_C(9007199254740992));
    expect_integer(record, DWS_DELETE_COUNT, INT64_MAX);
    expect_integer(record, DWS_FAILED_COUNT, INT64_MIN);
    forget(&r);
}

struct outline {
    const char *text;
    size_t rows; /* that were handed out */
    size_t records;
    bool has_count;
};

static void lets_parts_be_absent_empty_or_twice(void)
{
    static const struct outline rows[] = {
        {"{\"count\":0}", 0, 0, true},
        {"{\"sync_records\":[]}", 0, 0, false},
        {"{\"sync_records\":null}", 0, 0, false},
        {"{\"sync_records\":null,\"count\":0}", 0, 0, true},
        {"{\"count\":0,\"x\":1}", 0, 0, true},
        {"{\"count\":7,\"sync_records\":[]}", 0, 0, true},
        {"{\"sync_records\":null,\"x\":1}", 0, 0, false},
        {"{\"sync_records\":[{}],\"count\":null}", 1, 1, false},
        {"{\"count\":1,\"count\":null,\"sync_records\":[{}]}", 1, 1, false},
        {"{\"sync_records\":[{},{}],\"sync_records\":[{}]}", 3, 1, false},
        {"{\"sync_records\":[],\"sync_records\":[{},{}]}", 2, 2, false},
        {"{\"sync_records\":[{}],\"sync_records\":[]}", 1, 0, false},
        {"{\"sync_records\":[{}],\"sync_records\":null}", 1, 0, false},
        {"{\"sync_records\":null,\"sync_records\":[{}],\"count\":1}", 1, 1, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reading r = read_page(rows[i].text);
        struct dws_record record;
        EXPECT_STATUS(r.status, DWS_IDLE);
        EXPECT_INT(r.rows, rows[i].rows);
        EXPECT_INT(r.page.records, rows[i].records);
        EXPECT(r.page.has_count == rows[i].has_count);
        EXPECT_STATUS(dws_page_next(&r.page, &record, &r.error), DWS_IDLE); /* the end stays the end */
        forget(&r);
    }
}

static void begins_again_with_a_second_list(void)
{
    struct reading r =
        read_page("{\"sync_records\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"sync_records\":[{\"id\":\"c\"}]}");
    EXPECT_INT(r.rows, 3);
    EXPECT_INT(r.records[1].index, 1);
    EXPECT_INT(r.records[2].index, 0);
    expect_text(&r.records[2], DWS_ID, "c");
    forget(&r);
}

/* ---- what a page may not be ------------------------------------------------------------------- */

static void names_record_and_field_of_a_wrong_type(void)
{
    static const struct {
        const char *json;
        const char *name;
    } values[] = {{"{}", "an object"},    {"[]", "an array"},    {"true", "a boolean"},
                  {"false", "a boolean"}, {"\"7\"", "a string"}, {"7", "a number"}};
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        const char *name = dws_field_name(field).data;
        bool is_text = dws_field_is_text(field);
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            char text[200], message[200];
            if (strcmp(values[i].name, is_text ? "a string" : "a number") == 0)
                continue;
            snprintf(text, sizeof text, "{\"sync_records\":[{},{\"%s\":%s}],\"count\":2}", name, values[i].json);
            snprintf(message, sizeof message, "sync_records[1].%s is %s, expected %s", name, values[i].name,
                     is_text ? "a string" : "an integer");
            expect_refused(text, message);
        }
    }
}

static void refuses_numbers_that_are_no_integers(void)
{
    static const char *const values[] = {
        "0.5", "-1.25e1", "1e30", "9223372036854775808", "-9223372036854775809", "9007199254740994.0", "1e-5"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"sync_records\":[{\"end_time\":%s}]}", values[i]);
        expect_refused(text,
                       "sync_records[0].end_time is a number with a fraction or out of range, expected an integer");
        snprintf(text, sizeof text, "{\"count\":%s}", values[i]);
        if (values[i][0] != '-' || strchr(values[i], '.') || strlen(values[i]) > 19)
            expect_refused(text, "count is a number with a fraction or out of range, expected an integer of 0 or more");
    }
    expect_refused("{\"sync_records\":[{\"end_time\":1e999}]}", "at byte offset 29: the number is too large");
}

static void refuses_other_counts(void)
{
    expect_refused("{\"count\":-1}", "count is negative, expected an integer of 0 or more");
    expect_refused("{\"count\":-9223372036854775808}", "count is negative, expected an integer of 0 or more");
    expect_refused("{\"count\":\"1\"}", "count is a string, expected an integer of 0 or more");
    expect_refused("{\"count\":true}", "count is a boolean, expected an integer of 0 or more");
    expect_refused("{\"count\":[]}", "count is an array, expected an integer of 0 or more");
    expect_refused("{\"count\":{}}", "count is an object, expected an integer of 0 or more");
    expect_refused("{\"count\":3}", "count says 3, but there is no sync_records");
    expect_refused("{\"count\":3,\"sync_records\":null}", "count says 3, but there is no sync_records");
    expect_refused("{\"sync_records\":[{}],\"sync_records\":null,\"count\":1}",
                   "count says 1, but there is no sync_records");
}

static void refuses_lists_of_something_else(void)
{
    expect_refused("{\"sync_records\":{}}", "sync_records is an object, expected an array");
    expect_refused("{\"sync_records\":\"[]\"}", "sync_records is a string, expected an array");
    expect_refused("{\"sync_records\":0}", "sync_records is a number, expected an array");
    expect_refused("{\"sync_records\":false}", "sync_records is a boolean, expected an array");
    expect_refused("{\"sync_records\":[null]}", "sync_records[0] is null, expected an object");
    expect_refused("{\"sync_records\":[{},[]]}", "sync_records[1] is an array, expected an object");
    expect_refused("{\"sync_records\":[{},{},\"x\"]}", "sync_records[2] is a string, expected an object");
    expect_refused("{\"sync_records\":[1]}", "sync_records[0] is a number, expected an object");
    expect_refused("{\"sync_records\":[true]}", "sync_records[0] is a boolean, expected an object");
}

static void refuses_what_somebody_else_wrote(void)
{
    expect_refused("{}", "it has neither count nor sync_records");
    expect_refused(" { } ", "it has neither count nor sync_records");
    expect_refused("{\"count\":null}", "it has neither count nor sync_records");
    expect_refused("{\"count\":null,\"x\":1}", "it has neither count nor sync_records");
    expect_refused("{\"count\":0,\"count\":null}", "it has neither count nor sync_records");
    expect_refused("{\"error_code\":\"DWS.0001\"}", "it has neither count nor sync_records");
    expect_refused("{\"Count\":0,\"records\":[]}", "it has neither count nor sync_records");
    expect_refused("[]", "at byte offset 0: expected an object");
    expect_refused("null", "at byte offset 0: expected an object");
    expect_refused("", "at byte offset 0: expected an object");
    expect_refused(" <html>", "it is HTML or XML, expected JSON");
    expect_refused("\x1f\x8b\x08", "it is compressed by gzip, which was not asked for");
    expect_refused("\x28\xb5\x2f\xfd", "it is compressed by zstd, which was not asked for");
    expect_refused("\xef\xbb\xbf{\"count\":0}", "it begins with a byte order mark, which JSON must not");
    expect_refused("\xff\xfe{", "it is UTF-16, expected UTF-8");
    expect_refused("\xfe\xff", "it is UTF-16, expected UTF-8");
    expect_refused("\x1f", "at byte offset 0: expected an object");
    expect_refused(" ", "at byte offset 1: expected an object");
    expect_refused("{} {}", "at byte offset 3: expected nothing more");
    expect_refused("{\"count\":0}x", "at byte offset 11: expected nothing more");
}

/* The quick way that a usual member takes must not be laxer than the usual one. */
static void stays_strict_between_members(void)
{
    expect_refused("{\"sync_records\":[{,\"id\":\"a\"}]}", "at byte offset 18: expected a member's name");
    expect_refused("{\"sync_records\":[{\"id\":\"a\"\"identity_source_id\":\"b\"}]}",
                   "at byte offset 26: expected ',' or '}'");
    expect_refused("{\"sync_records\":[{\"id\":\"a\",,\"identity_source_id\":\"b\"}]}",
                   "at byte offset 27: expected a member's name");
    expect_refused("{\"sync_records\":[{\"id\":\"a\",}]}", "at byte offset 27: expected a member's name");
    expect_refused("{\"sync_records\":[{\"id\":}]}", "at byte offset 23: expected a value");
    expect_refused("{\"sync_records\":[{\"id\":\"a\",\"identity_source_id\":",
                   "at byte offset 48: the text ends where a value was expected");
    expect_refused("{\"sync_records\":[{\"id\":\"a\"},]}", "at byte offset 28: expected a value");
    expect_refused("{\"sync_records\":[{\"id\":\"a\"},{,\"id\":\"b\"}]}",
                   "at byte offset 29: expected a member's name");
    expect_refused("{\"sync_records\":[{\"id\" \"a\"}]}", "at byte offset 23: expected ':'");
    expect_refused("{\"sync_records\":[{\"start_time\":01}]}", "at byte offset 31: a number must not begin with 0");
    expect_refused("{\"sync_records\":[{\"start_time\":-}]}", "at byte offset 32: expected a digit");
}

/* ---- accounts --------------------------------------------------------------------------------- */

/* Reads a page of accounts to its end; returns what dws_page_next said last. */
static enum dws_status read_accounts(const char *text, struct dws_record *records, size_t *rows,
                                     struct dws_error *error)
{
    struct dws_page page;
    enum dws_status status = dws_page_start_of(&page, DWS_ACCOUNTS, spec_text(text), error);
    spec_about(text);
    for (*rows = 0; status == DWS_OK && *rows < MOST; *rows += status == DWS_OK)
        status = dws_page_next(&page, &records[*rows], error);
    return status;
}

static void reads_accounts(void)
{
    struct dws_record records[MOST];
    struct dws_error error;
    size_t rows;
    const char *text = "{\"users\":[{\"name\":\"a b\",\"login\":true,\"user_type\":\"COMMON\"},"
                       "{ \"user_type\" : \"IAM\", \"login\" : false, \"name\" : \"\\\"q\\\"\" },"
                       "{\"name\":null,\"id\":\"x\"},{\"login\":\"yes\"}], \"more\": 1}";
    EXPECT_STATUS(read_accounts(text, records, &rows, &error), DWS_IDLE);
    EXPECT_INT(rows, 4);
    EXPECT_INT(records[0].present, dws_kind_fields(DWS_ACCOUNTS));
    expect_text(&records[0], DWS_NAME, "a b");
    expect_integer(&records[0], DWS_LOGIN, 1);
    expect_text(&records[1], DWS_NAME, "\"q\"");
    expect_integer(&records[1], DWS_LOGIN, 0);
    expect_text(&records[1], DWS_USER_TYPE, "IAM");
    EXPECT_INT(records[2].present, 0);
    EXPECT_INT(records[2].unknown, 1);
    EXPECT_INT(records[3].present, 0);
    EXPECT_INT(records[3].unknown, 1);
}

static void refuses_other_accounts(void)
{
    static const char *const cases[][2] = {
        {"{\"users\":[{\"login\":tru}]}", "at byte offset 19: expected true, false or null"},
        {"{\"users\":[{},{\"name\":7}]}", "users[1].name is a number, expected a string"},
        {"{\"users\":{}}", "users is an object, expected an array"},
        {"{\"users\":[7]}", "users[0] is a number, expected an object"},
        {"{\"sync_records\":[]}", "it has neither count nor users"},
        {"{\"count\":2}", "count says 2, but there is no users"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dws_record records[MOST];
        struct dws_error error = {DWS_OK, ""};
        size_t rows;
        EXPECT_STATUS(read_accounts(cases[i][0], records, &rows, &error), DWS_ERR_DECODE);
        EXPECT_TEXT(spec_text(error.message), spec_text(cases[i][1]));
    }
}

/* ---- the example ------------------------------------------------------------------------------ */

static void expect_count(const char *page, const char *line, bool good)
{
    char path[] = "/tmp/page_spec_XXXXXX", command[512], said[200] = "";
    int file = mkstemp(path);
    FILE *out = fdopen(file, "w");
    fputs(page, out);
    fclose(out);
    snprintf(command, sizeof command, "%s %s %s 2>&1", COUNT_FAILURES, path, path);
    spec_about(page);
    FILE *pipe = popen(command, "r");
    while (fgets(said, sizeof said, pipe))
        ;
    EXPECT((pclose(pipe) == 0) == good);
    EXPECT_TEXT(spec_text(said), spec_text(line));
    remove(path);
}

static void counts_failures(void)
{
    expect_count(published, "0 of 2 records failed\n", true);
    expect_count(
        "{\"sync_records\":[{\"status\":\"FAILED\"},{\"status\":\"FINISHED\"},{},{\"status\":\"F\\u0041ILED\"}]}",
        "4 of 8 records failed\n", true);
    expect_count("{\"sync_records\":[{\"status\":\"FAILED\"}],\"sync_records\":[{}]}", "0 of 2 records failed\n", true);
    expect_count("{\"sync_records\":[{\"status\":\"FAILED\"}", "0 of 0 records failed\n", false);
}

static const struct spec_case cases[] = {
    {"the published page is read", reads_the_published_page},
    {"every beginning of a page is refused", refuses_every_beginning},
    {"fields come in any order", takes_fields_in_any_order},
    {"nothing of a record stays for the next one", tells_records_from_one_another},
    {"a null is absent, and nothing else with it", takes_null_from_no_field_but_its_own},
    {"a name that differs in one byte is another", knows_no_names_like_the_exact_ones},
    {"the last of repeated keys wins", lets_the_last_of_repeated_keys_win},
    {"names may be written with escapes", knows_escaped_names},
    {"unknown members are counted and passed over", passes_over_what_it_does_not_know},
    {"a record has its index and its own JSON", says_where_a_record_stands},
    {"whole numbers are integers however they are written", takes_whole_numbers_however_written},
    {"parts may be absent, null, empty or twice", lets_parts_be_absent_empty_or_twice},
    {"a second list begins at index 0", begins_again_with_a_second_list},
    {"a wrong type names record and field", names_record_and_field_of_a_wrong_type},
    {"numbers that are no integers are refused", refuses_numbers_that_are_no_integers},
    {"a count that is none is refused", refuses_other_counts},
    {"a list of something else is refused", refuses_lists_of_something_else},
    {"what somebody else wrote is refused", refuses_what_somebody_else_wrote},
    {"members are parted as strictly as anywhere", stays_strict_between_members},
    {"a page of accounts is read, and what it does not know counted", reads_accounts},
    {"a page of accounts that says something else is refused", refuses_other_accounts},
    {"the example counts FAILED records, and none of a broken page", counts_failures},
};

SPEC_MAIN(cases)
