/* trust_spec.c: authorities are parsed once, for all threads: which are the same, how many are kept, fork.
 * It must not check anything in a thread of its own: threads count, the spec looks when they have ended. */
#include "dws/trust.h"
#include "exchange.h"
#include "locks.h"
#include "spec.h"
#include "tls_files.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_KEPT 8
#define THREADS 8
#define ROUNDS 200

/* Before anything else of libcurl. */
__attribute__((constructor)) static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct bytes {
    char data[8192];
    size_t length;
};

static void read_bytes(const char *path, struct bytes *bytes)
{
    FILE *in = fopen(path, "r");
    EXPECT(in);
    bytes->length = fread(bytes->data, 1, sizeof bytes->data - 16, in);
    fclose(in);
}

/* The same authority with a remark behind it: other bytes, each time. */
static struct dws_text variant(const struct bytes *bytes, int number, struct bytes *out)
{
    *out = *bytes;
    out->length += (size_t)snprintf(out->data + out->length, 16, "\n# %d\n", number);
    return (struct dws_text){out->data, out->length};
}

static struct dws_text text_of(const struct bytes *bytes)
{
    return (struct dws_text){bytes->data, bytes->length};
}

static void shares_what_holds_the_same_bytes(void)
{
    struct tls_files *files = tls_files_new();
    struct bytes ca, other, copy;
    read_bytes(tls_ca(files), &ca);
    read_bytes(tls_other_ca(files), &other);
    copy = ca;
    struct dws_trust *first = dws_trust_open(text_of(&ca));
    struct dws_trust *again = dws_trust_open(text_of(&copy));
    struct dws_trust *another = dws_trust_open(text_of(&other));
    EXPECT(first && another);
    EXPECT(first == again);
    EXPECT(first != another);
    EXPECT(dws_trust_number(first) != 0);
    EXPECT(dws_trust_number(first) != dws_trust_number(another));
    dws_trust_close(first);
    dws_trust_close(again);
    dws_trust_close(another);
    tls_files_free(files);
}

static void leaves_to_libcurl_what_it_cannot_read(void)
{
    const size_t before = dws_trust_kept();
    EXPECT(!dws_trust_open(spec_text("no certificate at all")));
    EXPECT(!dws_trust_open(spec_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")));
    EXPECT_INT(dws_trust_kept(), before);
    dws_trust_close(NULL);
}

/* ---- the system's ------------------------------------------------------------------------------- */

/* What the file system says of the system's authorities. */
static struct {
    const char *path; /* of the one that is another now, or NULL */
    bool gone;
    time_t seconds;
} another;

int __real_stat(const char *path, struct stat *info);
int __wrap_stat(const char *path, struct stat *info);
int __wrap_stat(const char *path, struct stat *info)
{
    const bool is_another = another.path && strcmp(path, another.path) == 0;
    const int failed = is_another && another.gone ? -1 : __real_stat(path, info);
    if (is_another)
        info->st_mtim.tv_sec += another.seconds;
    return failed;
}

static long system_number(void)
{
    struct dws_trust *trust = dws_trust_open((struct dws_text){NULL, 0});
    const long number = trust ? dws_trust_number(trust) : 0;
    dws_trust_close(trust);
    return number;
}

static void parses_the_systems_anew_when_they_are_others(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const char *const paths[] = {info->cainfo, info->capath};
    const long number = system_number();
    EXPECT(number > 0);
    EXPECT_INT(system_number(), number);
    for (size_t i = 0; i < 2; i++) {
        if (!paths[i])
            continue;
        another.path = paths[i];
        another.seconds = 1;
        const long changed = system_number();
        EXPECT(changed > number);
        EXPECT_INT(system_number(), changed);
        another.seconds = 2;
        EXPECT(system_number() > changed);
        another.gone = true;
        const long gone = system_number();
        EXPECT(gone > changed + 1);
        another.seconds = 0;
        EXPECT_INT(system_number(), gone);
        another.gone = false;
        another.path = NULL;
        EXPECT_INT(system_number(), number);
    }
}

static void stamps_all_that_differs_between_two_files(void)
{
    static const size_t fields[] = {
        offsetof(struct stat, st_dev),          offsetof(struct stat, st_ino),
        offsetof(struct stat, st_size),         offsetof(struct stat, st_mtim.tv_sec),
        offsetof(struct stat, st_mtim.tv_nsec), offsetof(struct stat, st_ctim.tv_sec),
        offsetof(struct stat, st_ctim.tv_nsec),
    };
    struct stat info;
    memset(&info, 0, sizeof info);
    const struct dws_stamp before = dws_stamp_of(&info);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        memset(&info, 0, sizeof info);
        ((char *)&info)[fields[i]] = 1;
        const struct dws_stamp after = dws_stamp_of(&info);
        EXPECT(memcmp(&before, &after, sizeof before) != 0);
    }
    memset(&info, 0, sizeof info);
    info.st_atim.tv_sec = 1; /* it was merely read */
    const struct dws_stamp after = dws_stamp_of(&info);
    EXPECT(memcmp(&before, &after, sizeof before) == 0);
}

static int next_descriptor(void)
{
    const int next = dup(STDIN_FILENO);
    close(next);
    return next;
}

/* Whatever there is under the name: it is closed again, and a pipe that nobody writes to is not waited for. */
static void leaves_no_descriptor_behind(void)
{
    struct tls_files *files = tls_files_new();
    char pipe[] = "/tmp/dwsync-trust-XXXXXX";
    EXPECT(mkdtemp(pipe) && rmdir(pipe) == 0 && mkfifo(pipe, 0600) == 0);
    const struct {
        const char *path;
        bool good;
    } rows[] = {{tls_ca(files), true}, {pipe, false}, {"/tmp", false}, {"/dev/null", false}, {"/dev/null/x", false}};
    dws_load_authorities(tls_ca(files)); /* what opens something once for the process did so here */
    const int before = next_descriptor();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        spec_about(rows[i].path);
        EXPECT(dws_load_authorities(rows[i].path) == rows[i].good);
        EXPECT_INT(next_descriptor(), before);
    }
    unlink(pipe);
    tls_files_free(files);
}

