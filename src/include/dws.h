/* dws.h: the whole C API of libdws: sign a request, send it, read what came back.
 * It must not know Lua, print, abort or exit, and it keeps no mutable global state beyond libcurl's own
 * one-time initialisation, the pools that lie idle between two threads (dws_pool_cache_take) and the authorities that
 * were parsed. Built on OpenSSL (digests, HMAC, authorities) and libcurl (multi interface). */
#ifndef DWS_H
#define DWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- results --------------------------------------------------------------------------------- */

enum dws_status {
    DWS_OK = 0,
    DWS_PENDING,         /* dws_pool_next: time is up, transfers go on */
    DWS_IDLE,            /* dws_pool_next: no transfer is left to wait for */
    DWS_ERR_ARGUMENT,    /* the request is wrong; nothing was sent */
    DWS_ERR_MEMORY,      /* allocation failed */
    DWS_ERR_CRYPTO,      /* OpenSSL refused */
    DWS_ERR_RESOLVE,     /* name resolution failed */
    DWS_ERR_CONNECT,     /* no connection could be made */
    DWS_ERR_HANDSHAKE,   /* TLS handshake broke off */
    DWS_ERR_CERTIFICATE, /* TLS peer or local certificate not acceptable */
    DWS_ERR_TIMEOUT,     /* connect or total timeout */
    DWS_ERR_NETWORK,     /* anything else between connect and the last byte */
    DWS_ERR_TOO_LARGE,   /* response exceeds max_response_bytes or the header limit */
    DWS_ERR_CANCELLED,   /* dws_pool_cancel */
    DWS_ERR_DECODE,      /* what came back is not what it should be */
    DWS_ERR_DESCRIPTORS, /* this process, or this machine, can open no more files and sockets */
    DWS_ERR_PROXY,       /* the proxy refused, and will refuse again: 407, 403 */
    DWS_ERR_REFUSED      /* dws_mail_step: the server answered with 4xx or 5xx */
};

/* Filled by the failing function, owned by the caller. The message never holds a secret. */
struct dws_error {
    enum dws_status status;
    char message[320];
};

/* A short, stable, lower-case word for a status: "resolve", "certificate", … Static storage. */
const char *dws_status_name(enum dws_status status);

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Borrowed bytes, not NUL-terminated. {NULL, 0} is the absent text. */
struct dws_text {
    const char *data;
    size_t length;
};

/* Growable bytes. Start from {0}. A failed append sets `failed` and turns later appends into no-ops, so that
 * a run of appends needs one check at its end. Free with dws_buf_free. */
struct dws_buf {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};

void dws_buf_append(struct dws_buf *buf, const void *data, size_t length);
void dws_buf_append_text(struct dws_buf *buf, struct dws_text text);
void dws_buf_append_string(struct dws_buf *buf, const char *string);
/* Lower-case hex of `length` bytes. */
void dws_buf_append_hex(struct dws_buf *buf, const unsigned char *bytes, size_t length);
/* RFC 3986 percent-encoding: A-Z a-z 0-9 - _ . ~ stay, everything else becomes %XX in upper-case hex. */
void dws_buf_append_encoded(struct dws_buf *buf, struct dws_text text);
/* Undoes percent-encoding once; an escape that is not two hex digits stays as it is. */
void dws_buf_append_decoded(struct dws_buf *buf, struct dws_text text);
/* In decimal digits. */
void dws_buf_append_integer(struct dws_buf *buf, int64_t integer);
void dws_buf_append_blanks(struct dws_buf *buf, size_t count);
/* Takes away the blanks at the end, down to a length. */
void dws_buf_trim(struct dws_buf *buf, size_t length);
/* Makes room for `length` more bytes. */
bool dws_buf_reserve(struct dws_buf *buf, size_t length);
/* Forgets the content and a failure, keeps the memory. */
void dws_buf_clear(struct dws_buf *buf);
/* Overwrites the content, then frees. For secrets and what is derived from them. */
void dws_buf_wipe(struct dws_buf *buf);
void dws_buf_free(struct dws_buf *buf);
/* The content as borrowed bytes, valid until the next change. */
struct dws_text dws_buf_text(const struct dws_buf *buf);

