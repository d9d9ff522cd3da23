/* mail.c: one message to one SMTP server over libcurl, step by step: what may be sent, and what the server made of it.
 * It must not write a header or choose a recipient, and no address, user or password may get into an error. */
#include "transfer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define LONGEST_LINE 998    /* RFC 5321, 4.5.3.1.6, without CR LF */
#define LONGEST_ADDRESS 254 /* RFC 5321, 4.5.3.1.3, without <> */
#define LONGEST_CREDENTIAL 1024
#define MOST_SOCKETS 8 /* IPv6 and IPv4 are tried at once */
#define DEFAULT_CONNECT_MS 10000L
#define DEFAULT_TIMEOUT_MS 30000L

struct dws_mail_transfer {
    CURLM *multi;
    CURL *easy;
    struct dws_transfer_options options; /* who is trusted, of them */
    struct curl_slist *to;
    size_t to_count;
    struct dws_buf message;
    size_t sent;
    curl_socket_t sockets[MOST_SOCKETS]; /* that are open */
    size_t socket_count;
    bool leaving;                     /* QUIT was said: what follows is about nothing that was sent */
    bool data_begun;                  /* 354 came: what follows is about the message */
    short codes[DWS_MAIL_RECIPIENTS]; /* of the latest replies, in a ring */
    size_t replies;
    char last_refusal[20];
    struct dws_mail_answer answer;
    char host[208];
    char detail[CURL_ERROR_SIZE];
};

/* ---- what the server says --------------------------------------------------------------------- */

static size_t count_digits(const char *bytes, size_t length)
{
    size_t count = 0;
    while (count < length && bytes[count] >= '0' && bytes[count] <= '9')
        count++;
    return count;
}

/* Length of an enhanced status code, "5.1.1", at the start of the bytes; 0 when there is none. */
static size_t enhanced_length(const char *bytes, size_t length)
{
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        const size_t digits = count_digits(bytes + at, length - at);
        if (digits == 0 || digits > 3)
            return 0;
        at += digits;
        if (part < 2 && (at == length || bytes[at++] != '.'))
            return 0;
    }
    return at;
}

/* The replies just before the one that lets the message begin are those to the recipients. */
static void count_refused(struct dws_mail_transfer *m)
{
    for (size_t i = 0; i < m->to_count; i++) {
        if (m->codes[(m->replies - 1 - i) % DWS_MAIL_RECIPIENTS] >= 400)
            m->answer.refused++;
    }
    if (m->answer.refused > 0)
        memcpy(m->answer.refusal, m->last_refusal, sizeof m->answer.refusal);
    m->data_begun = true;
}

static size_t on_reply(char *bytes, size_t size, size_t count, void *user)
{
    struct dws_mail_transfer *m = user;
    const size_t length = size * count;
    if (m->leaving || length < 4 || count_digits(bytes, length) != 3 || bytes[3] == '-')
        return length; /* or not the last line of a reply */
    const size_t enhanced = enhanced_length(bytes + 4, length - 4);
    m->answer.code = (bytes[0] - '0') * 100 + (bytes[1] - '0') * 10 + (bytes[2] - '0');
    snprintf(m->answer.reply, sizeof m->answer.reply, "%.3s%s%.*s", bytes, enhanced ? " " : "", (int)enhanced,
             enhanced ? bytes + 4 : "");
    if (m->answer.code >= 400)
        memcpy(m->last_refusal, m->answer.reply, sizeof m->last_refusal);
    if (m->answer.code == 354 && !m->data_begun)
        count_refused(m);
    m->codes[m->replies++ % DWS_MAIL_RECIPIENTS] = (short)m->answer.code;
    return length;
}

/* ---- what is sent ----------------------------------------------------------------------------- */

static size_t on_read(char *out, size_t size, size_t count, void *user)
{
    struct dws_mail_transfer *m = user;
    const size_t left = m->message.length - m->sent;
    const size_t part = size * count < left ? size * count : left;
    memcpy(out, m->message.data + m->sent, part);
    m->sent += part;
    return part;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct dws_mail_transfer *m = user;
    (void)purpose;
    if (m->socket_count == MOST_SOCKETS)
        return CURL_SOCKET_BAD;
    const curl_socket_t opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (opened != CURL_SOCKET_BAD)
        m->sockets[m->socket_count++] = opened;
    return opened;
}

