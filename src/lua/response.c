/* response.c: a response as a Lua table: status, headers, body or the page that it is.
 * It must not hold a pointer into the pool: what is pushed is Lua's own. */
#include "response.h"
#include "arguments.h"
#include "module.h"
#include "page.h"
#include "results.h"

#include <string.h>

/***
Responses.
@submodule dwsync.core
*/

#define RESPONSE "dwsync.response"

static void push_lower(lua_State *L, struct dws_text name)
{
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        luaL_addchar(&buffer, (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
    }
    luaL_pushresult(&buffer);
}

/* Adds the value on top of the stack to the list below it, and pops it. */
static void append(lua_State *L)
{
    lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
}

/* Adds a value to those of a name: one is a text, several are a list of them. */
static void add_header(lua_State *L, int headers, const struct dws_header *header)
{
    push_lower(L, header->name);
    lua_pushvalue(L, -1);
    lua_rawget(L, headers);
    if (lua_isstring(L, -1)) {
        lua_createtable(L, 2, 0);
        lua_insert(L, -2);
        append(L);
    }
    lua_pushlstring(L, header->value.data, header->value.length);
    if (lua_istable(L, -2))
        append(L);
    else
        lua_replace(L, -2);
    lua_rawset(L, headers);
}

/* Pushes the texts of the list on top of the stack with ", " between them. They are joined only once: a head has
 * room for 80,000 values of one name, and joining them one by one would copy gigabytes. */
static void push_joined(lua_State *L)
{
    const int list = lua_gettop(L), count = (int)lua_rawlen(L, list);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addlstring(&buffer, ", ", 2);
        lua_rawgeti(L, list, i);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
}

/* Pushes {[lower-case name] = value}; a name that comes several times has its values joined with ", ". */
static void push_headers(lua_State *L, struct dws_text lines)
{
    struct dws_header header;
    lua_newtable(L);
    const int headers = lua_gettop(L);
    while (dws_header_next(&lines, &header))
        add_header(L, headers, &header);
    lua_pushnil(L);
    while (lua_next(L, headers)) {
        if (lua_istable(L, -1)) {
            push_joined(L);
            lua_pushvalue(L, -3);
            lua_insert(L, -2);
            lua_rawset(L, headers);
        }
        lua_pop(L, 1);
    }
}

/* __index of a response: its headers are made of the raw lines when they are first read, which for most answers is
 * never. Stack of the call: response, name. */
static int response_index(lua_State *L)
{
    struct dws_text lines;
    luaL_checktype(L, 1, LUA_TTABLE); /* getmetatable() hands this function to anybody */
    if (lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "headers") != 0)
        return 0;
    dws_lua_rawfield(L, 1, "header_lines");
    lines.data = lua_tolstring(L, -1, &lines.length);
    if (!lines.data)
        return 0;
    push_headers(L, lines);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

/* Sets response.page and response.place, or response.page_error. */
static bool set_page(lua_State *L, const struct dws_response *response, int options, int result)
{
    dws_lua_decode(L, response->body, options);
    bool good = !lua_isnil(L, -2);
    lua_setfield(L, result, good ? "place" : "page_error");
    lua_setfield(L, result, "page");
    return good;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* Sets response.certificate = {subject =, issuer =, not_after =} when it was asked for. */
static void set_certificate(lua_State *L, const struct dws_certificate *certificate, int result)
{
    if (!certificate->subject && !certificate->not_after)
        return;
    lua_newtable(L);
    set_text(L, "subject", certificate->subject);
    set_text(L, "issuer", certificate->issuer);
    set_text(L, "not_after", certificate->not_after);
    lua_setfield(L, result, "certificate");
}

static bool has_flag(lua_State *L, int table, const char *name)
{
    dws_lua_rawfield(L, table, name);
    const bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

/* Sets what came: as a page, as less than came, or as it is. `options` are those of decode_page, or nil. */
static void set_content(lua_State *L, const struct dws_response *response, int options, int result)
{
    const struct dws_text body = {response->body.data ? response->body.data : "", response->body.length};
    const bool asked = lua_istable(L, options) && response->status >= 200 && response->status < 300;
    const bool reduce = asked && has_flag(L, options, "reduce");
    if (asked && !reduce && set_page(L, response, options, result))
        return;
    if (!reduce || !dws_lua_reduce(L, body, options))
        lua_pushlstring(L, body.data, body.length);
    lua_setfield(L, result, "body");
}

int dws_lua_push_response(lua_State *L)
{
    const struct dws_response *response = lua_touserdata(L, 1);
    lua_createtable(L, 0, 8); /* of the fields it may have, and headers later */
    int result = lua_gettop(L);
    lua_pushinteger(L, response->status);
    lua_setfield(L, result, "status");
    lua_pushlstring(L, response->headers.data ? response->headers.data : "", response->headers.length);
    lua_setfield(L, result, "header_lines");
    luaL_getmetatable(L, RESPONSE);
    lua_setmetatable(L, result);
    lua_pushnumber(L, response->seconds);
    lua_setfield(L, result, "seconds");
    set_certificate(L, &response->certificate, result);
    set_content(L, response, 2, result);
    lua_settop(L, result);
    return 1;
}

/***
An answer. `page` and `place` come in place of `body` when the request asked for `decode` and it is a page.
@table dwsync.response
@tfield integer status
@tfield {[string]=string} headers by lower-case name; several of one name are joined with ", "
@tfield string header_lines the headers as they came, status line included
@tfield number seconds from the transfer's start to its last byte
@tfield[opt] string body
@tfield[opt] dwsync.page page
@tfield[opt] dwsync.place place when `decode` has `ids`
@tfield[opt] dwsync.failure page_error why it is not a page
@tfield[opt] {subject=?string,issuer=?string,not_after=?string} certificate when the request asked for it
*/

/***
Makes a response of plain fields, such as another thread handed over: its `headers` are made of its `header_lines` when
they are first read, as those of a response from a pool are.
@function response
@tparam table fields those of a response; it is changed
@treturn dwsync.response the same table
*/
static int core_response(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_getmetatable(L, RESPONSE);
    lua_setmetatable(L, 1);
    return 1;
}

void dws_lua_open_response(lua_State *L)
{
    static const luaL_Reg methods[] = {{"__index", response_index}, {NULL, NULL}};
    dws_lua_class(L, RESPONSE, methods);
    lua_pushcfunction(L, core_response);
    lua_setfield(L, -2, "response");
}
