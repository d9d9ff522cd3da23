/* sound.c: core.soundness: whether nothing is wrong with a record. Every record that is judged passes here, so this is
 * done in C; what is wrong with the few others is found, and mended, by dwsync.health.flaws. */
#include "module.h"

#include <stdbool.h>

/***
Records that can be judged as they are.
@submodule dwsync.core
*/

static const char *const names[] = {
    "status",       "start_time", "end_time",    "add_count",          "update_count",        "delete_count",
    "failed_count", "id",         "fail_reason", "identity_source_id", "identity_source_type"};
enum { STATUS, START, END, ADDED, FAILED = ADDED + 3, ID, TYPE = ID + 3, FIELDS };

static const char *const statuses[] = {"FINISHED", "FAILED", "RUNNING"};
enum { STATUSES = 3 };

/* The upvalues of a predicate: the earliest time, the greatest count, then names of fields, then statuses. */
enum { FIRST_TIME = 1, LAST_COUNT, NAMES, WORDS = NAMES + FIELDS };

/* Pushes a field of the record. */
static inline int get_field(lua_State *L, int field)
{
    lua_pushvalue(L, lua_upvalueindex(NAMES + field));
    lua_gettable(L, 1);
    return lua_type(L, -1);
}

/* Whether a field is absent, or a whole number in a range; `value` becomes what it is. */
static inline bool is_whole(lua_State *L, int field, double low, double high, double *value)
{
    const int type = get_field(L, field);
    if (type != LUA_TNUMBER)
        return type == LUA_TNIL;
    *value = (double)lua_tonumber(L, -1);
    return *value >= low && *value <= high && *value == (double)(int64_t)*value;
}

static inline bool is_text(lua_State *L, int field)
{
    const int type = get_field(L, field);
    return type == LUA_TSTRING || type == LUA_TNIL;
}

static inline bool has_status(lua_State *L)
{
    get_field(L, STATUS);
    for (int i = 0; i < STATUSES; i++) {
        if (lua_rawequal(L, -1, lua_upvalueindex(WORDS + i)))
            return true;
    }
    return false;
}

static bool is_sound(lua_State *L, double latest)
{
    const double most = (double)lua_tonumber(L, lua_upvalueindex(LAST_COUNT));
    double earliest = (double)lua_tonumber(L, lua_upvalueindex(FIRST_TIME)), count = 0;
    if (!has_status(L) || !is_whole(L, START, earliest, latest, &earliest) ||
        !is_whole(L, END, earliest, latest, &earliest))
        return false;
    for (int field = ADDED; field <= FAILED; field++) {
        if (!is_whole(L, field, 0, most, &count))
            return false;
    }
    for (int field = ID; field <= TYPE; field++) {
        if (!is_text(L, field))
            return false;
    }
    return true;
}

static int sound(lua_State *L)
{
    const double latest = (double)luaL_checknumber(L, 2);
    lua_pushboolean(L, lua_type(L, 1) == LUA_TTABLE && is_sound(L, latest < 9e15 ? latest : 9e15));
    return 1;
}

/***
Makes a predicate for records: a known status; times in order that are whole, not before the first and not after the
latest; whole counts of 0 to the last; texts where texts belong. Only the status must be there.
@function soundness
@tparam number first_time milliseconds
@tparam number last_count at most 2^53
@treturn function(record:any,latest:number):boolean
@raise for other arguments
*/
static int soundness(lua_State *L)
{
    const lua_Number first = luaL_checknumber(L, 1), last = luaL_checknumber(L, 2);
    luaL_argcheck(L, last <= 9007199254740992.0, 2, "at most 2^53");
    luaL_checkstack(L, 2 + FIELDS + STATUSES, "soundness");
    lua_pushnumber(L, first);
    lua_pushnumber(L, last);
    for (int i = 0; i < FIELDS; i++)
        lua_pushstring(L, names[i]);
    for (int i = 0; i < STATUSES; i++)
        lua_pushstring(L, statuses[i]);
    lua_pushcclosure(L, sound, 2 + FIELDS + STATUSES);
    return 1;
}

void dws_lua_open_sound(lua_State *L)
{
    lua_pushcfunction(L, soundness);
    lua_setfield(L, -2, "soundness");
}
