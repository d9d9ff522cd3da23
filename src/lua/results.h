/* results.h: how functions of the binding hand their results, and failures, to Lua. */
#ifndef LUA_RESULTS_H
#define LUA_RESULTS_H

#include "dws.h"
#include "versions.h"

/* Pushes nil and {kind =, code =, message =}; returns 2. Raises when the error is out of memory, as Lua does. */
int dws_lua_fail(lua_State *L, const struct dws_error *error);
/* For the buffers below; once, when the module is opened. */
void dws_lua_open_results(lua_State *L);
/* An empty buffer that the collector frees (and wipes) if an error leaves the function. Pushes it. */
struct dws_buf *dws_lua_buf(lua_State *L);
/* Pushes the buffer's content, and wipes it now rather than when the collector comes by. */
void dws_lua_push_buf(lua_State *L, struct dws_buf *buf);

#endif
