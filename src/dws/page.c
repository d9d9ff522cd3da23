/* page.c: a page of synchronisation records, one record at a time, pointing into the body.
 * It must not copy or allocate, nor accept a page that says something other than what it should. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
#define FIELD(name, is_text) {name, ",\"" name "\":", sizeof(name) - 1, is_text}
/* clang-format on */

/* Table 4 of the vendor's page "Querying Identity Source Synchronization Records". */
static const struct {
    const char *name;
    const char *spelling; /* as a member that is not the first, without white space */
    unsigned char length;
    bool is_text;
} fields[DWS_FIELDS] = {
    [DWS_ID] = FIELD("id", true),
    [DWS_IDENTITY_SOURCE_ID] = FIELD("identity_source_id", true),
    [DWS_IDENTITY_SOURCE_TYPE] = FIELD("identity_source_type", true),
    [DWS_START_TIME] = FIELD("start_time", false),
    [DWS_END_TIME] = FIELD("end_time", false),
    [DWS_ADD_COUNT] = FIELD("add_count", false),
    [DWS_UPDATE_COUNT] = FIELD("update_count", false),
    [DWS_DELETE_COUNT] = FIELD("delete_count", false),
    [DWS_FAILED_COUNT] = FIELD("failed_count", false),
    [DWS_STATUS] = FIELD("status", true),
    [DWS_FAIL_REASON] = FIELD("fail_reason", true),
};

struct dws_text dws_field_name(enum dws_field field)
{
    return (struct dws_text){fields[field].name, fields[field].length};
}

bool dws_field_is_text(enum dws_field field)
{
    return fields[field].is_text;
}

enum dws_field dws_field_find(struct dws_text name)
{
    unsigned field = 0;
    while (field < DWS_FIELDS &&
           (fields[field].length != name.length || memcmp(fields[field].name, name.data, name.length) != 0))
        field++;
    return field;
}

static const char *type_name(enum dws_json_type type)
{
    switch (type) {
    case DWS_JSON_OBJECT: return "an object";
    case DWS_JSON_ARRAY: return "an array";
    case DWS_JSON_STRING: return "a string";
    case DWS_JSON_NUMBER: return "a number";
    case DWS_JSON_TRUE:
    case DWS_JSON_FALSE: return "a boolean";
    case DWS_JSON_NULL: return "null";
    case DWS_JSON_NOTHING: break;
    }
    return "nothing";
}

static bool is_key(struct dws_json_string key, const char *name, size_t length)
{
    return key.raw.length == length && memcmp(key.raw.data, name, length) == 0;
}

/* A key may be written with escapes, "\u0069d"; then it is compared without them. */
static struct dws_json_string plain_key(struct dws_json_string key, char *room, size_t size)
{
    if (key.escaped && key.raw.length <= size) {
        key.raw.length = dws_json_unescape(key, room);
        key.raw.data = room;
    }
    return key;
}

#define KEY_ROOM 160 /* "identity_source_type" with every byte written \u00XX is 120 long */

static unsigned find_field(struct dws_json_string key)
{
    char room[KEY_ROOM];
    return dws_field_find(plain_key(key, room, sizeof room).raw);
}

/* ---- one record ------------------------------------------------------------------------------- */

static bool refuse_field(struct dws_page *page, const struct dws_record *record, unsigned field, const char *found)
{
    if (page->json.error.status == DWS_OK)
        dws_fail(&page->json.error, DWS_ERR_DECODE, "sync_records[%zu].%s is %s, expected %s", record->index,
                 fields[field].name, found, fields[field].is_text ? "a string" : "an integer");
    return false;
}

/* 1e3 and 5.0 are integers, too, as long as a double can hold them exactly. */
static bool whole(struct dws_json_number *number)
{
    const double exact = 9007199254740992.0;
    if (number->is_integer)
        return true;
    if (!(number->real >= -exact && number->real <= exact) || number->real != (double)(int64_t)number->real)
        return false;
    number->integer = (int64_t)number->real;
    return true;
}

/* Reads what most numbers here are: up to 18 digits and nothing but the end of the member behind them. False, and
 * nothing is read, for any other. */
static inline bool read_digits(struct dws_json *json, int64_t *value)
{
    const char *at = json->at;
    const char *last = json->end - at > 18 ? at + 18 : json->end;
    int64_t sum = 0;
    for (; at < last && *at >= '0' && *at <= '9'; at++)
        sum = sum * 10 + (*at - '0');
    if (at == json->at || at == json->end || (*at != ',' && *at != '}') || (*json->at == '0' && at - json->at > 1))
        return false;
    json->at = at;
    *value = sum;
    return true;
}

