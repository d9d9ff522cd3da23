/* mail_spec.c: what mail.c says to an SMTP server, what it refuses to say, and what it makes of the answers.
 * It must not contact anything but the scripted server on loopback. */
#include "memory.h"
#include "scripted_server.h"
#include "spec.h"
#include "tls_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#define WAIT_MS 240000 /* a bound for hangs, which no busy machine meets */
#define SECRET "hunter2-the-password"
#define MESSAGE "Subject: Hello\r\n\r\nLine\r\n.dot\r\n"
#define HELLO SEND("220 here\r\n"), LINE, SEND("250-here\r\n250 AUTH PLAIN\r\n")
#define LOGIN HELLO, LINE, SEND("334 \r\n"), LINE, SEND("235 ok\r\n")
#define PLAIN_HELLO SEND("220 here\r\n"), LINE, SEND("250 here\r\n")
#define OK_LINE LINE, SEND("250 2.1.0 ok\r\n")
#define DATA LINE, SEND("354 go on\r\n"), MAIL

static const struct dws_text one[] = {TEXT("ops@example.com")};
static const struct dws_text three[] = {TEXT("a@example.com"), TEXT("gone@example.com"), TEXT("b@example.com")};

struct sending {
    struct server *server;
    struct dws_mail mail;
    struct dws_transport transport;
    struct dws_mail_answer answer;
    struct dws_error error;
};

static void open_server(struct sending *s, const struct script *script, SSL_CTX *tls)
{
    *s = (struct sending){.server = server_start(script, 1, tls)};
    s->transport.timeout_ms = WAIT_MS;
    s->mail = (struct dws_mail){
        .host = LITERAL("127.0.0.1"),
        .port = server_port(s->server),
        .tls = DWS_MAIL_PLAIN,
        .from = LITERAL("dwsync@example.com"),
        .to = one,
        .to_count = 1,
        .message = LITERAL(MESSAGE),
    };
}

static enum dws_status start(struct sending *s, struct dws_mail_transfer **mail)
{
    s->error = (struct dws_error){0};
    return dws_mail_start(&s->mail, &s->transport, mail, &s->error);
}

static enum dws_status post(struct sending *s)
{
    struct dws_mail_transfer *mail = NULL;
    if (start(s, &mail) != DWS_OK)
        return s->error.status;
    enum dws_status status;
    do {
        status = dws_mail_step(mail, WAIT_MS, &s->answer, &s->error);
    } while (status == DWS_PENDING);
    dws_mail_free(mail);
    EXPECT_LACKS(spec_text(s->error.message), LITERAL(SECRET));
    EXPECT_LACKS(spec_text(s->error.message), LITERAL("example.com"));
    return status;
}

static void post_once(const struct script *script, struct sending *s, enum dws_status expected)
{
    open_server(s, script, NULL);
    EXPECT_STATUS(post(s), expected);
    server_stop(s->server);
}

/* ---- what is said --------------------------------------------------------------------------------- */

static void sends_a_message(void)
{
    const struct script script = SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, DATA, SEND("250 2.0.0 taken\r\n"), LINE);
    struct sending s;
    open_server(&s, &script, NULL);
    EXPECT_STATUS(post(&s), DWS_OK);
    EXPECT_INT(s.answer.code, 250);
    EXPECT_TEXT(spec_text(s.answer.reply), LITERAL("250 2.0.0"));
    EXPECT_INT(s.answer.refused, 0);
    EXPECT_HOLDS(server_request(s.server, 0), LITERAL("EHLO "));
    EXPECT_HOLDS(server_request(s.server, 1), LITERAL("MAIL FROM:<dwsync@example.com>"));
    EXPECT_TEXT(server_request(s.server, 2), LITERAL("RCPT TO:<ops@example.com>\r\n"));
    EXPECT_TEXT(server_request(s.server, 3), LITERAL("DATA\r\n"));
    EXPECT_TEXT(server_request(s.server, 4), LITERAL("Subject: Hello\r\n\r\nLine\r\n..dot\r\n.\r\n"));
    server_stop(s.server);
}

