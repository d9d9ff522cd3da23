/* filter_spec.c: which records a filter lets through, one by one and out of a page's text. */
#include "spec.h"

#include <math.h>
#include <string.h>

#define PAGE                                                                      \
    "{\"count\":5,\"sync_records\":["                                             \
    "{\"id\":\"a\",\"status\":\"FAILED\",\"start_time\":1000,\"add_count\":5},"   \
    "{\"id\":\"b\",\"status\":\"FINISHED\",\"start_time\":2000,\"add_count\":0}," \
    "{\"id\":\"c\",\"status\":\"F\\u0041ILED\",\"start_time\":3000},"             \
    "{\"id\":\"d\",\"status\":null},"                                             \
    "{\"start_time\":-1,\"note\":[1]}]}"

static struct dws_value text_value(const char *text)
{
    return (struct dws_value){.text = spec_text(text)};
}

static struct dws_condition in_range(enum dws_field field, double min, double max)
{
    return (struct dws_condition){.field = field, .min = min, .max = max};
}

/* The positions of the page's records that fit, as digits. */
static void expect_fitting(struct dws_filter filter, const char *expected)
{
    struct dws_page page;
    struct dws_record record;
    struct dws_error error = {DWS_OK, ""};
    char found[10] = "";
    spec_about(expected);
    EXPECT_STATUS(dws_filter_check(&filter, &error), DWS_OK);
    EXPECT_STATUS(dws_page_start(&page, LITERAL(PAGE), &error), DWS_OK);
    while (dws_page_next(&page, &record, &error) == DWS_OK) {
        if (dws_filter_fits(&filter, &record))
            strcat(found, (char[]){(char)('0' + record.index), '\0'});
    }
    EXPECT_TEXT(spec_text(found), spec_text(expected));
}

static void expect_one(struct dws_condition condition, const char *expected)
{
    expect_fitting((struct dws_filter){&condition, 1}, expected);
}

static void compares_texts(void)
{
    const struct dws_value failed = text_value("FAILED");
    const struct dws_value either[] = {text_value("FINISHED"), text_value("FAILED")};
    const struct dws_value others[] = {text_value("failed"), text_value("FAIL"), text_value("")};
    expect_one((struct dws_condition){.field = DWS_STATUS, .values = &failed, .count = 1}, "02");
    expect_one((struct dws_condition){.field = DWS_STATUS, .values = either, .count = 2}, "012");
    expect_one((struct dws_condition){.field = DWS_STATUS, .values = others, .count = 3}, "");
    expect_one((struct dws_condition){.field = DWS_STATUS, .values = &failed, .count = 0}, "");
    expect_one((struct dws_condition){.field = DWS_FAIL_REASON, .values = &others[2], .count = 1}, "");
}

/* Which the sanitizer minds: memcmp wants bytes even to compare none. */
static void takes_an_absent_text_for_an_empty_one(void)
{
    const struct dws_value absent = {.text = {NULL, 0}};
    const struct dws_condition condition = {.field = DWS_STATUS, .values = &absent, .count = 1};
    const struct dws_filter filter = {&condition, 1};
    struct dws_error error = {DWS_OK, ""};
    struct dws_buf out = {0};
    EXPECT_STATUS(dws_filter_page(&filter, LITERAL("{\"sync_records\":[{\"status\":\"\"},{\"status\":\"x\"}]}"), false,
                                  &out, &error),
                  DWS_OK);
    EXPECT_TEXT(dws_buf_text(&out), LITERAL("{\"sync_records\":[{\"status\":\"\"}]}"));
    dws_buf_free(&out);
}

static void compares_integers(void)
{
    const struct dws_value values[] = {{.integer = 0}, {.integer = 5}, {.integer = -1}};
    expect_one((struct dws_condition){.field = DWS_ADD_COUNT, .values = values, .count = 1}, "1");
    expect_one((struct dws_condition){.field = DWS_ADD_COUNT, .values = values, .count = 3}, "01");
    expect_one((struct dws_condition){.field = DWS_START_TIME, .values = values, .count = 3}, "4");
}