/* Which texts need no escape in some format: those without special bytes. */
struct dws_plain {
    bool special[256];       /* nowhere in a text */
    bool special_first[256]; /* nor, beyond those, at its beginning */
};

/* Control characters and bytes beyond ASCII are special, and those given. */
void dws_plain_init(struct dws_plain *plain, struct dws_text special, struct dws_text special_first);
/* Appends the text if it is plain; else returns false. */
bool dws_buf_append_plain(struct dws_buf *buf, struct dws_text text, const struct dws_plain *plain);

/* Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
 * On false *offset is the first bad byte's position. */
bool dws_utf8_valid(struct dws_text text, size_t *offset);

/* ---- requests -------------------------------------------------------------------------------- */

struct dws_header {
    struct dws_text name;
    struct dws_text value;
};

/* All pointers are borrowed for the duration of the call they are passed to. */
struct dws_request {
    struct dws_text method; /* absent: GET */
    struct dws_text url;    /* absolute http or https URL, percent-encoded, no user, no fragment */
    struct dws_text body;   /* absent: none */
    const struct dws_header *headers;
    size_t header_count;
};

/* The parts of a URL, borrowed from it. */
struct dws_url {
    bool https;
    bool loopback;             /* localhost, *.localhost, 127.0.0.0/8 or [::1], literally */
    bool metadata;             /* the cloud's metadata address, 169.254.169.254 */
    struct dws_text host;      /* without port; IPv6 with its brackets */
    struct dws_text authority; /* what the Host header says: the port only when it is not the default one */
    struct dws_text path;      /* "/…" or empty */
    struct dws_text query;     /* after '?', or absent */
};

/* Splits and checks a URL. DWS_ERR_ARGUMENT names what is wrong with it. */
enum dws_status dws_url_parse(struct dws_text text, struct dws_url *url, struct dws_error *error);

/* ---- sign ------------------------------------------------------------------------------------ */

struct dws_credentials {
    struct dws_text ak;
    struct dws_text sk;             /* the secret: never copied into an error or a result */
    struct dws_text security_token; /* absent unless the credentials are temporary */
    struct dws_text algorithm;      /* absent: SDK-HMAC-SHA256; or SDK-HMAC-SM3, V11-HMAC-SHA256,
                                       SDK-ECDSA-P256-SHA256, SDK-SM2-SM3 */
    struct dws_text region;         /* V11-HMAC-SHA256 signs these two, and needs them */
    struct dws_text service;
};

/* What dws_sign adds to a request. Free with dws_signature_free. */
struct dws_signature {
    struct dws_buf host;          /* value of Host */
    struct dws_buf authorization; /* value of Authorization */
};

/* Which of a request's headers are signed. {NULL, 0}: host, x-sdk-date, x-security-token when there is one, and
 * every header of the request whose name has no underscore. Otherwise exactly these names, x-sdk-date among them. */
struct dws_signed_names {
    const struct dws_text *names;
    size_t count;
};

/* The three stages of signing, each usable alone. `date` is 16 characters, "20251025T104952Z". No I/O and no clock.
 * Headers named Authorization and X-Sdk-Date in the request are passed over: signing sets them.
 * Output buffers are appended to; on failure their content is unspecified and still the caller's to free.
 * Fails with DWS_ERR_ARGUMENT (what is wrong is named), DWS_ERR_MEMORY, DWS_ERR_CRYPTO. */
enum dws_status dws_canonical_request(const struct dws_request *request, const struct dws_credentials *credentials,
                                      struct dws_signed_names names, struct dws_text date, struct dws_buf *out,
                                      struct dws_error *error);
enum dws_status dws_string_to_sign(const struct dws_request *request, const struct dws_credentials *credentials,
                                   struct dws_signed_names names, struct dws_text date, struct dws_buf *out,
                                   struct dws_error *error);
enum dws_status dws_sign(const struct dws_request *request, const struct dws_credentials *credentials,
                         struct dws_signed_names names, struct dws_text date, struct dws_signature *out,
                         struct dws_error *error);
