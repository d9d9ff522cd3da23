/* scripted_server.c: one thread accepts, one thread a connection plays the script.
 * It must not let SIGPIPE out of its own threads, and it must not change what the process does with it. */
#include "scripted_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_REQUESTS 1024
#define DRIP_MS 5

struct connection {
    struct server *server;
    const struct script *script;
    pthread_t thread;
    int fd;
    SSL *ssl;
    struct dws_buf unread; /* bytes behind the request that was taken last */
    bool waiting;          /* its request has no answer yet */
};

struct server {
    pthread_mutex_t mutex; /* guards everything below it */
    pthread_cond_t changed;
    bool stopping;
    int passes;
    size_t accepted;
    size_t resumed;
    size_t client_certificates;
    size_t waiting;
    size_t peak;
    struct dws_buf requests[MAX_REQUESTS];
    size_t request_count;
    struct connection connections[MAX_CONNECTIONS];

    const struct script *scripts; /* fixed from the start */
    size_t script_count;
    SSL_CTX *tls;
    int listener;
    int port;
    pthread_t thread;
};

static void die(const char *what)
{
    perror(what);
    exit(99);
}

/* ---- bytes in and out ---------------------------------------------------------------------------- */

static ssize_t receive(struct connection *c, char *bytes, size_t length)
{
    if (c->ssl)
        return SSL_read(c->ssl, bytes, (int)length);
    ssize_t got;
    do {
        got = recv(c->fd, bytes, length, 0);
    } while (got < 0 && errno == EINTR);
    return got;
}

static bool send_all(struct connection *c, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = c->ssl ? SSL_write(c->ssl, bytes, (int)length) : send(c->fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool send_fill(struct connection *c, char byte, size_t length)
{
    char block[16384];
    memset(block, byte, sizeof block);
    while (length > 0) {
        size_t part = length < sizeof block ? length : sizeof block;
        if (!send_all(c, block, part))
            return false;
        length -= part;
    }
    return true;
}

static bool send_drip(struct connection *c, char byte)
{
    struct pollfd pollfd = {.fd = c->fd, .events = POLLIN};
    while (poll(&pollfd, 1, DRIP_MS) == 0) {
        if (!send_all(c, &byte, 1))
            return false;
    }
    return false;
}

static void hold(struct connection *c)
{
    char bytes[4096];
    while (receive(c, bytes, sizeof bytes) > 0)
        ;
}

static bool taste(struct connection *c, size_t length)
{
    char bytes[4096];
    while (length > 0) {
        ssize_t got = receive(c, bytes, length < sizeof bytes ? length : sizeof bytes);
        if (got <= 0)
            return false;
        length -= (size_t)got;
    }
    return true;
}

/* ---- requests ------------------------------------------------------------------------------------ */

/* Length of the bytes up to `end` and with it; 0 while it did not come. */
static size_t length_to(struct dws_text bytes, const char *end)
{
    const size_t length = strlen(end);
    for (size_t i = 0; i + length <= bytes.length; i++) {
        if (memcmp(bytes.data + i, end, length) == 0)
            return i + length;
    }
    return 0;
}

/* Length of the request at the start of the bytes; 0 while it is not whole. */
static size_t request_length(struct dws_text bytes)
{
    static const char name[] = "\r\nContent-Length:";
    size_t head = length_to(bytes, "\r\n\r\n");
    size_t body = 0;
    for (size_t i = 0; i + sizeof name <= head; i++) {
        if (strncasecmp(bytes.data + i, name, sizeof name - 1) == 0)
            body = strtoul(bytes.data + i + sizeof name - 1, NULL, 10);
    }
    return head && bytes.length - head >= body ? head + body : 0;
}

static size_t line_length(struct dws_text bytes)
{
    return length_to(bytes, "\r\n");
}

static size_t mail_length(struct dws_text bytes)
{
    return length_to(bytes, "\r\n.\r\n");
}

static void record(struct connection *c, size_t length)
{
    struct server *s = c->server;
    pthread_mutex_lock(&s->mutex);
    if (s->request_count < MAX_REQUESTS)
        dws_buf_append(&s->requests[s->request_count++], c->unread.data, length);
    c->waiting = true;
    if (++s->waiting > s->peak)
        s->peak = s->waiting;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
    memmove(c->unread.data, c->unread.data + length, c->unread.length - length);
    c->unread.length -= length;
}

static void answered(struct connection *c)
{
    pthread_mutex_lock(&c->server->mutex);
    if (c->waiting)
        c->server->waiting--;
    c->waiting = false;
    pthread_mutex_unlock(&c->server->mutex);
}

static bool receive_whole(struct connection *c, size_t (*length_of)(struct dws_text bytes))
{
    char bytes[16384];
    size_t length;
    while ((length = length_of(dws_buf_text(&c->unread))) == 0) {
        ssize_t got = receive(c, bytes, sizeof bytes);
        if (got <= 0)
            return false;
        dws_buf_append(&c->unread, bytes, (size_t)got);
    }
    record(c, length);
    return true;
}

/* ---- playing a script ---------------------------------------------------------------------------- */

static bool pass_gate(struct server *s)
{
    pthread_mutex_lock(&s->mutex);
    while (s->passes == 0 && !s->stopping)
        pthread_cond_wait(&s->changed, &s->mutex);
    if (s->passes > 0 && s->passes < SERVER_OPEN)
        s->passes--;
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->mutex);
    return !stopping;
}

static void reset(struct connection *c)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    SSL_free(c->ssl); /* without a close alert */
    c->ssl = NULL;
}

