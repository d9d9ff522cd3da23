/* transfer.c: one HTTP exchange over libcurl: what may be sent, how it is sent, what may come back.
 * It must not know what a request is for, nor about other exchanges: the pool does. */
#include "transfer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define DEFAULT_MAX_RESPONSE_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_HEADER_BYTES ((size_t)256 * 1024)
#define KEPT_BODY_BYTES 1048576 /* reserved at once at most; a recycled transfer gives larger buffers back */

/* ---- libcurl as a whole ----------------------------------------------------------------------- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void start_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool dws_curl_start(void)
{
    pthread_once(&curl_once, start_curl);
    return curl_ready == CURLE_OK;
}

const char *dws_libraries(void)
{
    dws_curl_start();
    return curl_version();
}

bool dws_resolves_aside(void)
{
    return dws_curl_start() && (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) != 0;
}

enum dws_status dws_curl_status(CURLcode code)
{
    switch (code) {
    case CURLE_OK: return DWS_OK;
    case CURLE_OUT_OF_MEMORY: return DWS_ERR_MEMORY;
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT: return DWS_ERR_ARGUMENT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST: return DWS_ERR_RESOLVE;
    case CURLE_COULDNT_CONNECT: return DWS_ERR_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: return DWS_ERR_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR: return DWS_ERR_HANDSHAKE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return DWS_ERR_CERTIFICATE;
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE: return DWS_ERR_TOO_LARGE;
#endif
    /* CURLE_UNSUPPORTED_PROTOCOL too: the URL was checked, so it is the server that does not speak HTTP. */
    default: return DWS_ERR_NETWORK;
    }
}

/* ---- what comes back -------------------------------------------------------------------------- */

static void refuse_size(struct dws_transfer *t, const char *part, size_t bytes)
{
    dws_fail(&t->error, DWS_ERR_TOO_LARGE, "%s: the response's %s is larger than %zu bytes", t->host, part, bytes);
}

static long status_code(const struct dws_transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* A line behind the blank one begins the next response when the last was informational (1xx); else it is a trailer,
 * which is too late to say what the answer was. */
static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    struct dws_transfer *t = user;
    size_t length = size * count;
    t->header_bytes += length;
    if (t->header_bytes > MAX_HEADER_BYTES) {
        refuse_size(t, "head", MAX_HEADER_BYTES);
        return CURL_WRITEFUNC_ERROR;
    }
    if (t->head_final)
        return length;
    if (t->head_ended)
        dws_buf_clear(&t->response_headers);
    t->head_ended = length > 0 && (bytes[0] == '\r' || bytes[0] == '\n');
    dws_buf_append(&t->response_headers, bytes, length);
    if (t->response_headers.failed)
        return CURL_WRITEFUNC_ERROR;
    if (t->head_ended) {
        const long status = status_code(t);
        const struct dws_head_rules rules = {
            .host = t->host,
            .content = status >= 200 && status < 300 && !t->bodiless,
            .coded = t->coded,
            .gzip = t->gzip,
            .max_bytes = t->max_response_bytes,
        };
        t->head_final = status >= 200;
        if (status == 101)
            dws_fail(&t->error, DWS_ERR_NETWORK, "%s: the service switched to another protocol", t->host);
        if (status == 101 ||
            dws_head_accept(dws_buf_text(&t->response_headers), &rules, &t->gzipped, &t->error) != DWS_OK)
            return CURL_WRITEFUNC_ERROR;
    }
    return length;
}

static void reserve_announced(struct dws_transfer *t)
{
    curl_off_t announced = -1;
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced > 0)
        dws_buf_reserve(&t->response_body, announced < KEPT_BODY_BYTES ? (size_t)announced : KEPT_BODY_BYTES);
}

static bool is_refusal(const struct dws_transfer *t)
{
    const long status = status_code(t);
    return status < 200 || status >= 300;
}

static size_t most_of_body(const struct dws_transfer *t)
{
    return is_refusal(t) ? DWS_REFUSAL_BYTES : t->max_response_bytes;
}

/* Takes what the body says. False: no more of it is read. */
static bool keep(void *user, const char *bytes, size_t length)
{
    struct dws_transfer *t = user;
    const bool success = !is_refusal(t);
    const size_t room = most_of_body(t) - t->response_body.length;
    if (length > room && success) {
        refuse_size(t, "body", t->max_response_bytes);
        return false;
    }
    t->cut = length > room; /* the connection goes with the rest */
    if (success && t->response_body.length == 0)
        reserve_announced(t);
    dws_buf_append(&t->response_body, bytes, t->cut ? room : length);
    return !t->cut && !t->response_body.failed;
}