void dws_signature_free(struct dws_signature *signature);
/* Appends the SHA-256 of the bytes in lower-case hex, 64 characters. Fails with DWS_ERR_CRYPTO, DWS_ERR_MEMORY. */
enum dws_status dws_sha256(struct dws_text bytes, struct dws_buf *out, struct dws_error *error);
/* Appends the HMAC-SHA256 of the message in Base64, 44 characters. Fails with DWS_ERR_CRYPTO, DWS_ERR_MEMORY. */
enum dws_status dws_hmac_sha256(struct dws_text key, struct dws_text message, struct dws_buf *out,
                                struct dws_error *error);

/* ---- send ------------------------------------------------------------------------------------ */

/* How one request travels. Zero or NULL means the default. Strings are borrowed during dws_pool_submit. */
struct dws_transport {
    long connect_timeout_ms;   /* default 10000 */
    long timeout_ms;           /* whole transfer, waiting in the queue included; default 30000 */
    size_t max_response_bytes; /* of a 2xx answer, as it came and as it is unzipped; default 16 MiB */
    const char *ca_file;       /* PEM; default: the system store. Read for each request: when it holds something else,
                                  nothing that was trusted before serves again */
    const char *client_cert;   /* PEM; the same holds when its key is in another file */
    const char *client_key;    /* PEM */
    const char *proxy;         /* URL; default: the environment's, "" for none */
    const char *user_agent;    /* default "dwsync/VERSION" */
    bool allow_http;           /* plain http to hosts that are not loopback */
    bool compressed;           /* asks for gzip, but not of loopback, and undoes it; else for no coding */
    bool certificate_info;     /* says in the response who the server is; over a connection of its own */
};

/* The certificate that the server showed, in libcurl's words; fields that it does not know are NULL. */
struct dws_certificate {
    const char *subject;
    const char *issuer;
    const char *not_after; /* "Dec 31 23:59:59 2026 GMT" */
};

/* So much of an answer that is not 2xx is read; what is longer is cut there, and no error. */
#define DWS_REFUSAL_BYTES ((size_t)64 * 1024)

struct dws_response {
    int status;
    struct dws_text headers; /* raw lines of the final response, status line included; read with dws_header_next */
    struct dws_text body;
    double seconds;                     /* from start of the transfer to its last byte */
    struct dws_certificate certificate; /* only with certificate_info, over https */
};

/* A transfer coding other than chunked is DWS_ERR_DECODE, as is a content coding of a 2xx answer unless the request had
 * an Accept-Encoding of its own; then the body is handed over as it came. Gzip that `compressed` asked for is undone,
 * and DWS_ERR_DECODE when it is broken, cut off or followed by anything. */
struct dws_completion {
    uint64_t tag;
    struct dws_error error;       /* error.status is DWS_OK when there is a response */
    struct dws_response response; /* points into the pool: valid until the next call on it */
};

/* Transfers over one libcurl multi handle; connections, DNS answers and TLS sessions are reused between them.
 * One thread at a time. Must not cross a fork(). */
struct dws_pool;

/* `concurrency`: how many transfers run at once, 1 to 1024; further ones wait in order. Fails with DWS_ERR_ARGUMENT,
 * DWS_ERR_MEMORY; then *pool is NULL. Free with dws_pool_free. */
enum dws_status dws_pool_new(size_t concurrency, struct dws_pool **pool, struct dws_error *error);
/* Takes the request over (everything is copied). It is checked here: anything but https (http to loopback
 * excepted), CR, LF or NUL, unencoded bytes in the URL fail with DWS_ERR_ARGUMENT before anything is sent. Or
 * DWS_ERR_MEMORY. */
enum dws_status dws_pool_submit(struct dws_pool *pool, uint64_t tag, const struct dws_request *request,
                                const struct dws_transport *transport, struct dws_error *error);
/* Waits up to timeout_ms (0: only looks) for a transfer to end. DWS_OK: *completion is filled. DWS_PENDING, DWS_IDLE:
 * it is not. How the transfer failed, if it did, is in completion->error. */
enum dws_status dws_pool_next(struct dws_pool *pool, long timeout_ms, struct dws_completion *completion);
/* Lets the next dws_pool_next, and that alone, end with DWS_PENDING as soon as a descriptor of the caller's own is
 * ready, or one of the pool's was; it is never DWS_IDLE then. Fails with DWS_ERR_MEMORY. */