/* False: the script is over. */
static bool play_step(struct connection *c, const struct step *step)
{
    if (step->kind == STEP_SEND || step->kind == STEP_FILL || step->kind == STEP_DRIP)
        answered(c);
    switch (step->kind) {
    case STEP_RECEIVE: return receive_whole(c, request_length);
    case STEP_LINE: return receive_whole(c, line_length);
    case STEP_MAIL: return receive_whole(c, mail_length);
    case STEP_SEND: return send_all(c, step->bytes, step->length);
    case STEP_FILL: return send_fill(c, step->bytes[0], step->length);
    case STEP_DRIP: return send_drip(c, step->bytes[0]);
    case STEP_GATE: return pass_gate(c->server);
    case STEP_HOLD: hold(c); return true;
    case STEP_TASTE: return taste(c, step->length);
    case STEP_RESET: reset(c); return false;
    case STEP_AGAIN: return true;
    }
    return false;
}

static void play(struct connection *c)
{
    size_t i = 0;
    while (i < c->script->count && play_step(c, &c->script->steps[i]))
        i = c->script->steps[i].kind == STEP_AGAIN ? 0 : i + 1;
    answered(c);
}

static bool accept_tls(struct connection *c)
{
    struct server *s = c->server;
    c->ssl = SSL_new(s->tls);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_accept(c->ssl) != 1)
        return false;
    X509 *certificate = SSL_get1_peer_certificate(c->ssl);
    pthread_mutex_lock(&s->mutex);
    s->resumed += SSL_session_reused(c->ssl) ? 1 : 0;
    s->client_certificates += certificate ? 1 : 0;
    pthread_mutex_unlock(&s->mutex);
    X509_free(certificate);
    return true;
}

/* Closed under the lock: server_stop must not shut a number down that stands for something else by now. */
static void end(struct connection *c)
{
    if (c->ssl)
        SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    c->ssl = NULL;
    dws_buf_free(&c->unread);
    pthread_mutex_lock(&c->server->mutex);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->server->mutex);
}

/* OpenSSL writes without MSG_NOSIGNAL: the signal is blocked in this thread, so that it stays the server's own. */
static void block_sigpipe(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *connection_main(void *argument)
{
    struct connection *c = argument;
    block_sigpipe();
    if (!c->server->tls || accept_tls(c))
        play(c);
    end(c);
    return NULL;
}

/* ---- accepting ----------------------------------------------------------------------------------- */

static void start_connection(struct server *s, int fd)
{
    pthread_mutex_lock(&s->mutex);
    if (s->stopping || s->accepted == MAX_CONNECTIONS) {
        close(fd);
    } else {
        size_t index = s->accepted++;
        struct connection *c = &s->connections[index];
        c->server = s;
        c->script = &s->scripts[index < s->script_count ? index : s->script_count - 1];
        c->fd = fd;
        if (pthread_create(&c->thread, NULL, connection_main, c) != 0)
            die("pthread_create");
    }
    pthread_mutex_unlock(&s->mutex);
}

static void *server_main(void *argument)
{
    struct server *s = argument;
    int fd;
    while ((fd = accept(s->listener, NULL, NULL)) >= 0)
        start_connection(s, fd);
    return NULL;
}

static void start_listening(struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&address, length) != 0 ||
        listen(s->listener, 128) != 0 || getsockname(s->listener, (struct sockaddr *)&address, &length) != 0)
        die("scripted server");
    s->port = ntohs(address.sin_port);
}

struct server *server_start(const struct script *scripts, size_t count, SSL_CTX *tls)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        die("calloc");
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->scripts = scripts;
    s->script_count = count;
    s->tls = tls;
    start_listening(s);
    if (pthread_create(&s->thread, NULL, server_main, s) != 0)
        die("pthread_create");
    return s;
}

static void stop_connections(struct server *s)
{
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    for (size_t i = 0; i < s->accepted; i++) {
        if (s->connections[i].fd >= 0)
            shutdown(s->connections[i].fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->mutex);
}

void server_stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR); /* wakes accept() */
    pthread_join(s->thread, NULL);
    stop_connections(s);
    for (size_t i = 0; i < s->accepted; i++)
        pthread_join(s->connections[i].thread, NULL);
    close(s->listener);
    for (size_t i = 0; i < s->request_count; i++)
        dws_buf_free(&s->requests[i]);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* ---- what the spec asks -------------------------------------------------------------------------- */

int server_port(const struct server *server)
{
    return server->port;
}

void server_open_gate(struct server *s, int passes)
{
    pthread_mutex_lock(&s->mutex);
    s->passes = passes >= SERVER_OPEN ? SERVER_OPEN : s->passes + passes;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
}

static size_t read_number(struct server *s, const size_t *number)
{
    pthread_mutex_lock(&s->mutex);
    size_t value = *number;
    pthread_mutex_unlock(&s->mutex);
    return value;
}

size_t server_accepted(struct server *s)
{
    return read_number(s, &s->accepted);
}

size_t server_request_count(struct server *s)
{
    return read_number(s, &s->request_count);
}

size_t server_peak(struct server *s)
{
    return read_number(s, &s->peak);
}

size_t server_resumed(struct server *s)
{
    return read_number(s, &s->resumed);
}

size_t server_client_certificates(struct server *s)
{
    return read_number(s, &s->client_certificates);
}

struct dws_text server_request(struct server *s, size_t index)
{
    pthread_mutex_lock(&s->mutex);
    struct dws_text text = index < s->request_count ? dws_buf_text(&s->requests[index]) : (struct dws_text){NULL, 0};
    pthread_mutex_unlock(&s->mutex);
    return text;
}
