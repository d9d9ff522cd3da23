/* module.h: the parts of dwsync.core; each registers its functions in the table on top of the stack. */
#ifndef LUA_MODULE_H
#define LUA_MODULE_H

#include "versions.h"

void dws_lua_open_sign(lua_State *L);
void dws_lua_open_pool(lua_State *L);
void dws_lua_open_response(lua_State *L);
void dws_lua_open_page(lua_State *L);
void dws_lua_open_filter(lua_State *L);
void dws_lua_open_seen(lua_State *L);
void dws_lua_open_limits(lua_State *L);
void dws_lua_open_mail(lua_State *L);
void dws_lua_open_notify(lua_State *L);
void dws_lua_open_rows(lua_State *L);
void dws_lua_open_ranks(lua_State *L);
void dws_lua_open_runs(lua_State *L);
void dws_lua_open_durations(lua_State *L);

#endif