enum dws_status dws_pool_watch(struct dws_pool *pool, int descriptor, bool read, bool write, struct dws_error *error);
/* Ends a transfer; dws_pool_next reports it with DWS_ERR_CANCELLED. False: no such tag. */
bool dws_pool_cancel(struct dws_pool *pool, uint64_t tag);
/* Transfers submitted and not yet returned by dws_pool_next. */
size_t dws_pool_pending(const struct dws_pool *pool);
/* Ends all transfers and closes all connections. NULL is fine. */
void dws_pool_free(struct dws_pool *pool);

/* ---- pools that threads hand to one another ---------------------------------------------------- */

/* The process keeps idle pools, so that connections and TLS sessions outlive the thread that opened them. Any thread
 * may call these at any time; a pool is the caller's alone from take to give. After fork() the child begins with
 * none: its parent's, also those taken before, are left as they are when given, for closing them would end the
 * parent's connections. */

/* An idle pool of that concurrency, the one given last, or a new one. Fails as dws_pool_new does. */
enum dws_status dws_pool_cache_take(size_t concurrency, struct dws_pool **pool, struct dws_error *error);
/* Gives back a pool that was taken, with its connections and without anything of its requests and answers. It is freed
 * instead when transfers are pending or enough pools lie idle. NULL is fine. */
void dws_pool_cache_give(struct dws_pool *pool);
/* How many pools are idle. */
size_t dws_pool_cache_idle(void);
/* Frees the idle pools, which closes their connections. */
void dws_pool_cache_clear(void);

/* Steps through dws_response.headers: start with *cursor = headers, false at the end. The status line is skipped. */
bool dws_header_next(struct dws_text *cursor, struct dws_header *header);

/* ---- mail ------------------------------------------------------------------------------------ */

enum dws_mail_tls {
    DWS_MAIL_STARTTLS, /* nothing but EHLO is said before TLS: a server that does not offer it is DWS_ERR_HANDSHAKE */
    DWS_MAIL_IMPLICIT, /* TLS from the first byte */
    DWS_MAIL_PLAIN     /* takes no password beyond loopback */
};

/* So many recipients at most. */
#define DWS_MAIL_RECIPIENTS 100

/* One message for one server. All pointers are borrowed for the duration of dws_mail_start. Addresses are bare and
 * ASCII ("ops@example.com"). The message is header and body as RFC 5322 wants them: every line ends in CR LF and has
 * 998 bytes at most. */
struct dws_mail {
    struct dws_text host; /* a name or an address, IPv6 in brackets */
    int port;             /* 1 to 65535 */
    enum dws_mail_tls tls;
    struct dws_text user; /* absent: no AUTH */
    struct dws_text password;
    struct dws_text from;
    const struct dws_text *to;
    size_t to_count;
    struct dws_text message;
};

/* What the server said last, and of whom it takes no mail. */
struct dws_mail_answer {
    int code;         /* 250; 0: it said nothing */
    char reply[20];   /* the code, and the enhanced one when there is one: "550 5.1.1"; nothing else, because a
                             reply may hold addresses */
    size_t refused;   /* recipients that it refused while it took the message for others */
    char refusal[20]; /* what it said of the last of those, like `reply` */
};

/* A message on its way, over a connection of its own. One thread at a time; must not cross a fork(). */
struct dws_mail_transfer;

/* Takes the message over (everything is copied) and sends nothing yet. Of the transport it uses connect_timeout_ms,
 * timeout_ms (of all of it, from the first step on), ca_file, client_cert and client_key; there is no proxy.
 * DWS_ERR_ARGUMENT names what is wrong: control characters, blanks or <> in an address, a bare CR or LF in the message,
 * a password that anyone on the way could read. Or DWS_ERR_MEMORY. Then *mail is NULL. Free with dws_mail_free. */
enum dws_status dws_mail_start(const struct dws_mail *what, const struct dws_transport *transport,
                               struct dws_mail_transfer **mail, struct dws_error *error);
/* Goes on for up to timeout_ms (0: as far as it gets without waiting). DWS_PENDING: call it again. DWS_OK: the server
 * took the message for at least one recipient. Else it took it not, or, after a time-out or a network failure,
 * perhaps: it may be sent again with the same Message-ID. *answer is filled once it has ended; a code of 400 and more
 * says that the server refused, for now (4xx) or for good (5xx, also a wrong password). Nothing in *error holds an
 * address, the user or the password. */
