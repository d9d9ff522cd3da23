/* gunzip_spec.c: gzip is asked for only where it was said to be, is undone to its last byte or refused, and never makes
 * more than may be kept.
 * It must not contact anything but the scripted server on loopback, which stands in for others as their proxy. */
#include "dws/gunzip.h"
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ROOM 300000
#define ANSWER_ROOM 2000000

/* ---- gzip ------------------------------------------------------------------------------------- */

static struct dws_text zip(const char *bytes, size_t length, char *room)
{
    z_stream stream = {0};
    EXPECT(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = (Bytef *)room;
    stream.avail_out = ROOM;
    EXPECT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&stream);
    return (struct dws_text){room, stream.total_out};
}

/* The beginning of a stream that means 1 GB of zeros, in about 1 MB: one piece of it, again and again. */
static struct dws_text zip_bomb(char *room)
{
    static char zeros[1 << 20];
    z_stream stream = {0};
    size_t length = 0, piece;
    EXPECT(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_out = (Bytef *)room;
    stream.avail_out = ANSWER_ROOM;
    for (int i = 0; i < 2; i++) {
        stream.next_in = (Bytef *)zeros;
        stream.avail_in = sizeof zeros;
        EXPECT(deflate(&stream, Z_FULL_FLUSH) == Z_OK);
        piece = stream.total_out - length;
        length = stream.total_out;
    }
    deflateEnd(&stream);
    for (int i = 2; i < 1024; i++, length += piece)
        memcpy(room + length, room + length - piece, piece);
    return (struct dws_text){room, length};
}

struct sink {
    struct dws_buf kept;
    size_t most; /* bytes that are taken */
    size_t longest, calls;
};

static bool take(void *user, const char *bytes, size_t length)
{
    struct sink *sink = user;
    sink->calls++;
    sink->longest = length > sink->longest ? length : sink->longest;
    if (sink->kept.length + length > sink->most)
        return false;
    dws_buf_append(&sink->kept, bytes, length);
    return true;
}

/* Feeds the stream in pieces; DWS_OK when it was taken and has ended. */
static enum dws_status unzip(struct dws_text stream, size_t piece, struct sink *sink)
{
    struct dws_gunzip *gunzip = dws_gunzip_new();
    enum dws_status status = DWS_OK;
    dws_buf_clear(&sink->kept);
    for (size_t at = 0; at < stream.length && status == DWS_OK; at += piece) {
        const size_t left = stream.length - at, length = left < piece ? left : piece;
        char *copy = malloc(length);
        memcpy(copy, stream.data + at, length);
        status = dws_gunzip_feed(gunzip, copy, length, take, sink);
        free(copy);
    }
    if (status == DWS_OK && !dws_gunzip_ended(gunzip))
        status = DWS_ERR_NETWORK;
    dws_gunzip_free(gunzip);
    return status;
}

static struct dws_text write_text(char *room, size_t length)
{
    uint32_t random = 1;
    for (size_t i = 0; i < length; i++) {
        random = random * 1664525 + 1013904223;
        room[i] = (char)('a' + (random >> 24) % 16);
    }
    return (struct dws_text){room, length};
}

static void undoes_gzip_in_pieces_of_any_size(void)
{
    static char plain[ROOM / 2], zipped[ROOM];
    static const size_t lengths[] = {0, 1, 16383, 16384, 16385, 100000}, pieces[] = {1, 7, 1000, ROOM};
    struct sink sink = {.most = ROOM};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const struct dws_text text = write_text(plain, lengths[i]);
        const struct dws_text stream = zip(text.data, text.length, zipped);
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            EXPECT_STATUS(unzip(stream, pieces[k], &sink), DWS_OK);
            EXPECT_TEXT(dws_buf_text(&sink.kept), text);
        }
    }
    EXPECT(sink.longest <= 16384);
    dws_buf_free(&sink.kept);
}

