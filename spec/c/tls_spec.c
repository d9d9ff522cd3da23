/* tls_spec.c: whom the pool trusts, with which versions, and that it resumes sessions.
 * It must not use the system's certificates to succeed: everything is made for the run. */
#include "exchange.h"

#include "tls_files.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OK_CLOSE "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
#define HERE "IP:127.0.0.1,DNS:localhost"

static const struct script answers[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
static const struct script closing[] = {SCRIPT(RECEIVE, SEND(OK_CLOSE))};

/* Before OpenSSL looks: else a version that is too old would be refused by the system's own settings. */
__attribute__((constructor)) static void allow_anything(void)
{
    setenv("OPENSSL_CONF", LAX_OPENSSL, 1);
}

struct tls_exchange {
    struct exchange e;
    struct tls_files *files;
    SSL_CTX *server;
};

static void prepare(struct tls_exchange *t, const char *san, int days)
{
    t->files = tls_files_new();
    t->server = tls_server(t->files, san, days);
}

static void open_server(struct tls_exchange *t, const struct script *script)
{
    exchange_open(&t->e, 2, script, 1, t->server);
    t->e.transport.ca_file = tls_ca(t->files);
}

static void close_all(struct tls_exchange *t)
{
    exchange_close(&t->e);
    SSL_CTX_free(t->server);
    tls_files_free(t->files);
}

static struct dws_request https_request(struct tls_exchange *t)
{
    static char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server_port(t->e.server));
    return (struct dws_request){.url = spec_text(url)};
}

static enum dws_status get(struct tls_exchange *t)
{
    struct dws_request request = https_request(t);
    return exchange_perform(&t->e, &request);
}

static void trusts_the_named_authority(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    open_server(&t, answers);
    for (int i = 0; i < 3; i++)
        EXPECT_STATUS(get(&t), DWS_OK);
    EXPECT_TEXT(t.e.completion.response.body, LITERAL("ok"));
    EXPECT_INT(server_accepted(t.e.server), 1);
    close_all(&t);
}

static void trusts_nobody_else(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    open_server(&t, answers);
    t.e.transport.ca_file = NULL; /* the system's store does not know our authority */
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    t.e.transport.ca_file = tls_other_ca(t.files);
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_INT(server_request_count(t.e.server), 0);
    close_all(&t);
}

/* A connection or a session made under one trust must not serve a request under another. */
static void does_not_lend_a_trusted_connection(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    open_server(&t, answers);
    EXPECT_STATUS(get(&t), DWS_OK);
    t.e.transport.ca_file = tls_other_ca(t.files);
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_STATUS(exchange_next(&t.e), DWS_IDLE); /* so that the first transfer's own handle serves the next */
    t.e.transport.ca_file = NULL;
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_INT(server_request_count(t.e.server), 1);
    close_all(&t);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[8192];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w"); /* in place: even the inode stays */
    EXPECT(in && out);
    fwrite(bytes, 1, fread(bytes, 1, sizeof bytes, in), out);
    fclose(in);
    fclose(out);
}

/* Neither a connection that is open, nor a session, nor the authority that libcurl keeps for a day. */
static void trusts_what_the_file_holds_now(void)
{
    const struct script *const scripts[] = {answers, closing};
    for (int i = 0; i < 2; i++) {
        struct tls_exchange t;
        char path[64];
        snprintf(path, sizeof path, "/tmp/dwsync-tls-spec-%d.pem", (int)getpid());
        prepare(&t, HERE, 1);
        open_server(&t, scripts[i]);
        t.e.transport.ca_file = path;
        copy_file(tls_other_ca(t.files), path);
        EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
        copy_file(tls_ca(t.files), path);
        EXPECT_STATUS(get(&t), DWS_OK); /* the new one, at once */
        EXPECT_STATUS(get(&t), DWS_OK);
        copy_file(tls_other_ca(t.files), path);
        EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE); /* and no longer the one that was removed */
        struct dws_request post = https_request(&t);
        post.method = LITERAL("POST");
        post.body = LITERAL("x");
        EXPECT_STATUS(exchange_perform(&t.e, &post), DWS_ERR_CERTIFICATE);
        EXPECT_INT(server_request_count(t.e.server), 2);
        unlink(path);
        EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
        close_all(&t);
    }
}

