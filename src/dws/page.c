/* page.c: a page of synchronisation records or accounts, one record at a time, pointing into the body.
 * It must not copy or allocate, nor accept a page that says something other than what it should. */
#include "internal.h"
#include "scan.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
#define KEY(name) {"\"" name "\"", (UINT32_C(1) << (sizeof(name) + 1)) - 1}
#define FIELD(name, type) {name, KEY(name), sizeof(name) - 1, type}
/* clang-format on */

enum type { INTEGER, TEXT, BOOLEAN };

static const char *const expected_types[] = {"an integer", "a string"};

/* Table 4 of the vendor's page "Querying Identity Source Synchronization Records", then the users of ListDatabaseUsers:
 * the fields of a kind are neighbours. */
static const struct field {
    const char *name;
    struct dws_key key;
    unsigned char length;
    unsigned char type;
} fields[DWS_ALL_FIELDS] = {
    [DWS_ID] = FIELD("id", TEXT),
    [DWS_IDENTITY_SOURCE_ID] = FIELD("identity_source_id", TEXT),
    [DWS_IDENTITY_SOURCE_TYPE] = FIELD("identity_source_type", TEXT),
    [DWS_START_TIME] = FIELD("start_time", INTEGER),
    [DWS_END_TIME] = FIELD("end_time", INTEGER),
    [DWS_ADD_COUNT] = FIELD("add_count", INTEGER),
    [DWS_UPDATE_COUNT] = FIELD("update_count", INTEGER),
    [DWS_DELETE_COUNT] = FIELD("delete_count", INTEGER),
    [DWS_FAILED_COUNT] = FIELD("failed_count", INTEGER),
    [DWS_STATUS] = FIELD("status", TEXT),
    [DWS_FAIL_REASON] = FIELD("fail_reason", TEXT),
    [DWS_NAME] = FIELD("name", TEXT),
    [DWS_LOGIN] = FIELD("login", BOOLEAN),
    [DWS_USER_TYPE] = FIELD("user_type", TEXT),
};

static const struct kind {
    struct dws_text list;
    unsigned char first, end; /* its fields */
} kinds[] = {
    [DWS_RECORDS] = {{"sync_records", 12}, DWS_ID, DWS_FIELDS},
    [DWS_ACCOUNTS] = {{"users", 5}, DWS_NAME, DWS_ALL_FIELDS},
};

struct dws_text dws_kind_list(enum dws_kind kind)
{
    return kinds[kind].list;
}

unsigned dws_kind_fields(enum dws_kind kind)
{
    return (1u << kinds[kind].end) - (1u << kinds[kind].first);
}

struct dws_text dws_field_name(enum dws_field field)
{
    return (struct dws_text){fields[field].name, fields[field].length};
}

bool dws_field_is_text(enum dws_field field)
{
    return fields[field].type == TEXT;
}

bool dws_field_is_boolean(enum dws_field field)
{
    return fields[field].type == BOOLEAN;
}

enum dws_field dws_field_find_in(enum dws_kind kind, struct dws_text name)
{
    for (unsigned field = kinds[kind].first; field < kinds[kind].end; field++) {
        if (fields[field].length == name.length && memcmp(fields[field].name, name.data, name.length) == 0)
            return field;
    }
    return DWS_ALL_FIELDS;
}