/* The same of a body that is gzip. Of a stream that goes on and means nothing no more is read, either. A refusal is
 * shown as far as it can be unzipped: its status says more than the broken rest. */
static bool keep_unzipped(struct dws_transfer *t, const char *bytes, size_t length)
{
    if (!t->gunzip && !(t->gunzip = dws_gunzip_new()))
        return dws_fail(&t->error, DWS_ERR_MEMORY, "out of memory") == DWS_OK;
    enum dws_status status = dws_gunzip_feed(t->gunzip, bytes, length, keep, t);
    t->zipped_bytes += length;
    if (status == DWS_OK && t->zipped_bytes > most_of_body(t))
        status = DWS_ERR_TOO_LARGE;
    if (is_refusal(t) && status != DWS_OK && status != DWS_ERR_MEMORY)
        t->cut = true;
    else if (status == DWS_ERR_TOO_LARGE)
        refuse_size(t, "body", t->max_response_bytes);
    else if (status == DWS_ERR_DECODE)
        dws_fail(&t->error, status, "%s: the response's body is not the gzip that it says it is", t->host);
    else if (status == DWS_ERR_MEMORY)
        dws_fail(&t->error, status, "out of memory");
    return status == DWS_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct dws_transfer *t = user;
    const size_t length = size * count;
    return (t->gzipped ? keep_unzipped(t, bytes, length) : keep(t, bytes, length)) ? length : CURL_WRITEFUNC_ERROR;
}

/* ---- life of a transfer ----------------------------------------------------------------------- */

static void free_headers(struct dws_transfer *t)
{
    for (struct curl_slist *line = t->headers; line; line = line->next)
        OPENSSL_cleanse(line->data, strlen(line->data)); /* Authorization and tokens are among them */
    curl_slist_free_all(t->headers);
    t->headers = NULL;
}

struct dws_transfer *dws_transfer_new(CURLSH *share, struct dws_sockets *sockets)
{
    struct dws_transfer *t = calloc(1, sizeof *t);
    if (t && (!(t->easy = curl_easy_init()) || curl_easy_setopt(t->easy, CURLOPT_SHARE, share) != CURLE_OK)) {
        dws_transfer_free(t);
        return NULL;
    }
    if (t)
        t->options.sockets = sockets;
    return t;
}

void dws_transfer_reset(struct dws_transfer *t)
{
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    free_headers(t);
    if (t->options.set.length == 0)
        dws_transfer_options_reset(&t->options, t->easy); /* a body may be among what was set */
    if (t->response_body.capacity > KEPT_BODY_BYTES)
        dws_buf_free(&t->response_body);
    dws_buf_clear(&t->response_body);
    dws_buf_clear(&t->response_headers);
    dws_gunzip_free(t->gunzip);
    t->gunzip = NULL;
    t->zipped_bytes = 0;
    t->cut = false;
    t->header_bytes = 0;
    t->head_final = false;
    t->detail[0] = '\0';
    t->error = (struct dws_error){0};
}

static void erase_whole(struct dws_buf *buf)
{
    buf->length = buf->capacity; /* clearing left the bytes */
    dws_buf_erase(buf);
}

void dws_transfer_forget(struct dws_transfer *t)
{
    dws_transfer_options_reset(&t->options, t->easy);
    erase_whole(&t->response_headers);
    erase_whole(&t->response_body);
    memset(t->host, 0, sizeof t->host);
    memset(t->detail, 0, sizeof t->detail);
}

void dws_transfer_free(struct dws_transfer *t)
{
    if (!t)
        return;
    curl_easy_cleanup(t->easy);
    free_headers(t);
    dws_transfer_options_free(&t->options);
    dws_buf_wipe(&t->line);
    dws_buf_free(&t->response_headers);
    dws_buf_free(&t->response_body);
    dws_gunzip_free(t->gunzip);
    free(t);
}

/* ---- what may be sent ------------------------------------------------------------------------- */

/* Framing a body otherwise than it is leaves bytes that a server reads as another request. */
static bool is_framing(struct dws_text name)
{
    return dws_text_compare_nocase(name, dws_text_of("content-length")) == 0 ||
           dws_text_compare_nocase(name, dws_text_of("transfer-encoding")) == 0;
}