/* Of a file that is too large nothing is trusted. */
static void reads_a_file_of_16_mebibytes_and_no_more(void)
{
    enum { MOST = 16 * 1024 * 1024 };
    struct tls_files *files = tls_files_new();
    struct bytes ca;
    char path[] = "/tmp/dwsync-trust-XXXXXX";
    read_bytes(tls_ca(files), &ca);
    char *line = malloc(MOST);
    const int fd = mkstemp(path);
    EXPECT(line && fd >= 0);
    memset(line, '#', MOST);
    for (size_t i = 0; i < MOST; i += 64)
        line[i] = '\n';
    EXPECT_INT(write(fd, ca.data, ca.length), ca.length);
    EXPECT_INT(write(fd, line, MOST - ca.length), MOST - ca.length);
    EXPECT(dws_load_authorities(path));
    EXPECT_INT(write(fd, "\n", 1), 1);
    EXPECT(!dws_load_authorities(path));
    close(fd);
    unlink(path);
    free(line);
    tls_files_free(files);
}

static void keeps_a_bounded_number(void)
{
    struct tls_files *files = tls_files_new();
    struct bytes ca, changed;
    read_bytes(tls_ca(files), &ca);
    struct dws_trust *used = dws_trust_open(text_of(&ca));
    const long number = dws_trust_number(used);
    for (int i = 0; i < 3 * MOST_KEPT; i++)
        dws_trust_close(dws_trust_open(variant(&ca, i, &changed)));
    EXPECT_INT(dws_trust_kept(), MOST_KEPT);
    EXPECT_INT(dws_trust_number(used), number); /* its user has it still */
    struct dws_trust *anew = dws_trust_open(text_of(&ca));
    EXPECT(dws_trust_number(anew) != number);
    dws_trust_close(anew);
    dws_trust_close(used);
    tls_files_free(files);
}

/* ---- threads ------------------------------------------------------------------------------------ */

struct work {
    const struct bytes *ca;
    int good;
};

static void *open_and_close(void *user)
{
    struct work *work = user;
    for (int i = 0; i < ROUNDS; i++) {
        struct bytes changed;
        CURL *easy = curl_easy_init();
        struct dws_trust *trust = dws_trust_open(variant(work->ca, i % (2 * MOST_KEPT), &changed));
        work->good += trust && easy && dws_trust_set(trust, easy) == CURLE_OK;
        curl_easy_cleanup(easy);
        dws_trust_close(trust);
    }
    return NULL;
}