static void takes_nothing_but_the_whole_stream(void)
{
    static char zipped[ROOM];
    struct sink sink = {.most = ROOM};
    struct dws_text stream = zip("{\"count\":0,\"sync_records\":[]}", 29, zipped);
    for (size_t cut = 0; cut < stream.length; cut++)
        EXPECT_STATUS(unzip((struct dws_text){stream.data, cut}, ROOM, &sink), DWS_ERR_NETWORK);
    for (size_t i = stream.length - 8; i < stream.length; i++) { /* checksum and length */
        zipped[i] ^= 1;
        EXPECT_STATUS(unzip(stream, ROOM, &sink), DWS_ERR_DECODE);
        zipped[i] ^= 1;
    }
    zipped[stream.length] = '\x1f';
    stream.length++;
    EXPECT_STATUS(unzip(stream, ROOM, &sink), DWS_ERR_DECODE);
    EXPECT_STATUS(unzip(stream, 1, &sink), DWS_ERR_DECODE);
    EXPECT_STATUS(unzip(LITERAL("plain text"), ROOM, &sink), DWS_ERR_DECODE);
    EXPECT_STATUS(unzip(LITERAL("\x78\x9c\x03\x00\x00\x00\x00\x01"), ROOM, &sink), DWS_ERR_DECODE); /* zlib's own */
    dws_buf_free(&sink.kept);
}

static void makes_no_more_than_is_taken(void)
{
    static char bomb[ANSWER_ROOM];
    const struct dws_text stream = zip_bomb(bomb);
    struct sink sink = {.most = 100000};
    EXPECT(stream.length > 900000 && stream.length < 1200000);
    EXPECT_STATUS(unzip(stream, stream.length, &sink), DWS_PENDING);
    EXPECT_INT(sink.calls, 7);
    dws_buf_free(&sink.kept);
}

/* ---- over the wire ---------------------------------------------------------------------------- */

static char answers[ANSWER_ROOM + 200];

/* An answer with that head, Content-Length added, and body. */
static struct step answer(const char *head, struct dws_text body)
{
    size_t length = (size_t)snprintf(answers, 200, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, body.length);
    memcpy(answers + length, body.data, body.length);
    return (struct step){STEP_SEND, answers, length + body.length};
}

/* One connection that gives the answer to each request; `limit` for a body. The exchange stays open. */
static void open_far(struct exchange *e, struct script *script, struct step step, size_t limit)
{
    *script = (struct script){.steps = {RECEIVE, step, AGAIN}, .count = 3};
    exchange_open(e, 1, script, 1, NULL);
    e->transport = (struct dws_transport){
        .proxy = exchange_url(e, "").data, .allow_http = true, .compressed = true, .max_response_bytes = limit};
    e->host = "service.test";
}

static enum dws_status get_far(struct exchange *e)
{
    const struct dws_request request = {.url = LITERAL("http://service.test/")};
    return exchange_perform(e, &request);
}

static void says_which_coding_it_takes(void)
{
    static struct script script;
    const struct dws_header wish = {LITERAL("accept-encoding"), LITERAL("br")};
    struct exchange e;
    open_far(&e, &script, answer("200 OK", LITERAL("ok")), 0);
    const struct dws_request request = {.url = LITERAL("http://service.test/"), .headers = &wish, .header_count = 1};
    const struct dws_request near = {.url = exchange_url(&e, "/")};
    EXPECT_STATUS(get_far(&e), DWS_OK);
    EXPECT_STATUS(exchange_perform(&e, &request), DWS_OK);
    e.transport.compressed = false;
    EXPECT_STATUS(get_far(&e), DWS_OK);
    e.transport = (struct dws_transport){.compressed = true};
    EXPECT_STATUS(exchange_perform(&e, &near), DWS_OK);
    EXPECT_TEXT(exchange_request_line(&e, 0, "Accept-Encoding:"), LITERAL("Accept-Encoding: gzip"));
    EXPECT_TEXT(exchange_request_line(&e, 1, "Accept-Encoding:"), LITERAL("accept-encoding: br"));
    EXPECT_TEXT(exchange_request_line(&e, 2, "Accept-Encoding:"), LITERAL("Accept-Encoding: identity"));
    EXPECT_TEXT(exchange_request_line(&e, 3, "Accept-Encoding:"), LITERAL("Accept-Encoding: identity"));
    exchange_close(&e);
}

