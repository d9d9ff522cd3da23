/* ranks.c: core.ranked: values at some places of the order of a few numbers.
 * Of many, dwsync.health.median counts classes first. */
#include "module.h"

/***
Numbers by their order.
@submodule dwsync.core
*/

#define MOST 512 /* what the C stack holds */

/* Moves values until the one at `rank` is where it would be if all were sorted, with none above it before and none
 * below it after. What lies outside of `low` and `high` is in order with the rest. */
static void settle(double *values, int low, int high, int rank)
{
    for (;;) {
        const double pivot = values[rank];
        int left = low, right = high;
        do {
            while (values[left] < pivot)
                left++;
            while (values[right] > pivot)
                right--;
            if (left <= right) {
                const double value = values[left];
                values[left++] = values[right];
                values[right--] = value;
            }
        } while (left <= right);
        if (rank <= right)
            high = right;
        else if (rank >= left)
            low = left;
        else
            return;
    }
}

/* Reads the number on top; of an integer, as most are, at half of what luaL_checknumber costs. */
static double read_number(lua_State *L)
{
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, -1))
        return (double)lua_tointeger(L, -1);
#endif
    return (double)luaL_checknumber(L, -1);
}

/***
The values at some places of the order. Leaves the list as it is.
@function ranked
@tparam {number,...} values none of them NaN
@tparam integer first
@tparam integer last at most 511 after `first`
@tparam {integer,...} ranks rising, from 1, the smallest of the values between `first` and `last`
@treturn {number,...} the value of each rank
@raise for ranks that are not there
*/
static int ranked(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 4, LUA_TTABLE);
    lua_settop(L, 4);
    const lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    luaL_argcheck(L, first >= 1 && last >= first && last - first < MOST, 3, "from 1 to 512 values");
    double values[MOST];
    const int count = (int)(last - first) + 1, ranks = (int)lua_rawlen(L, 4);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, 1, (int)first + i);
        values[i] = read_number(L);
        luaL_argcheck(L, values[i] == values[i], 1, "NaN has no place in an order");
        lua_pop(L, 1);
    }
    lua_createtable(L, ranks, 0);
    for (int i = 1, low = 0; i <= ranks; i++) {
        lua_rawgeti(L, 4, i);
        const lua_Integer rank = lua_tointeger(L, -1);
        lua_pop(L, 1);
        luaL_argcheck(L, rank > low && rank <= count, 4, "there is no such rank");
        settle(values, low, count - 1, (int)rank - 1);
        low = (int)rank - 1;
        lua_pushnumber(L, values[low]);
        lua_rawseti(L, 5, i);
    }
    return 1;
}

void dws_lua_open_ranks(lua_State *L)
{
    lua_pushcfunction(L, ranked);
    lua_setfield(L, -2, "ranked");
}
