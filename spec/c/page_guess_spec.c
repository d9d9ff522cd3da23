/* page_guess_spec.c: what dws_page_next guesses makes it quick, and never laxer: a page says the same with any guess.
 * It must hand out pages as exact copies on the heap, where a sanitizer or memcheck sees a read too far. */
#include "spec.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 65536 /* bytes of a file of the corpus */

static void guess(struct dws_page *page, unsigned field)
{
    memset(page->order, (int)field, sizeof page->order);
}

static bool is_same_text(struct dws_json_string a, struct dws_json_string b)
{
    return a.raw.data == b.raw.data && a.raw.length == b.raw.length && a.escaped == b.escaped;
}

static bool is_same_record(const struct dws_record *a, const struct dws_record *b)
{
    bool same = a->present == b->present && a->unknown == b->unknown && a->index == b->index &&
                a->source.data == b->source.data && a->source.length == b->source.length;
    for (unsigned field = 0; field < DWS_ALL_FIELDS && same; field++) {
        if (a->present & 1u << field)
            same = dws_field_is_text(field) ? is_same_text(a->text[field], b->text[field])
                                            : a->integer[field] == b->integer[field];
    }
    return same;
}

/* Reads the page as it is read, and beside it with every guess of every record spoilt: no member but `field`'s is usual
 * then. */
static bool reads_alike(enum dws_kind kind, struct dws_text body, unsigned field)
{
    struct dws_page page, spoilt;
    struct dws_record record = {.present = 0}, other = {.present = 0};
    struct dws_error error = {DWS_OK, ""}, others = {DWS_OK, ""};
    enum dws_status status = dws_page_start_of(&page, kind, body, &error);
    if (dws_page_start_of(&spoilt, kind, body, &others) != status)
        return false;
    while (status == DWS_OK) {
        guess(&spoilt, field);
        status = dws_page_next(&page, &record, &error);
        if (dws_page_next(&spoilt, &other, &others) != status || (status == DWS_OK && !is_same_record(&record, &other)))
            return false;
    }
    return strcmp(error.message, others.message) == 0 && page.json.depth == spoilt.json.depth &&
           page.json.fresh == spoilt.json.fresh;
}

/* A member is read the usual way with one of these guesses at most. */
static bool is_read_alike(enum dws_kind kind, const char *bytes, size_t length)
{
    static const unsigned guesses[][3] = {
        [DWS_RECORDS] = {DWS_ID, DWS_STATUS, DWS_ADD_COUNT},
        [DWS_ACCOUNTS] = {DWS_NAME, DWS_LOGIN, DWS_USER_TYPE},
    };
    char *text = malloc(length ? length : 1);
    bool same = true;
    memcpy(text, bytes, length);
    for (size_t i = 0; i < 3; i++)
        same = same && reads_alike(kind, (struct dws_text){text, length}, guesses[kind][i]);
    free(text);
    return same;
}

/* ---- pages with one byte changed ---------------------------------------------------------------- */

#define RECORD(comma, colon, end, id, reason)                                                         \
    "{" comma "\"id\"" colon "\"" id "\"," comma "\"identity_source_type\"" colon "\"ldap\"," comma   \
    "\"start_time\"" colon "1747637723055," comma "\"add_count\"" colon "7," comma "\"status\"" colon \
    "\"FINISHED\"," comma "\"fail_reason\"" colon reason end "}"
#define REST(comma, colon, end, count)                                \
    end "]," comma "\"count\"" colon count "," comma "\"more\"" colon \
        "\"................................................................................................\"}"
#define PAGE(comma, colon, end)                                                                            \
    "{" comma "\"sync_records\"" colon "[" RECORD(comma, colon, end, "0bba9b07", "null") "," comma RECORD( \
        comma, colon, end, "1b6a1c36", "\"a \\u0022 b\"") "," comma                                        \
    RECORD(comma, colon, end, "79d6458e", "null") REST(comma, colon, end, "3")
#define ACCOUNT(comma, colon, end, login) \
    "{" comma "\"name\"" colon "\"a\"," comma "\"login\"" colon login "," comma "\"user_type\"" colon "\"IAM\"" end "}"
