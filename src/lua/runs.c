/* runs.c: core.take_runs and core.in_step: what judging does with every record, whatever it looks for.
 * It must not raise, whatever a record holds, nor change one. */
#include "module.h"

#include <dws.h>
#include <math.h>

/***
Records as runs of sources.
@submodule dwsync.core
*/

/* From September 2001, since less is seconds by mistake. The service documents counts as 32-bit integers. */
#define FIRST_TIME 1e12
#define LAST_COUNT 2147483647.0

#define NO_PLACES "there are no such places"

/* Places on the stack: first the arguments of take_runs, then the source that RUNS are of, the names of the fields by
 * enum dws_field, a record, and its values. */
enum { LIST = 1, FIRST, LAST, LATEST, SEEN, RUNS_OF, RUNS, SOURCE, NAMES, RECORD = NAMES + DWS_FIELDS, VALUES };

/* The names are upvalues, the words for a status the next ones. */
static void push_names(lua_State *L)
{
    luaL_checkstack(L, VALUES + DWS_FIELDS, "runs");
    lua_settop(L, NAMES - 1);
    for (int field = 0; field < DWS_FIELDS; field++)
        lua_pushvalue(L, lua_upvalueindex(1 + field));
}

/* Puts an item of a list where the record is, and nothing behind it. Returns whether it may be one. */
static bool push_record(lua_State *L, int list, int place)
{
    lua_settop(L, RECORD - 1);
    lua_rawgeti(L, list, place);
    return lua_istable(L, RECORD);
}

static void push_field(lua_State *L, enum dws_field field)
{
    lua_pushvalue(L, NAMES + field);
    lua_gettable(L, RECORD);
}

static bool is_text(lua_State *L, enum dws_field field)
{
    const int type = lua_type(L, VALUES + field);
    return type == LUA_TSTRING || type == LUA_TNIL;
}

/* What is absent is well, and leaves the value as it is. */
static bool read_whole(lua_State *L, int index, double least, double most, double *value)
{
    const int type = lua_type(L, index);
    if (type != LUA_TNUMBER)
        return type == LUA_TNIL;
    *value = (double)lua_tonumber(L, index);
    return *value >= least && *value <= most && *value < INFINITY && *value == floor(*value);
}

static const char *const statuses[] = {"FINISHED", "FAILED", "RUNNING"};

enum { ENDED = 2, STATUSES }; /* how many of them say that a run has ended; all */

static bool is_one_of(lua_State *L, int index, int count)
{
    for (int i = 1; i <= count; i++) {
        if (lua_rawequal(L, index, lua_upvalueindex(DWS_FIELDS + i)))
            return true;
    }
    return false;
}

/* Puts the values of a record's fields on the stack. Returns whether nothing is wrong with them. */
static bool read_record(lua_State *L, double latest)
{
    double start = FIRST_TIME, end, count;
    for (int field = 0; field < DWS_FIELDS; field++)
        push_field(L, (enum dws_field)field);
    for (int field = DWS_ADD_COUNT; field <= DWS_FAILED_COUNT; field++) {
        if (!read_whole(L, VALUES + field, 0, LAST_COUNT, &count))
            return false;
    }
    return is_one_of(L, VALUES + DWS_STATUS, STATUSES) &&
           read_whole(L, VALUES + DWS_START_TIME, FIRST_TIME, latest, &start) &&
           read_whole(L, VALUES + DWS_END_TIME, start, latest, &end) && is_text(L, DWS_ID) &&
           is_text(L, DWS_IDENTITY_SOURCE_ID) && is_text(L, DWS_IDENTITY_SOURCE_TYPE) && is_text(L, DWS_FAIL_REASON);
}

/* Finds the list of the record's source; most have the source of the one before. */
static bool find_runs(lua_State *L, int *count)
{
    const int value = VALUES + DWS_IDENTITY_SOURCE_ID;
    if (lua_isnil(L, value)) {
        lua_pushliteral(L, "");
        lua_replace(L, value);
    }
    if (lua_rawequal(L, value, SOURCE))
        return true;
    lua_pushvalue(L, value);
    lua_rawget(L, RUNS_OF);
    if (!lua_istable(L, -1))
        return false;
    *count = (int)lua_rawlen(L, -1);
    lua_replace(L, RUNS);
    lua_pushvalue(L, value);
    lua_replace(L, SOURCE);
    return true;
}

/* Adds the record on the stack to the runs of its source. */
static bool take_run(lua_State *L, int *count)
{
    if (!find_runs(L, count))
        return false;
    if (!lua_isnil(L, VALUES + DWS_ID)) {
        lua_pushvalue(L, VALUES + DWS_ID);
        lua_rawget(L, SEEN);
        if (!lua_isnil(L, -1))
            return false;
        lua_pushvalue(L, VALUES + DWS_ID);
        lua_pushvalue(L, RECORD);
        lua_rawset(L, SEEN);
    }
    lua_pushvalue(L, RECORD);
    lua_rawseti(L, RUNS, ++*count);
    return true;
}