static void takes_leave_and_does_not_wait_for_the_answer(void)
{
    const struct script script = SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, DATA, SEND("250 ok\r\n"), LINE, HOLD);
    struct sending s;
    open_server(&s, &script, NULL);
    EXPECT_STATUS(post(&s), DWS_OK);
    while (server_request_count(s.server) < 6)
        ;
    EXPECT_TEXT(server_request(s.server, 5), LITERAL("QUIT\r\n"));
    server_stop(s.server);
}

static void takes_leave_of_a_server_that_refused(void)
{
    const struct script script = SCRIPT(PLAIN_HELLO, LINE, SEND("550 5.7.1 no\r\n"), LINE, HOLD);
    struct sending s;
    open_server(&s, &script, NULL);
    EXPECT_STATUS(post(&s), DWS_ERR_REFUSED);
    EXPECT_HOLDS(spec_text(s.error.message), LITERAL("the server refused the sender: 550 5.7.1"));
    while (server_request_count(s.server) < 3)
        ;
    EXPECT_TEXT(server_request(s.server, 2), LITERAL("QUIT\r\n"));
    server_stop(s.server);
}

static void keeps_what_was_refused_whatever_the_server_says_when_we_leave(void)
{
    const struct script refused = SCRIPT(PLAIN_HELLO, OK_LINE, LINE, SEND("550 5.1.1 gone\r\n221 2.0.0 bye\r\n"), LINE);
    const struct script taken =
        SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, DATA, SEND("250 2.0.0 taken\r\n421 4.3.2 going\r\n"), LINE);
    struct sending s;
    post_once(&refused, &s, DWS_ERR_REFUSED);
    EXPECT_HOLDS(spec_text(s.error.message), LITERAL("the server refused the recipients: 550 5.1.1"));
    post_once(&taken, &s, DWS_OK);
    EXPECT_TEXT(spec_text(s.answer.reply), LITERAL("250 2.0.0"));
}

static void sends_over_tls(void)
{
    struct tls_files *files = tls_files_new();
    SSL_CTX *tls = tls_server(files, "IP:127.0.0.1", 1);
    const struct script script = SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, DATA, SEND("250 ok\r\n"), LINE);
    struct sending s;
    open_server(&s, &script, tls);
    s.mail.tls = DWS_MAIL_IMPLICIT;
    s.transport.ca_file = tls_ca(files);
    EXPECT_STATUS(post(&s), DWS_OK);
    s.transport.ca_file = tls_other_ca(files);
    EXPECT_STATUS(post(&s), DWS_ERR_CERTIFICATE);
    EXPECT_INT(server_request_count(s.server) >= 5, 1);
    server_stop(s.server);
    SSL_CTX_free(tls);
    tls_files_free(files);
}

static void says_nothing_more_to_a_server_without_starttls(void)
{
    const struct script script = SCRIPT(HELLO, LINE);
    struct sending s;
    open_server(&s, &script, NULL);
    s.mail.tls = DWS_MAIL_STARTTLS;
    s.mail.user = LITERAL("dwsync");
    s.mail.password = LITERAL(SECRET);
    EXPECT_STATUS(post(&s), DWS_ERR_HANDSHAKE);
    EXPECT_HOLDS(spec_text(s.error.message), LITERAL("does not offer STARTTLS"));
    for (size_t i = 1; i < server_request_count(s.server); i++)
        EXPECT_TEXT(server_request(s.server, i), LITERAL("QUIT\r\n"));
    server_stop(s.server);
}

/* ---- what the server may say ---------------------------------------------------------------------- */

