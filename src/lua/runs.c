/* runs.c: core.take_runs and core.room: what judging does with every record, whatever it looks for.
 * It must not raise, whatever a record holds, nor change one. */
#include "module.h"

#include <dws.h>

/***
Records as runs of sources.
@submodule dwsync.core
*/

/* From September 2001, since less is seconds by mistake. The service documents counts as 32-bit integers. */
#define FIRST_TIME 1e12
#define LAST_COUNT 2147483647.0

static const char *const statuses[] = {"FINISHED", "FAILED", "RUNNING"};

enum { ENDED = 2, STATUSES }; /* how many of them say that a run has ended; all */

/* Places on the stack: first the arguments of take_runs, then a source with its lists and its id, the names of the
 * fields by enum dws_field, the words for a status, a record, and its values: first those that are needed later. */
enum {
    LIST = 1,
    FIRST,
    LAST,
    LATEST,
    SEEN,
    SOURCES,
    BACK,
    SOURCE,
    RUNS,
    STARTS,
    SOURCE_ID,
    NAMES,
    STATUS = NAMES + DWS_FIELDS,
    RECORD = STATUS + STATUSES,
    START,
    OWN_SOURCE,
    ID,
    OTHERS
};

/* The names are upvalues, the words for a status the next ones. */
static void push_names(lua_State *L, const char **words)
{
    luaL_checkstack(L, OTHERS + DWS_FIELDS, "runs");
    lua_settop(L, NAMES - 1);
    for (int i = 0; i < DWS_FIELDS + STATUSES; i++)
        lua_pushvalue(L, lua_upvalueindex(1 + i));
    for (int i = 0; i < STATUSES; i++)
        words[i] = lua_tostring(L, STATUS + i);
}

/* Replaces the key on top by its value. Returns the type of that. */
static int get_raw(lua_State *L, int table)
{
#if LUA_VERSION_NUM >= 503
    return lua_rawget(L, table);
#else
    lua_rawget(L, table);
    return lua_type(L, -1);
#endif
}

static int push_field(lua_State *L, int record, enum dws_field field)
{
    lua_pushvalue(L, NAMES + field);
    return get_raw(L, record);
}

static bool push_text(lua_State *L, enum dws_field field)
{
    const int type = push_field(L, RECORD, field);
    return type == LUA_TSTRING || type == LUA_TNIL;
}

/* What is absent is well, and leaves the value as it is. */
static bool push_whole(lua_State *L, enum dws_field field, double least, double most, double *value)
{
    const int type = push_field(L, RECORD, field);
    if (type != LUA_TNUMBER)
        return type == LUA_TNIL;
#if LUA_VERSION_NUM >= 503
    int is_whole;
    *value = (double)lua_tointegerx(L, -1, &is_whole);
    if (is_whole) /* as most are: this costs half of reading a number */
        return *value >= least && *value <= most;
#endif
    *value = (double)lua_tonumber(L, -1);
    return *value >= least && *value <= most && *value < 0x1p63 && *value == (double)(int64_t)*value;
}

/* What matters of a record with which nothing is wrong: when it began and ended, as far as is known; the start is 0
 * where it is not. */
struct times {
    double start, end;
    bool has_ended;
};

/* What is known of the runs of a source so far: each has ended, and began and ended after the one before it (a step
 * of 1) or before it (-1; 0 while there is one), unless they are out of step. */
struct order {
    const char *id;
    bool in_step;
    int step, count;
    struct times last;
};

/* Equal texts are mostly one, at the same address, which is found out in a quarter of the time. */
static bool push_status(lua_State *L, const char *const *words, bool *has_ended)
{
    const char *word = push_field(L, RECORD, DWS_STATUS) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    for (int i = 0; word && i < STATUSES; i++) {
        if (word == words[i] || lua_rawequal(L, -1, STATUS + i)) {
            *has_ended = i < ENDED;
            return true;
        }
    }
    return false;
}

