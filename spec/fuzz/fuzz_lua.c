/* fuzz_lua.c: libFuzzer target: any bytes through Lua code, by the script that FUZZ_SCRIPT names. It returns a table:
 * `fuzz`, a function of bytes that raises when something is not as it must be, and `grammar` (see grammar.lua), because
 * bytes at random hardly get beyond a first check. dwsync.core and libdws are in this program, sanitized like it.
 *
 * libFuzzer sees the Lua code, too: each step from one line of a module to another is one of its counters. A run that
 * takes too many of them ends the program. */
#include "check.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#define COUNTERS 16384 /* a power of 2 */
#define MOST_LINES 1000000
#define LINES_A_BYTE 3000

int luaopen_dwsync_core(lua_State *L);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static uint8_t counters[COUNTERS] __attribute__((section("__libfuzzer_extra_counters"), used));
static size_t lines_left;
static unsigned last_line;

/* ---- what libFuzzer sees ------------------------------------------------------------------------- */

static unsigned hash(unsigned value, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)bytes[i]) * 16777619u;
    return value;
}

/* Lines of the tree's modules count, those of the scripts do not. */
static void on_line(lua_State *L, lua_Debug *at)
{
    CHECK(lines_left-- > 0 && "it ends in time");
    lua_getinfo(L, "Sl", at);
    if (strncmp(at->source, "@lua/", 5) != 0)
        return;
    const unsigned line = hash(2166136261u + (unsigned)at->currentline * 2654435761u, at->source, strlen(at->source));
    counters[(line ^ last_line) & (COUNTERS - 1)]++;
    last_line = line >> 1;
}

/* ---- Lua ----------------------------------------------------------------------------------------- */

static void give_up(lua_State *L)
{
    fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
    abort();
}

static int add_traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

/* The state: its stack has the error handler, the script's fuzz, and mutate of grammar.lua. */
static lua_State *state(void)
{
    static lua_State *L;
    if (L)
        return L;
    const char *script = getenv("FUZZ_SCRIPT");
    CHECK(script && "FUZZ_SCRIPT names a script");
    CHECK((L = luaL_newstate()));
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_dwsync_core);
    lua_setfield(L, -2, "dwsync.core");
    lua_settop(L, 0);
    lua_pushcfunction(L, add_traceback);
    if (luaL_loadfile(L, script) || lua_pcall(L, 0, 1, 1))
        give_up(L);
    lua_getfield(L, 2, "fuzz");
    if (luaL_loadfile(L, "spec/fuzz/grammar.lua") || lua_pcall(L, 0, 1, 1))
        give_up(L);
    lua_getfield(L, 2, "grammar");
    if (lua_pcall(L, 1, 1, 1))
        give_up(L);
    lua_remove(L, 2);
    return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lua_State *L = state();
    lua_pushvalue(L, 2);
    lua_pushlstring(L, (const char *)data, size);
    lines_left = MOST_LINES + LINES_A_BYTE * size;
    last_line = 0;
    lua_sethook(L, on_line, LUA_MASKLINE, 0);
    if (lua_pcall(L, 1, 0, 1))
        give_up(L);
    CHECK(lua_gethook(L) == on_line);
    lua_sethook(L, NULL, 0, 0);
    return 0;
}

/* Every fourth time libFuzzer's own changes, which know no grammar. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    lua_State *L = state();
    size_t length;
    if (seed % 4 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    lua_pushvalue(L, 3);
    lua_pushlstring(L, (const char *)data, size);
    lua_pushinteger(L, (lua_Integer)max_size);
    lua_pushinteger(L, (lua_Integer)seed);
    if (lua_pcall(L, 3, 1, 1))
        give_up(L);
    const char *changed = lua_tolstring(L, -1, &length);
    CHECK(changed && length <= max_size);
    memcpy(data, changed, length);
    lua_pop(L, 1);
    return length;
}
