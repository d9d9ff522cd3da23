/* plain.h: what the two peers share: a libcurl handle set up like dwsync's, and the line of numbers at the end.
 * It must not use dwsync's code: it is what dwsync is compared with. */
#ifndef PLAIN_H
#define PLAIN_H

#include <curl/curl.h>
#include <stddef.h>

/* A response body; the memory is kept from one response to the next. */
struct body {
    char *data;
    size_t length;
    size_t capacity;
};

/* Ends the program with a message. */
void plain_die(const char *what, const char *why);
/* A whole number of 1 or more. */
long plain_number(const char *text, const char *what);
struct curl_slist *plain_headers(int count, char **lines);
CURL *plain_handle(const char *ca_file, struct curl_slist *headers, struct body *body);
/* Ends the program unless the transfer gave a response with status 200. */
void plain_check(CURL *easy, CURLcode code);

double plain_wall_seconds(void);
/* {"pages":…,"bytes":…,"cpu_seconds":…,"wall_seconds":…,"peak_rss_kb":…}; in a sweep each request is a page. */
void plain_report(long pages, double bytes, double wall_seconds);

#endif