static bool read_integer(struct dws_page *page, struct dws_record *record, unsigned field)
{
    struct dws_json_number number;
    if (read_digits(&page->json, &record->integer[field]))
        return true;
    if (!dws_json_number(&page->json, &number))
        return false;
    if (!whole(&number))
        return refuse_field(page, record, field, "a number with a fraction or out of range");
    record->integer[field] = number.integer;
    return true;
}

/* What dws_json_peek says, sooner for the usual. */
static inline enum dws_json_type peek(struct dws_json *json)
{
    if (json->at < json->end && *json->at == '"')
        return DWS_JSON_STRING;
    if (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        return DWS_JSON_NUMBER;
    return dws_json_peek(json);
}

static bool read_field(struct dws_page *page, struct dws_record *record, unsigned field)
{
    struct dws_json *json = &page->json;
    enum dws_json_type type = peek(json);
    const unsigned bit = 1u << field;
    if (type == DWS_JSON_NULL) {
        record->present &= ~bit;
        return dws_json_literal(json);
    }
    record->present |= bit;
    if (fields[field].is_text && type == DWS_JSON_STRING)
        return dws_json_string(json, &record->text[field]);
    if (!fields[field].is_text && type == DWS_JSON_NUMBER)
        return read_integer(page, record, field);
    return refuse_field(page, record, field, type_name(type));
}

/* The member at `position` is most often the one that was there in the record before; when it is, and is written
 * without white space, it is passed over at one glance. A failed reader has no bytes left, so it says no. */
static bool is_as_before(struct dws_page *page, unsigned position)
{
    struct dws_json *json = &page->json;
    const unsigned guess = page->order[position];
    const size_t first = position == 0; /* no comma */
    const size_t length = fields[guess].length + 4 - first;
    if ((size_t)(json->end - json->at) < length || memcmp(json->at, fields[guess].spelling + first, length) != 0)
        return false;
    json->at += length;
    json->fresh &= ~(UINT64_C(1) << (json->depth - 1));
    return true;
}

/* The next member's field, DWS_FIELDS for an unknown one; false at the end of the record, and for a failure. */
static bool next_field(struct dws_page *page, unsigned position, unsigned *field)
{
    struct dws_json_string key;
    if (position < DWS_FIELDS && is_as_before(page, position)) {
        *field = page->order[position];
        return true;
    }
    if (!dws_json_member(&page->json, &key))
        return false;
    *field = find_field(key);
    if (position < DWS_FIELDS && *field < DWS_FIELDS)
        page->order[position] = (unsigned char)*field;
    return true;
}

static bool read_record(struct dws_page *page, struct dws_record *record)
{
    struct dws_json *json = &page->json;
    unsigned field;
    enum dws_json_type type = dws_json_peek(json);
    if (type != DWS_JSON_OBJECT) {
        if (json->error.status == DWS_OK)
            dws_fail(&json->error, DWS_ERR_DECODE, "sync_records[%zu] is %s, expected an object", record->index,
                     type_name(type));
        return false;
    }
    record->source.data = json->at;
    if (!dws_json_object(json))
        return false;
    for (unsigned position = 0; next_field(page, position, &field); position++) {
        if (field == DWS_FIELDS)
            record->unknown++;
        if (!(field == DWS_FIELDS ? dws_json_skip(json) : read_field(page, record, field)))
            return false;
    }
    record->source.length = (size_t)(json->at - record->source.data);
    return json->error.status == DWS_OK;
}

/* ---- the page around the records -------------------------------------------------------------- */

static bool refuse_page(struct dws_page *page, const char *name, const char *found, const char *expected)
{
    if (page->json.error.status == DWS_OK)
        dws_fail(&page->json.error, DWS_ERR_DECODE, "%s is %s, expected %s", name, found, expected);
    return false;
}

static bool read_count(struct dws_page *page)
{
    static const char expected[] = "an integer of 0 or more";
    struct dws_json_number number;
    enum dws_json_type type = dws_json_peek(&page->json);
    page->has_count = type != DWS_JSON_NULL;
    if (type == DWS_JSON_NULL)
        return dws_json_literal(&page->json);
    if (type != DWS_JSON_NUMBER)
        return refuse_page(page, "count", type_name(type), expected);
    if (!dws_json_number(&page->json, &number))
        return false;
    if (!whole(&number))
        return refuse_page(page, "count", "a number with a fraction or out of range", expected);
    if (number.integer < 0)
        return refuse_page(page, "count", "negative", expected);
    page->count = number.integer;
    return true;
}

static bool enter_records(struct dws_page *page)
{
    enum dws_json_type type = dws_json_peek(&page->json);
    page->records = 0;
    page->names_records = true;
    page->has_records = type != DWS_JSON_NULL;
    if (type == DWS_JSON_NULL)
        return dws_json_literal(&page->json);
    if (type != DWS_JSON_ARRAY)
        return refuse_page(page, "sync_records", type_name(type), "an array");
    page->in_records = true;
    return dws_json_array(&page->json);
}

static bool read_member(struct dws_page *page, struct dws_json_string key)
{
    char room[KEY_ROOM];
    key = plain_key(key, room, sizeof room);
    page->members++;
    if (is_key(key, "count", 5))
        return read_count(page);
    if (is_key(key, "sync_records", 12))
        return enter_records(page);
    page->unknown++;
    return dws_json_skip(&page->json);
}

/* An object with neither of a page's members was not written by the service, and a count without records is half an
 * answer. */
static bool check_end(struct dws_page *page)
{
    if (!dws_json_finish(&page->json))
        return false;
    if (!page->has_records && page->has_count && page->count > 0) {
        dws_fail(&page->json.error, DWS_ERR_DECODE, "count says %lld, but there is no sync_records",
                 (long long)page->count);
        return false;
    }
    if (!page->names_records && !page->has_count) {
        dws_fail(&page->json.error, DWS_ERR_DECODE, "it has neither count nor sync_records");
        return false;
    }
    return true;
}

/* Signs of what is taken for a page most often when it is not one. */
static const struct {
    const char *sign;
    unsigned char length;
    const char *message;
} others[] = {
    {"\x1f\x8b", 2, "it is compressed by gzip, which was not asked for"},
    {"\x28\xb5\x2f\xfd", 4, "it is compressed by zstd, which was not asked for"},
    {"\xef\xbb\xbf", 3, "it begins with a byte order mark, which JSON must not"},
    {"\xff\xfe", 2, "it is UTF-16, expected UTF-8"},
    {"\xfe\xff", 2, "it is UTF-16, expected UTF-8"},
    {"<", 1, "it is HTML or XML, expected JSON"},
};

static void name_other(struct dws_text body, struct dws_error *error)
{
    while (body.length > 0 && strchr(" \t\r\n", body.data[0]) && body.data[0]) {
        body.data++;
        body.length--;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (body.length >= others[i].length && memcmp(body.data, others[i].sign, others[i].length) == 0)
            snprintf(error->message, sizeof error->message, "%s", others[i].message);
    }
}

enum dws_status dws_page_start(struct dws_page *page, struct dws_text body, struct dws_error *error)
{
    *page = (struct dws_page){.has_count = false};
    for (unsigned char i = 0; i < DWS_FIELDS; i++)
        page->order[i] = i;
    dws_json_start(&page->json, body);
    if (!dws_json_object(&page->json)) {
        *error = page->json.error;
        name_other(body, error);
        return error->status;
    }
    return DWS_OK;
}

static enum dws_status fail(struct dws_page *page, struct dws_error *error)
{
    *error = page->json.error;
    return error->status;
}

enum dws_status dws_page_next(struct dws_page *page, struct dws_record *record, struct dws_error *error)
{
    struct dws_json *json = &page->json;
    struct dws_json_string key;
    if (json->error.status != DWS_OK)
        return fail(page, error);
    for (;;) {
        if (page->in_records) {
            if (dws_json_element(json)) {
                record->present = 0;
                record->unknown = 0;
                record->index = page->records++;
                if (page->rows++ == DWS_PAGE_RECORDS)
                    dws_fail(&json->error, DWS_ERR_DECODE, "it has more than %zu records", DWS_PAGE_RECORDS);
                return read_record(page, record) ? DWS_OK : fail(page, error);
            }
            page->in_records = false;
        }
        if (json->depth == 0 || !dws_json_member(json, &key))
            return json->error.status == DWS_OK && check_end(page) ? DWS_IDLE : fail(page, error);
        if (!read_member(page, key))
            return fail(page, error);
    }
}
