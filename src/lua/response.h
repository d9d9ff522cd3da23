/* response.h: a response as a Lua table. */
#ifndef LUA_RESPONSE_H
#define LUA_RESPONSE_H

#include "versions.h"

/* A lua_CFunction: pushes {status =, headers =, header_lines =, seconds =, body =}; the body is left out when it was
 * decoded into page. Stack of the call: struct dws_response as a light userdata, options of decode_page or nil; with
 * `reduce` among them the body of a page is what core.reduce_page makes of it. */
int dws_lua_push_response(lua_State *L);

#endif