enum dws_status dws_mail_step(struct dws_mail_transfer *mail, long timeout_ms, struct dws_mail_answer *answer,
                              struct dws_error *error);
/* Ends it, wherever it is. NULL is fine. */
void dws_mail_free(struct dws_mail_transfer *mail);

/* ---- read JSON -------------------------------------------------------------------------------- */

/* A strict RFC 8259 reader over bytes that need no NUL at their end. It allocates nothing and copies nothing: strings
 * are pointers into the text. The caller pulls one piece after another; the first failure stays, and every later
 * call returns false. Objects and arrays nest DWS_JSON_DEPTH levels at most. */
#define DWS_JSON_DEPTH 64

struct dws_json {
    const char *start;
    const char *at;
    const char *end;
    int depth;
    uint64_t fresh;         /* bit d: the container at depth d has had no member yet */
    struct dws_error error; /* DWS_OK, or DWS_ERR_DECODE with byte offset and what was expected */
};

enum dws_json_type {
    DWS_JSON_NOTHING, /* the text has ended, or failed */
    DWS_JSON_OBJECT,
    DWS_JSON_ARRAY,
    DWS_JSON_STRING,
    DWS_JSON_NUMBER,
    DWS_JSON_TRUE,
    DWS_JSON_FALSE,
    DWS_JSON_NULL
};

/* What is between the quotes: valid UTF-8, still with its escapes when there are any. */
struct dws_json_string {
    struct dws_text raw;
    bool escaped;
};

/* An integer that fits 64 bits is exact; any other number is rounded correctly to a double, and one too large for
 * that is an error. */
struct dws_json_number {
    bool is_integer;
    int64_t integer;
    double real; /* of integers, too */
};

void dws_json_start(struct dws_json *json, struct dws_text text);
/* Type of the value that comes next, judged by its first byte. */
enum dws_json_type dws_json_peek(struct dws_json *json);
/* Enters an object; then dws_json_member until false, each time reading or skipping the value that follows. */
bool dws_json_object(struct dws_json *json);
bool dws_json_member(struct dws_json *json, struct dws_json_string *key);
/* Enters an array; then dws_json_element until false, each time reading or skipping the value that follows. */
bool dws_json_array(struct dws_json *json);
bool dws_json_element(struct dws_json *json);
bool dws_json_string(struct dws_json *json, struct dws_json_string *string);
bool dws_json_number(struct dws_json *json, struct dws_json_number *number);
/* Reads true, false or null. */
bool dws_json_literal(struct dws_json *json);
/* Passes over any value, checking it as strictly. */
bool dws_json_skip(struct dws_json *json);
/* Whether only white space is left; anything else is an error. */
bool dws_json_finish(struct dws_json *json);
/* Sets the reader's error ("at byte offset N: …") unless it has one, and returns false. */
bool dws_json_refuse(struct dws_json *json, const char *what);
/* Writes the string without its escapes to `out`, which has room for raw.length bytes; returns the length. */
size_t dws_json_unescape(struct dws_json_string string, char *out);
/* Whether the string, without its escapes, is this text. */
bool dws_json_equals(struct dws_json_string string, struct dws_text text);

/* ---- read a page of records or accounts ------------------------------------------------------- */

/* What a page lists: runs of synchronisations, or accounts of the database. What is said of records below holds for
 * both: an account is a record with fields of its own. */
enum dws_kind { DWS_RECORDS, DWS_ACCOUNTS };

/* The list's name in the service's answer, "sync_records" or "users". Static storage. */
struct dws_text dws_kind_list(enum dws_kind kind);

enum dws_field {
    DWS_ID,
    DWS_IDENTITY_SOURCE_ID,
    DWS_IDENTITY_SOURCE_TYPE,
    DWS_START_TIME,
    DWS_END_TIME,
    DWS_ADD_COUNT,
    DWS_UPDATE_COUNT,
    DWS_DELETE_COUNT,
    DWS_FAILED_COUNT,
    DWS_STATUS,
    DWS_FAIL_REASON,
    DWS_FIELDS,
    /* of an account */
    DWS_NAME = DWS_FIELDS,
    DWS_LOGIN,
    DWS_USER_TYPE,
    DWS_ALL_FIELDS
};

