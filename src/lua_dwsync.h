/* lua_dwsync.h: what the files of the binding share: one spelling for five Lua versions, errors, requests.
 * The binding checks arguments, makes one dws_ call and pushes the result; it must not decide anything. */
#ifndef LUA_DWSYNC_H
#define LUA_DWSYNC_H

#include "dws.h"

#include <lauxlib.h>
#include <lua.h>

/* ---- Lua 5.1 and LuaJIT to Lua 5.4 ------------------------------------------------------------ */

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
void dws_lua_setfuncs(lua_State *L, const luaL_Reg *functions);

/* ---- errors ----------------------------------------------------------------------------------- */

/* Pushes nil and {kind =, code =, message =}; returns 2. Raises when the error is out of memory, as Lua does. */
int dws_lua_fail(lua_State *L, const struct dws_error *error);

/* ---- arguments -------------------------------------------------------------------------------- */

/* Pushes a field of the table at `index` (an absolute one), past any metamethod: what it borrows is then held by the
 * table itself, and no Lua code runs in between. */
void dws_lua_rawfield(lua_State *L, int index, const char *field);
/* A string field of the table at `index`, absent when nil; raises for any other type. The text belongs to Lua: it
 * may be used only while the table is on the stack and unchanged. */
struct dws_text dws_lua_text(lua_State *L, int index, const char *field);
/* The request at `index`: {method =, url =, headers = {name = value}, body =}. Pushes one value that must stay on
 * the stack while the request is in use. */
void dws_lua_request(lua_State *L, int index, struct dws_request *request);
/* An empty buffer that the collector frees (and wipes) if an error leaves the function. Pushes it. */
struct dws_buf *dws_lua_buf(lua_State *L);

/* ---- the parts of dwsync.core, each registers its functions in the table on top of the stack --- */

void dws_lua_open_sign(lua_State *L);
void dws_lua_open_pool(lua_State *L);
void dws_lua_open_decode(lua_State *L);

#endif