static void knows_ranges(void)
{
    expect_one(in_range(DWS_START_TIME, 1000, 2000), "01");
    expect_one(in_range(DWS_START_TIME, 1000.5, INFINITY), "12");
    expect_one(in_range(DWS_START_TIME, -INFINITY, 1000), "04");
    expect_one(in_range(DWS_START_TIME, 2000, 1000), "");
    expect_one(in_range(DWS_ADD_COUNT, -INFINITY, INFINITY), "01");
}

static void wants_every_condition_met(void)
{
    const struct dws_value failed = text_value("FAILED");
    const struct dws_condition both[] = {
        {.field = DWS_STATUS, .values = &failed, .count = 1},
        in_range(DWS_START_TIME, 2000, INFINITY),
    };
    expect_fitting((struct dws_filter){both, 2}, "2");
    expect_fitting((struct dws_filter){NULL, 0}, "01234");
}

static void expect_refused(struct dws_condition condition, const char *message)
{
    const struct dws_condition conditions[] = {in_range(DWS_ADD_COUNT, 0, 1), condition};
    const struct dws_filter filter = {conditions, 2};
    struct dws_error error = {DWS_OK, ""};
    struct dws_buf out = {0};
    spec_about(message);
    EXPECT_STATUS(dws_filter_check(&filter, &error), DWS_ERR_ARGUMENT);
    EXPECT_STATUS(error.status, DWS_ERR_ARGUMENT);
    EXPECT_TEXT(spec_text(error.message), spec_text(message));
    EXPECT_STATUS(dws_filter_page(&filter, LITERAL(PAGE), false, &out, &error), DWS_ERR_ARGUMENT);
    dws_buf_free(&out);
}

static void refuses_what_makes_no_sense(void)
{
    const struct dws_value value = {.integer = 1};
    expect_refused((struct dws_condition){.field = DWS_ALL_FIELDS, .values = &value, .count = 1},
                   "condition 2 is about a field that does not exist");
    expect_refused(in_range((enum dws_field) - 1, 0, 1), "condition 2 is about a field that does not exist");
    expect_refused(in_range(DWS_STATUS, 0, 1), "status is text, which has no range");
    expect_refused(in_range(DWS_END_TIME, NAN, 1), "min of a range must be a number, got NaN");
    expect_refused(in_range(DWS_END_TIME, 0, NAN), "max of a range must be a number, got NaN");
}

static void chooses_among_accounts(void)
{
    static const char body[] = "{\"users\":[{\"name\":\"a\",\"login\":true},{\"name\":\"b\",\"login\":false}]}";
    const struct dws_value no = {.integer = 0};
    const struct dws_condition condition = {.field = DWS_LOGIN, .values = &no, .count = 1};
    const struct dws_filter filter = {&condition, 1};
    struct dws_error error = {DWS_OK, ""};
    struct dws_buf out = {0};
    EXPECT_STATUS(dws_filter_page_of(DWS_ACCOUNTS, &filter, LITERAL(body), false, &out, &error), DWS_OK);
    EXPECT_TEXT(dws_buf_text(&out), LITERAL("{\"users\":[{\"name\":\"b\",\"login\":false}]}"));
    dws_buf_free(&out);
    expect_refused(in_range(DWS_LOGIN, 0, 1), "login is true or false, which has no range");
    EXPECT_INT(dws_field_find_in(DWS_ACCOUNTS, LITERAL("login")), DWS_LOGIN);
    EXPECT_INT(dws_field_find_in(DWS_RECORDS, LITERAL("login")), DWS_ALL_FIELDS);
}

