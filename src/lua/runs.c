/* runs.c: core.take_runs, core.reverse and core.room: what judging does with every record, whatever it looks for.
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

/* Places on the stack: first the arguments of take_runs, then a source with its lists and its id, the names of the
 * fields by enum dws_field, a record, and its values. */
enum {
    LIST = 1,
    FIRST,
    LAST,
    LATEST,
    SEEN,
    SOURCES,
    SOURCE,
    RUNS,
    STARTS,
    ID,
    NAMES,
    RECORD = NAMES + DWS_FIELDS,
    VALUES
};

/* The names are upvalues, the words for a status the next ones. */
static void push_names(lua_State *L)
{
    luaL_checkstack(L, VALUES + DWS_FIELDS, "runs");
    lua_settop(L, NAMES - 1);
    for (int field = 0; field < DWS_FIELDS; field++)
        lua_pushvalue(L, lua_upvalueindex(1 + field));
}

static void push_field(lua_State *L, int record, enum dws_field field)
{
    lua_pushvalue(L, NAMES + field);
    lua_gettable(L, record);
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
#if LUA_VERSION_NUM >= 503
    int is_whole;
    *value = (double)lua_tointegerx(L, index, &is_whole);
    if (is_whole) /* as most are: this costs half of reading a number */
        return *value >= least && *value <= most;
#endif
    *value = (double)lua_tonumber(L, index);
    return *value >= least && *value <= most && *value < INFINITY && *value == floor(*value);
}

static const char *const statuses[] = {"FINISHED", "FAILED", "RUNNING"};

enum { ENDED = 2, STATUSES }; /* how many of them say that a run has ended; all */

/* What matters of a record with which nothing is wrong: when it began and ended, as far as is known. */
struct times {
    double start, end;
    bool has_ended;
};

/* What is known of the runs of a source so far: each has ended, and began and ended after the one before it (a step
 * of 1) or before it (-1; 0 while there is one), unless they are out of step. */
struct order {
    bool in_step;
    int step, count;
    struct times last;
};

static bool read_status(lua_State *L, bool *has_ended)
{
    for (int i = 0; i < STATUSES; i++) {
        if (lua_rawequal(L, VALUES + DWS_STATUS, lua_upvalueindex(DWS_FIELDS + 1 + i))) {
            *has_ended = i < ENDED;
            return true;
        }
    }
    return false;
}

/* Puts a record of the list and the values of its fields on the stack. Returns whether nothing is wrong with them. */
static bool read_record(lua_State *L, int place, double latest, struct times *times)
{
    double count;
    lua_settop(L, RECORD - 1);
    lua_rawgeti(L, LIST, place);
    if (!lua_istable(L, RECORD))
        return false;
    for (int field = 0; field < DWS_FIELDS; field++)
        push_field(L, RECORD, (enum dws_field)field);
    for (int field = DWS_ADD_COUNT; field <= DWS_FAILED_COUNT; field++) {
        if (!read_whole(L, VALUES + field, 0, LAST_COUNT, &count))
            return false;
    }
    times->start = FIRST_TIME;
    if (!read_whole(L, VALUES + DWS_START_TIME, FIRST_TIME, latest, &times->start))
        return false;
    times->end = times->start;
    return read_whole(L, VALUES + DWS_END_TIME, times->start, latest, &times->end) &&
           read_status(L, &times->has_ended) && is_text(L, DWS_ID) && is_text(L, DWS_IDENTITY_SOURCE_ID) &&
           is_text(L, DWS_IDENTITY_SOURCE_TYPE) && is_text(L, DWS_FAIL_REASON);
}

static double read_time(lua_State *L, enum dws_field field, double otherwise)
{
    push_field(L, lua_gettop(L), field);
    const double time = lua_type(L, -1) == LUA_TNUMBER ? (double)lua_tonumber(L, -1) : otherwise;
    lua_pop(L, 1);
    return time;
}

/* Reads what is known of the source whose table is on top, which takes the place of the source before. */
static bool enter_source(lua_State *L, struct order *order)
{
    static const char *const lists[] = {"runs", "starts"};
    lua_replace(L, SOURCE);
    for (int i = 0; i < 2; i++) {
        lua_getfield(L, SOURCE, lists[i]);
        lua_replace(L, RUNS + i);
        if (!lua_istable(L, RUNS + i))
            return false;
    }
    lua_getfield(L, SOURCE, "step");
    order->in_step = lua_type(L, -1) == LUA_TNUMBER;
    order->step = (int)lua_tointeger(L, -1);
    order->count = (int)lua_rawlen(L, RUNS);
    lua_rawgeti(L, RUNS, order->count);
    if (order->in_step && lua_istable(L, -1)) {
        order->last.start = read_time(L, DWS_START_TIME, 0);
        order->last.end = read_time(L, DWS_END_TIME, order->last.start);
    }
    lua_pop(L, 2);
    return true;
}

/* Finds the source of the record; most have that of the one before. */
static bool find_source(lua_State *L, struct order *order)
{
    const int value = VALUES + DWS_IDENTITY_SOURCE_ID;
    if (lua_isnil(L, value)) {
        lua_pushliteral(L, "");
        lua_replace(L, value);
    }
    if (lua_rawequal(L, value, ID))
        return true;
    lua_pushvalue(L, value);
    lua_rawget(L, SOURCES);
    if (!lua_istable(L, -1) || !enter_source(L, order))
        return false;
    lua_pushvalue(L, value);
    lua_replace(L, ID);
    return true;
}

