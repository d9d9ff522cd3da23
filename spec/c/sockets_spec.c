/* sockets_spec.c: which connections of a pool are known.
 * It must not contact anything but the scripted server on loopback. */
#include "exchange.h"

#include "dws/sockets.h"
#include "memory.h"

#include <poll.h>

#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static size_t ignore(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes, (void)user;
    return size * count;
}

static CURL *watched(struct dws_sockets *sockets, const struct exchange *e)
{
    CURL *easy = curl_easy_init();
    struct dws_text url = exchange_url(e, "/");
    EXPECT(easy != NULL);
    EXPECT(dws_sockets_watch(sockets, easy) == CURLE_OK);
    EXPECT(curl_easy_setopt(easy, CURLOPT_URL, url.data) == CURLE_OK);
    EXPECT(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore) == CURLE_OK);
    return easy;
}

static void knows_those_that_are_open(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
    struct exchange e;
    struct dws_sockets sockets = {0};
    exchange_open(&e, 1, scripts, 1, NULL);
    CURL *easy[3];
    for (size_t i = 0; i < 3; i++) {
        easy[i] = watched(&sockets, &e);
        EXPECT(curl_easy_perform(easy[i]) == CURLE_OK);
        EXPECT_INT(sockets.count, i + 1);
        EXPECT(sockets.list[i].port > 0);
    }
    const struct dws_socket first = sockets.list[0];
    const struct dws_socket last = sockets.list[2];
    curl_easy_cleanup(easy[1]);
    EXPECT_INT(sockets.count, 2);
    EXPECT_INT(sockets.list[0].fd, first.fd);
    EXPECT_INT(sockets.list[1].fd, last.fd);
    curl_easy_cleanup(easy[0]);
    EXPECT_INT(sockets.count, 1);
    EXPECT_INT(sockets.list[0].fd, last.fd);
    EXPECT_INT(sockets.list[0].port, last.port);
    curl_easy_cleanup(easy[2]);
    EXPECT_INT(sockets.count, 0);
    dws_sockets_free(&sockets);
    exchange_close(&e);
}

static void knows_as_many_as_there_are(void)
{
    static const struct script scripts[] = {SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
    struct exchange e;
    struct dws_sockets sockets = {0};
    CURL *easy[9];
    exchange_open(&e, 1, scripts, 1, NULL);
    for (size_t i = 0; i < 9; i++) {
        easy[i] = watched(&sockets, &e);
        const bool more = i == 0 || i == 4 || i == 8; /* room is made for, which there is no memory for at first */
        if (more) {
            memory_left = 0;
            EXPECT(curl_easy_perform(easy[i]) == CURLE_COULDNT_CONNECT);
            memory_left = -1;
            EXPECT_INT(sockets.count, i);
        }
        EXPECT(curl_easy_perform(easy[i]) == CURLE_OK);
        EXPECT_INT(sockets.count, i + 1);
    }
    for (size_t i = 0; i < 9; i++) {
        curl_easy_cleanup(easy[i]);
        EXPECT_INT(sockets.count, 8 - i);
    }
    dws_sockets_free(&sockets);
    EXPECT(!sockets.list && sockets.capacity == 0);
    exchange_close(&e);
}

static void leaves_one_that_spoke_unasked(void)
{
    static const struct script scripts[] = {
        SCRIPT(RECEIVE, SEND(OK_TWO), GATE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"), HOLD),
        SCRIPT(RECEIVE, SEND(OK_TWO), AGAIN)};
    struct exchange e;
    struct dws_sockets sockets = {0};
    curl_off_t bytes = 0;
    exchange_open(&e, 1, scripts, 2, NULL);
    CURL *easy = watched(&sockets, &e);
    EXPECT(curl_easy_perform(easy) == CURLE_OK);
    if (EXPECT_INT(sockets.count, 1)) {
        struct pollfd entry = {.fd = sockets.list[0].fd, .events = POLLIN};
        server_open_gate(e.server, SERVER_OPEN);
        EXPECT_INT(poll(&entry, 1, WAIT_MS), 1);
        EXPECT(curl_easy_perform(easy) == CURLE_OK);
        EXPECT(curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes) == CURLE_OK);
        EXPECT_INT(bytes, 2);
        EXPECT_INT(server_accepted(e.server), 2);
    }
    curl_easy_cleanup(easy);
    dws_sockets_free(&sockets);
    exchange_close(&e);
}

static const struct spec_case cases[] = {
    {"connections are known from their opening to their end", knows_those_that_are_open},
    {"as many are known as there are, and none opened that there is no memory for", knows_as_many_as_there_are},
    {"one on which bytes came that nobody asked for is left", leaves_one_that_spoke_unasked},
};

SPEC_MAIN(cases)
