/* fuzz_head.c: libFuzzer target: any bytes as what a server answers, through libcurl, over a socket that is connected
 * already. Their first byte says how was asked. Nothing but the descriptors of one pair of sockets leaves the process.
 */
#define _GNU_SOURCE /* memmem */
#include "check.h"
#include "dws/sockets.h"
#include "dws/transfer.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BODY 512 /* as little as brings its limit within reach */

enum how { BY_HEAD = 1, WITH_CODINGS = 2 };

/* ---- lines, read naively ------------------------------------------------------------------------- */

static bool is_token_byte(unsigned char c)
{
    return c > ' ' && c < 0x7F && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Reads one line, and whether it is a header. Lines end with LF; one CR before it belongs to the end. */
static bool read_line(const char **at, const char *end, struct dws_header *header)
{
    const char *start = *at, *stop = start, *colon = start;
    while (stop < end && *stop != '\n')
        stop++;
    *at = stop < end ? stop + 1 : end;
    if (stop > start && stop[-1] == '\r')
        stop--;
    while (colon < stop && is_token_byte((unsigned char)*colon))
        colon++;
    if (colon == start || colon == stop || *colon != ':')
        return false;
    const char *value = colon + 1;
    while (value < stop && is_blank(*value))
        value++;
    while (stop > value && is_blank(stop[-1]))
        stop--;
    header->name = (struct dws_text){start, (size_t)(colon - start)};
    header->value = (struct dws_text){value, (size_t)(stop - value)};
    return true;
}

static bool same(struct dws_text a, struct dws_text b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static void check_lines(struct dws_text lines)
{
    const char *at = lines.data, *end = lines.data + lines.length;
    struct dws_header ours, naive;
    while (at < end) {
        if (!read_line(&at, end, &naive))
            continue;
        CHECK(dws_header_next(&lines, &ours));
        CHECK(same(ours.name, naive.name) && same(ours.value, naive.value));
    }
    CHECK(!dws_header_next(&lines, &ours) && lines.length == 0);
}

static bool is_named(struct dws_text name, const char *string)
{
    return name.length == strlen(string) && strncasecmp(name.data, string, name.length) == 0;
}

static void check_coding(struct dws_text value, const char *expected)
{
    const char *at = value.data, *end = value.data + value.length;
    while (at < end) {
        const char *start = at;
        while (at < end && *at != ',')
            at++;
        const char *stop = at;
        at += at < end;
        while (start < stop && is_blank(*start))
            start++;
        while (stop > start && is_blank(stop[-1]))
            stop--;
        CHECK(start == stop || is_named((struct dws_text){start, (size_t)(stop - start)}, expected));
    }
}

/* ---- an exchange --------------------------------------------------------------------------------- */

static curl_socket_t give_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    int *client = user, given = *client;
    (void)purpose;
    (void)address;
    *client = -1; /* from here on it is libcurl's, which closes it */
    return given < 0 ? CURL_SOCKET_BAD : given;
}

static int say_connected(void *user, curl_socket_t fd, curlsocktype purpose)
{
    (void)user;
    (void)fd;
    (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static void check_answer(const struct dws_response *response, enum how how, struct dws_text sent)
{
    const struct dws_text head = response->headers;
    const char *at = head.data;
    struct dws_header header;
    CHECK(response->status >= 200 && response->status <= 999);
    CHECK(head.length >= 5 && memcmp(head.data, "HTTP/", 5) == 0);
    CHECK(memmem(sent.data, sent.length, head.data, head.length)); /* one head, as it came */
    CHECK(response->body.length <= sent.length);                   /* nothing is unpacked */
    const bool content = response->status < 300 && how != BY_HEAD;
    CHECK(!content || response->body.length <= MAX_BODY);
    CHECK(!(how & BY_HEAD) || response->body.length == 0);
    while (at < head.data + head.length) {
        if (!read_line(&at, head.data + head.length, &header))
            continue;
        if (is_named(header.name, "transfer-encoding"))
            check_coding(header.value, "chunked");
        if (is_named(header.name, "content-encoding") && response->status < 300 && how == 0)
            check_coding(header.value, "identity");
    }
    check_lines(head);
}

static void check_error(const struct dws_error *error, const struct dws_transfer *t)
{
    CHECK(error->status != DWS_ERR_ARGUMENT && error->status != DWS_ERR_MEMORY);
    CHECK(error->message[0] != '\0' && strlen(error->message) < sizeof error->message);
    CHECK(strncmp(error->message, t->host, strlen(t->host)) == 0);
}

static void exchange(enum how how, struct dws_text sent, int client)
{
    static const struct dws_header accept = {{"Accept-Encoding", 15}, {"gzip", 4}};
    const struct dws_transport transport = {.proxy = "", .max_response_bytes = MAX_BODY};
    const struct dws_request request = {
        .method = how & BY_HEAD ? (struct dws_text){"HEAD", 4} : (struct dws_text){"GET", 3},
        .url = {"http://127.0.0.1/", 17},
        .headers = &accept,
        .header_count = how & WITH_CODINGS ? 1 : 0,
    };
    struct dws_error error;
    struct dws_sockets sockets = {0};
    struct dws_transfer *t = dws_transfer_new(NULL, &sockets);
    CHECK(t && dws_transfer_prepare(t, &request, &transport, &error) == DWS_OK);
    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, give_socket);
    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, &client);
    curl_easy_setopt(t->easy, CURLOPT_SOCKOPTFUNCTION, say_connected);
    curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
    dws_transfer_finish(t, curl_easy_perform(t->easy));
    if (t->error.status == DWS_OK) {
        struct dws_response response = dws_transfer_response(t);
        check_answer(&response, how, sent);
    } else {
        check_error(&t->error, t);
    }
    dws_transfer_free(t);
    if (client >= 0)
        close(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2];
    if (size == 0 || !dws_curl_start())
        return 0;
    char *copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    const struct dws_text sent = {copy, size - 1};
    check_lines(sent);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    if (sent.length == 0 || send(pair[1], sent.data, sent.length, MSG_DONTWAIT) == (ssize_t)sent.length) {
        shutdown(pair[1], SHUT_WR);
        exchange(data[0] & (BY_HEAD | WITH_CODINGS), sent, pair[0]);
    } else {
        close(pair[0]);
    }
    close(pair[1]);
    free(copy);
    return 0;
}
