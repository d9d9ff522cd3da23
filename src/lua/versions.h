/* versions.h: one spelling for LuaJIT and Lua 5.1 to 5.5. */
#ifndef LUA_VERSIONS_H
#define LUA_VERSIONS_H

#include <lauxlib.h>
#include <lua.h>

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

#endif