static void reads_what_was_zipped_over_one_connection(void)
{
    static struct script script;
    static char zipped[ROOM], plain[70000];
    const struct dws_text text = write_text(plain, sizeof plain);
    struct exchange e;
    open_far(&e, &script, answer("200 OK\r\nContent-Encoding: GZip", zip(text.data, text.length, zipped)), 70000);
    for (int i = 0; i < 3; i++) {
        EXPECT_STATUS(get_far(&e), DWS_OK);
        EXPECT_TEXT(e.completion.response.body, text);
    }
    e.transport.compressed = false; /* and is not asked for any more */
    EXPECT_STATUS(get_far(&e), DWS_ERR_DECODE);
    EXPECT_HOLDS(spec_text(e.completion.error.message), LITERAL("content coding GZip, which was not asked for"));
    e.transport.compressed = true;
    e.transport.max_response_bytes = 69999;
    EXPECT_STATUS(get_far(&e), DWS_ERR_TOO_LARGE);
    EXPECT_HOLDS(spec_text(e.completion.error.message), LITERAL("body is larger than 69999 bytes"));
    EXPECT_INT(server_accepted(e.server), 2); /* what is refused by its head leaves a connection that is not usable */
    exchange_close(&e);
}

/* Bytes that gzip makes more of. */
static void takes_a_stream_of_exactly_the_limit(void)
{
    static struct script script;
    static char zipped[ROOM], plain[200];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof plain; i++) {
        random = random * 1664525 + 1013904223;
        plain[i] = (char)(random >> 24);
    }
    const struct dws_text stream = zip(plain, sizeof plain, zipped);
    struct exchange e;
    EXPECT(stream.length > sizeof plain);
    open_far(&e, &script, answer("200 OK\r\nContent-Encoding: gzip", stream), stream.length);
    EXPECT_STATUS(get_far(&e), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, ((struct dws_text){plain, sizeof plain}));
    exchange_close(&e);
}

static void expect_far(const char *head, struct dws_text body, enum dws_status status, const char *message)
{
    static struct script script;
    struct exchange e;
    spec_about(message);
    open_far(&e, &script, answer(head, body), 1000000);
    EXPECT_STATUS(get_far(&e), status);
    EXPECT_HOLDS(spec_text(e.completion.error.message), spec_text(message));
    EXPECT(!e.completion.response.body.data);
    exchange_close(&e);
}

static void refuses_what_is_not_the_gzip_it_says_it_is(void)
{
    static char zipped[ROOM], bomb[ANSWER_ROOM];
    const struct dws_text whole = zip("{\"count\":0,\"sync_records\":[]}", 29, zipped);
    const struct dws_text cut = {whole.data, whole.length - 1};
    expect_far("200 OK\r\nContent-Encoding: gzip", cut, DWS_ERR_DECODE, "body ends inside its gzip");
    expect_far("200 OK\r\nContent-Encoding: gzip", LITERAL("{\"count\":0}"), DWS_ERR_DECODE,
               "body is not the gzip that it says it is");
    expect_far("200 OK\r\nContent-Encoding: gzip, gzip", whole, DWS_ERR_DECODE, "coding gzip, which was not asked for");
    expect_far("200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip", whole, DWS_ERR_DECODE,
               "coding gzip, which was not asked for");
    expect_far("200 OK\r\nContent-Encoding: br", whole, DWS_ERR_DECODE, "coding br, which was not asked for");
    expect_far("200 OK\r\nContent-Encoding: x", whole, DWS_ERR_DECODE, "coding x, which was not asked for");
    expect_far("200 OK\r\nContent-Encoding: 1234567890123456789012345678901234567890", whole, DWS_ERR_DECODE,
               "coding 1234567890123456789012345678901234567890, which was not asked for");
    expect_far("200 OK\r\nContent-Encoding: 1234567890123456789012345678901234567890x", whole, DWS_ERR_DECODE,
               "coding ?, which was not asked for");
    expect_far("200 OK\r\nTransfer-Encoding: gzip", whole, DWS_ERR_DECODE, "coding gzip, which was not asked for");
    expect_far("200 OK\r\nContent-Encoding: gzip", zip_bomb(bomb), DWS_ERR_TOO_LARGE,
               "body is larger than 1000000 bytes");
}