enum dws_field dws_field_find(struct dws_text name)
{
    enum dws_field field = dws_field_find_in(DWS_RECORDS, name);
    return field == DWS_ALL_FIELDS ? DWS_FIELDS : field;
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

static bool is_key(struct dws_json_string key, struct dws_text name)
{
    return key.raw.length == name.length && memcmp(key.raw.data, name.data, name.length) == 0;
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

static unsigned find_field(const struct dws_page *page, struct dws_json_string key)
{
    char room[KEY_ROOM];
    return dws_field_find_in(page->kind, plain_key(key, room, sizeof room).raw);
}

/* ---- one record ------------------------------------------------------------------------------- */

static bool refuse_field(struct dws_page *page, const struct dws_record *record, unsigned field, const char *found)
{
    if (page->json.error.status == DWS_OK)
        dws_fail(&page->json.error, DWS_ERR_DECODE, "%s[%zu].%s is %s, expected %s", kinds[page->kind].list.data,
                 record->index, fields[field].name, found, expected_types[fields[field].type]);
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

static bool read_integer(struct dws_page *page, struct dws_record *record, unsigned field)
{
    struct dws_json_number number;
    if (!dws_json_number(&page->json, &number))
        return false;
    if (!whole(&number))
        return refuse_field(page, record, field, "a number with a fraction or out of range");
    record->integer[field] = number.integer;
    return true;
}

static bool read_field(struct dws_page *page, struct dws_record *record, unsigned field)
{
    struct dws_json *json = &page->json;
    const enum dws_json_type type = dws_json_peek(json);
    const unsigned bit = 1u << field;
    if (type == DWS_JSON_NULL) {
        record->present &= ~bit;
        return dws_json_literal(json);
    }
    record->present |= bit;
    if (fields[field].type == TEXT && type == DWS_JSON_STRING)
        return dws_json_string(json, &record->text[field]);
    if (fields[field].type == INTEGER && type == DWS_JSON_NUMBER)
        return read_integer(page, record, field);
    if (fields[field].type == BOOLEAN && (type == DWS_JSON_TRUE || type == DWS_JSON_FALSE)) {
        record->integer[field] = type == DWS_JSON_TRUE;
        return dws_json_literal(json);
    }
    if (fields[field].type == BOOLEAN) { /* that it is one is assumed: a list is not given up for it */
        record->present &= ~bit;
        record->unknown++;
        return dws_json_skip(json);
    }
    return refuse_field(page, record, field, type_name(type));
}

/* ---- its usual members ------------------------------------------------------------------------ */

/* Most members are those that the record before had there, with neither escapes nor anything else that is rare: they
 * are read at a glance. Any other is left to the reader of JSON, which begins where the member does, and so says the
 * same. */

#define ALWAYS_INLINE __attribute__((always_inline)) static inline /* a call would cost a sixth */
#define AMPLE 64 /* bytes: a name, its colon and what is around them */

/* Over blanks to `wanted`, which most often comes at once. NULL: it does not come, or hardly anything behind it. */
static inline const char *pass(const char *at, const char *end, char wanted)
{
    if (*at == wanted)
        return at + 1;
    at = dws_scan_blanks(at, end);
    return end - at >= AMPLE && *at == wanted ? at + 1 : NULL;
}

/* To what is behind the blanks, of which there are most often none or one. */
static inline const char *pass_blanks(const char *at, const char *end)
{
    if ((unsigned char)*at > ' ')
        return at;
    if (*at == ' ' && (unsigned char)at[1] > ' ')
        return at + 1;
    at = dws_scan_more_blanks(at, end);
    return end - at >= AMPLE ? at : NULL;
}

static inline const char *usual_text(const char *at, const char *end, struct dws_json_string *string)
{
    const char *last = dws_scan_plain(at + 1, end);
    if (*at != '"' || last == end || *last != '"')
        return NULL;
    *string = (struct dws_json_string){{at + 1, (size_t)(last - at - 1)}, false};
    return last + 1;
}

/* Digits with nothing but the end of the member behind them. */
static inline const char *usual_integer(const char *at, const char *end, int64_t *integer)
{
    uint64_t sum;
    const char *last = dws_scan_digits(at, end, &sum);
    if (last == at || last == end || (*last != ',' && *last != '}' && !dws_is_blank(*last)) ||
        (*at == '0' && last - at > 1))
        return NULL;
    *integer = (int64_t)sum;
    return last;
}

static inline const char *usual_boolean(const char *at, int64_t *integer)
{
    *integer = memcmp(at, "true", 4) == 0;
    return *integer ? at + 4 : memcmp(at, "false", 5) == 0 ? at + 5 : NULL;
}

/* Reads the member at `at`, which is `field` most often. NULL, and nothing is read, when it is another or not usual, as
 * near the end of the body. */
ALWAYS_INLINE const char *usual_member(struct dws_record *record, unsigned field, bool first, const char *at,
                                       const char *end)
{
    const struct field *known = &fields[field];
    if (end - at < 2 * AMPLE || (!first && !(at = pass(at, end, ','))))
        return NULL;
    if (!(at = pass_blanks(at, end)) || !dws_is_key(at, &known->key))
        return NULL;
    if (!(at = pass(at + known->length + 2, end, ':')) || !(at = pass_blanks(at, end)))
        return NULL;
    if (*at == 'n' && memcmp(at, "null", 4) == 0) {
        record->present &= ~(1u << field);
        return at + 4;
    }
    at = known->type == TEXT      ? usual_text(at, end, &record->text[field])
         : known->type == INTEGER ? usual_integer(at, end, &record->integer[field])
                                  : usual_boolean(at, &record->integer[field]);
    if (at)
        record->present |= 1u << field;
    return at;
}

/* Reads members as long as they are usual; returns the position of the one that is not. */
static unsigned usual_members(struct dws_page *page, struct dws_record *record, unsigned position)
{
    struct dws_json *json = &page->json;
    const char *const end = json->end;
    const char *at = json->at, *next;
    if (position == 0) {
        if (!(next = usual_member(record, page->order[0], true, at, end)))
            return 0;
        json->fresh &= ~(UINT64_C(1) << (json->depth - 1));
        at = next;
        position++;
    }
    for (; position < page->fields; position++) {
        if (!(next = usual_member(record, page->order[position], false, at, end)))
            break;
        at = next;
    }
    json->at = at;
    return position;
}

/* ---- any record ------------------------------------------------------------------------------- */

static bool read_record(struct dws_page *page, struct dws_record *record)
{
    struct dws_json *json = &page->json;
    struct dws_json_string key;
    unsigned position, field;
    enum dws_json_type type = dws_json_peek(json);
    if (type != DWS_JSON_OBJECT) {
        if (json->error.status == DWS_OK)
            dws_fail(&json->error, DWS_ERR_DECODE, "%s[%zu] is %s, expected an object", kinds[page->kind].list.data,
                     record->index, type_name(type));
        return false;
    }
    record->source.data = json->at;
    if (!dws_json_object(json))
        return false;
    for (position = usual_members(page, record, 0); dws_json_member(json, &key);
         position = usual_members(page, record, position + 1)) {
        field = find_field(page, key);
        if (field == DWS_ALL_FIELDS)
            record->unknown++;
        else if (position < page->fields)
            page->order[position] = (unsigned char)field;
        if (!(field == DWS_ALL_FIELDS ? dws_json_skip(json) : read_field(page, record, field)))
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
        return refuse_page(page, kinds[page->kind].list.data, type_name(type), "an array");
    page->in_records = true;
    return dws_json_array(&page->json);
}

static bool read_member(struct dws_page *page, struct dws_json_string key)
{
    char room[KEY_ROOM];
    key = plain_key(key, room, sizeof room);
    page->members++;
    if (is_key(key, (struct dws_text){"count", 5}))
        return read_count(page);
    if (is_key(key, kinds[page->kind].list))
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
        dws_fail(&page->json.error, DWS_ERR_DECODE, "count says %lld, but there is no %s", (long long)page->count,
                 kinds[page->kind].list.data);
        return false;
    }
    if (!page->has_records && !page->has_count && page->names_records && page->kind == DWS_ACCOUNTS)
        return refuse_page(page, kinds[page->kind].list.data, "null", "an array"); /* would say that nobody is there */
    if (!page->names_records && !page->has_count) {
        dws_fail(&page->json.error, DWS_ERR_DECODE, "it has neither count nor %s", kinds[page->kind].list.data);
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

enum dws_status dws_page_start_of(struct dws_page *page, enum dws_kind kind, struct dws_text body,
                                  struct dws_error *error)
{
    const unsigned char first = kinds[kind].first;
    *page = (struct dws_page){.kind = kind, .fields = kinds[kind].end - first};
    for (unsigned char i = 0; i < page->fields; i++)
        page->order[i] = (unsigned char)(first + i);
    dws_json_start(&page->json, body);
    if (!dws_json_object(&page->json)) {
        *error = page->json.error;
        name_other(body, error);
        return error->status;
    }
    return DWS_OK;
}

enum dws_status dws_page_start(struct dws_page *page, struct dws_text body, struct dws_error *error)
{
    return dws_page_start_of(page, DWS_RECORDS, body, error);
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
