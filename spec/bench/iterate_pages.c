/* iterate_pages.c FORM [ROUNDS]: CPU of reading a page of 1,000 records with dws_page_next: the page that decode.lua
 * decodes, compact, with blanks behind each colon and comma, or indented. With 0 rounds it reads the page once, so that
 * the instructions of read_page can be counted.
 * It must look at every record, or the compiler would have nothing to measure. */
#include "dws.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORDS 1000
#define RECORD_ROOM 768
#define REPEAT 100
#define MAX_ROUNDS 1000

/* What is written between the parts of a page. */
static const struct form {
    const char *name;
    const char *list, *record, *member, *colon, *record_end, *list_end;
} forms[] = {
    {"compact", "", "", "", ":", "", ""},
    {"blanks", "", " ", " ", ": ", "", ""},
    {"indented", "\n  ", "\n    ", "\n      ", ": ", "\n    ", "\n  "},
};

/* Appends a record to the page; returns its length. */
static size_t write_record(char *out, const struct form *form, int i)
{
    static const char *const names[] = {
        "id",           "identity_source_id", "identity_source_type", "start_time", "end_time",   "add_count",
        "update_count", "delete_count",       "failed_count",         "status",     "fail_reason"};
    const int64_t start = INT64_C(1747637723055) + (int64_t)i * 3600000;
    const bool failed = i % 50 == 0;
    char values[sizeof names / sizeof *names][80] = {
        [1] = "\"79d6458e-85ee-4f8b-9cfb-2349de8a5132\"", "\"ldap\"", [7] = "0", "0"};
    sprintf(values[0], "\"05cea375-4b7a-4ebd-a2dc-%012x\"", (unsigned)i);
    sprintf(values[3], "%" PRId64, start);
    sprintf(values[4], "%" PRId64, start + 90000);
    sprintf(values[5], "%d", i % 7);
    sprintf(values[6], "%d", i % 23);
    sprintf(values[9], "\"%s\"", failed ? "FAILED" : "FINISHED");
    sprintf(values[10], "%s", failed ? "\"[LDAP: error code 49 - AcceptSecurityContext error, data 52e]\"" : "null");
    char *at = out + sprintf(out, "%s%s{", i > 1 ? "," : "", i > 1 || form->list[0] ? form->record : "");
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        at += sprintf(at, "%s%s\"%s\"%s%s", n > 0 ? "," : "", n > 0 || form->list[0] ? form->member : "", names[n],
                      form->colon, values[n]);
    return (size_t)(at + sprintf(at, "%s}", form->record_end) - out);
}

static struct dws_text write_page(char *out, const struct form *form)
{
    size_t length = (size_t)sprintf(out, "{%s\"sync_records\"%s[", form->list, form->colon);
    for (int i = 1; i <= RECORDS; i++)
        length += write_record(out + length, form, i);
    length += (size_t)sprintf(out + length, "%s],%s\"count\"%s%d}", form->list_end,
                              form->list[0] ? form->list : form->member, form->colon, RECORDS);
    return (struct dws_text){out, length};
}

/* Adds up something of every record; 0 when the page is not what was written. */
__attribute__((noinline)) static uint64_t read_page(struct dws_text body)
{
    struct dws_page page;
    struct dws_record record;
    struct dws_error error;
    uint64_t sum = 0;
    enum dws_status status = dws_page_start(&page, body, &error);
    if (status != DWS_OK)
        return 0;
    while ((status = dws_page_next(&page, &record, &error)) == DWS_OK)
        sum += (uint64_t)record.integer[DWS_START_TIME] + record.text[DWS_STATUS].raw.length;
    return status == DWS_IDLE && page.records == RECORDS ? sum : 0;
}

static double milliseconds(struct dws_text body)
{
    clock_t started = clock();
    for (int i = 0; i < REPEAT; i++) {
        if (read_page(body) == 0)
            exit(EXIT_FAILURE);
    }
    return (double)(clock() - started) * 1e3 / CLOCKS_PER_SEC / REPEAT;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const struct form *find_form(const char *name)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(forms[i].name, name) == 0)
            return &forms[i];
    }
    fprintf(stderr, "usage: iterate_pages compact|blanks|indented [ROUNDS]\n");
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    static double rounds[MAX_ROUNDS];
    const struct form *form = find_form(argc > 1 ? argv[1] : "");
    int count = argc > 2 ? atoi(argv[2]) : 11;
    char *room = malloc((RECORDS + 1) * RECORD_ROOM);
    if (!room || count < 0 || count > MAX_ROUNDS) {
        free(room);
        return EXIT_FAILURE;
    }
    struct dws_text body = write_page(room, form);
    if (count == 0) {
        count = read_page(body) == 0;
        free(room);
        return count;
    }
    milliseconds(body); /* warms up */
    for (int i = 0; i < count; i++)
        rounds[i] = milliseconds(body);
    qsort(rounds, (size_t)count, sizeof *rounds, compare);
    printf("%.3f\n", rounds[count / 2]);
    free(room);
    return EXIT_SUCCESS;
}
