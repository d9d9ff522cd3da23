/* url_spec.c: which URLs dws_url_parse takes, how it splits them, and which it refuses.
 * It must not resolve a name: loopback is a matter of spelling. */
#include "spec.h"

#include <stdlib.h>
#include <string.h>

struct accepted {
    const char *url;
    bool https;
    const char *host;
    const char *authority;
    const char *path;
    const char *query; /* NULL: absent */
};

static const struct accepted accepted[] = {
    {"https://dws.example.com", true, "dws.example.com", "dws.example.com", "", NULL},
    {"https://dws.example.com/", true, "dws.example.com", "dws.example.com", "/", NULL},
    {"https://dws.example.com/v1/a?limit=1&offset=2", true, "dws.example.com", "dws.example.com", "/v1/a",
     "limit=1&offset=2"},
    {"https://dws.example.com?limit=1", true, "dws.example.com", "dws.example.com", "", "limit=1"},
    {"https://dws.example.com/?", true, "dws.example.com", "dws.example.com", "/", ""},
    {"https://dws.example.com/a?b?c=/d", true, "dws.example.com", "dws.example.com", "/a", "b?c=/d"},
    {"https://dws.example.com:443/a", true, "dws.example.com", "dws.example.com", "/a", NULL},
    {"https://dws.example.com:80/a", true, "dws.example.com", "dws.example.com:80", "/a", NULL},
    {"https://dws.example.com:8443/a", true, "dws.example.com", "dws.example.com:8443", "/a", NULL},
    {"http://dws.example.com:80/a", false, "dws.example.com", "dws.example.com", "/a", NULL},
    {"http://dws.example.com:443/a", false, "dws.example.com", "dws.example.com:443", "/a", NULL},
    {"https://dws.example.com:1", true, "dws.example.com", "dws.example.com:1", "", NULL},
    {"https://dws.example.com:65535", true, "dws.example.com", "dws.example.com:65535", "", NULL},
    {"HTTPS://DWS.Example.COM/A", true, "DWS.Example.COM", "DWS.Example.COM", "/A", NULL},
    {"Http://localhost/", false, "localhost", "localhost", "/", NULL},
    {"https://[2001:db8::1]:8443/a", true, "[2001:db8::1]", "[2001:db8::1]:8443", "/a", NULL},
    {"https://[2001:db8::1]:443/a", true, "[2001:db8::1]", "[2001:db8::1]", "/a", NULL},
    {"https://[::ffff:1.2.3.4]", true, "[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", "", NULL},
    {"https://my_host-1.example/a", true, "my_host-1.example", "my_host-1.example", "/a", NULL},
    {"https://1.2.3.4a/", true, "1.2.3.4a", "1.2.3.4a", "/", NULL},
    {"https://6f3a0xb.", true, "6f3a0xb.", "6f3a0xb.", "", NULL},
    {"https://0xg1/", true, "0xg1", "0xg1", "/", NULL},
    {"https://h/a@b:c", true, "h", "h", "/a@b:c", NULL},
    {"https://h/?u=x@y", true, "h", "h", "/", "u=x@y"},
    {"https://h//a/../b/%2F%20", true, "h", "h", "//a/../b/%2F%20", NULL},
};

static void expect_parts(const struct accepted *row)
{
    struct dws_url url;
    struct dws_error error = {0};
    /* An exactly sized copy: a read behind the end shows under the sanitizers. */
    size_t length = strlen(row->url);
    char *copy = malloc(length);
    memcpy(copy, row->url, length);
    spec_about(row->url);
    if (EXPECT_STATUS(dws_url_parse((struct dws_text){copy, length}, &url, &error), DWS_OK)) {
        EXPECT(url.https == row->https);
        EXPECT_TEXT(url.host, spec_text(row->host));
        EXPECT_TEXT(url.authority, spec_text(row->authority));
        EXPECT_TEXT(url.path, spec_text(row->path));
        EXPECT((url.query.data != NULL) == (row->query != NULL));
        EXPECT_TEXT(url.query, spec_text(row->query ? row->query : ""));
    }
    free(copy);
}

static void splits(void)
{
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        expect_parts(&accepted[i]);
}

struct refused {
    struct dws_text url;
    const char *because; /* part of the message */
};

/* clang-format off */
#define BAD(literal, because) {TEXT(literal), (because)}
/* clang-format on */