/* Notes the start of the record that comes next, as long as all are in step. */
static void note_order(lua_State *L, struct order *order, struct times run)
{
    int step = order->step;
    bool in_step = run.has_ended && !lua_isnil(L, VALUES + DWS_START_TIME);
    if (in_step && order->count > 0) {
        const struct times last = order->last;
        const bool forwards = run.start > last.start && run.end >= last.end;
        step = forwards ? 1 : run.start < last.start && run.end <= last.end ? -1 : 0;
        in_step = step != 0 && (order->step == 0 || step == order->step);
    }
    if (!in_step || step != order->step) {
        order->in_step = in_step;
        order->step = step;
        if (in_step)
            lua_pushinteger(L, step);
        else
            lua_pushboolean(L, false);
        lua_setfield(L, SOURCE, "step");
    }
    if (in_step) {
        order->last = run;
        lua_pushvalue(L, VALUES + DWS_START_TIME);
        lua_rawseti(L, STARTS, order->count + 1);
    }
}

/* Adds the record on the stack to the runs of its source. */
static bool take_run(lua_State *L, struct order *order, struct times run)
{
    if (!find_source(L, order))
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
    if (order->in_step)
        note_order(L, order, run);
    lua_pushvalue(L, RECORD);
    lua_rawseti(L, RUNS, ++order->count);
    return true;
}

/***
Takes records from a list, up to the first that needs a closer look: one with which something is wrong, of a source
that is not known, or whose id was seen. Without `seen` and `sources` it looks for the first with which something is
wrong.
@function take_runs
@tparam {any,...} list
@tparam integer first
@tparam integer last
@tparam number latest milliseconds; what is dated later is wrong
@tparam[opt] {[string]=dwsync.record} seen gets the records by their ids
@tparam[opt] {[string]=table} sources by id, "" for records that name none: they are added at the end of `runs`, and
when they began at the end of `starts`, as long as `step` says that all have ended, and each began and ended after the
one before it (1) or before it (-1; 0 while there are fewer than two): otherwise it becomes false
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
        luaL_checktype(L, SOURCES, LUA_TTABLE);
    }
    push_names(L);
    lua_pushnil(L);
    lua_replace(L, ID);
    struct order order = {0};
    struct times run;
    for (int i = (int)first; i <= last; i++) {
        const bool sound = read_record(L, i, latest, &run);
        if (!sound || (takes && !take_run(L, &order, run))) {
            lua_pushinteger(L, i);
            lua_pushboolean(L, sound);
            return 2;
        }
    }
    return 0;
}

/***
Turns a part of a list round, in place, or as many pairs of it as are wanted, from both ends.
@function reverse
@tparam {any,...} list
@tparam integer first
@tparam integer last
@tparam integer pairs at most so many
*/
static int reverse(lua_State *L)
{
    enum { PAIRS = LAST + 1 };
    luaL_checktype(L, LIST, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(L, FIRST), last = luaL_checkinteger(L, LAST);
    const lua_Integer pairs = luaL_checkinteger(L, PAIRS);
    luaL_argcheck(L, first >= 1 && first <= INT32_MAX && last >= 0 && last <= INT32_MAX, FIRST, NO_PLACES);
    for (int low = (int)first, high = (int)last; low < high && low - first < pairs; low++, high--) {
        lua_rawgeti(L, LIST, low);
        lua_rawgeti(L, LIST, high);
        lua_rawseti(L, LIST, low);
        lua_rawseti(L, LIST, high);
    }
    return 0;
}

/***
An empty table that is filled without growing, which costs more than filling it.
@function room
@tparam table list there is room for as many values as it has
@tparam integer most but not for more than these
@tparam[opt] boolean keyed they have keys of their own, not places
@treturn table
*/
static int room(lua_State *L)
{
    enum { MOST = 2, KEYED };
    luaL_checktype(L, LIST, LUA_TTABLE);
    const lua_Integer most = luaL_checkinteger(L, MOST);
    luaL_argcheck(L, most >= 0 && most <= INT16_MAX, MOST, "from 0 to 32767");
    const size_t count = lua_rawlen(L, LIST);
    const int items = count < (size_t)most ? (int)count : (int)most;
    if (lua_toboolean(L, KEYED))
        lua_createtable(L, 0, items);
    else
        lua_createtable(L, items, 0);
    return 1;
}

static void push_names_of_fields(lua_State *L)
{
    for (int field = 0; field < DWS_FIELDS; field++) {
        struct dws_text text = dws_field_name((enum dws_field)field);
        lua_pushlstring(L, text.data, text.length);
    }
}

void dws_lua_open_runs(lua_State *L)
{
    push_names_of_fields(L);
    for (int i = 0; i < STATUSES; i++)
        lua_pushstring(L, statuses[i]);
    lua_pushcclosure(L, take_runs, DWS_FIELDS + STATUSES);
    lua_setfield(L, -2, "take_runs");
    const luaL_Reg others[] = {{"reverse", reverse}, {"room", room}, {NULL, NULL}};
    dws_lua_setfuncs(L, others);
}
