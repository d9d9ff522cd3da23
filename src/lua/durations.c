/* durations.c: core.count_durations: how long runs took, in classes, for dwsync.health.model.durations. */
#include "module.h"

#include <dws.h>
#include <math.h>

/***
Records as runs of sources.
@submodule dwsync.core
*/

enum { HISTOGRAM = 1, DURATIONS, RUNS, FIRST, LAST, STATUS_NAME, FINISHED };

#define PER_OCTAVE 8.0 /* about 9 % a class */
#define SHORTEST 1000.0

enum { CLASSES = 256 }; /* up to seven years; what is longer is counted one by one */

static double class_of(double duration)
{
    return duration >= SHORTEST ? floor(log(duration / SHORTEST) * (PER_OCTAVE / log(2)) + 0.5) : 0;
}

static bool is_finished(lua_State *L, int place)
{
    lua_rawgeti(L, RUNS, place);
    if (!lua_istable(L, -1))
        return false;
    lua_pushvalue(L, STATUS_NAME);
    lua_gettable(L, -2);
    return lua_rawequal(L, -1, FINISHED);
}

static void add_to_class(lua_State *L, int class, int count)
{
    lua_rawgeti(L, HISTOGRAM, class);
    lua_pushinteger(L, lua_tointeger(L, -1) + count);
    lua_rawseti(L, HISTOGRAM, class);
}

/***
Counts the durations of runs that FINISHED in classes of an eighth of an octave; those below a second are in class 0.
@function count_durations
@tparam {[integer]=integer} histogram by class, is added to
@tparam {number|boolean,...} durations milliseconds, or false
@tparam {dwsync.record,...} runs
@tparam integer first
@tparam integer last
@treturn integer how many were counted
@treturn integer the greatest class, or 0
@treturn ?integer the place of the newest
*/
static int count_durations(lua_State *L)
{
    for (int i = HISTOGRAM; i <= RUNS; i++)
        luaL_checktype(L, i, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(L, FIRST), last = luaL_checkinteger(L, LAST);
    luaL_argcheck(L, first >= 1 && first <= INT32_MAX && last < INT32_MAX, FIRST, "there are no such places");
    lua_settop(L, LAST);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    int counts[CLASSES] = {0}, count = 0, top = 0, newest = 0;
    for (int i = (int)first; i <= last; i++) {
        lua_rawgeti(L, DURATIONS, i);
        const bool counts_here = lua_type(L, -1) == LUA_TNUMBER && is_finished(L, i);
        if (counts_here) {
            const double class = class_of((double)lua_tonumber(L, FINISHED + 1));
            const int whole = class < INT32_MAX ? (int)class : INT32_MAX;
            if (whole < CLASSES)
                counts[whole]++;
            else
                add_to_class(L, whole, 1);
            count++;
            newest = i;
            top = whole > top ? whole : top;
        }
        lua_settop(L, FINISHED);
    }
    for (int i = 0; i <= top && i < CLASSES; i++) {
        if (counts[i] > 0)
            add_to_class(L, i, counts[i]);
    }
    lua_pushinteger(L, count);
    lua_pushinteger(L, top);
    if (newest == 0)
        return 2;
    lua_pushinteger(L, newest);
    return 3;
}

void dws_lua_open_durations(lua_State *L)
{
    const struct dws_text status = dws_field_name(DWS_STATUS);
    lua_pushlstring(L, status.data, status.length);
    lua_pushliteral(L, "FINISHED");
    lua_pushcclosure(L, count_durations, 2);
    lua_setfield(L, -2, "count_durations");
}