static void expect_page(const char *body, bool traces, const char *expected)
{
    const struct dws_value failed = text_value("FAILED");
    const struct dws_condition condition = {.field = DWS_STATUS, .values = &failed, .count = 1};
    const struct dws_filter filter = {&condition, 1};
    struct dws_error error = {DWS_OK, ""};
    struct dws_buf out = {0};
    spec_about(body);
    dws_buf_append_string(&out, ">");
    EXPECT_STATUS(dws_filter_page(&filter, spec_text(body), traces, &out, &error), expected ? DWS_OK : DWS_IDLE);
    if (expected)
        EXPECT_TEXT(dws_buf_text(&out), spec_text(expected));
    dws_buf_free(&out);
}

static void shortens_a_page(void)
{
    expect_page(PAGE, false,
                ">{\"sync_records\":[{\"id\":\"a\",\"status\":\"FAILED\",\"start_time\":1000,\"add_count\":5},"
                "{\"id\":\"c\",\"status\":\"F\\u0041ILED\",\"start_time\":3000}],\"count\":5}");
    expect_page(PAGE, true,
                ">{\"sync_records\":[{\"id\":\"a\",\"status\":\"FAILED\",\"start_time\":1000,\"add_count\":5},"
                "{\"id\":\"b\"},{\"id\":\"c\",\"status\":\"F\\u0041ILED\",\"start_time\":3000},{\"id\":\"d\"},"
                "{\"start_time\":-1,\"note\":[1]}],\"count\":5}");
    expect_page("{\"sync_records\":[{\"id\":\"\\\"\"},{\"id\":\"\"}]}", true,
                ">{\"sync_records\":[{\"id\":\"\\\"\"},{\"id\":\"\"}]}");
    expect_page("{\"sync_records\":[{}]}", false, ">{\"sync_records\":[]}");
}

static void leaves_other_bodies_alone(void)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "not JSON",
        "{\"count\":0,\"sync_records\":[]}",
        "{\"sync_records\":[{\"status\":\"FAILED\"}]",
        "{\"sync_records\":[{\"status\":1}]}",
        "{\"sync_records\":[{}],\"error_code\":\"DWS.1\"}",
        "{\"sync_records\":[{}],\"sync_records\":[{}]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_page(bodies[i], true, NULL);
}

static void leaves_a_page_alone_without_a_condition(void)
{
    const struct dws_filter filter = {NULL, 0};
    struct dws_error error = {DWS_OK, ""};
    struct dws_buf out = {0};
    EXPECT_STATUS(dws_filter_page(&filter, LITERAL(PAGE), false, &out, &error), DWS_IDLE);
    dws_buf_free(&out);
}

static void finds_fields_by_name(void)
{
    for (unsigned field = 0; field < DWS_FIELDS; field++)
        EXPECT_INT(dws_field_find(dws_field_name(field)), field);
    EXPECT_INT(dws_field_find(LITERAL("statu")), DWS_FIELDS);
    EXPECT_INT(dws_field_find(LITERAL("status\0")), DWS_FIELDS);
    EXPECT_INT(dws_field_find(LITERAL("STATUS")), DWS_FIELDS);
    EXPECT_INT(dws_field_find((struct dws_text){NULL, 0}), DWS_FIELDS);
}

static const struct spec_case cases[] = {
    {"a page of accounts is filtered by its own fields", chooses_among_accounts},
    {"texts are compared without their escapes, and exactly", compares_texts},
    {"an absent text is compared as an empty one", takes_an_absent_text_for_an_empty_one},
    {"integers equal one of the values", compares_integers},
    {"both ends belong to a range, and either may be open", knows_ranges},
    {"every condition must be met; without one everything fits", wants_every_condition_met},
    {"conditions that make no sense are refused", refuses_what_makes_no_sense},
    {"a page is shortened to what fits, with a trace of the rest if asked for", shortens_a_page},
    {"bodies that are not plain pages stay as they are", leaves_other_bodies_alone},
    {"a page stays as it is when there is no condition", leaves_a_page_alone_without_a_condition},
    {"fields are found by their exact name", finds_fields_by_name},
};

SPEC_MAIN(cases)
