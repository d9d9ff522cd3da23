/* sign.c: request + credentials + date → canonical request → string to sign → Authorization.
 * It must not do I/O or read a clock. The rules are those of the vendor's API request signing guide. */
#include "algorithm.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- one signing in progress ------------------------------------------------------------------ */

struct signing {
    const struct dws_request *request;
    const struct dws_credentials *credentials;
    const struct dws_algorithm *algorithm;
    struct dws_text date;
    struct dws_url url;
    struct dws_header *headers; /* the signed ones, in order of name */
    size_t header_count;
    struct dws_buf names; /* "host;x-sdk-date" */
    struct dws_buf scope; /* "20200608/region/service" for the algorithms that want it, else empty */
};

static bool is_named(const struct dws_header *header, const char *name)
{
    return dws_text_compare_nocase(header->name, dws_text_of(name)) == 0;
}

static int compare_header(const void *a, const void *b)
{
    return dws_text_compare_nocase(((const struct dws_header *)a)->name, ((const struct dws_header *)b)->name);
}

static bool is_date(struct dws_text date)
{
    static const char pattern[] = "00000000T000000Z";
    if (date.length != sizeof pattern - 1)
        return false;
    for (size_t i = 0; i < date.length; i++) {
        char c = date.data[i];
        if (pattern[i] == '0' ? c < '0' || c > '9' : c != pattern[i])
            return false;
    }
    return true;
}

/* The access key goes between "Access=" and a comma, so it may hold neither space nor comma. */
static bool is_access_key(struct dws_text ak)
{
    for (size_t i = 0; i < ak.length; i++) {
        if (ak.data[i] <= ' ' || ak.data[i] >= 0x7F || ak.data[i] == ',')
            return false;
    }
    return ak.length > 0;
}

/* Region and service go between slashes in the Authorization header. */
static bool is_scope_part(struct dws_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7F || text.data[i] == ',' || text.data[i] == '/')
            return false;
    }
    return text.length > 0;
}

static enum dws_status check_scope(const struct signing *s, struct dws_error *error)
{
    const char *what = !is_scope_part(s->credentials->region)    ? "region"
                       : !is_scope_part(s->credentials->service) ? "service name"
                                                                 : NULL;
    if (!what)
        return DWS_OK;
    return dws_fail(error, DWS_ERR_ARGUMENT,
                    "credentials: %s needs a region and a service name; the %s is empty or holds a space, a comma, a "
                    "slash or a character outside ASCII",
                    s->algorithm->name, what);
}

static enum dws_status check_credentials(struct signing *s, struct dws_error *error)
{
    const struct dws_credentials *credentials = s->credentials;
    if (!is_access_key(credentials->ak))
        return dws_fail(error, DWS_ERR_ARGUMENT,
                        "credentials: the access key (ak) is empty or holds a character that no access key has");
    if (credentials->sk.length == 0 || credentials->sk.length > INT_MAX)
        return dws_fail(error, DWS_ERR_ARGUMENT, "credentials: the secret key (sk) is empty");
    if (dws_text_holds_control(credentials->security_token))
        return dws_fail(error, DWS_ERR_ARGUMENT, "credentials: the security token holds a control character");
    s->algorithm = dws_algorithm_find(credentials->algorithm);
    if (!s->algorithm)
        return dws_fail(error, DWS_ERR_ARGUMENT, "credentials: unknown signing algorithm \"%.*s\"",
                        (int)(credentials->algorithm.length > 40 ? 40 : credentials->algorithm.length),
                        credentials->algorithm.data);
    return s->algorithm->scoped ? check_scope(s, error) : DWS_OK;
}

static bool is_signed_name(struct dws_signed_names names, struct dws_text name)
{
    if (names.count == 0)
        return memchr(name.data, '_', name.length) == NULL;
    for (size_t i = 0; i < names.count; i++) {
        if (dws_text_compare_nocase(names.names[i], name) == 0)
            return true;
    }
    return false;
}

static void add_header(struct signing *s, struct dws_signed_names names, struct dws_text name, struct dws_text value)
{
    if (is_signed_name(names, name))
        s->headers[s->header_count++] = (struct dws_header){name, value};
}

static const struct dws_header *find_header(const struct dws_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_named(&request->headers[i], name))
            return &request->headers[i];
    }
    return NULL;
}

