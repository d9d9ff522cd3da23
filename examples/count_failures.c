/* count_failures.c FILE...: counts the FAILED records in saved answers of the service, without Lua and without copying.
 * It must hold one page in memory at a time. Build: cc count_failures.c $(pkg-config --cflags --libs dws) */
#include <dws.h>
#include <stdio.h>
#include <stdlib.h>

#define LARGEST_PAGE (16 * 1024 * 1024) /* bytes; what dws_pool takes, too */

/* The file's bytes, to be freed; NULL when it cannot be read or is too large. */
static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *bytes = file ? malloc(LARGEST_PAGE + 1) : NULL;
    *length = bytes ? fread(bytes, 1, LARGEST_PAGE + 1, file) : 0;
    if (bytes && (ferror(file) || *length > LARGEST_PAGE)) {
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    return bytes;
}

static const struct dws_value failed = {.text = {"FAILED", 6}};
static const struct dws_condition is_failed = {.field = DWS_STATUS, .values = &failed, .count = 1};
static const struct dws_filter filter = {&is_failed, 1};

/* Counts into *failures and *records. Nothing counts unless the page is valid to its last byte. */
static enum dws_status count_page(struct dws_text body, size_t *failures, size_t *records, struct dws_error *error)
{
    struct dws_page page;
    struct dws_record record;
    size_t found = 0;
    enum dws_status status = dws_page_start(&page, body, error);
    if (status != DWS_OK)
        return status;
    while ((status = dws_page_next(&page, &record, error)) == DWS_OK) {
        if (record.index == 0)
            found = 0; /* if sync_records comes twice, the last one counts */
        found += dws_filter_fits(&filter, &record);
    }
    if (status != DWS_IDLE)
        return status;
    *failures += page.records > 0 ? found : 0;
    *records += page.records;
    return DWS_OK;
}

int main(int argc, char **argv)
{
    struct dws_error error;
    size_t failures = 0, records = 0;
    int result = argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    if (argc < 2)
        fprintf(stderr, "usage: count_failures FILE...\n");
    for (int i = 1; i < argc; i++) {
        struct dws_text body = {NULL, 0};
        char *bytes = read_file(argv[i], &body.length);
        body.data = bytes;
        if (!bytes) {
            fprintf(stderr, "%s: cannot be read, or is larger than a page\n", argv[i]);
            result = EXIT_FAILURE;
        } else if (count_page(body, &failures, &records, &error) != DWS_OK) {
            fprintf(stderr, "%s: not a page of records: %s\n", argv[i], error.message);
            result = EXIT_FAILURE;
        }
        free(bytes);
    }
    if (argc > 1)
        printf("%zu of %zu records failed\n", failures, records);
    return result;
}