static void says_what_the_server_refused(void)
{
    static const struct {
        struct script script;
        const char *message;
        int code;
    } cases[] = {
        {SCRIPT(SEND("554 5.7.1 no\r\n"), LINE), "refused to talk to us: 554", 554},
        {SCRIPT(SEND("421 busy\r\n"), LINE), "refused to talk to us: 421", 421},
        {SCRIPT(HELLO, LINE, SEND("535 5.7.8 wrong " SECRET "\r\n"), LINE), "the user and password: 535 5.7.8", 535},
        {SCRIPT(HELLO, LINE, SEND("454 4.7.0 later\r\n"), LINE), "the user and password: 454 4.7.0", 454},
        {SCRIPT(LOGIN, LINE, SEND("451 4.3.0 later\r\n"), LINE), "the sender: 451 4.3.0", 451},
        {SCRIPT(LOGIN, OK_LINE, LINE, SEND("550 5.1.1 <ops@example.com> gone\r\n"), LINE), "the recipients: 550 5.1.1",
         550},
        {SCRIPT(LOGIN, OK_LINE, LINE, SEND("450-4.2.0 grey\r\n450 4.2.0 grey\r\n"), LINE), "the recipients: 450 4.2.0",
         450},
        {SCRIPT(LOGIN, OK_LINE, OK_LINE, DATA, SEND("552 5.3.4 big\r\n"), LINE), "the message: 552 5.3.4", 552},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sending s;
        spec_about(cases[i].message);
        open_server(&s, &cases[i].script, NULL);
        s.mail.user = LITERAL("dwsync");
        s.mail.password = LITERAL(SECRET);
        EXPECT_STATUS(post(&s), DWS_ERR_REFUSED);
        EXPECT_INT(s.answer.code, cases[i].code);
        EXPECT_HOLDS(spec_text(s.error.message), spec_text(cases[i].message));
        server_stop(s.server);
    }
}

static void counts_the_recipients_refused_when_others_are_not(void)
{
    const struct script script =
        SCRIPT(SEND("220 here\r\n"), LINE, SEND("502 what\r\n"), LINE, SEND("250 here\r\n"), OK_LINE, OK_LINE, LINE,
               SEND("400 4.0.0 later\r\n"), OK_LINE, DATA, SEND("250 2.0.0 taken\r\n"), LINE);
    struct sending s;
    open_server(&s, &script, NULL);
    s.mail.to = three;
    s.mail.to_count = 3;
    EXPECT_STATUS(post(&s), DWS_OK);
    EXPECT_INT(s.answer.refused, 1);
    EXPECT_TEXT(spec_text(s.answer.refusal), LITERAL("400 4.0.0"));
    EXPECT_TEXT(spec_text(s.answer.reply), LITERAL("250 2.0.0"));
    server_stop(s.server);
}

static void ends_at_its_deadline(void)
{
    static const struct script scripts[] = {
        SCRIPT(HOLD),
        SCRIPT(SEND("2"), DRIP("2")),
        SCRIPT(SEND("SSH-2.0-not_a_mail_server\r\n"), HOLD),
        SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, DATA, HOLD),
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct sending s;
        open_server(&s, &scripts[i], NULL);
        s.transport.timeout_ms = 300;
        EXPECT_STATUS(post(&s), DWS_ERR_TIMEOUT);
        server_stop(s.server);
    }
}

static void says_that_the_connection_broke(void)
{
    static const struct script scripts[] = {
        SCRIPT(PLAIN_HELLO, LINE, RESET),
        SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, DATA, RESET),
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct sending s;
        post_once(&scripts[i], &s, DWS_ERR_NETWORK);
    }
}

static void tells_a_deadline_from_what_was_refused_before(void)
{
    const struct script script = SCRIPT(PLAIN_HELLO, OK_LINE, LINE, SEND("550 5.1.1 gone\r\n"), LINE, HOLD);
    struct sending s;
    open_server(&s, &script, NULL);
    s.mail.to = three;
    s.mail.to_count = 3;
    s.transport.timeout_ms = 300;
    EXPECT_STATUS(post(&s), DWS_ERR_TIMEOUT);
    server_stop(s.server);
}

static void counts_the_recipients_refused_once(void)
{
    const struct script script = SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, OK_LINE, LINE, SEND("550 5.1.1 gone\r\n"), DATA,
                                        SEND("354 go on\r\n"), LINE);
    struct sending s;
    open_server(&s, &script, NULL);
    s.mail.to = three;
    s.mail.to_count = 3;
    EXPECT(post(&s) != DWS_OK);
    EXPECT_INT(s.answer.refused, 1);
    server_stop(s.server);
}

