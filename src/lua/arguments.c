/* arguments.c: tables of Lua as the structures of dws.h, borrowed for one call. */
#include "arguments.h"

#include <math.h>
#include <string.h>

void dws_lua_rawfield(lua_State *L, int index, const char *field)
{
    lua_pushstring(L, field);
    lua_rawget(L, index);
}

struct dws_text dws_lua_text(lua_State *L, int index, const char *field)
{
    struct dws_text text = {NULL, 0};
    dws_lua_rawfield(L, index, field);
    if (lua_type(L, -1) == LUA_TSTRING)
        text.data = lua_tolstring(L, -1, &text.length);
    else if (!lua_isnil(L, -1))
        luaL_error(L, "field '%s' must be a string, got %s", field, luaL_typename(L, -1));
    return text;
}

static size_t count_headers(lua_State *L, int headers)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, headers); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "field 'headers' must map names to strings, found a %s for a %s", luaL_typename(L, -1),
                       luaL_typename(L, -2));
        count++;
    }
    return count;
}

static void read_headers(lua_State *L, int headers, struct dws_request *request)
{
    size_t count = count_headers(L, headers);
    luaL_checkstack(L, 2 * (int)count + LUA_MINSTACK, "too many headers"); /* room for the caller, too */
    struct dws_header *array = lua_newuserdata(L, count * sizeof *array);
    lua_pushnil(L);
    while (request->header_count < count && lua_next(L, headers)) {
        struct dws_header *header = &array[request->header_count++];
        header->name.data = luaL_checklstring(L, -2, &header->name.length);
        header->value.data = luaL_checklstring(L, -1, &header->value.length);
        lua_pushvalue(L, -2); /* name and value stay on the stack, their copy goes on to the next pair */
    }
    request->headers = array;
}

void dws_lua_request(lua_State *L, int index, struct dws_request *request)
{
    *request = (struct dws_request){
        .method = dws_lua_text(L, index, "method"),
        .url = dws_lua_text(L, index, "url"),
        .body = dws_lua_text(L, index, "body"),
    };
    if (!request->url.data)
        luaL_error(L, "field 'url' must be a string, got nil");
    dws_lua_rawfield(L, index, "headers");
    if (lua_istable(L, -1))
        read_headers(L, lua_gettop(L), request);
    else if (!lua_isnil(L, -1))
        luaL_error(L, "field 'headers' must be a table, got %s", luaL_typename(L, -1));
}

long dws_lua_option_ms(lua_State *L, int table, const char *name, long otherwise)
{
    dws_lua_rawfield(L, table, name);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return otherwise;
    }
    lua_Number seconds = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(seconds > 0 && seconds <= 1e6))
        luaL_error(L, "option '%s' must be a number of seconds, above 0 and at most 1e6", name);
    lua_pop(L, 1);
    return (long)ceil(seconds * 1000);
}

const char *dws_lua_option_string(lua_State *L, int table, const char *name, const char *otherwise)
{
    size_t length = 0;
    dws_lua_rawfield(L, table, name);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return otherwise;
    }
    const char *string = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
    if (!string || strlen(string) != length || strpbrk(string, "\r\n"))
        luaL_error(L, "option '%s' must be a string without CR, LF and NUL", name);
    return string;
}
