/* record.h: how a record becomes a Lua table. */
#ifndef LUA_RECORD_H
#define LUA_RECORD_H

#include "dws.h"
#include "versions.h"

/* Fields whose texts come again from record to record: source, its type, status, reason; or an account's type. */
#define DWS_LUA_CACHES 4
#define DWS_LUA_CACHED 4 /* texts remembered of each, so that a repeated one is neither hashed nor copied again */

struct text_cache {
    struct dws_text raw[DWS_LUA_CACHED]; /* as in the body, which outlives the decoding */
    int slot;                            /* stack index of the first string */
    unsigned next;
};

struct record_maker {
    lua_State *L;
    enum dws_kind kind;
    unsigned first, end; /* the fields of the kind */
    unsigned fields;     /* bits of those that are handed over */
    unsigned texts;      /* bits of those that are texts, and of booleans, so that no value asks for its type */
    unsigned booleans;
    bool unknown; /* whether members that are no fields are, too */
    size_t left;  /* how many values of theirs may still be made, see DWS_PAGE_VALUES */
    int base;     /* stack index of the field names, or of a constructor */
    struct text_cache caches[DWS_LUA_CACHES];
};

/* Makes ready for the records of one body. Leaves on the stack what the maker needs. */
void dws_lua_prepare_records(struct record_maker *maker, lua_State *L, enum dws_kind kind, unsigned fields,
                             bool unknown);
/* Pushes a record as a table. False: it has more values than are left. */
bool dws_lua_push_record(struct record_maker *maker, const struct dws_record *record);
/* Reads an object again for its unknown members, and adds them to the table on top of the stack. What was valid once is
 * valid now. False: it has more values than are left. */
bool dws_lua_add_unknown(lua_State *L, struct dws_text source, enum dws_kind kind,
                         bool (*is_known)(enum dws_kind kind, struct dws_text key), size_t *left);

#endif
