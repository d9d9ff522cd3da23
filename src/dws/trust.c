/* trust.c: parsed authorities, shared by all connections of the process: libcurl would parse them for each new one,
 * which for the system's takes fifty times as long as the rest of the handshake.
 * It must not let two trusts share a connection or a session: libcurl tells them apart by the directory's name. */
#define _GNU_SOURCE /* dladdr */
#include "trust.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#define MAX_KEPT 8

struct dws_trust {
    struct dws_trust *next;
    struct dws_buf source; /* the bytes themselves, or what identifies the system's files */
    X509_STORE *store;
    long number;
    char directory[48]; /* one that cannot exist */
    atomic_bool handed; /* to a connection: a thread may be inside */
    size_t users;       /* the list is one */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* also while one is parsed, so that nobody else does */
static struct dws_trust *kept;                           /* the one opened last comes first */
static struct dws_trust *abandoned; /* the parent's: never looked at, only kept from counting as lost memory */
static long last_number;
static bool watched; /* by the functions below */
static bool usable;

/* ---- fork ------------------------------------------------------------------------------------- */

static void lock_all(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_all(void)
{
    pthread_mutex_unlock(&lock);
}

/* Another thread of the parent may have held a lock of OpenSSL inside one that connections have. What was only parsed
 * is as good as new: nginx's workers have it of their master. */
static void begin_child(void)
{
    struct dws_trust **place = &kept;
    while (*place) {
        struct dws_trust *trust = *place;
        if (trust->handed) {
            *place = trust->next;
            trust->next = abandoned;
            abandoned = trust;
        } else {
            place = &trust->next;
        }
    }
    watched = true;
    pthread_mutex_unlock(&lock);
}

/* ---- whose OpenSSL ----------------------------------------------------------------------------- */

/* The whole program's symbols come first for us and for libcurl, unless a linker was told otherwise: a program with an
 * OpenSSL of its own, as nginx may be, would be found by one of the two, or by both with another layout than libcurl
 * was built for. Where our functions are those of the library that libcurl names, nothing stands in between. */
static bool is_libcurls(void)
{
    Dl_info info;
    void *libcurl = NULL;
    if (dladdr((void *)(uintptr_t)curl_version_info, &info) != 0 && info.dli_fname)
        libcurl = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (!libcurl)
        return false;
    const bool same = (uintptr_t)dlsym(libcurl, "SSL_CTX_set1_cert_store") == (uintptr_t)SSL_CTX_set1_cert_store &&
                      (uintptr_t)dlsym(libcurl, "X509_STORE_new") == (uintptr_t)X509_STORE_new;
    dlclose(libcurl);
    return same;
}

/* A store goes from our OpenSSL to libcurl's, which must be the same: of several back ends it may have chosen another,
 * and more than one OpenSSL may be in this process. Called again in a child that was forked meanwhile: one in which a
 * function for forks ran has them all, and would wait for its own lock if it had them twice. */
static void begin(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    char ours[64];
    snprintf(ours, sizeof ours, "OpenSSL/%s", OpenSSL_version(OPENSSL_VERSION_STRING));
    usable = info->ssl_version && strcmp(info->ssl_version, ours) == 0 && is_libcurls();
    watched = watched || (usable && pthread_atfork(lock_all, unlock_all, begin_child) == 0);
    usable = usable && watched;
}

/* ---- parsing ---------------------------------------------------------------------------------- */

static bool add_all(X509_STORE *store, struct dws_text certificates)
{
    BIO *bio = BIO_new_mem_buf(certificates.data, (int)certificates.length);
    STACK_OF(X509_INFO) *list = bio ? PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL) : NULL;
    int added = 0;
    bool good = list != NULL;
    for (int i = 0; good && i < sk_X509_INFO_num(list); i++) {
        const X509_INFO *info = sk_X509_INFO_value(list, i);
        if (info->x509)
            good = X509_STORE_add_cert(store, info->x509) == 1;
        if (good && info->crl)
            good = X509_STORE_add_crl(store, info->crl) == 1;
        added += info->x509 || info->crl;
    }
    sk_X509_INFO_pop_free(list, X509_INFO_free);
    BIO_free(bio);
    return good && added > 0;
}

/* As libcurl does, flags included. Some versions (7.88 to 8.2) load what they know, here that directory, after they
 * asked for the store, without a lock: since it is there already they change nothing. They set flags, too; OpenSSL does
 * that with one `param->flags |= flags`, and with these set here each thread writes the word that is there. */
static X509_STORE *parse(struct dws_text certificates, const char *directory)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    X509_STORE *store = X509_STORE_new();
    bool good = store != NULL;
    if (good && certificates.length > 0)
        good = add_all(store, certificates);
    else if (good)
        good = (info->cainfo || info->capath) && (!info->cainfo || X509_STORE_load_file(store, info->cainfo) == 1) &&
               (!info->capath || X509_STORE_load_path(store, info->capath) == 1);
    good = good && X509_STORE_load_path(store, directory) == 1 &&
           X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1;
    if (!good) {
        X509_STORE_free(store);
        store = NULL;
    }
    ERR_clear_error();
    return store;
}

