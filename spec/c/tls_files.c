/* tls_files.c: certificates through OpenSSL's API, EC P-256.
 * It must not be taken for an example of a certificate authority: it lives for one run. */
#include "tls_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY 86400L

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

struct tls_files {
    char folder[64];
    char paths[4][96];
    struct identity ca;
};

enum { CA, OTHER_CA, CLIENT_CERT, CLIENT_KEY };

static void must(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "tls_files: %s failed\n", what);
        exit(99);
    }
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension && X509_add_ext(cert, extension, -1), value);
    X509_EXTENSION_free(extension);
}

static void fill(X509 *cert, EVP_PKEY *key, const char *name, int days)
{
    static long serial = 1;
    long end = days * DAY;
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), end < 0 ? 2 * end : -DAY);
    X509_gmtime_adj(X509_getm_notAfter(cert), end);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_pubkey(cert, key);
}

/* issuer NULL: an authority, signed by itself. */
static struct identity make(const char *name, const struct identity *issuer, const char *san, int days)
{
    struct identity made = {EVP_EC_gen("P-256"), X509_new()};
    must(made.key && made.cert, "making a certificate");
    const struct identity *signer = issuer ? issuer : &made;
    fill(made.cert, made.key, name, days);
    X509_set_issuer_name(made.cert, X509_get_subject_name(signer->cert));
    add_extension(made.cert, signer->cert, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (san)
        add_extension(made.cert, signer->cert, NID_subject_alt_name, san);
    must(X509_sign(made.cert, signer->key, EVP_sha256()) > 0, "signing a certificate");
    return made;
}

static void drop(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->cert);
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "w");
    must(file != NULL, path);
    return file;
}

static void write_cert(const char *path, X509 *cert)
{
    FILE *file = create(path);
    must(PEM_write_X509(file, cert), path);
    fclose(file);
}

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = create(path);
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), path);
    fclose(file);
}

struct tls_files *tls_files_new(void)
{
    static const char *const names[] = {"ca.pem", "other-ca.pem", "client.pem", "client.key"};
    struct tls_files *files = calloc(1, sizeof *files);
    must(files != NULL, "calloc");
    strcpy(files->folder, "/tmp/dwsync-spec-XXXXXX");
    must(mkdtemp(files->folder) != NULL, "mkdtemp");
    for (int i = 0; i < 4; i++)
        snprintf(files->paths[i], sizeof files->paths[i], "%s/%s", files->folder, names[i]);
    files->ca = make("dwsync spec CA", NULL, NULL, 2);
    struct identity other = make("another CA", NULL, NULL, 2);
    struct identity client = make("client", &files->ca, NULL, 2);
    write_cert(files->paths[CA], files->ca.cert);
    write_cert(files->paths[OTHER_CA], other.cert);
    write_cert(files->paths[CLIENT_CERT], client.cert);
    write_key(files->paths[CLIENT_KEY], client.key);
    drop(&other);
    drop(&client);
    return files;
}

void tls_files_free(struct tls_files *files)
{
    for (int i = 0; i < 4; i++)
        unlink(files->paths[i]);
    rmdir(files->folder);
    drop(&files->ca);
    free(files);
}

const char *tls_ca(const struct tls_files *files)
{
    return files->paths[CA];
}

const char *tls_other_ca(const struct tls_files *files)
{
    return files->paths[OTHER_CA];
}

const char *tls_client_cert(const struct tls_files *files)
{
    return files->paths[CLIENT_CERT];
}

const char *tls_client_key(const struct tls_files *files)
{
    return files->paths[CLIENT_KEY];
}

SSL_CTX *tls_server(struct tls_files *files, const char *san, int days)
{
    static const unsigned char session_context[] = "dwsync";
    struct identity identity = make("server", &files->ca, san, days);
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    must(server && SSL_CTX_use_certificate(server, identity.cert) && SSL_CTX_use_PrivateKey(server, identity.key),
         "making a server");
    SSL_CTX_set_session_id_context(server, session_context, sizeof session_context - 1);
    drop(&identity);
    return server;
}

void tls_demand_client_certificate(struct tls_files *files, SSL_CTX *server)
{
    must(SSL_CTX_load_verify_file(server, files->paths[CA]), "loading the authority");
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}
