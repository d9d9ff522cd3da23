/* durations.c: core.count_durations: how long runs took, in classes, for dwsync.health.model.durations. */
#include "module.h"

#include <math.h>

/***
Records as runs of sources.
@submodule dwsync.core
*/

enum { HISTOGRAM = 1, DURATIONS, FIRST, LAST, SKIPPED, SKIP };

#define PER_OCTAVE 8.0 /* about 9 % a class */
#define SHORTEST 1000.0

enum { CLASSES = 256 }; /* up to seven years; what is longer is counted one by one */

static double class_of(double duration)
{
    return duration >= SHORTEST ? log(duration / SHORTEST) * (PER_OCTAVE / log(2)) + 0.5 : 0;
}

/* The place of a list of places, or INT32_MAX behind its end. */
static int place_at(lua_State *L, int list, int at)
{
    lua_rawgeti(L, list, at);
    const int place = lua_type(L, -1) == LUA_TNUMBER ? (int)lua_tointeger(L, -1) : INT32_MAX;
    lua_pop(L, 1);
    return place;
}

static void add_to_class(lua_State *L, int class, int count)
{
    lua_rawgeti(L, HISTOGRAM, class);
    lua_pushinteger(L, lua_tointeger(L, -1) + count);
    lua_rawseti(L, HISTOGRAM, class);
}

/***
Counts durations in classes of an eighth of an octave; those below a second are in class 0.
@function count_durations
@tparam {[integer]=integer} histogram by class, is added to
@tparam {number|boolean,...} durations milliseconds, or false
@tparam integer first
@tparam integer last
@tparam {integer,...} skipped places that do not count, rising
@tparam integer skip which of them is the first that is not before `first`
@treturn integer how many were counted
@treturn integer the greatest class, or 0
@treturn ?integer the place of the newest
*/
static int count_durations(lua_State *L)
{
    luaL_checktype(L, HISTOGRAM, LUA_TTABLE);
    luaL_checktype(L, DURATIONS, LUA_TTABLE);
    luaL_checktype(L, SKIPPED, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(L, FIRST), last = luaL_checkinteger(L, LAST);
    luaL_argcheck(L, first >= 1 && first <= INT32_MAX && last < INT32_MAX, FIRST, "there are no such places");
    int skip = (int)luaL_checkinteger(L, SKIP), skipped = place_at(L, SKIPPED, skip);
    int counts[CLASSES] = {0}, count = 0, top = 0, newest = 0;
    for (int i = (int)first; i <= last; i++) {
        lua_rawgeti(L, DURATIONS, i);
        if (i == skipped) {
            skipped = place_at(L, SKIPPED, ++skip);
        } else if (lua_type(L, -1) == LUA_TNUMBER) {
            const double class = class_of((double)lua_tonumber(L, -1));
            const int whole = class < INT32_MAX ? (int)class : INT32_MAX;
            if (whole < CLASSES)
                counts[whole]++;
            else
                add_to_class(L, whole, 1);
            count++;
            newest = i;
            top = whole > top ? whole : top;
        }
        lua_settop(L, SKIP);
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
    lua_pushcfunction(L, count_durations);
    lua_setfield(L, -2, "count_durations");
}