static void says_that_nobody_answered(void)
{
    const struct script script = SCRIPT(SEND("220 hello\r\n"), LINE, RESET);
    struct sending s;
    post_once(&script, &s, DWS_ERR_NETWORK);
    open_server(&s, &script, NULL);
    s.mail.port = 1;
    EXPECT_STATUS(post(&s), DWS_ERR_CONNECT);
    EXPECT_HOLDS(spec_text(s.error.message), LITERAL("127.0.0.1:1: "));
    EXPECT_TEXT(spec_text(s.answer.reply), LITERAL(""));
    server_stop(s.server);
}

static void does_not_wait_when_it_is_not_to(void)
{
    const struct script script = SCRIPT(GATE, PLAIN_HELLO, OK_LINE, OK_LINE, DATA, SEND("250 ok\r\n"), LINE);
    struct sending s;
    struct dws_mail_transfer *mail = NULL;
    open_server(&s, &script, NULL);
    EXPECT_STATUS(start(&s, &mail), DWS_OK);
    for (int i = 0; i < 10; i++)
        EXPECT_STATUS(dws_mail_step(mail, 0, &s.answer, &s.error), DWS_PENDING);
    server_open_gate(s.server, SERVER_OPEN);
    enum dws_status status;
    while ((status = dws_mail_step(mail, WAIT_MS, &s.answer, &s.error)) == DWS_PENDING)
        ;
    EXPECT_STATUS(status, DWS_OK);
    dws_mail_free(mail);
    server_stop(s.server);
}

static void is_given_up_anywhere(void)
{
    const struct script script = SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, LINE, SEND("354 go on\r\n"), GATE, MAIL);
    struct sending s;
    struct dws_mail_transfer *mail = NULL;
    open_server(&s, &script, NULL);
    EXPECT_STATUS(start(&s, &mail), DWS_OK);
    dws_mail_free(mail);
    EXPECT_STATUS(start(&s, &mail), DWS_OK);
    while (server_request_count(s.server) < 4)
        EXPECT_STATUS(dws_mail_step(mail, 5, &s.answer, &s.error), DWS_PENDING);
    dws_mail_free(mail);
    dws_mail_free(NULL);
    server_open_gate(s.server, SERVER_OPEN);
    s.mail.to = three; /* another, so that the first had its time */
    EXPECT_STATUS(start(&s, &mail), DWS_OK);
    while (server_request_count(s.server) < 8)
        EXPECT_STATUS(dws_mail_step(mail, 5, &s.answer, &s.error), DWS_PENDING);
    dws_mail_free(mail);
    for (size_t i = 0; i < server_request_count(s.server); i++)
        EXPECT_LACKS(server_request(s.server, i), LITERAL("Subject"));
    server_stop(s.server);
}