/* A file that has not changed for long is not read again: what its name leads to may change all the same. */
static void trusts_what_the_name_leads_to_now(void)
{
    struct tls_exchange t;
    char path[64];
    snprintf(path, sizeof path, "/tmp/dwsync-tls-spec-%d.link", (int)getpid());
    prepare(&t, HERE, 1);
    open_server(&t, answers);
    t.e.transport.ca_file = path;
    for (int i = 0; i < 2; i++) {
        EXPECT_INT(symlink("/etc/ssl/certs/ca-certificates.crt", path), 0);
        EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
        EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
        EXPECT_INT(unlink(path), 0);
        EXPECT_INT(symlink(tls_ca(t.files), path), 0);
        EXPECT_STATUS(get(&t), DWS_OK);
        EXPECT_INT(unlink(path), 0);
    }
    close_all(&t);
}

/* A certificate that was replaced is not shown again, nor is a connection used on which it was. */
static void shows_the_certificate_that_the_file_holds_now(void)
{
    struct tls_exchange t;
    char path[64];
    snprintf(path, sizeof path, "/tmp/dwsync-tls-spec-%d.pem", (int)getpid());
    prepare(&t, HERE, 1);
    tls_demand_client_certificate(t.files, t.server);
    open_server(&t, answers);
    t.e.transport.client_cert = path;
    t.e.transport.client_key = tls_client_key(t.files);
    copy_file(tls_client_cert(t.files), path);
    EXPECT_STATUS(get(&t), DWS_OK);
    copy_file(tls_other_ca(t.files), path); /* which the key does not fit */
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    copy_file(tls_client_key(t.files), path);
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_HOLDS(spec_text(t.e.completion.error.message), LITERAL("client certificate's file has no certificate"));
    EXPECT_INT(server_request_count(t.e.server), 1);
    unlink(path);
    close_all(&t);
}

static void reports_files_it_cannot_read(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    open_server(&t, answers);
    t.e.transport.ca_file = "/nonexistent/ca.pem";
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    t.e.transport.ca_file = tls_client_key(t.files); /* a file, but without a certificate */
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_HOLDS(spec_text(t.e.completion.error.message), LITERAL("the CA file has no certificate"));
    t.e.transport.ca_file = tls_ca(t.files);
    t.e.transport.client_cert = "/nonexistent/client.pem";
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    close_all(&t);
}

/* It is not the service: its certificate is the business of the system's authorities. */
static void trusts_no_proxy_for_the_named_authority(void)
{
    struct tls_exchange t;
    char proxy[64];
    prepare(&t, HERE, 1);
    open_server(&t, answers);
    snprintf(proxy, sizeof proxy, "https://127.0.0.1:%d", server_port(t.e.server));
    EXPECT_STATUS(get(&t), DWS_OK); /* as the service it is */
    t.e.transport.proxy = proxy;
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_INT(server_request_count(t.e.server), 1);
    close_all(&t);
}

static void refuses_a_certificate_for_another_host(void)
{
    struct tls_exchange t;
    prepare(&t, "DNS:other.example,IP:127.0.0.2", 1);
    open_server(&t, answers);
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_INT(server_request_count(t.e.server), 0);
    close_all(&t);
}

/* The Host header is the caller's to set; the name that is verified is the URL's. */
static void verifies_the_urls_host(void)
{
    const struct dws_header headers[] = {{LITERAL("Host"), LITERAL("other.example")}};
    struct tls_exchange t;
    prepare(&t, "DNS:other.example", 1);
    open_server(&t, answers);
    struct dws_request request = https_request(&t);
    request.headers = headers;
    request.header_count = 1;
    EXPECT_STATUS(exchange_perform(&t.e, &request), DWS_ERR_CERTIFICATE);
    close_all(&t);
}

static void refuses_an_expired_certificate(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, -1);
    open_server(&t, answers);
    EXPECT_STATUS(get(&t), DWS_ERR_CERTIFICATE);
    EXPECT_HOLDS(spec_text(t.e.completion.error.message), LITERAL("expired"));
    close_all(&t);
}

