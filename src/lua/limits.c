/* limits.c: calls a Lua function with a bound on the memory that it may take. */
#include "module.h"

/***
Bounds.
@submodule dwsync.core
*/

/* Stands before the state's own allocator. What others free meanwhile is not to the function's credit. */
struct limit {
    lua_Alloc allocate;
    void *user;
    int64_t left;
    int64_t most;
};

static void *allocate_within(void *user, void *block, size_t old_size, size_t new_size)
{
    struct limit *limit = user;
    if (!block)
        old_size = 0; /* Lua 5.4 says here what it is for */
    const int64_t growth = (int64_t)new_size - (int64_t)old_size;
    if (growth > limit->left)
        return NULL;
    void *result = limit->allocate(limit->user, block, old_size, new_size);
    if (result || new_size == 0)
        limit->left -= growth;
    if (limit->left > limit->most)
        limit->left = limit->most;
    return result;
}

/***
Calls a function that may take so much memory and no more: each single step is held to it, be it one concatenation. A
debug hook in C, which Lua cannot put back, is as it was afterwards.
@function call_within
@tparam integer bytes
@tparam function called
@tparam any ... its arguments
@treturn boolean whether it returned
@treturn any its results, or what it raised: `not enough memory` when it wanted more
*/
static int call_within(lua_State *L)
{
    lua_Number bytes = luaL_checknumber(L, 1);
    luaL_argcheck(L, bytes >= 0 && bytes <= 1e9, 1, "bytes must be from 0 to 1e9");
    luaL_checktype(L, 2, LUA_TFUNCTION);
    struct limit limit = {.left = (int64_t)bytes, .most = (int64_t)bytes};
    const lua_Hook hook = lua_gethook(L);
    const int mask = lua_gethookmask(L), count = lua_gethookcount(L);
    limit.allocate = lua_getallocf(L, &limit.user);
    lua_setallocf(L, allocate_within, &limit);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    lua_setallocf(L, limit.allocate, limit.user);
    lua_sethook(L, hook, mask, count);
    lua_pushboolean(L, status == 0);
    lua_replace(L, 1);
    return lua_gettop(L);
}

void dws_lua_open_limits(lua_State *L)
{
    lua_pushcfunction(L, call_within);
    lua_setfield(L, -2, "call_within");
}
