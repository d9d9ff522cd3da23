/* url.c: splits a URL into the parts that signing and sending need, and refuses what they could read differently.
 * It must not be lenient: a URL that two parsers understand in two ways is how requests go astray. */
#include "internal.h"

#include <string.h>

static bool text_is(struct dws_text text, const char *string)
{
    return dws_text_compare_nocase(text, dws_text_of(string)) == 0;
}

static bool text_ends(struct dws_text text, const char *string)
{
    size_t length = strlen(string);
    if (text.length <= length)
        return false;
    return text_is((struct dws_text){text.data + text.length - length, length}, string);
}

/* Everything up to the first byte of `stops` (or all of it) is cut off `rest` and returned. */
static struct dws_text cut(struct dws_text *rest, const char *stops)
{
    size_t n = rest->length;
    for (; *stops && n > 0; stops++) {
        const char *stop = memchr(rest->data, *stops, n);
        n = stop ? (size_t)(stop - rest->data) : n;
    }
    struct dws_text head = {rest->data, n};
    rest->data += n;
    rest->length -= n;
    return head;
}

/* Four decimal numbers of at most 255, nothing else. */
static bool parse_ipv4(struct dws_text text, unsigned parts[4])
{
    size_t i = 0;
    for (int part = 0; part < 4; part++) {
        unsigned value = 0;
        size_t start = i;
        while (i < text.length && text.data[i] >= '0' && text.data[i] <= '9' && i - start < 3)
            value = value * 10 + (unsigned)(text.data[i++] - '0');
        if (i == start || value > 255 || (i - start > 1 && text.data[start] == '0'))
            return false;
        parts[part] = value;
        if (part < 3 && (i >= text.length || text.data[i++] != '.'))
            return false;
    }
    return i == text.length;
}

/* Whether the last label is a number, as in 127.1, 0x7f.1, 017700000001 and 1.2.3.4.: libcurl and others take some of
 * these for addresses, and no name ends so. */
static bool ends_in_number(struct dws_text host)
{
    size_t end = host.length - (host.data[host.length - 1] == '.');
    size_t start = end;
    while (start > 0 && host.data[start - 1] != '.')
        start--;
    const bool hex = end - start >= 2 && host.data[start] == '0' && (host.data[start + 1] | 0x20) == 'x';
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    const struct dws_text label = {host.data + start + 2 * hex, end - start - 2 * hex};
    for (size_t i = 0; i < label.length; i++) {
        if (!strchr(digits, label.data[i]))
            return false;
    }
    return end > start;
}

static void classify_host(struct dws_url *url)
{
    unsigned ip[4];
    url->loopback =
        text_is(url->host, "localhost") || text_ends(url->host, ".localhost") || text_is(url->host, "[::1]");
    url->metadata = false;
    if (parse_ipv4(url->host, ip)) {
        url->loopback = ip[0] == 127;
        url->metadata = text_is(url->host, "169.254.169.254");
    }
}

static bool is_host_byte(char c, bool bracketed)
{
    if (bracketed)
        return strchr("0123456789abcdefABCDEF:.", c) != NULL && c != '\0';
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
}

static enum dws_status parse_host(struct dws_text *rest, struct dws_url *url, struct dws_error *error)
{
    bool bracketed = rest->length > 0 && rest->data[0] == '[';
    if (bracketed) {
        url->host = cut(rest, "]");
        if (rest->length == 0)
            return dws_fail(error, DWS_ERR_ARGUMENT, "URL: the IPv6 address has no closing bracket");
        url->host.length++;
        rest->data++;
        rest->length--;
    } else {
        url->host = cut(rest, ":");
    }
    size_t skip = bracketed ? 1 : 0;
    if (url->host.length <= 2 * skip)
        return dws_fail(error, DWS_ERR_ARGUMENT, "URL: it has no host");
    for (size_t i = skip; i < url->host.length - skip; i++) {
        if (!is_host_byte(url->host.data[i], bracketed))
            return dws_fail(error, DWS_ERR_ARGUMENT, "URL: the host holds a character that no host name has");
    }
    unsigned ip[4];
    if (!bracketed && ends_in_number(url->host) && !parse_ipv4(url->host, ip))
        return dws_fail(error, DWS_ERR_ARGUMENT,
                        "URL: an IPv4 address must be four numbers from 0 to 255, like 127.0.0.1");
    return DWS_OK;
}

static enum dws_status parse_authority(struct dws_text authority, struct dws_url *url, struct dws_error *error)
{
    struct dws_text rest = authority;
    if (memchr(authority.data, '@', authority.length))
        return dws_fail(error, DWS_ERR_ARGUMENT, "URL: user names and passwords in a URL are not allowed");
    if (parse_host(&rest, url, error) != DWS_OK)
        return error->status;
    url->authority = authority;
    if (rest.length > 0) {
        unsigned long port = 0;
        bool digits = rest.data[0] == ':' && rest.length >= 2 && rest.length <= 6;
        for (size_t i = 1; digits && i < rest.length; i++) {
            digits = rest.data[i] >= '0' && rest.data[i] <= '9';
            port = port * 10 + (unsigned long)(rest.data[i] - '0');
        }
        if (!digits || port == 0 || port > 65535)
            return dws_fail(error, DWS_ERR_ARGUMENT, "URL: the port is not a number from 1 to 65535");
        if (port == (url->https ? 443 : 80))
            url->authority = url->host;
    }
    classify_host(url);
    return DWS_OK;
}

enum dws_status dws_url_parse(struct dws_text text, struct dws_url *url, struct dws_error *error)
{
    *url = (struct dws_url){0};
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c >= 0x7F)
            return dws_fail(error, DWS_ERR_ARGUMENT, "URL: byte %zu (0x%02X) must be percent-encoded", i + 1, c);
    }
    if (text.length == 0)
        return dws_fail(error, DWS_ERR_ARGUMENT, "URL: it must begin with https://");
    struct dws_text rest = text;
    struct dws_text scheme = cut(&rest, ":");
    url->https = text_is(scheme, "https");
    if ((!url->https && !text_is(scheme, "http")) || rest.length < 3 || memcmp(rest.data, "://", 3) != 0)
        return dws_fail(error, DWS_ERR_ARGUMENT, "URL: it must begin with https://");
    rest.data += 3;
    rest.length -= 3;
    if (parse_authority(cut(&rest, "/?#"), url, error) != DWS_OK)
        return error->status;
    if (rest.length > 0 && memchr(rest.data, '#', rest.length))
        return dws_fail(error, DWS_ERR_ARGUMENT, "URL: a fragment (#) is never sent and not allowed here");
    url->path = cut(&rest, "?");
    if (rest.length > 0)
        url->query = (struct dws_text){rest.data + 1, rest.length - 1};
    return DWS_OK;
}
