/* transfer_options.c: method, trust and route, set on a handle once and kept while they are the same: setting them all
 * takes as long as signing a request, and from one page to the next none of them changes.
 * It must not know the transfer, nor the request's URL, headers and limits: transfer.c sets those for each request. */
#include "transfer_options.h"

#include <limits.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILE_BYTES ((size_t)16 * 1024 * 1024)
#define READ_BYTES 16384
#define SETTLING_SECONDS 2
#define DEFAULT_CONNECT_TIMEOUT_MS 10000L

/* Collects the first failure, so that a list of options reads as a list. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))

bool dws_request_is_head(const struct dws_request *request)
{
    return dws_text_compare_nocase(request->method, dws_text_of("HEAD")) == 0;
}

static CURLcode set_method(CURL *easy, const struct dws_request *request)
{
    char method[DWS_METHOD_BYTES + 1] = "GET";
    CURLcode code = CURLE_OK;
    if (request->method.data) {
        memcpy(method, request->method.data, request->method.length);
        method[request->method.length] = '\0';
        dws_upper(method, request->method.length); /* as it is signed */
    }
    if (request->body.data) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        SET(CURLOPT_COPYPOSTFIELDS, request->body.data);
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    if (dws_request_is_head(request))
        SET(CURLOPT_NOBODY, 1L);
    else
        SET(CURLOPT_CUSTOMREQUEST, method);
    return code;
}

/* ---- files ------------------------------------------------------------------------------------- */

static bool read_all(int fd, struct dws_buf *out)
{
    ssize_t got = 1;
    while (got != 0) {
        if (out->length > MAX_FILE_BYTES || !dws_buf_reserve(out, READ_BYTES))
            return false;
        got = read(fd, out->data + out->length, READ_BYTES);
        if (got < 0 && errno != EINTR)
            return false;
        out->length += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* Whether a further change will show in the times: not so soon after one, since clocks of file systems are coarse. */
static bool is_settled(const struct stat *info)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec - info->st_ctim.tv_sec >= SETTLING_SECONDS;
}

static bool is_unchanged(const struct dws_trust_file *file, const char *path)
{
    struct stat info;
    if (!file->settled || stat(path, &info) != 0)
        return false;
    const struct dws_stamp now = dws_stamp_of(&info);
    return memcmp(&now, &file->stamp, sizeof now) == 0;
}

/* Leaves `content` empty when there is no such regular file, or it cannot be read. */
static void read_file(struct dws_trust_file *file, const char *path, struct dws_buf *content)
{
    struct stat info;
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    file->settled = false;
    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        const bool settled = is_settled(&info); /* before it is read */
        file->stamp = dws_stamp_of(&info);
        if (read_all(fd, content))
            file->settled = settled;
        else
            dws_buf_erase(content);
    }
    close(fd);
}

/* Reading a bundle of authorities takes longer than asking for a page, and it is the same for months. */
static bool refresh(struct dws_trust_file *file, const char *path)
{
    struct dws_buf content = {0};
    if (path && is_unchanged(file, path))
        return true;
    read_file(file, path, &content);
    if (!content.failed && dws_text_compare(dws_buf_text(&content), dws_buf_text(&file->content)) != 0) {
        dws_buf_swap(&content, &file->content);
        file->reading++;
    }
    const bool good = !content.failed;
    dws_buf_free(&content);
    return good;
}

static bool is_https(const char *proxy)
{
    return proxy && strncasecmp(proxy, "https:", 6) == 0;
}

/* Its authorities are the system's whatever is trusted behind it, and libcurl would ask for ours in both handshakes. */
static bool may_use_https_proxy(const struct dws_transport *transport)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    bool may = is_https(transport->proxy);
    for (size_t i = 0; !transport->proxy && !may && i < sizeof names / sizeof *names; i++)
        may = is_https(getenv(names[i]));
    return may;
}

/* The authorities of the file, or the system's, parsed once a process. */
static void find_trust(struct dws_transfer_options *options, const struct dws_transport *transport, bool tls)
{
    const struct dws_buf *ca = &options->ca.content;
    struct dws_trust *before = options->trust;
    const bool wanted = tls && (ca->length > 0 || !transport->ca_file) && !may_use_https_proxy(transport);
    if (wanted && before && ca->length > 0 && options->trusted == options->ca.reading && dws_trust_is_kept(before))
        return;
    options->trust = wanted ? dws_trust_open(dws_buf_text(ca)) : NULL;
    options->trusted = options->ca.reading;
    dws_trust_close(before);
}

/* libcurl compares the names of files: as long as they live it would use connections and sessions made under the
 * authority of a file that was replaced. Contents it compares too. A certificate with its key in the same file stays a
 * name, since libcurl does not wipe its copies. */
bool dws_transfer_options_read(struct dws_transfer_options *options, const struct dws_transport *transport, bool tls)
{
    const bool good = refresh(&options->ca, transport->ca_file);
    find_trust(options, transport, tls && good);
    return refresh(&options->cert, transport->client_key ? transport->client_cert : NULL) && good;
}

bool dws_load_authorities(const char *ca_file)
{
    const struct dws_transport transport = {.ca_file = ca_file};
    struct dws_transfer_options options = {0};
    const bool loaded = dws_transfer_options_read(&options, &transport, true) && options.trust;
    dws_transfer_options_free(&options);
    return loaded;
}

static CURLcode set_file(CURL *easy, CURLoption by_content, CURLoption by_name, const struct dws_buf *content,
                         const char *path)
{
    struct curl_blob blob = {content->data, content->length, CURL_BLOB_COPY};
    return content->length > 0 ? curl_easy_setopt(easy, by_content, &blob) : curl_easy_setopt(easy, by_name, path);
}

