/* filter.h: which records and which of their fields a caller wants, read from Lua tables. */
#ifndef LUA_FILTER_H
#define LUA_FILTER_H

#include "dws.h"
#include "versions.h"

/* Not to be copied: the filter points to the conditions. */
struct choice {
    enum dws_kind kind;
    unsigned fields; /* bits of the fields to hand over */
    bool unknown;    /* hand over members that are no fields, too */
    struct dws_filter filter;
    struct dws_condition conditions[DWS_ALL_FIELDS];
};

/* Reads options.kind, options.fields and options.where of the table at `index` (or nil: everything). Raises for names
 * and values that make no sense. Pushes values that must stay on the stack while the choice is in use. */
void dws_lua_choice(lua_State *L, int index, struct choice *choice);

#endif