/* The field's name in the service's answer. Static storage. */
struct dws_text dws_field_name(enum dws_field field);
bool dws_field_is_text(enum dws_field field);
/* Whether it is true or false, which are 1 and 0 in `integer`. */
bool dws_field_is_boolean(enum dws_field field);
/* The field of that name, of a record; DWS_FIELDS for any other. */
enum dws_field dws_field_find(struct dws_text name);
/* The field of that name, of either kind; DWS_ALL_FIELDS for any other. */
enum dws_field dws_field_find_in(enum dws_kind kind, struct dws_text name);
/* The fields of a kind, as bits like those of `present`. */
unsigned dws_kind_fields(enum dws_kind kind);

/* One record, pointing into the body. A field that is absent or null has its bit in `present` unset. */
struct dws_record {
    unsigned present;                            /* bit (1u << enum dws_field) */
    struct dws_json_string text[DWS_ALL_FIELDS]; /* of the fields that are texts */
    int64_t integer[DWS_ALL_FIELDS];             /* of the others; times in milliseconds since the epoch */
    size_t index;                                /* position in the list, from 0 */
    unsigned unknown;                            /* members that are not fields, or booleans in name only */
    struct dws_text source;                      /* the record's own JSON */
};

/* A page has at most so many records; one with more is DWS_ERR_DECODE. */
#define DWS_PAGE_RECORDS ((size_t)100000)
/* Members that are not fields may hold values of any kind, which dws_page_next passes over. Whoever keeps them keeps at
 * most so many of a page, nested ones included: a few bytes of JSON become many of memory. dwsync.core refuses more. */
#define DWS_PAGE_VALUES ((size_t)250000)

/* Reading of one page. Everything but `count`, `has_count`, `records` and `unknown` is private. */
struct dws_page {
    struct dws_json json;
    bool has_count;
    int64_t count;    /* known when dws_page_next returned DWS_IDLE */
    size_t records;   /* how many were read */
    unsigned unknown; /* members of the page besides count and the list */
    enum dws_kind kind;
    unsigned fields; /* how many a record of this kind has */
    unsigned members;
    size_t rows; /* of all its lists */
    bool has_records;
    bool names_records; /* which may be null */
    bool in_records;
    unsigned char order[DWS_FIELDS]; /* the fields in the order of the previous record, which is a good guess */
};

/* Begins with a body, which must outlive the page and its records. DWS_ERR_DECODE when it is not a JSON object. */
enum dws_status dws_page_start(struct dws_page *page, struct dws_text body, struct dws_error *error);
/* The same for a page of either kind; the above is for DWS_RECORDS. */
enum dws_status dws_page_start_of(struct dws_page *page, enum dws_kind kind, struct dws_text body,
                                  struct dws_error *error);
/* The next record. DWS_OK: *record is filled. DWS_IDLE: the page has ended and was valid to its last byte.
 * DWS_ERR_DECODE: it is not a page of records; the message names byte offset or record and field. Without count a page
 * has sync_records, which may be null; with a count of 0 it needs none.
 * Should sync_records occur twice in a body, the last one counts: record->index begins at 0 again, and page->records
 * is the length of the last one. */
enum dws_status dws_page_next(struct dws_page *page, struct dws_record *record, struct dws_error *error);

/* ---- choose among records --------------------------------------------------------------------- */

/* What a field is compared with: `text` (without escapes) when the field is a text, else `integer`. */
struct dws_value {
    struct dws_text text;
    int64_t integer; /* times in milliseconds since the epoch */
};

/* A record meets a condition when it has the field, and the field equals one of the values or, without values, lies in
 * the range. */
struct dws_condition {
    enum dws_field field;
    const struct dws_value *values; /* NULL: min and max decide, for a field that is an integer */
    size_t count;
    double min; /* both ends belong to the range; -INFINITY and INFINITY leave it open */
    double max;
};

/* A record fits when it meets every condition; without one, every record does. Conditions and values are borrowed for
 * the duration of the call they are passed to, and nothing needs to be freed. */
