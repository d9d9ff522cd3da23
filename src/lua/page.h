/* page.h: the body of a page as a Lua table, or as a shorter body. */
#ifndef LUA_PAGE_H
#define LUA_PAGE_H

#include "dws.h"
#include "versions.h"

/* Decodes a page as core.decode_page does, with the options at the absolute index `options` (a table or nil). Pushes
 * page and place, or nil and an error; returns 2. Raises for options that make no sense and when memory is short. */
int dws_lua_decode(lua_State *L, struct dws_text body, int options);
/* Pushes the page without what is not wanted, as core.reduce_page does, with the options at the absolute index
 * `options`, a table. False: pushes nothing, the body is to be handed on as it is. */
bool dws_lua_reduce(lua_State *L, struct dws_text body, int options);

#endif