/* The number of a connection that is closed may be another's. */
static void shuts_no_connection_but_its_own(void)
{
    const struct script script = SCRIPT(SEND("554 no\r\n"), LINE);
    struct sending s;
    struct dws_mail_transfer *mail = NULL;
    int pairs[8][2];
    char byte = 0;
    open_server(&s, &script, NULL);
    EXPECT_STATUS(start(&s, &mail), DWS_OK);
    while (dws_mail_step(mail, WAIT_MS, &s.answer, &s.error) == DWS_PENDING)
        ;
    for (size_t i = 0; i < 8; i++)
        EXPECT_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
    dws_mail_free(mail);
    for (size_t i = 0; i < 8; i++) {
        for (size_t side = 0; side < 2; side++) {
            EXPECT_INT(send(pairs[i][side], "x", 1, MSG_NOSIGNAL), 1);
            EXPECT_INT(recv(pairs[i][!side], &byte, 1, 0), 1);
        }
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    server_stop(s.server);
}

/* ---- what is refused ------------------------------------------------------------------------------ */

#define LONG_LINE "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
#define LINE_999                                                                              \
    LONG_LINE LONG_LINE LONG_LINE LONG_LINE LONG_LINE LONG_LINE LONG_LINE LONG_LINE LONG_LINE \
        "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"

static void refuses_what_could_be_read_as_something_else(void)
{
    static const struct dws_text addresses[] = {
        TEXT(""),           TEXT("ops"),     TEXT("@example.com"),
        TEXT("ops@"),       TEXT("o ps@a"),  TEXT("ops@a>\r\nRCPT TO:<b@c"),
        TEXT("<ops@a>"),    TEXT("ops@a\n"), TEXT("ops@a\0b"),
        TEXT("\xc3\xa4@a"),
    };
    static const struct dws_text messages[] = {
        TEXT(""),         TEXT("no end"),   TEXT("a\r\nb\n\r\n"), TEXT("a\rb\r\n"),      TEXT("\n.\r\n"),
        TEXT("a\0b\r\n"), TEXT("a\r\nb\r"), TEXT("a\r\n.\n\r\n"), TEXT(LINE_999 "\r\n"),
    };
    static const struct dws_text hosts[] = {
        TEXT(""), TEXT("a b"), TEXT("a/b"), TEXT("a:25"), TEXT("u@a"), TEXT("a\r\nb"), TEXT("::1"), TEXT("1.2.3"),
    };
    const struct script script = SCRIPT(HOLD);
    struct sending s;
    open_server(&s, &script, NULL);
    const struct dws_mail good = s.mail;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        s.mail.from = addresses[i];
        EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
        s.mail = good;
        s.mail.to = &addresses[i];
        EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
        s.mail = good;
    }
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        s.mail.message = messages[i];
        EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
        s.mail = good;
    }
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        s.mail.host = hosts[i];
        EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
        s.mail = good;
    }
    s.mail.to_count = 0;
    EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
    s.mail = good;
    s.mail.port = 0;
    EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
    EXPECT_INT(server_accepted(s.server), 0);
    server_stop(s.server);
}

static void refuses_to_show_a_password(void)
{
    const struct script script = SCRIPT(HOLD);
    struct sending s;
    open_server(&s, &script, NULL);
    s.mail.user = LITERAL("dwsync");
    EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
    s.mail.password = LITERAL(SECRET "\r\n");
    EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
    s.mail.password = LITERAL(SECRET);
    s.mail.host = LITERAL("192.0.2.1");
    EXPECT_STATUS(post(&s), DWS_ERR_ARGUMENT);
    EXPECT_HOLDS(spec_text(s.error.message), LITERAL("without TLS anyone on the way to 192.0.2.1"));
    server_stop(s.server);
}

/* Whether it would be sent. */
static bool is_taken(const struct dws_mail *what)
{
    const struct dws_transport transport = {.timeout_ms = WAIT_MS};
    struct dws_mail_transfer *mail = NULL;
    struct dws_error error = {DWS_OK, ""};
    const enum dws_status status = dws_mail_start(what, &transport, &mail, &error);
    EXPECT_STATUS(status, mail ? DWS_OK : DWS_ERR_ARGUMENT);
    dws_mail_free(mail);
    return status == DWS_OK;
}

/* So many letters and what is behind them, until the next call. */
static struct dws_text letters_and(size_t count, const char *end)
{
    static char text[2048];
    memset(text, 'a', count);
    strcpy(text + count, end);
    return spec_text(text);
}

