/* head.c: what the head of an answer announces, and whether any of that may be read.
 * It must not know libcurl. */
#include "head.h"

#include <string.h>

bool dws_header_next(struct dws_text *cursor, struct dws_header *header)
{
    while (cursor->length > 0) {
        const char *end = memchr(cursor->data, '\n', cursor->length);
        struct dws_text line = {cursor->data, end ? (size_t)(end - cursor->data) : cursor->length};
        size_t used = line.length + (end ? 1 : 0);
        cursor->data += used;
        cursor->length -= used;
        if (line.length > 0 && line.data[line.length - 1] == '\r')
            line.length--;
        /* A name is a token: that passes over the status line and continued lines, even with colons in them. */
        const char *colon = line.length ? memchr(line.data, ':', line.length) : NULL;
        size_t name_length = colon ? (size_t)(colon - line.data) : 0;
        if (!dws_text_is_token((struct dws_text){line.data, name_length}))
            continue;
        header->name = (struct dws_text){line.data, name_length};
        header->value = dws_text_trim((struct dws_text){colon + 1, line.length - name_length - 1});
        return true;
    }
    return false;
}

static bool is_named(const struct dws_header *header, const char *name)
{
    const struct dws_text wanted = dws_text_of(name);
    return header->name.length == wanted.length && dws_text_compare_nocase(header->name, wanted) == 0;
}

/* Whether a list of codings has none but the one that is expected. */
static bool accept_codings(struct dws_text list, const char *kind, const char *expected, const char *host,
                           struct dws_error *error)
{
    while (list.length > 0) {
        const char *comma = memchr(list.data, ',', list.length);
        const size_t length = comma ? (size_t)(comma - list.data) : list.length;
        const struct dws_text coding = dws_text_trim((struct dws_text){list.data, length});
        if (coding.length > 0 && dws_text_compare_nocase(coding, dws_text_of(expected)) != 0) {
            const bool plain = dws_text_is_token(coding) && coding.length <= 40;
            dws_fail(error, DWS_ERR_DECODE, "%s: the service answered with the %s coding %.*s, which was not asked for",
                     host, kind, plain ? (int)coding.length : 1, plain ? coding.data : "?");
            return false;
        }
        list.data += length + (comma != NULL);
        list.length -= length + (comma != NULL);
    }
    return true;
}

static bool is_above(struct dws_text number, size_t limit)
{
    size_t value = 0;
    for (size_t i = 0; i < number.length; i++) {
        const size_t digit = (size_t)(number.data[i] - '0');
        if (value > limit / 10 || digit > limit - value * 10)
            return true;
        value = value * 10 + digit;
    }
    return false;
}

static bool is_number(struct dws_text text)
{
    size_t digits = 0;
    while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    return digits > 0 && digits == text.length;
}

/* Of two lengths libcurl takes the last, of a list the first: a proxy on the way may have taken the other, and what
 * is between them for the next answer. */
static bool accept_length(struct dws_text value, struct dws_text *length, const struct dws_head_rules *rules,
                          struct dws_error *error)
{
    if (!is_number(value))
        dws_fail(error, DWS_ERR_NETWORK, "%s: the response's Content-Length is not a number", rules->host);
    else if (length->data && dws_text_compare(value, *length) != 0)
        dws_fail(error, DWS_ERR_NETWORK, "%s: the response has two lengths", rules->host);
    else if (rules->content && is_above(value, rules->max_bytes))
        dws_fail(error, DWS_ERR_TOO_LARGE, "%s: the response's body is larger than %zu bytes", rules->host,
                 rules->max_bytes);
    *length = value;
    return error->status == DWS_OK;
}

/* The body of a refusal is only shown: whatever coding it has. */
static bool accept_content(struct dws_text codings, const struct dws_head_rules *rules, bool *gzipped,
                           struct dws_error *error)
{
    if (rules->gzip && !*gzipped && dws_text_compare_nocase(codings, dws_text_of("gzip")) == 0) {
        *gzipped = true;
        return true;
    }
    return !rules->content || accept_codings(codings, "content", "identity", rules->host, error);
}

enum dws_status dws_head_accept(struct dws_text lines, const struct dws_head_rules *rules, bool *gzipped,
                                struct dws_error *error)
{
    struct dws_header header;
    struct dws_text length = {0};
    bool good = true;
    *gzipped = false;
    while (good && dws_header_next(&lines, &header)) {
        if (is_named(&header, "transfer-encoding"))
            good = accept_codings(header.value, "transfer", "chunked", rules->host, error);
        else if (!rules->coded && is_named(&header, "content-encoding"))
            good = accept_content(header.value, rules, gzipped, error);
        else if (is_named(&header, "content-length"))
            good = accept_length(header.value, &length, rules, error);
    }
    return good ? DWS_OK : error->status;
}