static enum dws_status check_request(const struct dws_request *request, const struct dws_transport *transport,
                                     struct dws_url *url, struct dws_error *error)
{
    if (dws_url_parse(request->url, url, error) != DWS_OK)
        return error->status;
    if (!url->https && !url->loopback && !transport->allow_http)
        return dws_fail(error, DWS_ERR_ARGUMENT,
                        "URL: plain http to %.*s would send credentials in the clear; use https, or allow_http",
                        (int)(url->host.length > 200 ? 200 : url->host.length), url->host.data);
    if (request->method.data && (!dws_text_is_token(request->method) || request->method.length > DWS_METHOD_BYTES))
        return dws_fail(error, DWS_ERR_ARGUMENT, "request: the method is not an HTTP method");
    if (dws_request_is_head(request) && request->body.data)
        return dws_fail(error, DWS_ERR_ARGUMENT, "request: HEAD takes no body");
    if (transport->user_agent && dws_text_holds_control(dws_text_of(transport->user_agent)))
        return dws_fail(error, DWS_ERR_ARGUMENT, "transport: the user agent holds a control character");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct dws_header *header = &request->headers[i];
        if (is_framing(header->name))
            return dws_fail(error, DWS_ERR_ARGUMENT, "request: header \"%.*s\" is set by the transport alone",
                            (int)header->name.length, header->name.data);
        if (!dws_text_is_token(header->name))
            return dws_fail(error, DWS_ERR_ARGUMENT, "request: header %zu has a name that is not an HTTP token", i + 1);
        if (dws_text_holds_control(header->value))
            return dws_fail(error, DWS_ERR_ARGUMENT, "request: the value of header \"%.*s\" holds a control character",
                            (int)(header->name.length > 60 ? 60 : header->name.length), header->name.data);
    }
    return DWS_OK;
}

/* ---- building one transfer -------------------------------------------------------------------- */

static bool append_line(struct dws_transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    if (longer)
        t->headers = longer;
    return longer != NULL;
}

static bool add_line(struct dws_transfer *t, struct dws_text name, struct dws_text value)
{
    struct dws_buf *line = &t->line;
    dws_buf_reserve(line, name.length + value.length + 3); /* growing would leave copies of a secret behind */
    dws_buf_append_text(line, name);
    /* curl drops a header written "Name:" or "Name: " and sends an empty one for "Name;". */
    value = dws_text_trim(value);
    dws_buf_append_string(line, value.length ? ": " : ";");
    dws_buf_append_text(line, value);
    dws_buf_append(line, "", 1);
    bool good = !line->failed && append_line(t, line->data);
    dws_buf_erase(line);
    return good;
}

static bool has_header(const struct dws_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (dws_text_compare_nocase(request->headers[i].name, dws_text_of(name)) == 0)
            return true;
    }
    return false;
}

static bool build_headers(struct dws_transfer *t, const struct dws_request *request, const struct dws_url *url)
{
    /* The Host that is signed is the Host that is sent, so it is always ours and never libcurl's. */
    bool good = has_header(request, "host") || add_line(t, dws_text_of("Host"), url->authority);
    for (size_t i = 0; good && i < request->header_count; i++)
        good = add_line(t, request->headers[i].name, request->headers[i].value);
    if (good && !has_header(request, "expect"))
        good = append_line(t, "Expect:");
    if (good && !t->coded)
        good = append_line(t, t->gzip ? "Accept-Encoding: gzip" : "Accept-Encoding: identity");
    if (good && request->body.data && !has_header(request, "content-type"))
        good = append_line(t, "Content-Type:");
    return good;
}

static CURLcode set_url(CURL *easy, struct dws_text url)
{
    struct dws_buf copy = {0};
    dws_buf_append_text(&copy, url);
    dws_buf_append(&copy, "", 1);
    CURLcode code = copy.failed ? CURLE_OUT_OF_MEMORY : curl_easy_setopt(easy, CURLOPT_URL, copy.data);
    dws_buf_free(&copy);
    return code;
}

static CURLcode address(struct dws_transfer *t, const struct dws_request *request, const struct dws_url *url)
{
    CURLcode code = build_headers(t, request, url) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    code = code ? code : set_url(t->easy, request->url);
    return code ? code : curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static CURLcode set_reading(struct dws_transfer *t)
{
    CURL *easy = t->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->detail);
    return code ? code : curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
}

enum dws_status dws_transfer_prepare(struct dws_transfer *t, const struct dws_request *request,
                                     const struct dws_transport *transport, struct dws_error *error)
{
    struct dws_url url;
    if (check_request(request, transport, &url, error) != DWS_OK)
        return error->status;
    t->max_response_bytes = transport->max_response_bytes ? transport->max_response_bytes : DEFAULT_MAX_RESPONSE_BYTES;
    const size_t shown = url.authority.length < sizeof t->host ? url.authority.length : sizeof t->host;
    snprintf(t->host, sizeof t->host, "%.*s", (int)shown, url.authority.data);
    t->bodiless = dws_request_is_head(request);
    t->coded = has_header(request, "accept-encoding");
    t->gzip = transport->compressed && !url.loopback && !t->coded;
    CURLcode code = dws_transfer_options_set(&t->options, t->easy, request, &url, transport);
    code = code ? code : address(t, request, &url);
    code = code ? code : set_reading(t);
    if (code == CURLE_OK)
        return DWS_OK;
    return dws_fail(error, code == CURLE_OUT_OF_MEMORY ? DWS_ERR_MEMORY : DWS_ERR_ARGUMENT, "request: %s",
                    curl_easy_strerror(code));
}

