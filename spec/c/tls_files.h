/* tls_files.h: a certificate authority made for one run, and server contexts with its certificates.
 * It must not leave a file behind: tls_files_free removes them. */
#ifndef TLS_FILES_H
#define TLS_FILES_H

#include <openssl/ssl.h>

struct tls_files;

struct tls_files *tls_files_new(void);
void tls_files_free(struct tls_files *files);

/* Paths of PEM files: the authority, one that signed nothing here, and a client's certificate and key. */
const char *tls_ca(const struct tls_files *files);
const char *tls_other_ca(const struct tls_files *files);
const char *tls_client_cert(const struct tls_files *files);
const char *tls_client_key(const struct tls_files *files);

/* A server context with a certificate for `san` ("IP:127.0.0.1"), valid from today for so many days (negative: it
 * has expired). The caller frees it with SSL_CTX_free. */
SSL_CTX *tls_server(struct tls_files *files, const char *san, int days);
/* Makes the server demand a certificate of the authority from its clients. */
void tls_demand_client_certificate(struct tls_files *files, SSL_CTX *server);

#endif
