/* plain_fetch.c: pages one after another over one kept connection, with libcurl alone. The floor for reading pages.
 * Compiled a second time with PLAIN_DECODE (plain_decode) it reads each page into C structs, which is the floor for
 * decoding. It must do nothing else with a page. */
#include "plain.h"

#ifdef PLAIN_DECODE
#include <dws.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* URL_PREFIX with its first %d, if there is one, replaced by the page's number. */
static void build_url(char *out, size_t size, const char *prefix, long page)
{
    const char *mark = strstr(prefix, "%d");
    int length = mark ? snprintf(out, size, "%.*s%ld%s", (int)(mark - prefix), prefix, page, mark + 2)
                      : snprintf(out, size, "%s", prefix);
    if (length < 0 || (size_t)length >= size)
        plain_die("URL_PREFIX", "it is too long");
}

#ifdef PLAIN_DECODE
static void decode(const struct body *body)
{
    struct dws_page page;
    struct dws_record record;
    struct dws_error error;
    enum dws_status status = dws_page_start(&page, (struct dws_text){body->data, body->length}, &error);
    while (status == DWS_OK)
        status = dws_page_next(&page, &record, &error);
    if (status != DWS_IDLE)
        plain_die("page", error.message);
}
#else
static void decode(const struct body *body)
{
    (void)body;
}
#endif

static double fetch(CURL *easy, const char *prefix, long pages, struct body *body)
{
    char url[4096];
    double bytes = 0;
    for (long page = 0; page < pages; page++) {
        build_url(url, sizeof url, prefix, page);
        curl_easy_setopt(easy, CURLOPT_URL, url);
        body->length = 0;
        plain_check(easy, curl_easy_perform(easy));
        decode(body);
        bytes += (double)body->length;
    }
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: plain_fetch URL_PREFIX CA_FILE PAGES [HEADER...]\n");
        return 2;
    }
    struct body body = {NULL, 0, 0};
    long pages = plain_number(argv[3], "PAGES");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *headers = plain_headers(argc - 4, argv + 4);
    CURL *easy = plain_handle(argv[2], headers, &body);
    double start = plain_wall_seconds();
    double bytes = fetch(easy, argv[1], pages, &body);
    plain_report(pages, bytes, plain_wall_seconds() - start);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    free(body.data);
    curl_global_cleanup();
    return 0;
}