/* ---- kept ones -------------------------------------------------------------------------------- */

static void release(struct dws_trust *trust)
{
    if (!trust || --trust->users > 0)
        return;
    X509_STORE_free(trust->store);
    dws_buf_free(&trust->source);
    free(trust);
}

static struct dws_trust *find(struct dws_text source)
{
    for (struct dws_trust **place = &kept; *place; place = &(*place)->next) {
        struct dws_trust *trust = *place;
        if (dws_text_compare(dws_buf_text(&trust->source), source) == 0) {
            *place = trust->next;
            return trust;
        }
    }
    return NULL;
}

static void put_first(struct dws_trust *trust)
{
    trust->next = kept;
    kept = trust;
}

static struct dws_trust *make(struct dws_text source, struct dws_text certificates)
{
    struct dws_trust *trust = calloc(1, sizeof *trust);
    if (!trust)
        return NULL;
    trust->users = 1;
    dws_buf_append_text(&trust->source, source);
    trust->number = ++last_number;
    snprintf(trust->directory, sizeof trust->directory, "/dev/null/dwsync-trust-%ld", trust->number);
    trust->store = trust->source.failed ? NULL : parse(certificates, trust->directory);
    if (!trust->store) {
        release(trust);
        return NULL;
    }
    return trust;
}

static void drop_oldest(void)
{
    struct dws_trust **place = &kept;
    for (size_t i = 0; *place && i < MAX_KEPT; i++)
        place = &(*place)->next;
    struct dws_trust *oldest = *place;
    *place = NULL;
    release(oldest);
}

struct dws_stamp dws_stamp_of(const struct stat *info)
{
    return (struct dws_stamp){{(long long)info->st_dev, (long long)info->st_ino, (long long)info->st_size,
                               (long long)info->st_mtim.tv_sec, (long long)info->st_mtim.tv_nsec,
                               (long long)info->st_ctim.tv_sec, (long long)info->st_ctim.tv_nsec}};
}

static void append_stamp(struct dws_buf *out, const char *path)
{
    struct stat info;
    if (!path || stat(path, &info) != 0)
        memset(&info, 0, sizeof info);
    const struct dws_stamp stamp = dws_stamp_of(&info);
    dws_buf_append(out, &stamp, sizeof stamp);
}

/* The system's are replaced as a whole, and too large to be read for each request. */
static void identify_system(struct dws_buf *out)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    append_stamp(out, info->cainfo);
    append_stamp(out, info->capath);
}

struct dws_trust *dws_trust_open(struct dws_text certificates)
{
    struct dws_buf stamps = {0};
    struct dws_text source = certificates;
    pthread_once(&once, begin);
    if (!usable)
        return NULL;
    if (certificates.length == 0) {
        identify_system(&stamps);
        source = dws_buf_text(&stamps);
    }
    pthread_mutex_lock(&lock);
    struct dws_trust *trust = stamps.failed ? NULL : find(source);
    if (!trust && !stamps.failed)
        trust = make(source, certificates);
    if (trust) {
        put_first(trust);
        trust->users++;
        drop_oldest();
    }
    pthread_mutex_unlock(&lock);
    dws_buf_free(&stamps);
    return trust;
}

void dws_trust_close(struct dws_trust *trust)
{
    if (!trust)
        return;
    pthread_mutex_lock(&lock);
    release(trust);
    pthread_mutex_unlock(&lock);
}

bool dws_trust_is_kept(struct dws_trust *trust)
{
    pthread_mutex_lock(&lock);
    struct dws_trust **place = &kept;
    while (*place && *place != trust)
        place = &(*place)->next;
    const bool found = *place != NULL;
    if (found) {
        *place = trust->next;
        put_first(trust);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

long dws_trust_number(const struct dws_trust *trust)
{
    return trust->number;
}

size_t dws_trust_kept(void)
{
    size_t count = 0;
    pthread_mutex_lock(&lock);
    for (const struct dws_trust *trust = kept; trust; trust = trust->next)
        count++;
    pthread_mutex_unlock(&lock);
    return count;
}

/* ---- on a handle ------------------------------------------------------------------------------ */

static CURLcode on_context(CURL *easy, void *context, void *user)
{
    struct dws_trust *trust = user;
    (void)easy;
    trust->handed = true;
    SSL_CTX_set1_cert_store(context, trust->store);
    return CURLE_OK;
}

CURLcode dws_trust_set(struct dws_trust *trust, CURL *easy)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, trust->directory);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    return code ? code : curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust);
}
