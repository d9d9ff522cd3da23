/* plain.c: what the two peers share.
 * It must not use dwsync's code: it is what dwsync is compared with. */
#include "plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void plain_die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

long plain_number(const char *text, const char *what)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number < 1 || number > 100000000)
        plain_die(what, "a number from 1 to 100000000 is needed");
    return number;
}

struct curl_slist *plain_headers(int count, char **lines)
{
    struct curl_slist *headers = NULL;
    for (int i = 0; i < count; i++) {
        struct curl_slist *longer = curl_slist_append(headers, lines[i]);
        if (!longer)
            plain_die("headers", "out of memory");
        headers = longer;
    }
    return headers;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct body *body = user;
    size_t length = size * count;
    if (length > body->capacity - body->length) {
        size_t capacity = body->capacity ? body->capacity : 65536;
        while (capacity - body->length < length)
            capacity *= 2;
        char *data = realloc(body->data, capacity);
        if (!data)
            return 0;
        body->data = data;
        body->capacity = capacity;
    }
    memcpy(body->data + body->length, bytes, length);
    body->length += length;
    return length;
}

/* The settings that cost time are those of dwsync: TLS of 1.2 and later, verified; HTTP/1.1. */
CURL *plain_handle(const char *ca_file, struct curl_slist *headers, struct body *body)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        plain_die("curl_easy_init", "out of memory");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, body);
    return easy;
}

void plain_check(CURL *easy, CURLcode code)
{
    long status = 0;
    char text[32];
    if (code != CURLE_OK)
        plain_die("transfer", curl_easy_strerror(code));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    snprintf(text, sizeof text, "status %ld", status);
    if (status != 200)
        plain_die("transfer", text);
}

double plain_wall_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void plain_report(long pages, double bytes, double wall_seconds)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"pages\":%ld,\"bytes\":%.0f,\"cpu_seconds\":%.6f,\"wall_seconds\":%.6f,\"peak_rss_kb\":%ld}\n", pages,
           bytes, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), wall_seconds, usage.ru_maxrss);
}
