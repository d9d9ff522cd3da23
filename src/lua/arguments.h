/* arguments.h: what functions of the binding read from Lua's tables. */
#ifndef LUA_ARGUMENTS_H
#define LUA_ARGUMENTS_H

#include "dws.h"
#include "versions.h"

/* What these borrow from Lua stays on the stack, and so alive, until the calling function cleans up: any allocation may
 * run a finaliser, which may change the tables that were read. */

/* Pushes a field of the table at `index` (an absolute one), past any metamethod. */
void dws_lua_rawfield(lua_State *L, int index, const char *field);
/* Pushes a field that is a string, or nil: then the text is absent. Raises for any other type. */
struct dws_text dws_lua_text(lua_State *L, int index, const char *field);
/* Reads the request at `index`: {method =, url =, headers = {name = value}, body =}. Pushes many values. */
void dws_lua_request(lua_State *L, int index, struct dws_request *request);
/* The option of that name in the table, in milliseconds where Lua has seconds; what it is when it is not there. Raises
 * when it is of no use. */
long dws_lua_option_ms(lua_State *L, int table, const char *name, long otherwise);
/* A string without CR, LF and NUL, left on the stack, where it stays alive. */
const char *dws_lua_option_string(lua_State *L, int table, const char *name, const char *otherwise);

#endif
