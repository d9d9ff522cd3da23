/* lua_decode.c: core.decode_page: the body of a page → a Lua table that is safe to rely on.
 * It must not know about HTTP or about what a failing service says: an unknown field is kept, that is all. */
#include "lua_filter.h"
#include "lua_ids.h"

#include <string.h>

#define SHOWN_BYTES 200
#define CACHED 4           /* texts remembered per field, so that a repeated one is neither hashed nor copied again */
#define CACHED_BYTES 256   /* longer texts are not compared */
#define FEW_BYTES 256      /* longer texts with escapes are written into a userdata */
#define SMALLEST_RECORD 32 /* bytes; bounds how many rows a list is made for in advance */

/* Fields whose texts come again from record to record. */
static const enum dws_field repeating[] = {DWS_IDENTITY_SOURCE_ID, DWS_IDENTITY_SOURCE_TYPE, DWS_STATUS, DWS_FAIL_REASON};
#define REPEATING (sizeof repeating / sizeof *repeating)

struct cache {
    struct dws_text raw[CACHED]; /* as in the body, which outlives the decoding */
    int slot;                    /* stack index of the first string */
    unsigned next;
};

struct decoder {
    lua_State *L;
    struct dws_page page;
    struct cache caches[REPEATING];
    int keys; /* stack index of the first field name */
    struct filter filter;
    struct dws_ids *ids; /* or NULL: every record is handed over */
    size_t rows;         /* records in the list that is being made */
};

/* ---- errors ----------------------------------------------------------------------------------- */

/* nil, {kind = "decode", …}; adds how the body begins, printable ASCII only: it may be a proxy's page, and a terminal
 * must not obey it. */
static int fail(lua_State *L, struct dws_text body, const struct dws_error *error)
{
    char shown[SHOWN_BYTES + 1];
    size_t n = 0;
    for (size_t i = 0; i < body.length && n < SHOWN_BYTES; i++) {
        if (body.data[i] >= ' ' && body.data[i] <= '~')
            shown[n++] = body.data[i];
    }
    shown[n] = '\0';
    lua_pushnil(L);
    lua_createtable(L, 0, 3);
    lua_pushliteral(L, "decode");
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, dws_status_name(error->status));
    lua_setfield(L, -2, "code");
    if (body.length == 0)
        lua_pushliteral(L, "the response is empty, not a page of records");
    else
        lua_pushfstring(L, "the response is not a page of records: %s; it begins: %s", error->message, shown);
    lua_setfield(L, -2, "message");
    return 2;
}

/* ---- values ----------------------------------------------------------------------------------- */

static void push_integer(lua_State *L, int64_t integer)
{
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, integer);
#else
    lua_pushnumber(L, (lua_Number)integer); /* exact to 2^53 */
#endif
}

static void push_string(lua_State *L, struct dws_json_string string)
{
    if (!string.escaped) {
        lua_pushlstring(L, string.raw.data, string.raw.length);
        return;
    }
    char few[FEW_BYTES];
    if (string.raw.length <= sizeof few) {
        lua_pushlstring(L, few, dws_json_unescape(string, few));
        return;
    }
    char *room = lua_newuserdata(L, string.raw.length);
    lua_pushlstring(L, room, dws_json_unescape(string, room));
    lua_remove(L, -2);
}

static bool push_value(lua_State *L, struct dws_json *json);

static bool push_object(lua_State *L, struct dws_json *json)
{
    struct dws_json_string key;
    lua_newtable(L);
    if (!dws_json_object(json))
        return false;
    while (dws_json_member(json, &key)) {
        push_string(L, key);
        if (!push_value(L, json))
            return false;
        lua_rawset(L, -3);
    }
    return json->error.status == DWS_OK;
}

/* A null leaves its place empty, so that what stands behind it keeps its position. */
static bool push_array(lua_State *L, struct dws_json *json)
{
    lua_newtable(L);
    if (!dws_json_array(json))
        return false;
    for (int i = 1; dws_json_element(json); i++) {
        if (!push_value(L, json))
            return false;
        lua_rawseti(L, -2, i);
    }
    return json->error.status == DWS_OK;
}

static bool push_number(lua_State *L, struct dws_json *json)
{
    struct dws_json_number number;
    if (!dws_json_number(json, &number))
        return false;
    if (number.is_integer)
        push_integer(L, number.integer);
    else if (number.real >= -9007199254740992.0 && number.real <= 9007199254740992.0 &&
             number.real == (double)(int64_t)number.real)
        push_integer(L, (int64_t)number.real); /* 1e3 and 5.0 */
    else
        lua_pushnumber(L, number.real);
    return true;
}

