/* seen.h: the memory of which records were seen, as core.decode_page uses it. */
#ifndef LUA_SEEN_H
#define LUA_SEEN_H

#include "dws.h"
#include "versions.h"

/* options.ids of the table at `index` (or nil); NULL without it. Pushes one value, which is to be released:
 * until then the ids are in use, and a finaliser that runs meanwhile can neither close nor change them. */
struct dws_seen *dws_lua_ids_hold(lua_State *L, int index);
void dws_lua_ids_release(lua_State *L, int held);
/* Pushes a table with the fields of struct dws_seen_page. */
void dws_lua_push_place(lua_State *L, const struct dws_seen_page *place);

#endif