/***
Takes records from a list, up to the first that needs a closer look: one with which something is wrong, of a source
that is not known, or whose id was seen. Without `seen` and `runs` it looks for the first with which something is wrong.
@function take_runs
@tparam {any,...} list
@tparam integer first
@tparam integer last
@tparam number latest milliseconds; what is dated later is wrong
@tparam[opt] {[string]=dwsync.record} seen gets the records by their ids
@tparam[opt] {[string]={dwsync.record,...}} runs by source, "" for records that name none; they are added at the end
@treturn ?integer the place of that record; nil when there is none
@treturn ?boolean whether nothing is wrong with it
*/
static int take_runs(lua_State *L)
{
    luaL_checktype(L, LIST, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(L, FIRST), last = luaL_checkinteger(L, LAST);
    luaL_argcheck(L, first >= 1 && first <= INT32_MAX && last < INT32_MAX, FIRST, NO_PLACES);
    const double latest = (double)luaL_checknumber(L, LATEST);
    const bool takes = !lua_isnoneornil(L, SEEN);
    if (takes) {
        luaL_checktype(L, SEEN, LUA_TTABLE);
        luaL_checktype(L, RUNS_OF, LUA_TTABLE);
    }
    push_names(L);
    lua_pushnil(L);
    lua_replace(L, SOURCE);
    for (int i = (int)first, count = 0; i <= last; i++) {
        const bool sound = push_record(L, LIST, i) && read_record(L, latest);
        if (!sound || (takes && !take_run(L, &count))) {
            lua_pushinteger(L, i);
            lua_pushboolean(L, sound);
            return 2;
        }
    }
    return 0;
}

/* Reads when a run began, and when it ended as far as is known, of one that has ended. */
static bool read_ended(lua_State *L, double latest, double *start, double *end)
{
    push_field(L, DWS_START_TIME);
    push_field(L, DWS_END_TIME);
    push_field(L, DWS_STATUS);
    if (lua_isnil(L, VALUES) || !read_whole(L, VALUES, -INFINITY, latest, start))
        return false;
    *end = *start;
    return read_whole(L, VALUES + 1, -INFINITY, INFINITY, end) && is_one_of(L, VALUES + 2, ENDED);
}

/***
Whether runs have all ended, and each began and ended after the one before it.
@function in_step
@tparam {dwsync.record,...} runs
@tparam integer first the place of the oldest; the run before it counts, where there is one
@tparam integer step 1, or -1 where the newest come first
@tparam integer count of runs from there on
@tparam number latest milliseconds; what began later is not in step
@tparam {number,...} starts their starts are added at the end
@treturn boolean
*/
static int in_step(lua_State *L)
{
    enum { STEP = LAST, COUNT, MOST, STARTS };
    luaL_checktype(L, LIST, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(L, FIRST), step = luaL_checkinteger(L, STEP);
    const lua_Integer count = luaL_checkinteger(L, COUNT);
    luaL_argcheck(L, step == 1 || step == -1, STEP, "1 or -1");
    luaL_argcheck(L, first >= 1 && count >= 0 && first <= INT32_MAX && count <= INT32_MAX - first, FIRST, NO_PLACES);
    const double latest = (double)luaL_checknumber(L, MOST);
    luaL_checktype(L, STARTS, LUA_TTABLE);
    push_names(L);
    double before = -INFINITY, ended = -INFINITY, start, end;
    if (push_record(L, LIST, (int)(first - step)) && read_ended(L, INFINITY, &start, &end))
        before = start, ended = end;
    int at = (int)first, filled = (int)lua_rawlen(L, STARTS);
    for (lua_Integer i = 0; i < count; i++, at += (int)step, before = start, ended = end) {
        if (!push_record(L, LIST, at) || !read_ended(L, latest, &start, &end) || start <= before || end < ended) {
            lua_pushboolean(L, false);
            return 1;
        }
        lua_pushvalue(L, VALUES);
        lua_rawseti(L, STARTS, ++filled);
    }
    lua_pushboolean(L, true);
    return 1;
}

static void add(lua_State *L, const char *name, lua_CFunction function)
{
    for (int field = 0; field < DWS_FIELDS; field++) {
        struct dws_text text = dws_field_name((enum dws_field)field);
        lua_pushlstring(L, text.data, text.length);
    }
    for (int i = 0; i < STATUSES; i++)
        lua_pushstring(L, statuses[i]);
    lua_pushcclosure(L, function, DWS_FIELDS + STATUSES);
    lua_setfield(L, -2, name);
}

void dws_lua_open_runs(lua_State *L)
{
    add(L, "take_runs", take_runs);
    add(L, "in_step", in_step);
}
