/* authorities_spec.c: when a file that says who is trusted is read again, and when what it says is libcurl's to parse.
 * It must not wait for a file to grow old: the wall clock that libdws sees goes on. */
#include "spec.h"

#include "dws/transfer_options.h"
#include "tls_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length);

static time_t wall_seconds; /* 0: as it is */
static int ends_read;       /* files that were read to their end */

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    if (wall_seconds == 0 || id != CLOCK_REALTIME)
        return __real_clock_gettime(id, now);
    *now = (struct timespec){wall_seconds, 0};
    return 0;
}

ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
    const ssize_t got = __real_read(fd, bytes, length);
    ends_read += got == 0;
    return got;
}

/* So many seconds after the file was changed. */
static void set_clock(const char *path, int seconds)
{
    struct stat info;
    EXPECT_INT(stat(path, &info), 0);
    wall_seconds = info.st_ctim.tv_sec + seconds;
}

static void expect_reads(struct dws_transfer_options *options, const char *path, int count)
{
    const struct dws_transport transport = {.ca_file = path};
    ends_read = 0;
    EXPECT(dws_transfer_options_read(options, &transport, false));
    EXPECT_INT(ends_read, count);
    EXPECT(options->ca.content.length > 0);
}

static void reads_a_file_again_until_a_change_would_show(void)
{
    struct tls_files *files = tls_files_new();
    struct dws_transfer_options options = {0};
    const char *path = tls_ca(files);
    for (int i = 0; i < 2; i++) {
        static const int seconds[] = {-5, 0, 1, 2, 2, 3};
        static const int counts[] = {1, 1, 1, 1, 0, 0};
        for (size_t k = 0; k < sizeof seconds / sizeof *seconds; k++) {
            set_clock(path, seconds[k]);
            expect_reads(&options, path, counts[k]);
        }
        EXPECT_INT(options.ca.reading, 1);
        EXPECT_INT(chmod(path, i == 0 ? 0600 : 0644), 0); /* a change, of which the content knows nothing */
    }
    expect_reads(&options, tls_other_ca(files), 1);
    EXPECT_INT(options.ca.reading, 2);
    wall_seconds = 0;
    dws_transfer_options_free(&options);
    tls_files_free(files);
}

/* What its name leads to is as it was, the name was away meanwhile. */
static void reads_a_file_again_that_was_not_there(void)
{
    struct tls_files *files = tls_files_new();
    struct dws_transfer_options options = {0};
    char path[64];
    snprintf(path, sizeof path, "/tmp/dwsync-authorities-spec-%d", (int)getpid());
    const struct dws_transport transport = {.ca_file = path};
    set_clock(tls_ca(files), 10);
    EXPECT_INT(symlink(tls_ca(files), path), 0);
    expect_reads(&options, path, 1);
    expect_reads(&options, path, 0);
    EXPECT_INT(unlink(path), 0);
    EXPECT(dws_transfer_options_read(&options, &transport, false));
    EXPECT_INT(options.ca.content.length, 0);
    EXPECT_INT(symlink(tls_ca(files), path), 0);
    expect_reads(&options, path, 1);
    EXPECT_INT(unlink(path), 0);
    wall_seconds = 0;
    dws_transfer_options_free(&options);
    tls_files_free(files);
}

/* ---- proxies ---------------------------------------------------------------------------------- */

static void expect_parsed(const struct dws_transport *transport, bool tls, bool parsed)
{
    struct dws_transfer_options options = {0};
    EXPECT(dws_transfer_options_read(&options, transport, tls));
    EXPECT((options.trust != NULL) == parsed);
    dws_transfer_options_free(&options);
}

/* libcurl would ask for one trust in both handshakes. */
static void leaves_them_to_libcurl_where_a_proxy_may_speak_tls(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    static const struct {
        const char *proxy;
        bool parsed;
    } proxies[] = {{"https://p:1", false},
                   {"HTTPS://p:1", false},
                   {"http://p:1", true},
                   {"p:1", true},
                   {"https.example:1", true},
                   {"socks5://https:1", true},
                   {"", true}};
    struct tls_files *files = tls_files_new();
    struct dws_transport transport = {.ca_file = tls_ca(files)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    expect_parsed(&transport, true, true);
    expect_parsed(&transport, false, false);
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        spec_about(proxies[i].proxy);
        transport.proxy = proxies[i].proxy;
        expect_parsed(&transport, true, proxies[i].parsed);
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            setenv(names[k], "https://p:1", 1);
            expect_parsed(&transport, true, proxies[i].parsed); /* one that is named is the only one */
            transport.proxy = NULL;
            expect_parsed(&transport, true, false);
            setenv(names[k], proxies[i].proxy, 1);
            expect_parsed(&transport, true, proxies[i].parsed);
            transport.proxy = proxies[i].proxy;
            unsetenv(names[k]);
        }
    }
    tls_files_free(files);
}

static void leaves_no_error_of_openssls_behind(void)
{
    EXPECT(!dws_trust_open(LITERAL("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")));
    EXPECT_INT(ERR_peek_error(), 0);
}

static const struct spec_case cases[] = {
    {"a file is read again until two seconds after its change, and then when it has changed",
     reads_a_file_again_until_a_change_would_show},
    {"a file is read again that was away, though it is the same", reads_a_file_again_that_was_not_there},
    {"authorities are left to libcurl where a proxy may speak TLS, too",
     leaves_them_to_libcurl_where_a_proxy_may_speak_tls},
    {"what cannot be parsed leaves no error of OpenSSL's behind", leaves_no_error_of_openssls_behind},
};

SPEC_MAIN(cases)
