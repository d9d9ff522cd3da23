/* filter.h: which records and which of their fields a caller wants, compiled from Lua tables.
 * It must not make a Lua object for a record that is not wanted. */
#ifndef LUA_FILTER_H
#define LUA_FILTER_H

#include "module.h"

struct filter_value {
    struct dws_text text; /* of a field that is text; a copy */
    int64_t integer;      /* of the others */
};

/* A record fits when its field equals one of the values or lies in the range. */
struct filter_condition {
    enum dws_field field;
    struct filter_value *values; /* NULL: a range */
    size_t count;
    lua_Number min;
    lua_Number max;
};

struct filter {
    unsigned fields; /* bits of the fields to hand over */
    bool unknown;    /* hand over members that are no fields, too */
    struct filter_condition conditions[DWS_FIELDS];
    size_t count;
};

/* Compiles options.fields and options.where of the table at `index` (or nil: everything). Raises for names and values
 * that make no sense. Pushes values that must stay on the stack while the filter is in use. */
void dws_lua_filter(lua_State *L, int index, struct filter *filter);
/* Whether a record meets every condition. */
bool dws_lua_fits(const struct filter *filter, const struct dws_record *record);

#endif