static enum dws_status check_headers(const struct signing *s, struct dws_signed_names names, struct dws_error *error)
{
    bool dated = false;
    for (size_t i = 0; i < s->header_count; i++) {
        dated = dated || is_named(&s->headers[i], "x-sdk-date");
        if (i > 0 && compare_header(&s->headers[i - 1], &s->headers[i]) == 0)
            return dws_fail(error, DWS_ERR_ARGUMENT, "request: header \"%.*s\" is given twice",
                            (int)(s->headers[i].name.length > 60 ? 60 : s->headers[i].name.length),
                            s->headers[i].name.data);
    }
    if (!dated)
        return dws_fail(error, DWS_ERR_ARGUMENT, "signed headers: x-sdk-date must be among them");
    if (names.count > 0 && names.count != s->header_count)
        return dws_fail(error, DWS_ERR_ARGUMENT, "signed headers: one is not in the request, or is listed twice");
    return DWS_OK;
}

static enum dws_status collect_headers(struct signing *s, struct dws_signed_names names, struct dws_error *error)
{
    const struct dws_request *request = s->request;
    const bool temporary = s->credentials->security_token.length > 0;
    s->headers = calloc(request->header_count + 3, sizeof *s->headers);
    if (!s->headers)
        return dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    if (!find_header(request, "host"))
        add_header(s, names, dws_text_of("host"), s->url.authority);
    add_header(s, names, dws_text_of("x-sdk-date"), s->date);
    if (temporary)
        add_header(s, names, dws_text_of("x-security-token"), s->credentials->security_token);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct dws_header *header = &request->headers[i];
        if (!dws_text_is_token(header->name))
            return dws_fail(error, DWS_ERR_ARGUMENT,
                            "request: header %zu has an empty name or one that is not an HTTP token", i + 1);
        if (dws_text_holds_control(header->value))
            return dws_fail(error, DWS_ERR_ARGUMENT, "request: the value of header \"%.*s\" holds a control character",
                            (int)(header->name.length > 60 ? 60 : header->name.length), header->name.data);
        if (is_named(header, "authorization") || is_named(header, "x-sdk-date") ||
            (temporary && is_named(header, "x-security-token")))
            continue;
        add_header(s, names, header->name, header->value);
    }
    qsort(s->headers, s->header_count, sizeof *s->headers, compare_header);
    return check_headers(s, names, error);
}

static void append_lower(struct dws_buf *out, struct dws_text name)
{
    size_t start = out->length;
    dws_buf_append_text(out, name);
    if (!out->failed)
        dws_lower(out->data + start, out->length - start);
}

static enum dws_status signing_start(struct signing *s, struct dws_signed_names names, struct dws_error *error)
{
    if (!is_date(s->date))
        return dws_fail(error, DWS_ERR_ARGUMENT, "date: it must look like 20251025T104952Z (UTC)");
    if (check_credentials(s, error) != DWS_OK || dws_url_parse(s->request->url, &s->url, error) != DWS_OK ||
        collect_headers(s, names, error) != DWS_OK)
        return error->status;
    for (size_t i = 0; i < s->header_count; i++) {
        if (i > 0)
            dws_buf_append_string(&s->names, ";");
        append_lower(&s->names, s->headers[i].name);
    }
    if (s->algorithm->scoped) {
        dws_buf_append(&s->scope, s->date.data, 8);
        dws_buf_append_string(&s->scope, "/");
        dws_buf_append_text(&s->scope, s->credentials->region);
        dws_buf_append_string(&s->scope, "/");
        dws_buf_append_text(&s->scope, s->credentials->service);
    }
    return s->names.failed || s->scope.failed ? dws_fail(error, DWS_ERR_MEMORY, "out of memory") : DWS_OK;
}

static void signing_end(struct signing *s)
{
    free(s->headers);
    dws_buf_free(&s->names);
    dws_buf_free(&s->scope);
}

/* ---- stage 1: the canonical request ----------------------------------------------------------- */

/* Decoded once and encoded again, segment by segment; always ends in '/'. An escaped slash becomes a slash, as in
 * the Python SDK: the gateway compares against what it decoded itself. */
static void append_canonical_path(const struct signing *s, struct dws_buf *out)
{
    struct dws_buf decoded = {0};
    dws_buf_append_decoded(&decoded, s->url.path);
    size_t start = 0;
    for (size_t i = 0; i < decoded.length; i++) {
        if (decoded.data[i] == '/') {
            dws_buf_append_encoded(out, (struct dws_text){decoded.data + start, i - start});
            dws_buf_append_string(out, "/");
            start = i + 1;
        }
    }
    if (start < decoded.length)
        dws_buf_append_encoded(out, (struct dws_text){decoded.data + start, decoded.length - start});
    if (start < decoded.length || decoded.length == 0)
        dws_buf_append_string(out, "/");
    out->failed = out->failed || decoded.failed;
    dws_buf_free(&decoded);
}

struct parameter {
    struct dws_text name;
    struct dws_text value;
};

