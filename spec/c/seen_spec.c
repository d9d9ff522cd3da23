/* seen_spec.c: which records were seen, and what a page's rows say about its place in the list. */
#include "memory.h"
#include "spec.h"

#include <stdio.h>
#include <string.h>

/* ---- pages ------------------------------------------------------------------------------------ */

/* Adds the records of a JSON array until one fails; `news` (or NULL) receives a digit for each. */
static enum dws_status add(struct dws_seen *ids, const char *records, char *news)
{
    static char body[400000];
    struct dws_page page;
    struct dws_record record;
    struct dws_error error = {DWS_OK, ""};
    enum dws_status status;
    snprintf(body, sizeof body, "{\"sync_records\":%s}", records);
    EXPECT_STATUS(dws_page_start(&page, spec_text(body), &error), DWS_OK);
    while ((status = dws_page_next(&page, &record, &error)) == DWS_OK) {
        unsigned bits = 0;
        if (dws_seen_add(ids, &record, &bits, &error) != DWS_OK)
            return error.status;
        if (news)
            *news++ = (char)('0' + bits);
        EXPECT((bits & ~(unsigned)(DWS_ID_NEW | DWS_ID_NEW_HERE)) == 0);
    }
    if (news)
        *news = '\0';
    EXPECT_STATUS(status, DWS_IDLE);
    return DWS_OK;
}

/* A page whose records have ids of one letter each. */
static struct dws_seen_page read_page(struct dws_seen *ids, const char *letters)
{
    char records[400] = "[";
    for (const char *letter = letters; *letter; letter++)
        sprintf(records + strlen(records), "%s{\"id\":\"%c\"}", letter == letters ? "" : ",", *letter);
    strcat(records, "]");
    dws_seen_begin_page(ids);
    EXPECT_STATUS(add(ids, records, NULL), DWS_OK);
    return dws_seen_end_page(ids);
}

static struct dws_seen *new_ids(void)
{
    struct dws_seen *ids = NULL;
    struct dws_error error = {DWS_OK, ""};
    EXPECT_STATUS(dws_seen_new(&ids, &error), DWS_OK);
    return ids;
}

static void expect_news(const char *records, const char *expected)
{
    struct dws_seen *ids = new_ids();
    char news[400];
    spec_about(records);
    dws_seen_begin_page(ids);
    EXPECT_STATUS(add(ids, records, news), DWS_OK);
    EXPECT_TEXT(spec_text(news), spec_text(expected));
    dws_seen_free(ids);
}

static void expect_counts(struct dws_seen_page page, size_t rows, size_t new_rows, size_t unseen_rows)
{
    EXPECT_INT(page.rows, rows);
    EXPECT_INT(page.new_rows, new_rows);
    EXPECT_INT(page.unseen_rows, unseen_rows);
}

/* ---- one record ------------------------------------------------------------------------------- */

static void knows_a_record_by_its_id(void)
{
    expect_news("[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"a\",\"status\":\"x\"},{\"id\":\"\\u0061\"}]", "3300");
    expect_news("[{\"id\":\"a\"},{\"id\":\"A\"},{\"id\":\"a \"},{\"id\":\"a\\u0000\"}]", "3333");
    expect_news("[{\"id\":\"12345678\"},{\"id\":\"1234567\"},{\"id\":\"123456789\"},{\"id\":\"12345678\"}]", "3330");
}

static void knows_a_record_without_id_by_all_it_says(void)
{
    expect_news("[{},{},{\"start_time\":1},{\"start_time\":2},{\"start_time\":1}]", "30330");
    expect_news("[{\"id\":null,\"add_count\":1},{\"id\":\"\",\"add_count\":1},{\"id\":null,\"add_count\":1}]", "330");
}

/* Up to 256 bytes an id is the same however it is written, beyond that only as it is written. */
static void looks_through_the_escapes_of_ids_that_are_not_too_long(void)
{
    for (int length = 255; length <= 257; length++) {
        char id[300], records[700];
        memset(id, 'x', sizeof id);
        snprintf(records, sizeof records, "[{\"id\":\"\\u0061%.*s\"},{\"id\":\"a%.*s\"}]", length - 6, id, length - 6,
                 id);
        expect_news(records, length <= 256 ? "30" : "33");
    }
}