/* From here on the number may be another's. */
static int on_close(void *user, curl_socket_t closed)
{
    struct dws_mail_transfer *m = user;
    for (size_t i = 0; i < m->socket_count; i++) {
        if (m->sockets[i] == closed)
            m->sockets[i] = m->sockets[--m->socket_count];
    }
    return close(closed);
}

static void shut(const struct dws_mail_transfer *m, int how)
{
    for (size_t i = 0; i < m->socket_count; i++)
        shutdown(m->sockets[i], how);
}

/* libcurl blocks for the answer to QUIT: once the reading side is shut it waits for none. One that is already here, or
 * that comes before libcurl looks, must not pass for the reason why something was refused. */
static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t length, void *user)
{
    struct dws_mail_transfer *m = user;
    (void)easy;
    if (type == CURLINFO_HEADER_OUT && length >= 4 && memcmp(bytes, "QUIT", 4) == 0) {
        m->leaving = true;
        shut(m, SHUT_RD);
    }
    return CURLE_OK; /* which libcurl does not look at */
}

/* ---- what may be sent ------------------------------------------------------------------------- */

static bool is_address(struct dws_text address)
{
    const char *at = address.data ? memchr(address.data, '@', address.length) : NULL;
    for (size_t i = 0; i < address.length; i++) {
        const unsigned char c = (unsigned char)address.data[i];
        if (c <= ' ' || c >= 0x7F || c == '<' || c == '>')
            return false;
    }
    return at && at > address.data && at < address.data + address.length - 1 && address.length <= LONGEST_ADDRESS;
}

/* A bare CR or LF is where some servers see the end of a message, and a command behind it. */
static bool has_whole_lines(struct dws_text message)
{
    size_t begin = 0;
    for (size_t i = 0; i < message.length; i++) {
        if (message.data[i] == '\0' || (message.data[i] == '\n' && (i == 0 || message.data[i - 1] != '\r')) ||
            (message.data[i] == '\r' && (i + 1 == message.length || message.data[i + 1] != '\n')))
            return false;
        if (message.data[i] == '\n')
            begin = i + 1;
        else if (message.data[i] != '\r' && i - begin >= LONGEST_LINE)
            return false;
    }
    return message.length > 0 && begin == message.length;
}

static enum dws_status check_message(const struct dws_mail *what, struct dws_error *error)
{
    if (!is_address(what->from))
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: the sender is not an address such as dwsync@example.com");
    if (what->to_count == 0 || what->to_count > DWS_MAIL_RECIPIENTS)
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: it needs 1 to %d recipients", DWS_MAIL_RECIPIENTS);
    for (size_t i = 0; i < what->to_count; i++) {
        if (!is_address(what->to[i]))
            return dws_fail(error, DWS_ERR_ARGUMENT, "mail: recipient %zu is not an address such as ops@example.com",
                            i + 1);
    }
    if (!what->message.data || !has_whole_lines(what->message))
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: the message is not lines of at most %d bytes that end in CR LF",
                        LONGEST_LINE);
    return DWS_OK;
}

static enum dws_status check_login(const struct dws_mail *what, const struct dws_url *server, struct dws_error *error)
{
    if ((what->user.data != NULL) != (what->password.data != NULL))
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: user and password go together");
    if (!what->user.data)
        return DWS_OK;
    if (dws_text_holds_control(what->user) || dws_text_holds_control(what->password) ||
        what->user.length > LONGEST_CREDENTIAL || what->password.length > LONGEST_CREDENTIAL)
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: user or password holds a control character or is too long");
    if (what->tls == DWS_MAIL_PLAIN && !server->loopback)
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: without TLS anyone on the way to %.*s could read the password",
                        (int)(server->host.length > 200 ? 200 : server->host.length), server->host.data);
    return DWS_OK;
}

/* ---- life of a message ------------------------------------------------------------------------ */

static bool add_recipients(struct dws_mail_transfer *m, const struct dws_mail *what)
{
    for (size_t i = 0; i < what->to_count; i++) {
        char address[LONGEST_ADDRESS + 1];
        snprintf(address, sizeof address, "%.*s", (int)what->to[i].length, what->to[i].data);
        struct curl_slist *longer = curl_slist_append(m->to, address);
        if (!longer)
            return false;
        m->to = longer;
    }
    m->to_count = what->to_count;
    return true;
}

