/* iterate_pages.c [ROUNDS]: CPU of reading a page of 1,000 records with dws_page_next: the page that decode.lua
 * decodes.
 * It must look at every record, or the compiler would have nothing to measure. */
#include "dws.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RECORDS 1000
#define RECORD_ROOM 512
#define REPEAT 100
#define MAX_ROUNDS 1000

/* Appends a record to the page; returns its length. */
static size_t write_record(char *out, int i)
{
    int64_t start = INT64_C(1747637723055) + (int64_t)i * 3600000;
    bool failed = i % 50 == 0;
    return (size_t)snprintf(
        out, RECORD_ROOM,
        "%s{\"id\":\"05cea375-4b7a-4ebd-a2dc-%012x\",\"identity_source_id\":\"79d6458e-85ee-4f8b-9cfb-2349de8a5132\","
        "\"identity_source_type\":\"ldap\",\"start_time\":%" PRId64 ",\"end_time\":%" PRId64 ",\"add_count\":%d,"
        "\"update_count\":%d,\"delete_count\":0,\"failed_count\":0,\"status\":\"%s\",\"fail_reason\":%s}",
        i > 1 ? "," : "", (unsigned)i, start, start + 90000, i % 7, i % 23, failed ? "FAILED" : "FINISHED",
        failed ? "\"[LDAP: error code 49 - AcceptSecurityContext error, data 52e]\"" : "null");
}

static struct dws_text write_page(char *out)
{
    size_t length = (size_t)sprintf(out, "{\"sync_records\":[");
    for (int i = 1; i <= RECORDS; i++)
        length += write_record(out + length, i);
    length += (size_t)sprintf(out + length, "],\"count\":%d}", RECORDS);
    return (struct dws_text){out, length};
}

/* Adds up something of every record; 0 when the page is not what was written. */
static uint64_t read_page(struct dws_text body)
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

int main(int argc, char **argv)
{
    static double rounds[MAX_ROUNDS];
    int count = argc > 1 ? atoi(argv[1]) : 11;
    char *room = malloc((RECORDS + 1) * RECORD_ROOM);
    if (!room || count < 1 || count > MAX_ROUNDS) {
        free(room);
        return EXIT_FAILURE;
    }
    struct dws_text body = write_page(room);
    milliseconds(body); /* warms up */
    for (int i = 0; i < count; i++)
        rounds[i] = milliseconds(body);
    qsort(rounds, (size_t)count, sizeof *rounds, compare);
    printf("%-10s %9.3f ms %16s %11s %10s\n", argc > 2 ? argv[2] : "C", rounds[count / 2], "", "",
           argc > 3 ? argv[3] : "");
    free(room);
    return EXIT_SUCCESS;
}