/* ---- options ----------------------------------------------------------------------------------- */

CURLcode dws_transfer_options_trust(struct dws_transfer_options *options, CURL *easy,
                                    const struct dws_transport *transport)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (options->trust) {
        code = code ? code : dws_trust_set(options->trust, easy);
    } else if (transport->ca_file) {
        code =
            code ? code : set_file(easy, CURLOPT_CAINFO_BLOB, CURLOPT_CAINFO, &options->ca.content, transport->ca_file);
        SET(CURLOPT_CAPATH, NULL); /* only this file, not the system's directory as well */
    }
    if (transport->client_cert)
        code = code ? code
                    : set_file(easy, CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERT, &options->cert.content,
                               transport->client_cert);
    if (transport->client_key)
        SET(CURLOPT_SSLKEY, transport->client_key);
    if (transport->certificate_info) {
        SET(CURLOPT_CERTINFO, 1L);
        SET(CURLOPT_FRESH_CONNECT, 1L); /* libcurl notes certificates during the handshake only */
    }
    return code;
}

/* The metadata service is never asked through a proxy, and what is on this machine only when a proxy was named. */
static CURLcode set_route(CURL *easy, const struct dws_url *url, const struct dws_transport *transport)
{
    const char *proxy = transport->proxy;
    if (url->metadata || (url->loopback && !proxy))
        proxy = "";
    CURLcode code = CURLE_OK;
    if (proxy)
        SET(CURLOPT_PROXY, proxy);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_PROTOCOLS_STR, url->https ? "https" : "http");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L); /* what was signed is what is sent */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return code;
}

static CURLcode set_all(CURL *easy, struct dws_transfer_options *options, const struct dws_request *request,
                        const struct dws_url *url, const struct dws_transport *transport)
{
    CURLcode code = set_method(easy, request);
    code = code ? code : dws_transfer_options_trust(options, easy, transport);
    code = code ? code : set_route(easy, url, transport);
    SET(CURLOPT_USERAGENT, transport->user_agent ? transport->user_agent : "dwsync/" DWS_VERSION);
    const long connect_ms =
        transport->connect_timeout_ms > 0 ? transport->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_ms < INT_MAX ? connect_ms : INT_MAX); /* libcurl refuses more */
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* a transfer that ends does not wait for the thread that looks up its name */
#endif
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    if (options->sockets)
        code = code ? code : dws_sockets_watch(options->sockets, easy);
    return code;
}

/* ---- what stays from one request to the next --------------------------------------------------- */

static size_t room_for(const char *string)
{
    return string ? strlen(string) + 2 : 1;
}

static void append_setting(struct dws_buf *out, const char *string)
{
    dws_buf_append(out, string ? "+" : "-", 1);
    if (string)
        dws_buf_append(out, string, strlen(string) + 1);
}

/* All that set_all depends on when the request is a plain one, in bytes to be compared. */
static void describe(const struct dws_transfer_options *options, const struct dws_url *url,
                     const struct dws_transport *transport, struct dws_buf *out)
{
    const long numbers[] = {transport->connect_timeout_ms,
                            url->https,
                            url->loopback,
                            url->metadata,
                            options->trust ? dws_trust_number(options->trust) : 0,
                            options->ca.reading,
                            options->cert.reading};
    const char *const strings[] = {transport->ca_file, transport->client_cert, transport->client_key, transport->proxy,
                                   transport->user_agent};
    const size_t count = sizeof strings / sizeof *strings;
    size_t room = sizeof numbers;
    for (size_t i = 0; i < count; i++)
        room += room_for(strings[i]);
    dws_buf_reserve(out, room); /* growing would leave copies of a proxy's password behind */
    dws_buf_append(out, numbers, sizeof numbers);
    for (size_t i = 0; i < count; i++)
        append_setting(out, strings[i]);
}

/* Only a GET like any other is worth remembering; bodies, and what comes of them, are not to stay. */
static bool is_plain(const struct dws_request *request, const struct dws_transport *transport)
{
    return !request->body.data && !transport->certificate_info &&
           (!request->method.data || dws_text_compare_nocase(request->method, dws_text_of("GET")) == 0);
}

void dws_transfer_options_reset(struct dws_transfer_options *options, CURL *easy)
{
    curl_easy_reset(easy); /* its share stays */
    dws_buf_wipe(&options->set);
}

CURLcode dws_transfer_options_set(struct dws_transfer_options *options, CURL *easy, const struct dws_request *request,
                                  const struct dws_url *url, const struct dws_transport *transport)
{
    struct dws_buf *wanted = &options->wanted;
    CURLcode code = CURLE_OK;
    dws_buf_clear(wanted);
    if (!dws_transfer_options_read(options, transport, url->https))
        return CURLE_OUT_OF_MEMORY;
    if (is_plain(request, transport))
        describe(options, url, transport, wanted);
    if (wanted->length == 0 || wanted->failed ||
        dws_text_compare(dws_buf_text(wanted), dws_buf_text(&options->set)) != 0) {
        if (options->set.length > 0)
            dws_transfer_options_reset(options, easy);
        code = set_all(easy, options, request, url, transport);
        if (code == CURLE_OK && !wanted->failed)
            dws_buf_swap(wanted, &options->set);
    }
    dws_buf_erase(wanted);
    return code;
}

void dws_transfer_options_free(struct dws_transfer_options *options)
{
    dws_buf_wipe(&options->set);
    dws_buf_wipe(&options->wanted);
    dws_trust_close(options->trust);
    dws_buf_free(&options->ca.content);
    dws_buf_free(&options->cert.content);
}