static void takes_what_is_just_short_enough(void)
{
    struct dws_text many[DWS_MAIL_RECIPIENTS + 1];
    const struct dws_mail good = {.host = LITERAL("127.0.0.1"),
                                  .port = 25,
                                  .tls = DWS_MAIL_PLAIN,
                                  .from = LITERAL("!@~"),
                                  .to = one,
                                  .to_count = 1,
                                  .message = LITERAL("\r\n")};
    for (size_t i = 0; i <= DWS_MAIL_RECIPIENTS; i++)
        many[i] = one[0];
    for (size_t more = 0; more < 2; more++) {
        struct dws_mail what = good;
        what.host = letters_and(200 + more, "");
        EXPECT(is_taken(&what) == !more);
        what = good;
        what.port = 65535 + (int)more;
        EXPECT(is_taken(&what) == !more);
        what.port = 1 - (int)more;
        EXPECT(is_taken(&what) == !more);
        what = good;
        what.from = letters_and(242 + more, "@example.com");
        EXPECT(is_taken(&what) == !more);
        what = good;
        what.to = many;
        what.to_count = DWS_MAIL_RECIPIENTS + more;
        EXPECT(is_taken(&what) == !more);
        what = good;
        what.message = letters_and(998 + more, "\r\n");
        EXPECT(is_taken(&what) == !more);
        what = good;
        what.user = LITERAL("dwsync");
        what.password = letters_and(1024 + more, "");
        EXPECT(is_taken(&what) == !more);
        what.user = what.password;
        what.password = LITERAL(SECRET);
        EXPECT(is_taken(&what) == !more);
        what = good;
        what.from = more ? LITERAL("a\x7f@b") : LITERAL("a\x7e@b");
        EXPECT(is_taken(&what) == !more);
    }
}

/* Addresses of 254 bytes, a user and a password of 1024, each with an end of its own. */
static void sends_the_longest_as_they_are(void)
{
    static char from[255], to[255], user[1025], password[1025], plain[2050], encoded[2740], line[300];
    const struct script script = SCRIPT(HELLO, LINE, SEND("334 \r\n"), LINE, SEND("235 ok\r\n"), OK_LINE, OK_LINE, DATA,
                                        SEND("250 ok\r\n"), LINE);
    struct sending s;
    snprintf(from, sizeof from, "%s", letters_and(241, "f@example.com").data);
    snprintf(to, sizeof to, "%s", letters_and(241, "t@example.com").data);
    snprintf(user, sizeof user, "%s", letters_and(1023, "u").data);
    snprintf(password, sizeof password, "%s", letters_and(1023, "p").data);
    memcpy(plain + 1, user, 1024);
    memcpy(plain + 1026, password, 1024);
    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)plain, sizeof plain);
    open_server(&s, &script, NULL);
    s.mail.from = spec_text(from);
    s.mail.to = &(struct dws_text){to, 254};
    s.mail.user = spec_text(user);
    s.mail.password = spec_text(password);
    EXPECT_STATUS(post(&s), DWS_OK);
    EXPECT_TEXT(server_request(s.server, 1), LITERAL("AUTH PLAIN\r\n"));
    strcat(encoded, "\r\n");
    EXPECT_TEXT(server_request(s.server, 2), spec_text(encoded));
    snprintf(line, sizeof line, "MAIL FROM:<%s>", from);
    EXPECT_HOLDS(server_request(s.server, 3), spec_text(line));
    snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", to);
    EXPECT_TEXT(server_request(s.server, 4), spec_text(line));
    server_stop(s.server);
}

/* ---- when memory runs out ------------------------------------------------------------------------- */

static void is_not_begun_without_enough_memory(void)
{
    const struct dws_mail what = {.host = LITERAL("127.0.0.1"),
                                  .port = 25,
                                  .tls = DWS_MAIL_PLAIN,
                                  .from = LITERAL("a@b"),
                                  .to = one,
                                  .to_count = 1,
                                  .message = LITERAL("\r\n")};
    const struct dws_transport transport = {.timeout_ms = WAIT_MS};
    const long held = memory_held;
    enum dws_status status = DWS_ERR_MEMORY;
    long enough = 0;
    for (; status == DWS_ERR_MEMORY; enough++) {
        struct dws_mail_transfer *mail = NULL;
        struct dws_error error = {DWS_OK, ""};
        memory_left = enough;
        status = dws_mail_start(&what, &transport, &mail, &error);
        memory_left = -1;
        EXPECT(!mail == (status != DWS_OK));
        EXPECT_STATUS(error.status, status);
        dws_mail_free(mail);
        EXPECT_INT(memory_held, held);
    }
    EXPECT_STATUS(status, DWS_OK);
    EXPECT(enough > 2);
}

/* ---- what is long --------------------------------------------------------------------------------- */

#define LINES 4000