static void shows_the_beginning_of_a_zipped_refusal(void)
{
    static struct script script;
    static char zipped[ROOM], plain[70000];
    const struct dws_text text = write_text(plain, sizeof plain);
    struct exchange e;
    open_far(&e, &script, answer("417 No\r\nContent-Encoding: gzip", zip(text.data, text.length, zipped)), 1);
    EXPECT_STATUS(get_far(&e), DWS_OK);
    EXPECT_INT(e.completion.response.status, 417);
    EXPECT_TEXT(e.completion.response.body, ((struct dws_text){plain, DWS_REFUSAL_BYTES}));
    exchange_close(&e);
}

/* Its status says more than what is wrong with it. */
static void shows_a_refusal_as_far_as_it_can_be_unzipped(void)
{
    static char zipped[ROOM], plain[70000];
    const struct dws_text text = write_text(plain, 40000), whole = zip(text.data, text.length, zipped);
    const struct dws_text bodies[] = {LITERAL("plain text"), {zipped, 10}, {zipped, whole.length - 1}};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        static struct script script;
        struct exchange e;
        open_far(&e, &script, answer("502 No\r\nContent-Encoding: gzip", bodies[i]), 0);
        EXPECT_STATUS(get_far(&e), DWS_OK);
        EXPECT_INT(e.completion.response.status, 502);
        EXPECT_TEXT(e.completion.response.body, ((struct dws_text){plain, i < 2 ? 0 : text.length}));
        exchange_close(&e);
    }
}

/* Blocks of no bytes, of which a stream may have any number. */
static void expect_end_of_nothing(const char *head, size_t limit, enum dws_status status)
{
    static const char beginning[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03", block[] = "\0\0\0\xff\xff";
    static struct script script;
    struct exchange e;
    size_t length = (size_t)snprintf(answers, 200, "HTTP/1.1 %s\r\nContent-Encoding: gzip\r\n\r\n", head);
    memcpy(answers + length, beginning, sizeof beginning - 1);
    length += sizeof beginning - 1;
    for (; length < 1000000; length += sizeof block - 1)
        memcpy(answers + length, block, sizeof block - 1);
    open_far(&e, &script, (struct step){STEP_SEND, answers, length}, limit);
    script.steps[2] = (struct step)HOLD;
    EXPECT_STATUS(get_far(&e), status);
    exchange_close(&e);
}

static void reads_no_stream_that_means_nothing_for_long(void)
{
    expect_end_of_nothing("200 OK", 100000, DWS_ERR_TOO_LARGE);
    expect_end_of_nothing("502 No", 0, DWS_OK);
}

/* HEAD, and nothing at all. */
static void asks_nothing_of_a_body_that_does_not_come(void)
{
    static struct script script;
    struct exchange e;
    open_far(&e, &script, answer("200 OK\r\nContent-Encoding: gzip", LITERAL("")), 0);
    const struct dws_request head = {.method = LITERAL("HEAD"), .url = LITERAL("http://service.test/")};
    EXPECT_STATUS(exchange_perform(&e, &head), DWS_OK);
    EXPECT_STATUS(get_far(&e), DWS_OK);
    EXPECT_TEXT(e.completion.response.body, LITERAL(""));
    exchange_close(&e);
}

static const struct spec_case cases[] = {
    {"a stream of exactly the limit is taken", takes_a_stream_of_exactly_the_limit},
    {"gzip is undone in pieces of any size", undoes_gzip_in_pieces_of_any_size},
    {"nothing but a whole stream is taken", takes_nothing_but_the_whole_stream},
    {"1 GB of zeros in 1 MB makes no more than is taken", makes_no_more_than_is_taken},
    {"gzip is asked for where it was allowed, and identity elsewhere", says_which_coding_it_takes},
    {"zipped bodies are read over one connection, and limited as they are unzipped",
     reads_what_was_zipped_over_one_connection},
    {"what is not the gzip it says it is, is refused", refuses_what_is_not_the_gzip_it_says_it_is},
    {"a zipped refusal is shown, and cut", shows_the_beginning_of_a_zipped_refusal},
    {"one that is broken gzip is shown as far as it can be unzipped", shows_a_refusal_as_far_as_it_can_be_unzipped},
    {"of a stream that goes on and means nothing no more is read", reads_no_stream_that_means_nothing_for_long},
    {"nothing is asked of a body that does not come", asks_nothing_of_a_body_that_does_not_come},
};

SPEC_MAIN(cases)
