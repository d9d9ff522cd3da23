/* lua_ids.h: the memory of which records were seen, as core.decode_page uses it. */
#ifndef LUA_IDS_H
#define LUA_IDS_H

#include "lua_dwsync.h"

/* options.ids of the table at `index` (or nil), which stays on the stack; NULL when there is none. */
struct dws_ids *dws_lua_ids_option(lua_State *L, int index);
/* Pushes a table with the fields of struct dws_ids_page. */
void dws_lua_push_place(lua_State *L, const struct dws_ids_page *place);

#endif
