/* trust_elsewhere_spec.c: a program that has an OpenSSL of its own, as nginx may be linked, and shows it to its
 * modules. The one function that hands a store over is enough of it. */
#include "dws/trust.h"
#include "exchange.h"
#include "tls_files.h"

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static int handed_over;

/* Libraries, too, find it before libssl's. */
__attribute__((visibility("default"))) void SSL_CTX_set1_cert_store(SSL_CTX *context, X509_STORE *store)
{
    (void)context;
    (void)store;
    handed_over++;
}

static void leaves_authorities_to_libcurl(void)
{
    static const struct script answers[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
    char url[64];
    struct exchange e;
    struct tls_files *files = tls_files_new();
    SSL_CTX *server = tls_server(files, "IP:127.0.0.1", 1);
    exchange_open(&e, 2, answers, 1, server);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server_port(e.server));
    const struct dws_request request = {.url = spec_text(url)};
    e.transport.ca_file = tls_ca(files);
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    e.transport.ca_file = tls_other_ca(files);
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_ERR_CERTIFICATE);
    EXPECT(!dws_trust_open((struct dws_text){0}));
    EXPECT_INT(dws_trust_kept(), 0);
    EXPECT_INT(handed_over, 0);
    exchange_close(&e);
    SSL_CTX_free(server);
    tls_files_free(files);
}

static const struct spec_case cases[] = {
    {"two copies of OpenSSL in a process share nothing: libcurl loads authorities itself",
     leaves_authorities_to_libcurl},
};

SPEC_MAIN(cases)