static void sends_a_message_larger_than_any_buffer(void)
{
    static char message[LINES * 62 + 1];
    const struct script script = SCRIPT(PLAIN_HELLO, OK_LINE, OK_LINE, DATA, SEND("250 ok\r\n"), LINE);
    struct sending s;
    for (size_t i = 0; i < LINES; i++)
        snprintf(message + i * 62, 63, "%060zu\r\n", i);
    open_server(&s, &script, NULL);
    s.mail.message = spec_text(message);
    EXPECT_STATUS(post(&s), DWS_OK);
    const struct dws_text came = server_request(s.server, 4);
    EXPECT_INT(came.length, sizeof message - 1 + 3);
    EXPECT(memcmp(came.data, message, sizeof message - 1) == 0);
    server_stop(s.server);
}

static void keeps_of_a_reply_its_codes_alone(void)
{
    static const struct {
        struct script script;
        const char *reply;
    } cases[] = {
        {SCRIPT(SEND("554\r\n"), LINE), "554"},
        {SCRIPT(SEND("554 \n"), LINE), "554"},
        {SCRIPT(SEND("509 5.0.99 x\r\n"), LINE), "509 5.0.99"},
        {SCRIPT(SEND("554 5.123.456\r\n"), LINE), "554 5.123.456"},
        {SCRIPT(SEND("554 5.1234.1 x\r\n"), LINE), "554"},
        {SCRIPT(SEND("554 5.1 x\r\n"), LINE), "554"},
        {SCRIPT(SEND("554 5.1.\r\n"), LINE), "554"},
        {SCRIPT(SEND("554 .1.1\r\n"), LINE), "554"},
        {SCRIPT(SEND("554 5.1.:\r\n"), LINE), "554"},
        {SCRIPT(SEND("554 5.1.1.1 x\r\n"), LINE), "554 5.1.1"},
        {SCRIPT(SEND("400 4.0.0 later\r\n"), LINE), "400 4.0.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sending s;
        spec_about(cases[i].reply);
        open_server(&s, &cases[i].script, NULL);
        EXPECT_STATUS(post(&s), DWS_ERR_REFUSED);
        EXPECT_TEXT(spec_text(s.answer.reply), spec_text(cases[i].reply));
        server_stop(s.server);
    }
}

static const struct spec_case cases[] = {
    {"sends a message", sends_a_message},
    {"takes leave, and does not wait for the answer", takes_leave_and_does_not_wait_for_the_answer},
    {"takes leave of a server that refused", takes_leave_of_a_server_that_refused},
    {"keeps what was refused, whatever the server says when we leave",
     keeps_what_was_refused_whatever_the_server_says_when_we_leave},
    {"sends over TLS, to whom the CA file trusts", sends_over_tls},
    {"says nothing more to a server without STARTTLS", says_nothing_more_to_a_server_without_starttls},
    {"says what the server refused, and no address", says_what_the_server_refused},
    {"counts the recipients refused when others are not", counts_the_recipients_refused_when_others_are_not},
    {"ends at its deadline", ends_at_its_deadline},
    {"says that the connection broke", says_that_the_connection_broke},
    {"tells a deadline from what was refused before", tells_a_deadline_from_what_was_refused_before},
    {"counts the recipients refused once", counts_the_recipients_refused_once},
    {"says that nobody answered", says_that_nobody_answered},
    {"does not wait when it is not to", does_not_wait_when_it_is_not_to},
    {"is given up anywhere", is_given_up_anywhere},
    {"shuts no connection but its own", shuts_no_connection_but_its_own},
    {"refuses what could be read as something else", refuses_what_could_be_read_as_something_else},
    {"refuses to show a password", refuses_to_show_a_password},
    {"takes what is just short enough, and nothing longer", takes_what_is_just_short_enough},
    {"sends the longest of what it takes as it is", sends_the_longest_as_they_are},
    {"is not begun without enough memory", is_not_begun_without_enough_memory},
    {"sends a message that is larger than any buffer", sends_a_message_larger_than_any_buffer},
    {"keeps of a reply its codes alone", keeps_of_a_reply_its_codes_alone},
};

SPEC_MAIN(cases)