static const struct refused refused[] = {
    BAD("", "https://"),
    BAD("https", "https://"),
    BAD("https:", "https://"),
    BAD("https:/", "https://"),
    BAD("https:/h", "https://"),
    BAD("//h/a", "https://"),
    BAD("/a", "https://"),
    BAD("dws.example.com/a", "https://"),
    BAD("ftp://h/a", "https://"),
    BAD("file:///etc/passwd", "https://"),
    BAD("httpss://h/", "https://"),
    BAD("https//h/", "https://"),
    BAD("https://", "no host"),
    BAD("https:///a", "no host"),
    BAD("https://?a=b", "no host"),
    BAD("https://:443/", "no host"),
    BAD("https://[]/", "no host"),
    BAD("https://user@h/", "user names"),
    BAD("https://user:password@h/", "user names"),
    BAD("https://@h/", "user names"),
    BAD("https://good.example.com\\@evil.example.com/", "user names"),
    BAD("https://h/#fragment", "fragment"),
    BAD("https://h#", "fragment"),
    BAD("https://h/a?b#c", "fragment"),
    BAD("https://h\\evil/", "character"),
    BAD("https://h%2e/", "character"),
    BAD("https://h,i/", "character"),
    BAD("https://h;i/", "character"),
    BAD("https://h*/", "character"),
    BAD("https://[fe80::1%25eth0]/", "character"),
    BAD("https://[v1.x]/", "character"),
    BAD("https://127.1/", "IPv4"),
    BAD("https://127/", "IPv4"),
    BAD("https://127.0.0/", "IPv4"),
    BAD("https://127.0.0./", "IPv4"),
    BAD("https://127.0.0.1000/", "IPv4"),
    BAD("https://127..0.1/", "IPv4"),
    BAD("https://127.00.0.1/", "IPv4"),
    BAD("https://2130706433/", "IPv4"),
    BAD("https://0251.254.169.254/", "IPv4"),
    BAD("https://2852039166/", "IPv4"),
    BAD("https://0xA9FEA9FE/", "IPv4"),
    BAD("https://0x7f.1/", "IPv4"),
    BAD("https://0X7F.0.0.0X1/", "IPv4"),
    BAD("https://0177.0.0.1/", "IPv4"),
    BAD("https://127.0.0.01/", "IPv4"),
    BAD("https://127.0.0.256/", "IPv4"),
    BAD("https://127.0.0.1./", "IPv4"),
    BAD("https://127.0.0.0x/", "IPv4"),
    BAD("https://h.1/", "IPv4"),
    BAD("https://[::1", "bracket"),
    BAD("https://[::1/", "bracket"),
    BAD("https://::1/", "no host"),
    BAD("https://h:1:2/", "port"),
    BAD("https://h:/", "port"),
    BAD("https://h:", "port"),
    BAD("https://h:0/", "port"),
    BAD("https://h:65536/", "port"),
    BAD("https://h:99999/", "port"),
    BAD("https://h:100000/", "port"),
    BAD("https://h:18446744073709551617/", "port"),
    BAD("https://h:-1/", "port"),
    BAD("https://h:+1/", "port"),
    BAD("https://h:8a/", "port"),
    BAD("https://h:0x50/", "port"),
    BAD("https://[::1]x/", "port"),
    BAD("https://[::1]443/", "port"),
    BAD(" https://h/", "byte 1 (0x20)"),
    BAD("https://h/a b", "byte 12 (0x20)"),
    BAD("https://h/\r\nX: y", "byte 11 (0x0D)"),
    BAD("https://h/\n", "byte 11 (0x0A)"),
    BAD("https://h/\0", "byte 11 (0x00)"),
    BAD("https://h\0.evil.example/", "byte 10 (0x00)"),
    BAD("https://h/\t", "byte 11 (0x09)"),
    BAD("https://h/\x7f", "byte 11 (0x7F)"),
    BAD("https://h/\xc3\xa4", "byte 11 (0xC3)"),
    BAD("https://\xc3\xa4.example/", "byte 9 (0xC3)"),
};

static void refuses(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct dws_url url;
        struct dws_error error = {0};
        spec_about(refused[i].url.data);
        EXPECT_STATUS(dws_url_parse(refused[i].url, &url, &error), DWS_ERR_ARGUMENT);
        EXPECT_STATUS(error.status, DWS_ERR_ARGUMENT);
        EXPECT_HOLDS(spec_text(error.message), spec_text(refused[i].because));
    }
}

static void refuses_absent(void)
{
    struct dws_url url;
    struct dws_error error = {0};
    EXPECT_STATUS(dws_url_parse((struct dws_text){NULL, 0}, &url, &error), DWS_ERR_ARGUMENT);
}