/* Collects the first failure, so that a list of options reads as a list. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(m->easy, option, value))

static CURLcode set_login(struct dws_mail_transfer *m, const struct dws_mail *what)
{
    char user[LONGEST_CREDENTIAL + 1];
    char password[LONGEST_CREDENTIAL + 1];
    CURLcode code = CURLE_OK;
    if (!what->user.data)
        return code;
    snprintf(user, sizeof user, "%.*s", (int)what->user.length, what->user.data);
    snprintf(password, sizeof password, "%.*s", (int)what->password.length, what->password.data);
    SET(CURLOPT_USERNAME, user);
    SET(CURLOPT_PASSWORD, password);
    OPENSSL_cleanse(password, sizeof password);
    OPENSSL_cleanse(user, sizeof user);
    return code;
}

static CURLcode set_envelope(struct dws_mail_transfer *m, const struct dws_mail *what)
{
    char url[256];
    char from[LONGEST_ADDRESS + 1];
    CURLcode code = add_recipients(m, what) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    snprintf(url, sizeof url, "%s://%s", what->tls == DWS_MAIL_IMPLICIT ? "smtps" : "smtp", m->host);
    snprintf(from, sizeof from, "%.*s", (int)what->from.length, what->from.data);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, what->tls == DWS_MAIL_IMPLICIT ? "smtps" : "smtp");
    SET(CURLOPT_USE_SSL, (long)(what->tls == DWS_MAIL_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    SET(CURLOPT_MAIL_FROM, from);
    SET(CURLOPT_MAIL_RCPT, m->to);
    SET(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L); /* who is gone must not keep the message from the others */
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->message.length);
    return code;
}

static CURLcode set_travel(struct dws_mail_transfer *m, const struct dws_mail *what,
                           const struct dws_transport *transport)
{
    const long connect_ms = transport->connect_timeout_ms > 0 ? transport->connect_timeout_ms : DEFAULT_CONNECT_MS;
    const long timeout_ms = transport->timeout_ms > 0 ? transport->timeout_ms : DEFAULT_TIMEOUT_MS;
    const bool read = dws_transfer_options_read(&m->options, transport, what->tls != DWS_MAIL_PLAIN);
    CURLcode code = read ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    code = code ? code : dws_transfer_options_trust(&m->options, m->easy, transport);
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_ms < INT_MAX ? connect_ms : INT_MAX); /* libcurl refuses more */
    SET(CURLOPT_TIMEOUT_MS, timeout_ms < INT_MAX ? timeout_ms : INT_MAX);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L); /* QUIT is part of the transfer then, under the eyes of on_debug */
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_DEBUGFUNCTION, on_debug);
    SET(CURLOPT_DEBUGDATA, m);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, m);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, m);
    SET(CURLOPT_HEADERFUNCTION, on_reply);
    SET(CURLOPT_HEADERDATA, m);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, m);
    SET(CURLOPT_ERRORBUFFER, m->detail);
    return code;
}