/* The request's URL was checked before: what libcurl cannot read is the proxy's, which may have a host beyond ASCII. */
static bool is_about_proxy(const struct dws_transfer *t, CURLcode code)
{
    static const char complaint[] = "Unsupported proxy";
    return code == CURLE_URL_MALFORMAT || strncmp(t->detail, complaint, sizeof complaint - 1) == 0;
}

/* What libcurl says of its own; its complaint about a proxy's URL repeats it, password and all. */
static const char *describe(const struct dws_transfer *t, CURLcode code)
{
    if (is_about_proxy(t, code))
        return "the proxy's URL is not one that libcurl understands";
    if (strstr(t->detail, "CA certificate blob"))
        return "the CA file has no certificate that OpenSSL can read";
    if (strstr(t->detail, "CURLOPT_SSLCERT_BLOB"))
        return "the client certificate's file has no certificate that OpenSSL can read";
    return t->detail[0] ? t->detail : curl_easy_strerror(code);
}

/* Whether a proxy answered CONNECT with what it would answer again. Its password must not be sent again, either. */
static bool proxy_refused(const struct dws_transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    const bool may_pass = status == 408 || status == 421 || status == 425 || status == 429;
    return status >= 400 && status < 500 && !may_pass;
}

/* Before 8.6 libcurl calls a header line above 100 KB out of memory. */
static enum dws_status status_of_result(const struct dws_transfer *t, CURLcode code)
{
    curl_off_t first_byte = 0;
    if (proxy_refused(t))
        return DWS_ERR_PROXY;
    curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
    enum dws_status status = is_about_proxy(t, code) ? DWS_ERR_ARGUMENT : dws_curl_status(code);
    if (first_byte > 0 && status == DWS_ERR_MEMORY && !t->head_final)
        return DWS_ERR_TOO_LARGE;
    return status;
}

/* What libcurl says, with the host in front: messages from a sweep of many hosts must say whose they are. */
void dws_transfer_finish(struct dws_transfer *t, CURLcode code)
{
    if (t->error.status != DWS_OK)
        return; /* it was refused while it came */
    const enum dws_status status = status_of_result(t, code);
    if (t->response_body.failed || t->response_headers.failed)
        dws_fail(&t->error, DWS_ERR_MEMORY, "out of memory");
    else if (status == DWS_ERR_TOO_LARGE)
        refuse_size(t, "header line", CURL_MAX_HTTP_HEADER);
    else if (code != CURLE_OK && !t->cut &&
             (t->header_bytes > 0 || status == DWS_ERR_TIMEOUT || !dws_descriptors_fail(&t->error, t->host)))
        dws_fail(&t->error, status, "%s: %s", t->host, describe(t, code));
    else if (code == CURLE_OK && t->gunzip && !dws_gunzip_ended(t->gunzip) && !is_refusal(t))
        dws_fail(&t->error, DWS_ERR_DECODE, "%s: the response's body ends inside its gzip", t->host);
    else if (code == CURLE_OK && !t->head_final) /* which libcurl takes for an empty answer */
        dws_fail(&t->error, DWS_ERR_NETWORK, "%s: the connection closed inside the response's head", t->host);
}

static const char *certificate_field(const struct curl_slist *lines, const char *name)
{
    size_t length = strlen(name);
    for (; lines; lines = lines->next) {
        if (strncmp(lines->data, name, length) == 0)
            return lines->data + length;
    }
    return NULL;
}

/* The first certificate of the chain is the server's. */
static struct dws_certificate server_certificate(const struct dws_transfer *t)
{
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(t->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1)
        return (struct dws_certificate){0};
    return (struct dws_certificate){
        .subject = certificate_field(chain->certinfo[0], "Subject:"),
        .issuer = certificate_field(chain->certinfo[0], "Issuer:"),
        .not_after = certificate_field(chain->certinfo[0], "Expire date:"),
    };
}

struct dws_response dws_transfer_response(const struct dws_transfer *t)
{
    double seconds = 0;
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME, &seconds);
    return (struct dws_response){
        .status = (int)status_code(t),
        .headers = dws_buf_text(&t->response_headers),
        .body = dws_buf_text(&t->response_body),
        .seconds = seconds,
        .certificate = server_certificate(t),
    };
}