/* Pushes any JSON value; null is nil. The reader limits the depth. */
static bool push_value(lua_State *L, struct dws_json *json)
{
    struct dws_json_string string;
    enum dws_json_type type = dws_json_peek(json);
    luaL_checkstack(L, 4, "nested too deeply");
    switch (type) {
    case DWS_JSON_OBJECT: return push_object(L, json);
    case DWS_JSON_ARRAY: return push_array(L, json);
    case DWS_JSON_NUMBER: return push_number(L, json);
    case DWS_JSON_STRING:
        if (!dws_json_string(json, &string))
            return false;
        push_string(L, string);
        return true;
    case DWS_JSON_NULL: lua_pushnil(L); break;
    case DWS_JSON_NOTHING: return false;
    default: lua_pushboolean(L, type == DWS_JSON_TRUE);
    }
    return dws_json_literal(json);
}

/* ---- records ---------------------------------------------------------------------------------- */

static void push_cached(lua_State *L, struct cache *cache, struct dws_json_string string)
{
    for (int i = 0; i < CACHED; i++) {
        const struct dws_text *known = &cache->raw[i];
        if (known->data && known->length == string.raw.length &&
            memcmp(known->data, string.raw.data, string.raw.length) == 0) {
            lua_pushvalue(L, cache->slot + i);
            return;
        }
    }
    push_string(L, string);
    if (string.raw.length <= CACHED_BYTES) {
        cache->raw[cache->next] = string.raw;
        lua_pushvalue(L, -1);
        lua_replace(L, cache->slot + (int)cache->next);
        cache->next = (cache->next + 1) % CACHED;
    }
}

static struct cache *cache_of(struct decoder *d, enum dws_field field)
{
    for (size_t i = 0; i < REPEATING; i++) {
        if (repeating[i] == field)
            return &d->caches[i];
    }
    return NULL;
}

static void push_field(struct decoder *d, const struct dws_record *record, enum dws_field field)
{
    if (!dws_field_is_text(field)) {
        push_integer(d->L, record->integer[field]);
        return;
    }
    struct cache *cache = cache_of(d, field);
    if (cache)
        push_cached(d->L, cache, record->text[field]);
    else
        push_string(d->L, record->text[field]);
}

/* Reads the object again for the members that are no fields. What was valid once is valid now. */
static void add_unknown(lua_State *L, struct dws_text source, bool (*is_known)(struct dws_text key))
{
    struct dws_json json;
    struct dws_json_string key;
    dws_json_start(&json, source);
    dws_json_object(&json);
    while (dws_json_member(&json, &key)) {
        push_string(L, key);
        struct dws_text name;
        name.data = lua_tolstring(L, -1, &name.length);
        if (is_known(name)) {
            lua_pop(L, 1);
            dws_json_skip(&json);
        } else {
            push_value(L, &json);
            lua_rawset(L, -3);
        }
    }
}

static bool is_text(struct dws_text text, const char *string, size_t length)
{
    return text.length == length && memcmp(text.data, string, length) == 0;
}

static bool is_record_field(struct dws_text key)
{
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        struct dws_text name = dws_field_name(field);
        if (is_text(key, name.data, name.length))
            return true;
    }
    return false;
}

static bool is_page_field(struct dws_text key)
{
    return is_text(key, "count", 5) || is_text(key, "sync_records", 12);
}

static void push_record(struct decoder *d, const struct dws_record *record)
{
    lua_State *L = d->L;
    const unsigned wanted = record->present & d->filter.fields;
    lua_createtable(L, 0, __builtin_popcount(wanted));
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        if (wanted & 1u << field) {
            lua_pushvalue(L, d->keys + (int)field);
            push_field(d, record, field);
            lua_rawset(L, -3);
        }
    }
    if (record->unknown && d->filter.unknown)
        add_unknown(L, record->source, is_record_field);
}

/* ---- the page --------------------------------------------------------------------------------- */

/* Stack: …, 11 field names, the cached strings. */
static void prepare(struct decoder *d, lua_State *L)
{
    d->L = L;
    luaL_checkstack(L, DWS_FIELDS + CACHED * (int)REPEATING + 16, "decode_page");
    d->keys = lua_gettop(L) + 1;
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        struct dws_text name = dws_field_name(field);
        lua_pushlstring(L, name.data, name.length);
    }
    for (size_t i = 0; i < REPEATING; i++) {
        d->caches[i] = (struct cache){.slot = lua_gettop(L) + 1};
        for (int k = 0; k < CACHED; k++)
            lua_pushnil(L);
    }
}