/* Puts a record of the list and the values of its fields on the stack. Returns whether nothing is wrong with them. */
static bool read_record(lua_State *L, int place, double latest, const char *const *words, struct times *times)
{
    double count;
    lua_rawgeti(L, LIST, place);
    if (!lua_istable(L, RECORD) || lua_getmetatable(L, RECORD))
        return false;
    times->start = 0;
    if (!push_whole(L, DWS_START_TIME, FIRST_TIME, latest, &times->start) || !push_text(L, DWS_IDENTITY_SOURCE_ID) ||
        !push_text(L, DWS_ID))
        return false;
    for (int field = DWS_ADD_COUNT; field <= DWS_FAILED_COUNT; field++) {
        if (!push_whole(L, (enum dws_field)field, 0, LAST_COUNT, &count))
            return false;
    }
    times->end = times->start;
    return push_whole(L, DWS_END_TIME, times->start > 0 ? times->start : FIRST_TIME, latest, &times->end) &&
           push_status(L, words, &times->has_ended) && push_text(L, DWS_IDENTITY_SOURCE_TYPE) &&
           push_text(L, DWS_FAIL_REASON);
}

static double read_time(lua_State *L, enum dws_field field, double otherwise)
{
    const int run = lua_gettop(L);
    const double time = push_field(L, run, field) == LUA_TNUMBER ? (double)lua_tonumber(L, -1) : otherwise;
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
    if (lua_isnil(L, OWN_SOURCE)) {
        lua_pushliteral(L, "");
        lua_replace(L, OWN_SOURCE);
    }
    const char *id = lua_tostring(L, OWN_SOURCE);
    if (id == order->id)
        return true;
    lua_pushvalue(L, OWN_SOURCE);
    if (get_raw(L, SOURCES) != LUA_TTABLE || !enter_source(L, order))
        return false;
    lua_pushvalue(L, OWN_SOURCE);
    lua_replace(L, SOURCE_ID); /* which keeps it where it is */
    order->id = id;
    return true;
}

/* Notes whether all are still in step with the record that comes next. */
static void note_order(lua_State *L, struct order *order, struct times run)
{
    int step = order->step;
    bool in_step = run.has_ended && run.start != 0;
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
    order->last = run;
}

/* Adds the record on the stack, which it leaves, to the runs of its source. */
static bool take_run(lua_State *L, struct order *order, struct times run)
{
    if (!find_source(L, order))
        return false;
    if (!lua_isnil(L, ID)) {
        lua_pushvalue(L, ID);
        if (get_raw(L, SEEN) != LUA_TNIL)
            return false;
        lua_pushvalue(L, ID);
        lua_pushvalue(L, RECORD);
        lua_rawset(L, SEEN);
    }
    if (order->in_step)
        note_order(L, order, run);
    lua_settop(L, order->in_step ? START : RECORD);
    order->count++;
    if (order->in_step)
        lua_rawseti(L, STARTS, order->count);
    lua_rawseti(L, RUNS, order->count);
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
@tparam[opt] boolean back from a `first` that is the greater down to `last`
@treturn ?integer the place of that record; nil when there is none
@treturn ?boolean whether nothing is wrong with it
*/
static int take_runs(lua_State *L)
{
    luaL_checktype(L, LIST, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(L, FIRST), last = luaL_checkinteger(L, LAST);
    const int step = lua_toboolean(L, BACK) ? -1 : 1;
    luaL_argcheck(L, first >= (step > 0) && first <= INT32_MAX && last < INT32_MAX, FIRST, "there are no such places");
    const double latest = (double)luaL_checknumber(L, LATEST);
    const bool takes = !lua_isnoneornil(L, SEEN);
    if (takes) {
        luaL_checktype(L, SEEN, LUA_TTABLE);
        luaL_checktype(L, SOURCES, LUA_TTABLE);
    }
    const char *words[STATUSES];
    push_names(L, words);
    struct order order = {0};
    struct times run;
    for (int i = (int)first; step < 0 ? i >= last : i <= last; i += step) {
        lua_settop(L, RECORD - 1);
        const bool sound = read_record(L, i, latest, words, &run);
        if (!sound || (takes && !take_run(L, &order, run))) {
            lua_pushinteger(L, i);
            lua_pushboolean(L, sound);
            return 2;
        }
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
    const luaL_Reg others[] = {{"room", room}, {NULL, NULL}};
    dws_lua_setfuncs(L, others);
}