static int compare_parameter(const void *a, const void *b)
{
    const struct parameter *left = a;
    const struct parameter *right = b;
    int order = dws_text_compare(left->name, right->name);
    return order ? order : dws_text_compare(left->value, right->value);
}

/* Splits the query at '&' into `parameters` (there is room for all), decoding into `decoded`, which has room too
 * and therefore never moves. */
static size_t split_query(struct dws_text query, struct dws_buf *decoded, struct parameter *parameters)
{
    size_t count = 0;
    while (query.length > 0) {
        const char *end = memchr(query.data, '&', query.length);
        struct dws_text pair = {query.data, end ? (size_t)(end - query.data) : query.length};
        size_t used = pair.length + (end ? 1 : 0);
        query.data += used;
        query.length -= used;
        if (pair.length == 0)
            continue;
        const char *equals = memchr(pair.data, '=', pair.length);
        size_t name_length = equals ? (size_t)(equals - pair.data) : pair.length;
        struct parameter *p = &parameters[count++];
        p->name.data = decoded->data + decoded->length;
        dws_buf_append_decoded(decoded, (struct dws_text){pair.data, name_length});
        p->name.length = (size_t)(decoded->data + decoded->length - p->name.data);
        p->value = (struct dws_text){decoded->data + decoded->length, 0};
        if (equals)
            dws_buf_append_decoded(decoded, (struct dws_text){equals + 1, pair.length - name_length - 1});
        p->value.length = (size_t)(decoded->data + decoded->length - p->value.data);
    }
    return count;
}

static void append_canonical_query(const struct signing *s, struct dws_buf *out)
{
    struct dws_text query = s->url.query;
    if (query.length == 0)
        return;
    size_t most = 1;
    for (size_t i = 0; i < query.length; i++)
        most += query.data[i] == '&';
    struct dws_buf decoded = {0};
    struct parameter *parameters = calloc(most, sizeof *parameters);
    if (!parameters || !dws_buf_reserve(&decoded, query.length)) {
        out->failed = true;
    } else {
        size_t count = split_query(query, &decoded, parameters);
        qsort(parameters, count, sizeof *parameters, compare_parameter);
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                dws_buf_append_string(out, "&");
            dws_buf_append_encoded(out, parameters[i].name);
            dws_buf_append_string(out, "=");
            dws_buf_append_encoded(out, parameters[i].value);
        }
    }
    free(parameters);
    dws_buf_free(&decoded);
}

static enum dws_status append_payload_hash(const struct signing *s, struct dws_buf *out, struct dws_error *error)
{
    const struct dws_header *given = find_header(s->request, s->algorithm->content_header);
    if (given) {
        dws_buf_append_text(out, dws_text_trim(given->value));
        return DWS_OK;
    }
    return dws_algorithm_digest(s->algorithm, s->request->body, out, error);
}

static void append_method(const struct signing *s, struct dws_buf *out)
{
    size_t start = out->length;
    dws_buf_append_text(out, s->request->method.length ? s->request->method : dws_text_of("GET"));
    if (!out->failed)
        dws_upper(out->data + start, out->length - start);
}

static enum dws_status append_canonical_request(const struct signing *s, struct dws_buf *out, struct dws_error *error)
{
    append_method(s, out);
    dws_buf_append_string(out, "\n");
    append_canonical_path(s, out);
    dws_buf_append_string(out, "\n");
    append_canonical_query(s, out);
    dws_buf_append_string(out, "\n");
    for (size_t i = 0; i < s->header_count; i++) {
        append_lower(out, s->headers[i].name);
        dws_buf_append_string(out, ":");
        dws_buf_append_text(out, dws_text_trim(s->headers[i].value));
        dws_buf_append_string(out, "\n");
    }
    dws_buf_append_string(out, "\n");
    dws_buf_append_text(out, dws_buf_text(&s->names));
    dws_buf_append_string(out, "\n");
    if (append_payload_hash(s, out, error) != DWS_OK)
        return error->status;
    return out->failed ? dws_fail(error, DWS_ERR_MEMORY, "out of memory") : DWS_OK;
}

/* ---- stage 2: the string to sign -------------------------------------------------------------- */

/* No canonical request is longer. A byte of the URL makes four at most: three encoded, and '=' after a name alone. */
static size_t longest_canonical_request(const struct signing *s)
{
    size_t length = s->request->method.length + 4 * s->request->url.length + s->names.length + 2 * EVP_MAX_MD_SIZE;
    for (size_t i = 0; i < s->header_count; i++)
        length += s->headers[i].name.length + s->headers[i].value.length + 2;
    const struct dws_header *hash = find_header(s->request, s->algorithm->content_header);
    return length + (hash ? hash->value.length : 0);
}