static void refuses_old_versions(void)
{
    static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION};
    for (int i = 0; i < 2; i++) {
        struct tls_exchange t;
        prepare(&t, HERE, 1);
        SSL_CTX_set_cipher_list(t.server, "ALL:@SECLEVEL=0");
        SSL_CTX_set_min_proto_version(t.server, versions[i]);
        SSL_CTX_set_max_proto_version(t.server, versions[i]);
        open_server(&t, answers);
        EXPECT_STATUS(get(&t), DWS_ERR_HANDSHAKE);
        close_all(&t);
    }
}

static void speaks_tls_1_2(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    SSL_CTX_set_max_proto_version(t.server, TLS1_2_VERSION);
    open_server(&t, answers);
    EXPECT_STATUS(get(&t), DWS_OK);
    close_all(&t);
}

static void speaks_http_1_1_only(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    open_server(&t, answers);
    EXPECT_STATUS(get(&t), DWS_OK);
    EXPECT_HOLDS(server_request(t.e.server, 0), LITERAL("GET / HTTP/1.1\r\n"));
    EXPECT_LACKS(server_request(t.e.server, 0), LITERAL("Upgrade"));
    close_all(&t);
}

static void breaks_off_with_a_server_that_speaks_no_tls(void)
{
    static const struct script plain[] = {SCRIPT(TASTE(1), SEND("HTTP/1.1 400 Bad Request\r\n\r\n"), HOLD)};
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    exchange_open(&t.e, 1, plain, 1, NULL);
    EXPECT_STATUS(get(&t), DWS_ERR_HANDSHAKE);
    close_all(&t);
}

static void gives_up_on_a_handshake_that_does_not_come(void)
{
    static const struct script silent[] = {SCRIPT(HOLD)};
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    exchange_open(&t.e, 1, silent, 1, NULL);
    t.e.transport.connect_timeout_ms = 150;
    t.e.transport.timeout_ms = LONG_MAX; /* by the connect timeout, not the transfer's */
    EXPECT_STATUS(get(&t), DWS_ERR_TIMEOUT);
    close_all(&t);
}

static void shows_a_client_certificate(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    tls_demand_client_certificate(t.files, t.server);
    open_server(&t, closing);
    t.e.transport.client_cert = tls_client_cert(t.files);
    t.e.transport.client_key = tls_client_key(t.files);
    EXPECT_STATUS(get(&t), DWS_OK);
    EXPECT_INT(server_client_certificates(t.e.server), 1);
    close_all(&t);
}

/* TLS 1.2 says so in the handshake, 1.3 behind it, where a request is already on its way. */
static void fails_without_a_client_certificate(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        struct tls_exchange t;
        prepare(&t, HERE, 1);
        SSL_CTX_set_max_proto_version(t.server, versions[i]);
        tls_demand_client_certificate(t.files, t.server);
        open_server(&t, answers);
        enum dws_status status = get(&t);
        EXPECT(status == DWS_ERR_HANDSHAKE || status == DWS_ERR_CERTIFICATE || status == DWS_ERR_NETWORK);
        EXPECT_INT(server_request_count(t.e.server), 0);
        close_all(&t);
    }
}

/* The first answer is still being read when the second request is made, so that another handle sends it: what the two
 * share is the pool's. */
static void resumes_sessions_across_transfers(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    open_server(&t, closing);
    struct dws_request request = https_request(&t);
    EXPECT_STATUS(exchange_perform(&t.e, &request), DWS_OK);
    EXPECT_INT(server_resumed(t.e.server), 0);
    EXPECT_STATUS(exchange_perform(&t.e, &request), DWS_OK);
    EXPECT_STATUS(exchange_perform(&t.e, &request), DWS_OK);
    EXPECT_INT(server_accepted(t.e.server), 3);
    EXPECT_INT(server_resumed(t.e.server), 2);
    close_all(&t);
}

static void resumes_tls_1_2_sessions(void)
{
    struct tls_exchange t;
    prepare(&t, HERE, 1);
    SSL_CTX_set_max_proto_version(t.server, TLS1_2_VERSION);
    open_server(&t, closing);
    EXPECT_STATUS(get(&t), DWS_OK);
    EXPECT_STATUS(get(&t), DWS_OK);
    EXPECT_INT(server_resumed(t.e.server), 1);
    close_all(&t);
}

