/* fuzz_url.c: libFuzzer target: any bytes as a URL, from a buffer of exactly their length. What is taken must be what
 * libcurl's own parser, which decides where the request goes, understands. */
#include "check.h"
#include "dws.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static bool is(struct dws_text text, const char *string)
{
    return text.length == strlen(string) && memcmp(text.data, string, text.length) == 0;
}

static bool same_text(struct dws_text a, struct dws_text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static char *copy_of(const void *data, size_t size)
{
    char *copy = malloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

/* ---- as libcurl reads it ------------------------------------------------------------------------- */

/* What libcurl's part is; NULL when there is none. */
static char *part_of(CURLU *theirs, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(theirs, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* One address may be written in several ways; libcurl writes it in its own. */
static bool same_ipv6(const char *a, const char *b)
{
    struct in6_addr one, other;
    char *bare_a = copy_of(a + 1, strlen(a) - 2), *bare_b = copy_of(b + 1, strlen(b) - 2);
    bool same = inet_pton(AF_INET6, bare_a, &one) == 1 && inet_pton(AF_INET6, bare_b, &other) == 1 &&
                memcmp(&one, &other, sizeof one) == 0;
    free(bare_a);
    free(bare_b);
    return same;
}

static void compare_host(const struct dws_url *url, CURLU *theirs)
{
    char *ours = copy_of(url->host.data, url->host.length);
    char *host = part_of(theirs, CURLUPART_HOST);
    struct in_addr ip;
    CHECK(host);
    CHECK(ours[0] == '[' ? same_ipv6(ours, host) : strcasecmp(ours, host) == 0);
    const bool is_ipv4 = inet_pton(AF_INET, host, &ip) == 1;
    if (is_ipv4) {
        CHECK(url->loopback == (ntohl(ip.s_addr) >> 24 == 127));
        CHECK(url->metadata == (ntohl(ip.s_addr) == 0xA9FEA9FE));
    } else {
        const size_t length = strlen(host);
        const bool local = strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                           (length > 10 && strcasecmp(host + length - 10, ".localhost") == 0);
        CHECK(!url->metadata);
        CHECK(!url->loopback || local); /* other spellings of ::1 may be taken for elsewhere, which is the safe side */
    }
    curl_free(host);
    free(ours);
}

static void compare_part(CURLU *theirs, CURLUPart part, struct dws_text ours, bool present)
{
    char *text = part_of(theirs, part);
    CHECK(!present || (text ? is(ours, text) : ours.length == 0));
    CHECK(present || !text);
    curl_free(text);
}

static void compare_port(const struct dws_url *url, CURLU *theirs)
{
    char *port = NULL;
    char *ours = copy_of(url->authority.data + url->host.length, url->authority.length - url->host.length);
    CHECK(curl_url_get(theirs, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
    const long expected = ours[0] == ':' ? strtol(ours + 1, NULL, 10) : url->https ? 443 : 80;
    CHECK(strtol(port, NULL, 10) == expected);
    free(ours);
    curl_free(port);
}

static void compare(struct dws_text text, const struct dws_url *url)
{
    const struct dws_text root = {"/", 1};
    char *whole = copy_of(text.data, text.length);
    CURLU *theirs = curl_url();
    /* libcurl may refuse more: then nothing is sent. */
    if (curl_url_set(theirs, CURLUPART_URL, whole, CURLU_PATH_AS_IS) == CURLUE_OK) {
        char *scheme = part_of(theirs, CURLUPART_SCHEME);
        CHECK(strcasecmp(scheme, url->https ? "https" : "http") == 0);
        curl_free(scheme);
        compare_host(url, theirs);
        compare_port(url, theirs);
        compare_part(theirs, CURLUPART_PATH, url->path.length ? url->path : root, true);
        compare_part(theirs, CURLUPART_QUERY, url->query, url->query.data != NULL);
        compare_part(theirs, CURLUPART_USER, (struct dws_text){0}, false);
        compare_part(theirs, CURLUPART_PASSWORD, (struct dws_text){0}, false);
        compare_part(theirs, CURLUPART_FRAGMENT, (struct dws_text){0}, false);
    }
    curl_url_cleanup(theirs);
    free(whole);
}

/* ---- as we read it ------------------------------------------------------------------------------- */

static bool is_inside(struct dws_text part, struct dws_text whole)
{
    return part.length == 0 || (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}

/* The parts together are a URL with the same parts. */
static void print_and_parse(const struct dws_url *url)
{
    struct dws_buf printed = {0};
    struct dws_url again;
    struct dws_error error;
    dws_buf_append_string(&printed, url->https ? "https://" : "http://");
    dws_buf_append_text(&printed, url->authority);
    dws_buf_append_text(&printed, url->path);
    if (url->query.data) {
        dws_buf_append_string(&printed, "?");
        dws_buf_append_text(&printed, url->query);
    }
    CHECK(!printed.failed && dws_url_parse(dws_buf_text(&printed), &again, &error) == DWS_OK);
    CHECK(again.https == url->https && again.loopback == url->loopback && again.metadata == url->metadata);
    CHECK(same_text(again.host, url->host) && same_text(again.authority, url->authority));
    CHECK(same_text(again.path, url->path) && same_text(again.query, url->query));
    CHECK((again.query.data != NULL) == (url->query.data != NULL));
    dws_buf_free(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    struct dws_text text = {size ? copy : copy + 1, size};
    struct dws_url url;
    struct dws_error error = {0};
    if (dws_url_parse(text, &url, &error) == DWS_OK) {
        CHECK(is_inside(url.host, text) && is_inside(url.authority, text));
        CHECK(is_inside(url.path, text) && is_inside(url.query, text));
        CHECK(url.host.length > 0 && (url.path.length == 0 || url.path.data[0] == '/'));
        print_and_parse(&url);
        compare(text, &url);
    } else {
        CHECK(error.status == DWS_ERR_ARGUMENT && strncmp(error.message, "URL: ", 5) == 0);
    }
    free(copy);
    return 0;
}
