/* scripted_server.h: a TCP (or TLS) server on 127.0.0.1 that plays a script to each connection and records what came.
 * It must not understand HTTP beyond where a request ends: specs decide what is an answer. */
#ifndef SCRIPTED_SERVER_H
#define SCRIPTED_SERVER_H

#include "dws.h"

#include <openssl/ssl.h>

enum step_kind {
    STEP_RECEIVE, /* one whole request, recorded */
    STEP_LINE,    /* one line, recorded */
    STEP_MAIL,    /* lines up to one with a dot alone, recorded together */
    STEP_SEND,    /* bytes */
    STEP_FILL,    /* one byte, `length` times */
    STEP_DRIP,    /* one byte every few milliseconds until the other side goes away */
    STEP_GATE,    /* wait until the spec opens the gate */
    STEP_HOLD,    /* wait until the other side goes away */
    STEP_TASTE,   /* `length` bytes of a request, not recorded */
    STEP_RESET,   /* RST instead of FIN; ends the script */
    STEP_AGAIN    /* from the first step, until the other side goes away */
};

struct step {
    enum step_kind kind;
    const char *bytes;
    size_t length;
};

/* clang-format off */
#define RECEIVE {STEP_RECEIVE, NULL, 0}
#define LINE {STEP_LINE, NULL, 0}
#define MAIL {STEP_MAIL, NULL, 0}
#define SEND(literal) {STEP_SEND, (literal), sizeof(literal) - 1}
#define FILL(literal, count) {STEP_FILL, (literal), (count)}
#define DRIP(literal) {STEP_DRIP, (literal), 1}
#define GATE {STEP_GATE, NULL, 0}
#define HOLD {STEP_HOLD, NULL, 0}
#define TASTE(count) {STEP_TASTE, NULL, (count)}
#define RESET {STEP_RESET, NULL, 0}
#define AGAIN {STEP_AGAIN, NULL, 0}
/* clang-format on */

/* What one connection does. Behind the last step it is closed. */
struct script {
    struct step steps[20];
    size_t count;
};

#define SCRIPT(...)                                                                                 \
    {                                                                                               \
        .steps = {__VA_ARGS__}, .count = sizeof((struct step[]){__VA_ARGS__}) / sizeof(struct step) \
    }

struct server;

/* Connection i plays scripts[i]; further ones the last script. The scripts are borrowed until server_stop, and so is
 * `tls` (NULL: plain TCP). Ends the program when it cannot listen: no spec means anything then. */
struct server *server_start(const struct script *scripts, size_t count, SSL_CTX *tls);
void server_stop(struct server *server);

int server_port(const struct server *server);
/* Lets `passes` steps GATE through; SERVER_OPEN leaves the gate open. */
#define SERVER_OPEN 1000000
void server_open_gate(struct server *server, int passes);

size_t server_accepted(struct server *server);
/* Whole requests that came, in order of arrival; their bytes stay until server_stop. */
size_t server_request_count(struct server *server);
struct dws_text server_request(struct server *server, size_t index);
/* The most requests that were waiting for the first byte of their answer at one moment. */
size_t server_peak(struct server *server);
/* TLS connections whose session was resumed. */
size_t server_resumed(struct server *server);
/* TLS connections on which the client showed a certificate. */
size_t server_client_certificates(struct server *server);

#endif
