/* lua_decode.c: core.decode_page: the body of a page → a Lua table that is safe to rely on.
 * It must not know about HTTP or about what a failing service says: an unknown field is kept, that is all. */
#include "lua_dwsync.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DECODER "dwsync.decoder" /* registry: lua-cjson's decode, set up strictly */
#define MAX_DEPTH 64
#define SHOWN_BYTES 200
#define EXACT 9007199254740992.0 /* 2^53: beyond it a double no longer tells neighbours apart */

/* ---- lua-cjson, strictly ---------------------------------------------------------------------- */

static void set_option(lua_State *L, int cjson, const char *option, void (*push)(lua_State *L))
{
    lua_getfield(L, cjson, option);
    push(L);
    lua_call(L, 1, 0);
}

static void push_depth(lua_State *L)
{
    lua_pushinteger(L, MAX_DEPTH);
}

static void push_false(lua_State *L)
{
    lua_pushboolean(L, 0);
}

/* Pushes decode() of an instance of our own: the settings of the shared one belong to the host program. */
static void push_decoder(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, DECODER);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cjson");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "new");
    lua_call(L, 0, 1);
    int cjson = lua_gettop(L);
    set_option(L, cjson, "decode_max_depth", push_depth);
    set_option(L, cjson, "decode_invalid_numbers", push_false);
    lua_getfield(L, cjson, "decode");
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, DECODER);
    lua_replace(L, cjson - 1);
    lua_settop(L, cjson - 1);
}

/* ---- errors ----------------------------------------------------------------------------------- */

/* nil, {kind = "decode", message = "…"}; what is on top of the stack is the message. */
static int fail(lua_State *L)
{
    lua_pushnil(L);
    lua_insert(L, -2);
    lua_createtable(L, 0, 3);
    lua_pushliteral(L, "decode");
    lua_setfield(L, -2, "kind");
    lua_pushliteral(L, "decode");
    lua_setfield(L, -2, "code");
    lua_insert(L, -2);
    lua_setfield(L, -2, "message");
    return 2;
}

/* The reason is on top of the stack; adds how the body begins, printable ASCII only: it may be a proxy's page, and
 * a terminal must not obey it. */
static int fail_with_body(lua_State *L, struct dws_text body)
{
    char shown[SHOWN_BYTES + 1];
    size_t n = 0;
    for (size_t i = 0; i < body.length && n < SHOWN_BYTES; i++) {
        if (body.data[i] >= ' ' && body.data[i] <= '~')
            shown[n++] = body.data[i];
    }
    shown[n] = '\0';
    if (body.length == 0)
        lua_pushliteral(L, "the response is empty, not a page of records");
    else
        lua_pushfstring(L, "the response is not a page of records: %s; it begins: %s", lua_tostring(L, -1), shown);
    return fail(L);
}

/* ---- numbers and nulls ------------------------------------------------------------------------ */

#if LUA_VERSION_NUM >= 503
/* lua-cjson makes a float of every number; one that is whole and exact becomes the integer it was. */
static bool push_integer(lua_State *L, int value)
{
    lua_Number number = lua_tonumber(L, value);
    if (lua_isinteger(L, value) || number != floor(number) || !(number >= -EXACT && number <= EXACT))
        return false;
    lua_pushinteger(L, (lua_Integer)number);
    return true;
}
#else
static bool push_integer(lua_State *L, int value)
{
    (void)L;
    (void)value;
    return false;
}
#endif

/* Walks the table on top of the stack: null becomes absent, whole numbers integers. Depth is limited by the decoder. */
static void normalise(lua_State *L)
{
    int table = lua_gettop(L);
    luaL_checkstack(L, 6, "nested too deeply");
    for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 1)) {
        bool change = false;
        switch (lua_type(L, -1)) {
        case LUA_TTABLE:
            normalise(L);
            break;
        case LUA_TLIGHTUSERDATA:
            lua_pushnil(L);
            change = true;
            break;
        case LUA_TNUMBER:
            change = push_integer(L, table + 2);
            break;
        default:
            break;
        }
        if (change) {
            lua_pushvalue(L, table + 1);
            lua_insert(L, -2);
            lua_rawset(L, table); /* assigning to an existing field is allowed while traversing */
        }
    }
}

/* ---- the shape of a page ---------------------------------------------------------------------- */

struct field {
    const char *name;
    int type; /* LUA_TSTRING, or LUA_TNUMBER for an integer */
};

/* Table 4 of the vendor's page "Querying Identity Source Synchronization Records". */
static const struct field record_fields[] = {
    {"id", LUA_TSTRING},           {"identity_source_id", LUA_TSTRING}, {"identity_source_type", LUA_TSTRING},
    {"start_time", LUA_TNUMBER},   {"end_time", LUA_TNUMBER},           {"add_count", LUA_TNUMBER},
    {"update_count", LUA_TNUMBER}, {"delete_count", LUA_TNUMBER},       {"failed_count", LUA_TNUMBER},
    {"status", LUA_TSTRING},       {"fail_reason", LUA_TSTRING},
};

/* lua-cjson's null is a light userdata. */
static bool is_absent(lua_State *L, int index)
{
    return lua_isnil(L, index) || lua_islightuserdata(L, index);
}