static CURLcode prepare(struct dws_mail_transfer *m, const struct dws_mail *what, const struct dws_transport *transport)
{
    dws_buf_append_text(&m->message, what->message);
    if (m->message.failed || !(m->multi = curl_multi_init()) || !(m->easy = curl_easy_init()))
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = set_envelope(m, what);
    code = code ? code : set_login(m, what);
    code = code ? code : set_travel(m, what, transport);
    if (code == CURLE_OK && curl_multi_add_handle(m->multi, m->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    return code;
}

enum dws_status dws_mail_start(const struct dws_mail *what, const struct dws_transport *transport,
                               struct dws_mail_transfer **mail, struct dws_error *error)
{
    char url[256];
    struct dws_url server;
    *mail = NULL;
    if (!what->host.data || what->host.length > 200 || what->port < 1 || what->port > 65535 ||
        memchr(what->host.data, '/', what->host.length))
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: it needs a host and a port from 1 to 65535");
    snprintf(url, sizeof url, "https://%.*s:%d/", (int)what->host.length, what->host.data, what->port);
    if (dws_url_parse(dws_text_of(url), &server, error) != DWS_OK || server.host.length != what->host.length)
        return dws_fail(error, DWS_ERR_ARGUMENT, "mail: the host is not a name or an address of a server");
    if (check_message(what, error) != DWS_OK || check_login(what, &server, error) != DWS_OK)
        return error->status;
    struct dws_mail_transfer *m = dws_curl_start() ? calloc(1, sizeof *m) : NULL;
    if (!m)
        return dws_fail(error, DWS_ERR_MEMORY, "mail: out of memory");
    snprintf(m->host, sizeof m->host, "%.*s:%d", (int)what->host.length, what->host.data, what->port);
    const CURLcode code = prepare(m, what, transport);
    if (code != CURLE_OK) {
        dws_mail_free(m);
        return dws_fail(error, code == CURLE_OUT_OF_MEMORY ? DWS_ERR_MEMORY : DWS_ERR_ARGUMENT, "mail: %s",
                        curl_easy_strerror(code));
    }
    *mail = m;
    return DWS_OK;
}

void dws_mail_free(struct dws_mail_transfer *m)
{
    if (!m)
        return;
    shut(m, SHUT_RDWR); /* of a message that is given up libcurl would send the end, and wait for the answer */
    curl_multi_remove_handle(m->multi, m->easy); /* takes NULL for either */
    curl_easy_cleanup(m->easy);
    curl_multi_cleanup(m->multi);
    curl_slist_free_all(m->to);
    dws_transfer_options_free(&m->options);
    dws_buf_free(&m->message);
    free(m);
}

/* ---- how it went ------------------------------------------------------------------------------ */

/* Which part of the conversation it was. libcurl's texts name no address. */
static const char *refused_part(const struct dws_mail_transfer *m, CURLcode code)
{
    if (code == CURLE_LOGIN_DENIED)
        return "the user and password";
    if (m->data_begun)
        return "the message";
    if (strncmp(m->detail, "MAIL", 4) == 0)
        return "the sender";
    return strncmp(m->detail, "RCPT", 4) == 0 ? "the recipients" : "to talk to us";
}

static enum dws_status finish(struct dws_mail_transfer *m, CURLcode code, struct dws_mail_answer *answer,
                              struct dws_error *error)
{
    *answer = m->answer;
    if (code == CURLE_OK)
        return DWS_OK;
    if (code == CURLE_LOGIN_DENIED && m->answer.code < 400)
        return dws_fail(error, DWS_ERR_REFUSED, "%s: no way to log in that both sides know", m->host);
    if (code == CURLE_LOGIN_DENIED ||
        (m->answer.code >= 400 && code != CURLE_OPERATION_TIMEDOUT && code != CURLE_USE_SSL_FAILED))
        return dws_fail(error, DWS_ERR_REFUSED, "%s: the server refused %s: %s", m->host, refused_part(m, code),
                        m->answer.reply);
    if (code == CURLE_USE_SSL_FAILED)
        return dws_fail(error, DWS_ERR_HANDSHAKE, "%s: the server does not offer STARTTLS", m->host);
    if (m->answer.code == 0 && code != CURLE_OPERATION_TIMEDOUT && dws_descriptors_fail(error, m->host))
        return error->status;
    return dws_fail(error, dws_curl_status(code), "%s: %s", m->host,
                    m->detail[0] ? m->detail : curl_easy_strerror(code));
}

enum dws_status dws_mail_step(struct dws_mail_transfer *m, long timeout_ms, struct dws_mail_answer *answer,
                              struct dws_error *error)
{
    int running = 0;
    int left = 0;
    CURLMcode good = curl_multi_perform(m->multi, &running);
    if (good == CURLM_OK && running > 0 && timeout_ms > 0) {
        good = curl_multi_poll(m->multi, NULL, 0, timeout_ms < INT_MAX ? (int)timeout_ms : INT_MAX, NULL);
        good = good ? good : curl_multi_perform(m->multi, &running);
    }
    if (good != CURLM_OK)
        return dws_fail(error, DWS_ERR_MEMORY, "mail: %s", curl_multi_strerror(good));
    const CURLMsg *message = curl_multi_info_read(m->multi, &left);
    return message ? finish(m, message->data.result, answer, error) : DWS_PENDING;
}