static void knows_thousands(void)
{
    static char records[400000];
    struct dws_seen *ids = new_ids();
    size_t length = 0;
    for (int i = 0; i < 20000; i++)
        length += (size_t)sprintf(records + length, "%c{\"id\":\"%d\"}", i ? ',' : '[', i);
    strcpy(records + length, "]");
    for (int time = 0; time < 2; time++) {
        dws_seen_begin_page(ids);
        EXPECT_STATUS(add(ids, records, NULL), DWS_OK);
        size_t expected = time == 0 ? 20000 : 0;
        expect_counts(dws_seen_end_page(ids), 20000, expected, expected);
    }
    dws_seen_free(ids);
}

/* ---- pages of a reading ----------------------------------------------------------------------- */

static void tells_new_from_new_in_this_reading(void)
{
    struct dws_seen *ids = new_ids();
    expect_counts(read_page(ids, "abc"), 3, 3, 3);
    expect_counts(read_page(ids, "cde"), 3, 2, 2);
    dws_seen_begin_reading(ids);
    expect_counts(read_page(ids, "bcf"), 3, 3, 1);
    expect_counts(read_page(ids, "fa"), 2, 1, 0);
    expect_counts(read_page(ids, ""), 0, 0, 0);
    dws_seen_free(ids);
}

/* Flags as letters: Known, Like first, Holds first, Follows by one. */
static void expect_place(struct dws_seen *ids, const char *letters, const char *expected)
{
    struct dws_seen_page page = read_page(ids, letters);
    char flags[5] = "";
    spec_about(letters);
    strcat(flags, page.begins_known ? "K" : "");
    strcat(flags, page.begins_like_first ? "L" : "");
    strcat(flags, page.holds_first ? "H" : "");
    strcat(flags, page.follows_by_one ? "F" : "");
    EXPECT_TEXT(spec_text(flags), spec_text(expected));
}

static void places_a_page_in_the_list(void)
{
    struct dws_seen *ids = new_ids();
    expect_place(ids, "abcd", "");
    expect_place(ids, "efgh", "");
    expect_place(ids, "hij", "K");
    expect_place(ids, "abcd", "KLH");
    expect_place(ids, "zabc", "H");
    expect_place(ids, "bcde", "KF");
    expect_place(ids, "bcd", "KF");
    expect_place(ids, "bc", "K");
    expect_place(ids, "bczd", "K");
    expect_place(ids, "", "");
    dws_seen_begin_reading(ids);
    expect_place(ids, "", "");
    expect_place(ids, "abcd", "F");
    dws_seen_free(ids);
}

static void begins_again_with_the_last_page(void)
{
    struct dws_seen *ids = new_ids();
    read_page(ids, "abc");
    read_page(ids, "cdd");
    memory_left = 0;
    expect_counts(dws_seen_begin_again(ids), 3, 2, 0);
    memory_left = -1;
    expect_place(ids, "abc", "H");
    expect_place(ids, "dde", "KF");
    expect_place(ids, "xc", "H");
    expect_counts(read_page(ids, "aey"), 3, 1, 1);
    dws_seen_free(ids);
}

static void begins_again_when_nothing_was_read(void)
{
    struct dws_seen *ids = new_ids();
    expect_counts(dws_seen_begin_again(ids), 0, 0, 0);
    expect_counts(read_page(ids, "a"), 1, 1, 1);
    dws_seen_free(ids);
}

/* ---- memory ----------------------------------------------------------------------------------- */

static void reports_memory_that_it_did_not_get_at_first(void)
{
    struct dws_error error = {DWS_OK, ""};
    struct dws_seen *ids = NULL;
    long needed = 0;
    for (; needed < 10; needed++) {
        memory_left = needed;
        enum dws_status status = dws_seen_new(&ids, &error);
        memory_left = -1;
        if (status == DWS_OK)
            break;
        EXPECT_STATUS(status, DWS_ERR_MEMORY);
        EXPECT(ids == NULL);
        EXPECT_INT(memory_held, 0);
    }
    EXPECT_INT(needed, 2);
    dws_seen_free(ids);
    dws_seen_free(NULL);
    EXPECT_INT(memory_held, 0);
}

