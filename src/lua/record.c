/* record.c: one record → a Lua table, and any JSON value → a Lua value.
 * It must not know of pages, nor choose among records. */
#include "record.h"
#include "results.h"

#include <string.h>

#if defined(__has_include)
#if __has_include(<luajit.h>)
#include <luajit.h>
#endif
#endif

#define FEW_BYTES 256    /* longer texts with escapes are written into a userdata */
#define CACHED_BYTES 256 /* longer texts are not compared */

/* ---- values ----------------------------------------------------------------------------------- */

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

static bool push_value(lua_State *L, struct dws_json *json, size_t *left);

static bool push_object(lua_State *L, struct dws_json *json, size_t *left)
{
    struct dws_json_string key;
    lua_newtable(L);
    if (!dws_json_object(json))
        return false;
    while (dws_json_member(json, &key)) {
        push_string(L, key);
        if (!push_value(L, json, left))
            return false;
        lua_rawset(L, -3);
    }
    return json->error.status == DWS_OK;
}

/* A null leaves its place empty, so that what follows keeps its position. */
static bool push_array(lua_State *L, struct dws_json *json, size_t *left)
{
    lua_newtable(L);
    if (!dws_json_array(json))
        return false;
    for (int i = 1; dws_json_element(json); i++) {
        if (!push_value(L, json, left))
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
        dws_lua_push_integer(L, number.integer);
    else if (number.real >= -9007199254740992.0 && number.real <= 9007199254740992.0 &&
             number.real == (double)(int64_t)number.real)
        dws_lua_push_integer(L, (int64_t)number.real); /* 1e3 and 5.0 */
    else
        lua_pushnumber(L, number.real);
    return true;
}

/* Pushes any JSON value, one of those that are `left`; null is nil. The reader limits the depth. */
static bool push_value(lua_State *L, struct dws_json *json, size_t *left)
{
    struct dws_json_string string;
    enum dws_json_type type = dws_json_peek(json);
    luaL_checkstack(L, LUA_MINSTACK, "nested too deeply");
    if (*left == 0)
        return false;
    --*left;
    switch (type) {
    case DWS_JSON_OBJECT: return push_object(L, json, left);
    case DWS_JSON_ARRAY: return push_array(L, json, left);
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

/* ---- members that are no fields --------------------------------------------------------------- */

bool dws_lua_add_unknown(lua_State *L, struct dws_text source, enum dws_kind kind,
                         bool (*is_known)(enum dws_kind kind, struct dws_text key), size_t *left)
{
    struct dws_json json;
    struct dws_json_string key;
    dws_json_start(&json, source);
    dws_json_object(&json);
    while (dws_json_member(&json, &key)) {
        push_string(L, key);
        struct dws_text name;
        name.data = lua_tolstring(L, -1, &name.length);
        if (is_known(kind, name)) {
            lua_pop(L, 1);
            dws_json_skip(&json);
        } else {
            if (!push_value(L, &json, left))
                return false;
            lua_rawset(L, -3);
        }
    }
    return true;
}

/* What should be a boolean may be something else, which is kept as it came. */
static bool is_field(enum dws_kind kind, struct dws_text key)
{
    const enum dws_field field = dws_field_find_in(kind, key);
    return field != DWS_ALL_FIELDS && !dws_field_is_boolean(field);
}

/* ---- fields ----------------------------------------------------------------------------------- */

static const signed char cache_of[DWS_ALL_FIELDS] = {
    [DWS_ID] = -1,       [DWS_IDENTITY_SOURCE_ID] = 0, [DWS_IDENTITY_SOURCE_TYPE] = 1,
    [DWS_STATUS] = 2,    [DWS_FAIL_REASON] = 3,        [DWS_NAME] = -1,
    [DWS_USER_TYPE] = 0,
};

static void push_cached(lua_State *L, struct text_cache *cache, struct dws_json_string string)
{
    for (int i = 0; i < DWS_LUA_CACHED; i++) {
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
        cache->next = (cache->next + 1) % DWS_LUA_CACHED;
    }
}

static inline void push_field(struct record_maker *maker, const struct dws_record *record, unsigned field)
{
    const unsigned bit = 1u << field;
    if (!(maker->texts & bit) && !(maker->booleans & bit))
        dws_lua_push_integer(maker->L, record->integer[field]);
    else if (maker->booleans & bit)
        lua_pushboolean(maker->L, record->integer[field] != 0);
    else if (cache_of[field] < 0)
        push_string(maker->L, record->text[field]);
    else
        push_cached(maker->L, &maker->caches[cache_of[field]], record->text[field]);
}

/* ---- the table -------------------------------------------------------------------------------- */

#if defined(LUAJIT_VERSION)

/* Pushes "a,b,c", or "id=a,status=b,name=c": a parameter for each field, or what is made of them. */
static void push_list(struct record_maker *maker, bool named)
{
    luaL_Buffer list;
    char letter[] = "a";
    luaL_buffinit(maker->L, &list);
    for (unsigned left = maker->fields; left; left &= left - 1, letter[0]++) {
        if (named) {
            luaL_addstring(&list, dws_field_name((unsigned)__builtin_ctz(left)).data);
            luaL_addstring(&list, "=");
        }
        luaL_addstring(&list, letter);
        if (left & (left - 1))
            luaL_addstring(&list, ",");
    }
    luaL_pushresult(&list);
}

/* LuaJIT makes a table that a constructor names all keys of by copying one that has them, in a third of the time that
 * setting them one by one takes. The constructor is kept in the registry, one for each choice of fields. */
static void load_constructor(struct record_maker *maker)
{
    lua_State *L = maker->L;
    lua_pushliteral(L, "return function(");
    push_list(maker, false);
    lua_pushliteral(L, ") return {");
    push_list(maker, true);
    lua_pushliteral(L, "} end");
    lua_concat(L, 5);
    if (luaL_loadstring(L, lua_tostring(L, -1)) != 0)
        lua_error(L);
    lua_remove(L, -2);
    lua_call(L, 0, 1);
}

static void prepare_tables(struct record_maker *maker)
{
    lua_State *L = maker->L;
    luaL_newmetatable(L, "dwsync.records"); /* or the one that is there */
    lua_rawgeti(L, -1, (int)maker->fields);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        load_constructor(maker);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, (int)maker->fields);
    }
    lua_remove(L, -2);
    maker->base = lua_gettop(L);
}

static void push_table(struct record_maker *maker, const struct dws_record *record)
{
    lua_pushvalue(maker->L, maker->base);
    for (unsigned left = maker->fields; left; left &= left - 1) {
        const unsigned field = (unsigned)__builtin_ctz(left);
        if (record->present & 1u << field)
            push_field(maker, record, field);
        else
            lua_pushnil(maker->L);
    }
    lua_call(maker->L, __builtin_popcount(maker->fields), 1);
}

#else

static void prepare_tables(struct record_maker *maker)
{
    maker->base = lua_gettop(maker->L) + 1 - (int)maker->first;
    for (unsigned field = maker->first; field < maker->end; field++) {
        struct dws_text name = dws_field_name(field);
        lua_pushlstring(maker->L, name.data, name.length);
    }
}

static void push_table(struct record_maker *maker, const struct dws_record *record)
{
    lua_State *L = maker->L;
    const unsigned wanted = record->present & maker->fields;
    lua_createtable(L, 0, __builtin_popcount(wanted));
    for (unsigned left = wanted; left; left &= left - 1) {
        const unsigned field = (unsigned)__builtin_ctz(left);
        lua_pushvalue(L, maker->base + (int)field);
        push_field(maker, record, field);
        lua_rawset(L, -3);
    }
}

#endif

void dws_lua_prepare_records(struct record_maker *maker, lua_State *L, enum dws_kind kind, unsigned fields,
                             bool unknown)
{
    const unsigned all = dws_kind_fields(kind);
    *maker = (struct record_maker){.L = L, .kind = kind, .fields = fields, .unknown = unknown, .left = DWS_PAGE_VALUES};
    maker->first = (unsigned)__builtin_ctz(all);
    maker->end = maker->first + (unsigned)__builtin_popcount(all);
    for (unsigned field = maker->first; field < maker->end; field++) {
        maker->texts |= dws_field_is_text(field) ? 1u << field : 0;
        maker->booleans |= dws_field_is_boolean(field) ? 1u << field : 0;
    }
    luaL_checkstack(L, 2 * DWS_FIELDS + DWS_LUA_CACHED * DWS_LUA_CACHES + LUA_MINSTACK, "decode_page");
    prepare_tables(maker);
    for (size_t i = 0; i < DWS_LUA_CACHES; i++) {
        maker->caches[i].slot = lua_gettop(L) + 1;
        for (int k = 0; k < DWS_LUA_CACHED; k++)
            lua_pushnil(L);
    }
}

bool dws_lua_push_record(struct record_maker *maker, const struct dws_record *record)
{
    push_table(maker, record);
    return !record->unknown || !maker->unknown ||
           dws_lua_add_unknown(maker->L, record->source, maker->kind, is_field, &maker->left);
}