#define ACCOUNTS(comma, colon, end)                                                                         \
    "{" comma "\"users\"" colon "[" ACCOUNT(comma, colon, end, "true") "," comma ACCOUNT(comma, colon, end, \
                                                                                         "false") "," comma \
    ACCOUNT(comma, colon, end, "null") REST(comma, colon, end, "3")

static const struct {
    enum dws_kind kind;
    const char *text;
} pages[] = {
    {DWS_RECORDS, PAGE("", ":", "")},
    {DWS_RECORDS, PAGE(" ", ": ", "")},
    {DWS_RECORDS, PAGE("\n      ", " : ", "\n    ")},
    {DWS_RECORDS, PAGE("\r\n\t\t", ":\t", "\r\n")},
    {DWS_ACCOUNTS, ACCOUNTS("", ":", "")},
    {DWS_ACCOUNTS, ACCOUNTS(" ", ": ", " ")},
};

static const char interesting[] = "\0\x01\t\n\r \"\\,:;{}[]0123456789-+.eEnulltruefalse_aiI\x7f\x80\xc3\xe2\xff";

static void expect_changes_read_alike(enum dws_kind kind, const char *page)
{
    const size_t length = strlen(page);
    char text[4096];
    for (size_t place = 0; place < length; place++) {
        bool same = true;
        memcpy(text, page, length);
        for (size_t i = 0; i < sizeof interesting - 1; i++) {
            text[place] = interesting[i];
            same = same && is_read_alike(kind, text, length);
        }
        memcpy(text + place + 1, page + place, length - place); /* one more */
        for (size_t i = 0; i < sizeof interesting - 1; i++) {
            text[place] = interesting[i];
            same = same && is_read_alike(kind, text, length + 1);
        }
        memcpy(text + place, page + place + 1, length - place - 1); /* one less */
        same = same && is_read_alike(kind, text, length - 1) && is_read_alike(kind, page, place);
        spec_about(page + place);
        EXPECT(same);
    }
}

static void reads_changed_pages_alike(void)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        spec_about(pages[i].text);
        EXPECT(is_read_alike(pages[i].kind, pages[i].text, strlen(pages[i].text)));
        expect_changes_read_alike(pages[i].kind, pages[i].text);
    }
}

/* Runs of blanks at each place where blanks may be, up to and beyond what is looked at together. */
static void expect_long_blanks_read_alike(enum dws_kind kind, const char *page)
{
    char text[4096];
    for (size_t place = 0; place < strlen(page); place++) {
        if (page[place] != ' ')
            continue;
        for (size_t count = 0; count < 80; count++) {
            int length = snprintf(text, sizeof text, "%.*s%*s%s", (int)place, page, (int)count, "", page + place);
            spec_about(text);
            EXPECT(is_read_alike(kind, text, (size_t)length));
            EXPECT(is_read_alike(kind, text, place + count)); /* where only blanks are left */
        }
    }
}

static void reads_long_blanks_alike(void)
{
    expect_long_blanks_read_alike(pages[1].kind, pages[1].text);
    expect_long_blanks_read_alike(pages[5].kind, pages[5].text);
}

static void reads_the_corpus_alike(void)
{
    static char bytes[MOST];
    DIR *folder = opendir(CORPUS);
    struct dirent *entry;
    size_t files = 0;
    if (!EXPECT(folder != NULL))
        return;
    while ((entry = readdir(folder))) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", CORPUS, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        spec_about(path);
        const size_t length = fread(bytes, 1, sizeof bytes, file);
        EXPECT(is_read_alike(DWS_RECORDS, bytes, length));
        EXPECT(is_read_alike(DWS_ACCOUNTS, bytes, length));
        fclose(file);
        files++;
    }
    closedir(folder);
    EXPECT(files > 100);
}

static const struct spec_case cases[] = {
    {"a page with a byte changed, added or missing says the same with any guess", reads_changed_pages_alike},
    {"so does one with long runs of blanks", reads_long_blanks_alike},
    {"so do the pages of the fuzzers' corpus", reads_the_corpus_alike},
};

SPEC_MAIN(cases)