static void reports_a_cut_off_answer(void)
{
    static const struct script cut[] = {
        SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), RESET)};
    static const struct script endless[] = {SCRIPT(RECEIVE, SEND("HTTP/1.1 200 OK\r\n\r\nhalf"), RESET)};
    const struct script *const scripts[] = {cut, endless};
    for (int i = 0; i < 2; i++) {
        struct tls_exchange t;
        prepare(&t, HERE, 1);
        open_server(&t, scripts[i]);
        EXPECT_STATUS(get(&t), DWS_ERR_NETWORK);
        close_all(&t);
    }
}

static void survives_a_server_that_hangs_up(void)
{
    static const struct script scripts[] = {SCRIPT(TASTE(1000), RESET)};
    const size_t length = 20 * 1024 * 1024;
    char *body = calloc(1, length);
    struct sigaction action;
    struct tls_exchange t;
    signal(SIGPIPE, SIG_DFL);
    prepare(&t, HERE, 1);
    open_server(&t, scripts);
    struct dws_request request = https_request(&t);
    request.method = LITERAL("POST");
    request.body = (struct dws_text){body, length};
    for (int i = 0; i < 5; i++)
        EXPECT_STATUS(exchange_perform(&t.e, &request), DWS_ERR_NETWORK);
    sigaction(SIGPIPE, NULL, &action);
    EXPECT(action.sa_handler == SIG_DFL);
    close_all(&t);
    free(body);
}

/* Closing a kept connection writes to it too. */
static void survives_closing_what_the_server_reset(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, SEND(OK_TWO), GATE, RESET)};
    struct tls_exchange t;
    signal(SIGPIPE, SIG_DFL);
    prepare(&t, HERE, 1);
    open_server(&t, scripts);
    EXPECT_STATUS(get(&t), DWS_OK);
    server_open_gate(t.e.server, SERVER_OPEN);
    close_all(&t);
}

static const struct spec_case cases[] = {
    {"the authority that is named is trusted, and the connection reused", trusts_the_named_authority},
    {"nobody else is trusted, and nothing is sent", trusts_nobody_else},
    {"a connection trusted for one request does not serve another under other trust",
     does_not_lend_a_trusted_connection},
    {"the authority that is trusted is the one that the file holds now", trusts_what_the_file_holds_now},
    {"the authority that is trusted is the one that a link leads to now", trusts_what_the_name_leads_to_now},
    {"a client shows the certificate that the file holds now", shows_the_certificate_that_the_file_holds_now},
    {"files that cannot be read are reported", reports_files_it_cannot_read},
    {"an HTTPS proxy is not trusted for the authority that is named", trusts_no_proxy_for_the_named_authority},
    {"a certificate for another host is refused, and nothing is sent", refuses_a_certificate_for_another_host},
    {"the host that is verified is the URL's, not the Host header's", verifies_the_urls_host},
    {"an expired certificate is refused", refuses_an_expired_certificate},
    {"TLS 1.0 and 1.1 are refused", refuses_old_versions},
    {"TLS 1.2 is spoken", speaks_tls_1_2},
    {"HTTP/1.1 is spoken over TLS", speaks_http_1_1_only},
    {"a server that speaks no TLS is a failed handshake", breaks_off_with_a_server_that_speaks_no_tls},
    {"a handshake that does not come is given up by the connect timeout", gives_up_on_a_handshake_that_does_not_come},
    {"a client certificate is shown to a server that demands one", shows_a_client_certificate},
    {"without a client certificate such a server is an error", fails_without_a_client_certificate},
    {"TLS sessions are resumed by other transfers of the pool", resumes_sessions_across_transfers},
    {"TLS 1.2 sessions are resumed too", resumes_tls_1_2_sessions},
    {"an answer that is cut off is an error, even one that ends by close", reports_a_cut_off_answer},
    {"a server that hangs up does not kill the process", survives_a_server_that_hangs_up},
    {"closing what the server reset does not kill the process", survives_closing_what_the_server_reset},
};

SPEC_MAIN(cases)