static enum dws_status append_string_to_sign(const struct signing *s, struct dws_buf *out, struct dws_error *error)
{
    struct dws_buf canonical = {0};
    dws_buf_reserve(&canonical, longest_canonical_request(s)); /* growing would leave copies unwiped */
    enum dws_status status = append_canonical_request(s, &canonical, error);
    if (status == DWS_OK) {
        dws_buf_append_string(out, s->algorithm->name);
        dws_buf_append_string(out, "\n");
        dws_buf_append_text(out, s->date);
        dws_buf_append_string(out, "\n");
        if (s->algorithm->scoped) {
            dws_buf_append_text(out, dws_buf_text(&s->scope));
            dws_buf_append_string(out, "\n");
        }
        status = dws_algorithm_digest(s->algorithm, dws_buf_text(&canonical), out, error);
    }
    if (status == DWS_OK && out->failed)
        status = dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    dws_buf_wipe(&canonical); /* it may hold a security token */
    return status;
}

/* ---- stage 3: the Authorization header -------------------------------------------------------- */

static enum dws_status append_authorization(const struct signing *s, struct dws_buf *out, struct dws_error *error)
{
    struct dws_buf string_to_sign = {0};
    enum dws_status status = append_string_to_sign(s, &string_to_sign, error);
    if (status == DWS_OK) {
        dws_buf_append_string(out, s->algorithm->name);
        dws_buf_append_string(out, s->algorithm->scoped ? " Credential=" : " Access=");
        dws_buf_append_text(out, s->credentials->ak);
        dws_buf_append_string(out, s->algorithm->scoped ? "/" : "");
        dws_buf_append_text(out, dws_buf_text(&s->scope));
        dws_buf_append_string(out, ", SignedHeaders=");
        dws_buf_append_text(out, dws_buf_text(&s->names));
        dws_buf_append_string(out, ", Signature=");
        status = s->algorithm->sign(s->algorithm, s->credentials, dws_buf_text(&s->scope),
                                    dws_buf_text(&string_to_sign), out, error);
    }
    if (status == DWS_OK && out->failed)
        status = dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    dws_buf_free(&string_to_sign);
    return status;
}

/* ---- public ----------------------------------------------------------------------------------- */

typedef enum dws_status (*stage_function)(const struct signing *s, struct dws_buf *out, struct dws_error *error);

static enum dws_status run_stage(stage_function stage, const struct dws_request *request,
                                 const struct dws_credentials *credentials, struct dws_signed_names names,
                                 struct dws_text date, struct dws_buf *out, struct dws_error *error)
{
    struct signing s = {.request = request, .credentials = credentials, .date = date};
    enum dws_status status = signing_start(&s, names, error);
    if (status == DWS_OK)
        status = stage(&s, out, error);
    signing_end(&s);
    return status;
}

enum dws_status dws_canonical_request(const struct dws_request *request, const struct dws_credentials *credentials,
                                      struct dws_signed_names names, struct dws_text date, struct dws_buf *out,
                                      struct dws_error *error)
{
    return run_stage(append_canonical_request, request, credentials, names, date, out, error);
}

enum dws_status dws_string_to_sign(const struct dws_request *request, const struct dws_credentials *credentials,
                                   struct dws_signed_names names, struct dws_text date, struct dws_buf *out,
                                   struct dws_error *error)
{
    return run_stage(append_string_to_sign, request, credentials, names, date, out, error);
}

enum dws_status dws_sign(const struct dws_request *request, const struct dws_credentials *credentials,
                         struct dws_signed_names names, struct dws_text date, struct dws_signature *out,
                         struct dws_error *error)
{
    struct signing s = {.request = request, .credentials = credentials, .date = date};
    enum dws_status status = signing_start(&s, names, error);
    if (status == DWS_OK)
        status = append_authorization(&s, &out->authorization, error);
    if (status == DWS_OK) {
        const struct dws_header *given = find_header(request, "host");
        dws_buf_append_text(&out->host, given ? dws_text_trim(given->value) : s.url.authority);
        if (out->host.failed)
            status = dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    }
    signing_end(&s);
    return status;
}

void dws_signature_free(struct dws_signature *signature)
{
    dws_buf_free(&signature->host);
    dws_buf_free(&signature->authorization);
}

enum dws_status dws_sha256(struct dws_text bytes, struct dws_buf *out, struct dws_error *error)
{
    if (dws_algorithm_digest(dws_algorithm_find((struct dws_text){NULL, 0}), bytes, out, error) != DWS_OK)
        return error->status;
    return out->failed ? dws_fail(error, DWS_ERR_MEMORY, "out of memory") : DWS_OK;
}