static bool is_integer(lua_State *L, int index)
{
    lua_Number number = lua_tonumber(L, index);
    return lua_type(L, index) == LUA_TNUMBER && number == floor(number) && fabs(number) < 9.2e18;
}

static const char *json_type(lua_State *L, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TLIGHTUSERDATA: return "null";
    case LUA_TTABLE: return "an object or array";
    case LUA_TNUMBER: return is_integer(L, index) ? "an integer" : "a number with a fraction or out of range";
    case LUA_TBOOLEAN: return "a boolean";
    default: return "a string";
    }
}

/* Pushes the message and returns false when the record on top of the stack is none, or has a field of the wrong type. */
static bool check_record(lua_State *L, int index)
{
    if (!lua_istable(L, -1)) {
        lua_pushfstring(L, "sync_records[%d] is %s, expected an object", index, json_type(L, -1));
        return false;
    }
    for (size_t i = 0; i < sizeof record_fields / sizeof *record_fields; i++) {
        const struct field *field = &record_fields[i];
        lua_getfield(L, -1, field->name);
        bool text = field->type == LUA_TSTRING;
        if (!is_absent(L, -1) && !(text ? lua_type(L, -1) == LUA_TSTRING : is_integer(L, -1))) {
            lua_pushfstring(L, "sync_records[%d].%s is %s, expected %s", index, field->name, json_type(L, -1),
                            text ? "a string" : "an integer");
            return false;
        }
        lua_pop(L, 1);
    }
    return true;
}

static bool check_records(lua_State *L)
{
    int records = lua_gettop(L);
    size_t length = lua_rawlen(L, records);
    for (size_t i = 0; i < length; i++) {
        lua_rawgeti(L, records, (int)i + 1);
        if (!check_record(L, (int)i))
            return false;
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    if (length == 0 && lua_next(L, records)) {
        lua_pushliteral(L, "sync_records is an object, expected an array");
        return false;
    }
    return true;
}

/* Pushes the message and returns false when the object on top of the stack is not a page. An object with neither
 * count nor records was written by somebody else, unless it is empty: everything in a page is optional. */
static bool check_page(lua_State *L)
{
    int page = lua_gettop(L);
    lua_getfield(L, page, "count");
    lua_getfield(L, page, "sync_records");
    bool counted = !is_absent(L, page + 1);
    if (counted && !(is_integer(L, page + 1) && lua_tonumber(L, page + 1) >= 0)) {
        lua_pushfstring(L, "count is %s, expected an integer of 0 or more",
                        is_integer(L, page + 1) ? "negative" : json_type(L, page + 1));
    } else if (lua_istable(L, page + 2)) {
        if (check_records(L))
            return true;
    } else if (!is_absent(L, page + 2)) {
        lua_pushfstring(L, "sync_records is %s, expected an array of objects", json_type(L, page + 2));
    } else if (counted && lua_tonumber(L, page + 1) > 0) {
        lua_pushfstring(L, "count says %d, but there is no sync_records", (int)lua_tonumber(L, page + 1));
    } else {
        lua_pushnil(L);
        if (!lua_isnil(L, page + 1) || !lua_isnil(L, page + 2) || !lua_next(L, page))
            return true;
        lua_pushliteral(L, "it has neither count nor sync_records");
    }
    return false;
}

/* JSON holds no control byte but white space, neither inside a string nor outside. lua-cjson lets them pass, and takes a
 * NUL for the end of the text. */
static bool holds_control(struct dws_text body, size_t *offset)
{
    for (size_t i = 0; i < body.length; i++) {
        unsigned char c = (unsigned char)body.data[i];
        if (c < ' ' && c != '\t' && c != '\n' && c != '\r') {
            *offset = i;
            return true;
        }
    }
    return false;
}

/* core.decode_page(body) → {count = integer?, sync_records = {…}} with unknown fields kept | nil, err */
static int core_decode_page(lua_State *L)
{
    struct dws_text body;
    size_t offset;
    body.data = luaL_checklstring(L, 1, &body.length);
    luaL_argcheck(L, lua_isnoneornil(L, 2), 2, "decode_page takes no options yet");
    lua_settop(L, 1);
    bool control = holds_control(body, &offset);
    if (control || !dws_utf8_valid(body, &offset)) {
        char where[64];
        snprintf(where, sizeof where, "byte %zu is %s", offset + 1, control ? "a control character" : "not valid UTF-8");
        lua_pushstring(L, where);
        return fail_with_body(L, body);
    }
    push_decoder(L);
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 1, 1, 0) != 0)
        return fail_with_body(L, body);
    if (!lua_istable(L, -1) || lua_rawlen(L, -1) > 0) {
        lua_pushliteral(L, "it is no JSON object");
        return fail_with_body(L, body);
    }
    int page = lua_gettop(L);
    if (!check_page(L))
        return fail_with_body(L, body);
    lua_settop(L, page);
    normalise(L);
    lua_getfield(L, page, "sync_records");
    if (lua_isnil(L, -1)) {
        lua_newtable(L);
        lua_setfield(L, page, "sync_records");
    }
    lua_settop(L, page);
    return 1;
}

void dws_lua_open_decode(lua_State *L)
{
    lua_pushcfunction(L, core_decode_page);
    lua_setfield(L, -2, "decode_page");
}
