/* versions.h: one spelling for LuaJIT and Lua 5.1 to 5.5; the ground of both modules. */
#ifndef LUA_VERSIONS_H
#define LUA_VERSIONS_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

#if LUA_VERSION_NUM == 501
#define dws_lua_setuservalue(L, index) lua_setfenv(L, index)
#define dws_lua_getuservalue(L, index) lua_getfenv(L, index)
#define lua_rawlen lua_objlen
#elif LUA_VERSION_NUM < 504
#define dws_lua_setuservalue(L, index) lua_setuservalue(L, index)
#define dws_lua_getuservalue(L, index) ((void)lua_getuservalue(L, index))
#else
#define dws_lua_setuservalue(L, index) ((void)lua_setiuservalue(L, index, 1))
#define dws_lua_getuservalue(L, index) ((void)lua_getiuservalue(L, index, 1))
#endif

/* Puts the functions into the table on top of the stack. */
static inline void dws_lua_setfuncs(lua_State *L, const luaL_Reg *functions)
{
    for (; functions->name; functions++) {
        lua_pushcfunction(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

/* Makes a metatable of that name, with the methods in it; it is its own __index unless they have one. What is there
 * already is completed, since opening may have failed half-way before. */
static inline void dws_lua_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    dws_lua_setfuncs(L, methods);
    lua_pop(L, 1);
}

/* An integer where Lua has them, else a number: exact to 2^53. */
static inline void dws_lua_push_integer(lua_State *L, int64_t integer)
{
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, integer);
#else
    lua_pushnumber(L, (lua_Number)integer);
#endif
}

#endif