/* A password in a refused URL must not turn up in the message. */
static void message_keeps_the_password(void)
{
    struct dws_url url;
    struct dws_error error = {0};
    EXPECT_STATUS(dws_url_parse(LITERAL("https://user:pass-word-1@h/"), &url, &error), DWS_ERR_ARGUMENT);
    EXPECT_LACKS(spec_text(error.message), LITERAL("pass-word-1"));
}

struct place {
    const char *host;
    bool loopback;
    bool metadata;
};

static const struct place places[] = {
    {"localhost", true, false},
    {"LOCALHOST", true, false},
    {"dws.localhost", true, false},
    {"a.b.LocalHost", true, false},
    {"127.0.0.1", true, false},
    {"127.255.255.255", true, false},
    {"127.1.2.3", true, false},
    {"[::1]", true, false},
    {"169.254.169.254", false, true},
    {"localhost.", false, false},
    {".localhost", false, false},
    {"localhost.evil.example", false, false},
    {"notlocalhost", false, false},
    {"127.0.0.1.evil.com", false, false},
    {"128.0.0.1", false, false},
    {"12.7.0.1", false, false},
    {"0.0.0.0", false, false},
    {"[::]", false, false},
    {"[0:0:0:0:0:0:0:1]", false, false},
    {"[::ffff:127.0.0.1]", false, false},
    {"169.254.169.254.evil.com", false, false},
    {"169.254.169.253", false, false},
    {"dws.example.com", false, false},
};

static void knows_the_place(void)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct dws_url url;
        struct dws_error error = {0};
        char text[128] = "http://";
        strcat(text, places[i].host);
        strcat(text, ":8080/a");
        spec_about(text);
        EXPECT_STATUS(dws_url_parse(spec_text(text), &url, &error), DWS_OK);
        EXPECT(url.loopback == places[i].loopback);
        EXPECT(url.metadata == places[i].metadata);
    }
}

/* The host decides, nothing else in the URL. */
static void is_not_fooled_by_the_rest(void)
{
    struct dws_url url;
    struct dws_error error = {0};
    EXPECT_STATUS(dws_url_parse(LITERAL("http://evil.example/localhost"), &url, &error), DWS_OK);
    EXPECT(!url.loopback);
    EXPECT_STATUS(dws_url_parse(LITERAL("http://evil.example?@127.0.0.1"), &url, &error), DWS_OK);
    EXPECT(!url.loopback);
    EXPECT_TEXT(url.host, LITERAL("evil.example"));
}

/* Every byte, in a name and between brackets. */
static void takes_only_the_bytes_of_a_host(void)
{
    static const char digits[] = "0123456789";
    static const char letters[] = "abcdefABCDEF", other_letters[] = "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ";
    for (int byte = 1; byte < 256; byte++) {
        const bool name = strchr(digits, byte) || strchr(letters, byte) || strchr(other_letters, byte) ||
                          strchr("-._", byte) || strchr("/?:", byte); /* those three end a host */
        const bool address = strchr(digits, byte) || strchr(letters, byte) || strchr(":.", byte);
        char text[] = "https://a?:1/";
        char bracketed[] = "https://[1?2]/";
        struct dws_url url;
        struct dws_error error;
        text[9] = (char)byte;
        bracketed[10] = (char)byte;
        if (byte == ':')
            text[10] = '1'; /* a port */
        spec_about(text);
        EXPECT((dws_url_parse(spec_text(text), &url, &error) == DWS_OK) == name);
        if (byte == ']')
            continue; /* an end that something follows */
        EXPECT((dws_url_parse(spec_text(bracketed), &url, &error) == DWS_OK) == address);
    }
    struct dws_url url;
    struct dws_error error;
    EXPECT_STATUS(dws_url_parse((struct dws_text){"https://a\0b/", 12}, &url, &error), DWS_ERR_ARGUMENT);
    EXPECT_STATUS(dws_url_parse((struct dws_text){"https://[1\0b]/", 14}, &url, &error), DWS_ERR_ARGUMENT);
}

static const struct spec_case cases[] = {
    {"a URL is split into scheme, host, authority, path and query", splits},
    {"a URL that two parsers could read differently is refused, and the message says why", refuses},
    {"the absent URL is refused", refuses_absent},
    {"a password in a refused URL is not repeated", message_keeps_the_password},
    {"loopback and the metadata address are known by their one spelling", knows_the_place},
    {"a host holds only the bytes that a name or an address has", takes_only_the_bytes_of_a_host},
    {"path and query do not make a host loopback", is_not_fooled_by_the_rest},
};

SPEC_MAIN(cases)
