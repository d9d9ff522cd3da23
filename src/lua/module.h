/* module.h: what the files of the binding share: one spelling for five Lua versions, errors, requests.
 * The binding checks arguments, makes one dws_ call and pushes the result; it must not decide anything. */
#ifndef LUA_MODULE_H
#define LUA_MODULE_H

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

/* What these borrow from Lua stays on the stack, and so alive, until the calling function cleans up: any allocation may
 * run a finaliser, which may change the tables that were read. */

/* Pushes a field of the table at `index` (an absolute one), past any metamethod. */
void dws_lua_rawfield(lua_State *L, int index, const char *field);
/* Pushes a field that is a string, or nil: then the text is absent. Raises for any other type. */
struct dws_text dws_lua_text(lua_State *L, int index, const char *field);
/* Reads the request at `index`: {method =, url =, headers = {name = value}, body =}. Pushes many values. */
void dws_lua_request(lua_State *L, int index, struct dws_request *request);
/* An empty buffer that the collector frees (and wipes) if an error leaves the function. Pushes it. */
struct dws_buf *dws_lua_buf(lua_State *L);

/* ---- pages ------------------------------------------------------------------------------------ */

/* Decodes a page as core.decode_page does, with the options at the absolute index `options` (a table or nil). Pushes
 * page and place, or nil and an error; returns 2. Raises for options that make no sense and when memory is short. */
int dws_lua_decode(lua_State *L, struct dws_text body, int options);

/* Pushes the page without what nobody wants, as core.reduce_page does, with the options at the absolute index `options`, a
 * table. False: pushes nothing, the body is to be handed on as it is. */
bool dws_lua_reduce(lua_State *L, struct dws_text body, int options);

/* ---- responses -------------------------------------------------------------------------------- */

/* A lua_CFunction: pushes {status =, headers =, header_lines =, seconds =, body =}; the body is left out when it was
 * decoded into page. Stack of the call: struct dws_response as a light userdata, options of decode_page or nil; with
 * `reduce` among them the body of a page is what core.reduce_page makes of it. */
int dws_lua_push_response(lua_State *L);

/* ---- the parts of dwsync.core, each registers its functions in the table on top of the stack --- */

void dws_lua_open_sign(lua_State *L);
void dws_lua_open_pool(lua_State *L);
void dws_lua_open_response(lua_State *L);
void dws_lua_open_reduce(lua_State *L);
void dws_lua_open_decode(lua_State *L);
void dws_lua_open_ids(lua_State *L);

#endif