static void is_shared_by_threads(void)
{
    struct tls_files *files = tls_files_new();
    struct bytes ca;
    pthread_t threads[THREADS];
    struct work work[THREADS];
    read_bytes(tls_ca(files), &ca);
    for (int i = 0; i < THREADS; i++) {
        work[i] = (struct work){.ca = &ca};
        EXPECT_INT(pthread_create(&threads[i], NULL, open_and_close, &work[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        EXPECT_INT(work[i].good, ROUNDS);
    }
    EXPECT_INT(dws_trust_kept(), MOST_KEPT);
    tls_files_free(files);
}

/* ---- fork --------------------------------------------------------------------------------------- */

static void connect_once(struct tls_files *files)
{
    static const struct script answers[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), AGAIN)};
    char url[64];
    struct exchange e;
    SSL_CTX *server = tls_server(files, "IP:127.0.0.1", 1);
    exchange_open(&e, 1, answers, 1, server);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server_port(e.server));
    const struct dws_request request = {.url = spec_text(url)};
    e.transport.ca_file = tls_ca(files);
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    exchange_close(&e);
    SSL_CTX_free(server);
}

/* Whether a child has the same trust. */
static bool inherits(struct dws_trust *ours, const struct bytes *ca)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        const bool was_kept = dws_trust_is_kept(ours);
        struct dws_trust *its = dws_trust_open(text_of(ca));
        const bool same = its == ours;
        const bool other = its && !same && dws_trust_number(its) != dws_trust_number(ours);
        dws_trust_close(its);
        _exit(was_kept != same ? 4 : same ? 1 : other ? 2 : 3);
    }
    EXPECT(child > 0);
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) <= 2);
    return WEXITSTATUS(status) == 1;
}

static void is_parsed_anew_by_a_child_when_it_was_used(void)
{
    struct tls_files *files = tls_files_new();
    struct bytes ca;
    read_bytes(tls_ca(files), &ca);
    struct dws_trust *ours = dws_trust_open(text_of(&ca));
    EXPECT(inherits(ours, &ca));
    connect_once(files);
    EXPECT(!inherits(ours, &ca));
    struct dws_trust *again = dws_trust_open(text_of(&ca));
    EXPECT(again == ours);
    dws_trust_close(again);
    dws_trust_close(ours);
    tls_files_free(files);
}

static void is_loaded_before_it_is_needed(void)
{
    struct tls_files *files = tls_files_new();
    struct bytes ca, changed;
    const char *path = tls_ca(files);
    read_bytes(path, &ca);
    EXPECT(dws_load_authorities(path));
    struct dws_trust *trust = dws_trust_open(text_of(&ca));
    const long number = dws_trust_number(trust);
    connect_once(files);
    EXPECT(dws_load_authorities(path));
    struct dws_trust *next = dws_trust_open(variant(&ca, 1, &changed));
    EXPECT_INT(dws_trust_number(next), number + 1); /* nothing was parsed in between */
    EXPECT(!dws_load_authorities("/nonexistent/ca.pem"));
    dws_trust_close(next);
    dws_trust_close(trust);
    tls_files_free(files);
}

/* Of all the cases before it. */
static void gives_back_only_locks_that_it_holds(void)
{
    EXPECT_INT(locks_not_held(), 0);
}

static const struct spec_case cases[] = {
    {"the same bytes are parsed once, other bytes are another trust", shares_what_holds_the_same_bytes},
    {"what cannot be read is left to libcurl", leaves_to_libcurl_what_it_cannot_read},
    {"the system's are parsed anew when their file or folder is another", parses_the_systems_anew_when_they_are_others},
    {"a stamp has all that differs between two files", stamps_all_that_differs_between_two_files},
    {"files of authorities are closed again, and only regular ones are read", leaves_no_descriptor_behind},
    {"a file of 16 MiB is read, and a larger one is not", reads_a_file_of_16_mebibytes_and_no_more},
    {"a bounded number is kept, and one in use outlives its place", keeps_a_bounded_number},
    {"many threads open and close them at once", is_shared_by_threads},
    {"a child process has what its parent parsed, unless a connection used it",
     is_parsed_anew_by_a_child_when_it_was_used},
    {"what is loaded ahead is what the first connection uses", is_loaded_before_it_is_needed},
    {"only locks that are held are given back", gives_back_only_locks_that_it_holds},
};

SPEC_MAIN(cases)