struct dws_filter {
    const struct dws_condition *conditions;
    size_t count;
};

/* Whether the conditions make sense: fields that exist, ranges of integers, bounds that are numbers.
 * DWS_ERR_ARGUMENT names the one that does not. */
enum dws_status dws_filter_check(const struct dws_filter *filter, struct dws_error *error);
/* Whether a record fits a filter that was checked. */
bool dws_filter_fits(const struct dws_filter *filter, const struct dws_record *record);
/* Appends the page's text without the records that do not fit. With `traces` each of those leaves its id behind (all
 * it says when it has none), so that it can still be counted. DWS_OK: read with the same filter, the
 * shorter text says the same. DWS_IDLE: the body is to be used as it is, since there is no condition, it is not a page
 * with records, or it has members beside them and their count. DWS_ERR_ARGUMENT, DWS_ERR_MEMORY. Unless it is DWS_OK,
 * what was appended is unspecified. */
enum dws_status dws_filter_page(const struct dws_filter *filter, struct dws_text body, bool traces, struct dws_buf *out,
                                struct dws_error *error);
/* The same for a page of either kind; the above is for DWS_RECORDS. */
enum dws_status dws_filter_page_of(enum dws_kind kind, const struct dws_filter *filter, struct dws_text body,
                                   bool traces, struct dws_buf *out, struct dws_error *error);

/* ---- tell records apart ----------------------------------------------------------------------- */

/* Which records were seen while a list is read page by page, perhaps more than once: each is known by a 128-bit hash of
 * its id (an account: of its name and user_type) or, without one, of its JSON; 24 bytes a slot. Not for use by two
 * threads at once. */
struct dws_seen;

/* What is new about a record; bits. */
#define DWS_ID_NEW 1      /* never seen before */
#define DWS_ID_NEW_HERE 2 /* not seen since the reading began */

/* What the rows of a page say about its place in the list. */
struct dws_seen_page {
    size_t rows;
    size_t new_rows;        /* not seen since the reading began */
    size_t unseen_rows;     /* never seen before */
    bool begins_known;      /* its first row was seen since the reading began */
    bool begins_like_first; /* its first row is the first row of the reading's first page */
    bool holds_first;       /* one of its rows is that */
    bool follows_by_one;    /* it is the first page without its first row, and perhaps more behind it */
};

/* Fails with DWS_ERR_MEMORY, DWS_ERR_CRYPTO (no random bytes); then *ids is NULL. Free with dws_seen_free. */
enum dws_status dws_seen_new(struct dws_seen **ids, struct dws_error *error);
/* NULL is fine. */
void dws_seen_free(struct dws_seen *ids);
/* A reading of the list begins; the next page is its first. What was ever seen stays known. */
void dws_seen_begin_reading(struct dws_seen *ids);
/* A page begins, and the first reading with it if none has begun. */
void dws_seen_begin_page(struct dws_seen *ids);
/* Takes the page's next record in. *news receives DWS_ID_ bits. DWS_ERR_MEMORY: it was not taken in, and may be
 * offered again. */
enum dws_status dws_seen_add(struct dws_seen *ids, const struct dws_record *record, unsigned *news,
                             struct dws_error *error);
/* Ends the page; returns what its rows said. */
struct dws_seen_page dws_seen_end_page(struct dws_seen *ids);
/* Begins another reading, of which the page that was read last (not the first of a reading) is the first. Returns what
 * its rows say now. */
struct dws_seen_page dws_seen_begin_again(struct dws_seen *ids);

/* "0.2.0", and the libraries at work: "libcurl/7.88.1 OpenSSL/3.0.22 …". Static storage. */
const char *dws_version(void);
const char *dws_libraries(void);
/* Whether libcurl looks up names without waiting for them, as nearly every build does, in threads of its own. */
bool dws_resolves_aside(void);
/* Parses the authorities in this PEM file, or the system's when it is NULL, before the first request needs them: the
 * system's take 20 ms. They are kept for all threads, and for processes that are forked before a connection uses them.
 * False: libcurl loads them itself for each connection, and says then what is wrong with them. */
bool dws_load_authorities(const char *ca_file);

#ifdef __cplusplus
}
#endif

#endif