/* Room for as many rows as the rest of the body can hold if they are like the first one. */
static int expected_rows(const struct decoder *d, const struct dws_record *first)
{
    size_t left = (size_t)(d->page.json.end - d->page.json.at);
    size_t each = first->source.length > SMALLEST_RECORD ? first->source.length : SMALLEST_RECORD;
    return d->filter.count == 0 ? (int)(left / each) + 1 : 0;
}

/* Whether the record is to be handed over: it fits, and was not seen on an earlier page. */
static enum dws_status is_wanted(struct decoder *d, const struct dws_record *record, bool *wanted,
                                 struct dws_error *error)
{
    unsigned news = DWS_ID_NEW;
    if (d->ids && dws_ids_add(d->ids, record, &news, error) != DWS_OK)
        return error->status;
    *wanted = (news & DWS_ID_NEW) && dws_lua_fits(&d->filter, record);
    return DWS_OK;
}

/* The list is on top of the stack. Should sync_records stand twice, the first list is thrown away; but its ids would stay
 * known and be missed later. */
static enum dws_status begin_list(struct decoder *d, int rows, struct dws_error *error)
{
    if (d->ids && d->rows > 0) {
        *error = (struct dws_error){DWS_ERR_DECODE, "sync_records stands twice"};
        return error->status;
    }
    lua_pop(d->L, 1);
    lua_createtable(d->L, rows, 0);
    return DWS_OK;
}

/* Pushes the list of records. */
static enum dws_status push_records(struct decoder *d, struct dws_error *error)
{
    lua_State *L = d->L;
    struct dws_record record;
    enum dws_status status;
    int kept = 0;
    lua_newtable(L);
    while ((status = dws_page_next(&d->page, &record, error)) == DWS_OK) {
        bool wanted;
        if (record.index == 0) {
            if (begin_list(d, expected_rows(d, &record), error) != DWS_OK)
                return error->status;
            kept = 0;
        }
        d->rows = record.index + 1;
        if (is_wanted(d, &record, &wanted, error) != DWS_OK)
            return error->status;
        if (wanted) {
            push_record(d, &record);
            lua_rawseti(L, -2, ++kept);
        }
    }
    if (status == DWS_IDLE && d->rows != d->page.records && begin_list(d, 0, error) != DWS_OK)
        return error->status;
    return status;
}

/* Pushes the page without what its records said. */
static void push_page(struct decoder *d, struct dws_text body)
{
    lua_State *L = d->L;
    lua_createtable(L, 0, 3);
    lua_insert(L, -2);
    lua_setfield(L, -2, "sync_records");
    if (d->page.has_count) {
        push_integer(L, d->page.count);
        lua_setfield(L, -2, "count");
    }
    if (d->page.unknown)
        add_unknown(L, body, is_page_field);
}

int dws_lua_decode(lua_State *L, struct dws_text body, int options)
{
    struct decoder d = {.L = L};
    struct dws_error error;
    dws_lua_filter(L, options, &d.filter);
    d.ids = dws_lua_ids_option(L, options);
    if (dws_page_start(&d.page, body, &error) != DWS_OK)
        return fail(L, body, &error);
    if (d.ids)
        dws_ids_begin_page(d.ids);
    prepare(&d, L);
    if (push_records(&d, &error) != DWS_IDLE)
        return error.status == DWS_ERR_MEMORY ? dws_lua_fail(L, &error) : fail(L, body, &error);
    push_page(&d, body);
    if (d.ids) {
        struct dws_ids_page place = dws_ids_end_page(d.ids);
        dws_lua_push_place(L, &place);
    } else {
        lua_pushnil(L);
    }
    return 2;
}

/* core.decode_page(body, options) → {count = integer?, sync_records = {…}} with unknown fields kept, and, with
 * options.ids, what the page's rows say about its place in the list | nil, err.
 * options.fields: names of the fields to hand over; options.where: conditions by field name, each a value, a list of
 * values or {min =, max =}; options.ids: records seen on earlier pages are left out */
static int core_decode_page(lua_State *L)
{
    struct dws_text body;
    body.data = luaL_checklstring(L, 1, &body.length);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    return dws_lua_decode(L, body, 2);
}

void dws_lua_open_decode(lua_State *L)
{
    lua_pushcfunction(L, core_decode_page);
    lua_setfield(L, -2, "decode_page");
}