/* 2,000 records need more memory several times, for the table and for the page's rows. */
static void does_not_take_in_a_record_without_memory_for_it(void)
{
    struct dws_seen *ids = new_ids();
    char record[40], news[2];
    size_t failures = 0;
    dws_seen_begin_page(ids);
    for (int i = 0; i < 2000; i++) {
        sprintf(record, "[{\"id\":\"%d\"}]", i);
        for (int time = 0; time < 2; time++) {
            for (memory_left = 0; add(ids, record, news) != DWS_OK; failures++)
                memory_left = 1;
            EXPECT_TEXT(spec_text(news), spec_text(time == 0 ? "3" : "0"));
        }
    }
    memory_left = -1;
    EXPECT_INT(failures, 9); /* five times for the rows, four times for the table */
    expect_counts(dws_seen_end_page(ids), 4000, 2000, 2000);
    dws_seen_free(ids);
    EXPECT_INT(memory_held, 0);
}

static void knows_an_account_by_name_and_type(void)
{
    static const char body[] = "{\"users\":[{\"name\":\"a\",\"user_type\":\"COMMON\"},"
                               "{\"name\":\"a\",\"user_type\":\"IAM\"},{\"name\":\"A\",\"user_type\":\"IAM\"},"
                               "{\"login\":true,\"user_type\":\"IAM\",\"name\":\"\\u0061\"},{\"name\":\"a\"},"
                               "{\"name\":\"a\",\"user_type\":\"\"},{\"name\":\"\"},{\"name\":\"\",\"login\":true}]}";
    static const unsigned expected[] = {3, 3, 3, 0, 3, 0, 3, 3};
    struct dws_seen *ids = new_ids();
    struct dws_page page;
    struct dws_record record;
    struct dws_error error;
    dws_seen_begin_page(ids);
    EXPECT_STATUS(dws_page_start_of(&page, DWS_ACCOUNTS, spec_text(body), &error), DWS_OK);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        unsigned news;
        EXPECT_STATUS(dws_page_next(&page, &record, &error), DWS_OK);
        EXPECT_STATUS(dws_seen_add(ids, &record, &news, &error), DWS_OK);
        EXPECT_INT(news, expected[i]);
    }
    dws_seen_free(ids);
}

static bool without_random_bytes;

int __real_RAND_bytes(unsigned char *bytes, int count);
int __wrap_RAND_bytes(unsigned char *bytes, int count);

int __wrap_RAND_bytes(unsigned char *bytes, int count)
{
    return without_random_bytes ? 0 : __real_RAND_bytes(bytes, count);
}

static void needs_random_bytes(void)
{
    struct dws_seen *ids = NULL;
    struct dws_error error = {0};
    const long held = memory_held;
    without_random_bytes = true;
    EXPECT_STATUS(dws_seen_new(&ids, &error), DWS_ERR_CRYPTO);
    without_random_bytes = false;
    EXPECT_TEXT(spec_text(error.message), LITERAL("OpenSSL has no random bytes"));
    EXPECT(!ids);
    EXPECT_INT(memory_held, held);
}

static const struct spec_case cases[] = {
    {"a set is not made without random bytes, and nothing is lost", needs_random_bytes},
    {"an account is known by its name and type", knows_an_account_by_name_and_type},
    {"a record is known by its id, without escapes and exactly", knows_a_record_by_its_id},
    {"an id of up to 256 bytes is known with and without escapes",
     looks_through_the_escapes_of_ids_that_are_not_too_long},
    {"a record without id is known by all it says", knows_a_record_without_id_by_all_it_says},
    {"twenty thousand records stay apart", knows_thousands},
    {"what is new in a reading is told from what was never seen", tells_new_from_new_in_this_reading},
    {"a page is compared with the reading's first page", places_a_page_in_the_list},
    {"another reading may begin with the last page, which needs no memory", begins_again_with_the_last_page},
    {"another reading may begin before anything was read", begins_again_when_nothing_was_read},
    {"memory that is missing at first is an error", reports_memory_that_it_did_not_get_at_first},
    {"a record for which memory is missing is an error, and new when it comes again",
     does_not_take_in_a_record_without_memory_for_it},
};

SPEC_MAIN(cases)
