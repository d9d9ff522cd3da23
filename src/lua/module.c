/* module.c: opens the module dwsync.core: its parts, the clocks, versions.
 * It must not hold state of its own: pools are userdata, everything else is arguments and results. */
#include "module.h"
#include "results.h"

#include <math.h>
#include <poll.h>
#include <time.h>

/***
The C core: signs, sends, decodes, and knows nothing of the service but what its records look like.
All of it may be used alone. Wrong arguments raise; what the world can do to it is returned as `nil, err`.
@module dwsync.core
*/

#if LUA_VERSION_NUM == 501
/* LuaJIT has it and Lua 5.1 has not, but they share modules: where it is missing it is NULL. */
extern int lua_isyieldable(lua_State *L) __attribute__((weak));
#define CAN_TELL (&lua_isyieldable != NULL)
#else
#define CAN_TELL true
#endif

/* ---- the clocks ------------------------------------------------------------------------------- */

/***
The wall clock.
@function now
@treturn number seconds since the epoch, with fraction
*/
static int core_now(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

/***
The clock for lengths of time: from an arbitrary beginning, the same for all processes of this machine.
@function monotonic
@treturn number seconds, with fraction, that no step of the wall clock changes
*/
static int core_monotonic(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

/***
Sleeps, and blocks the thread meanwhile. Returns early when a signal arrives, so that the host's handler gets its turn.
@function sleep
@tparam number seconds from 0 to 1e9
@raise for any other argument
*/
static int core_sleep(lua_State *L)
{
    lua_Number seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 1, "seconds must be from 0 to 1e9");
    struct timespec pause = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&pause, NULL);
    return 0;
}

/***
Waits for a descriptor, and blocks the thread meanwhile. Returns early when a signal arrives.
@function wait
@tparam integer descriptor
@tparam string what `read`, `write` or `both` (either of them)
@tparam number seconds from 0 (only looks) to 1e6
@treturn boolean whether it is ready, or broken, which only reading or writing shows
@raise for any other argument
*/
static int core_wait(lua_State *L)
{
    static const char *const names[] = {"read", "write", "both", NULL};
    static const short events[] = {POLLIN, POLLOUT, POLLIN | POLLOUT};
    struct pollfd descriptor = {.fd = (int)luaL_checkinteger(L, 1)};
    descriptor.events = events[luaL_checkoption(L, 2, NULL, names)];
    lua_Number seconds = luaL_checknumber(L, 3);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e6, 3, "seconds must be from 0 to 1e6");
    lua_pushboolean(L, descriptor.fd < 0 || poll(&descriptor, 1, (int)ceil(seconds * 1000)) > 0);
    return 1;
}

/***
Whether the running coroutine could yield here. In nginx nothing else shows that a C function (`require`, a comparison
of `table.sort`) lies between here and the event loop.
@function can_yield
@treturn boolean true where this Lua does not know
*/
static int core_can_yield(lua_State *L)
{
    lua_pushboolean(L, !CAN_TELL || lua_isyieldable(L));
    return 1;
}

/***
The libraries at work.
@function libraries
@treturn string such as `libcurl/7.88.1 OpenSSL/3.0.22 …`
*/
static int core_libraries(lua_State *L)
{
    lua_pushstring(L, dws_libraries());
    return 1;
}

/***
Whether libcurl looks up names without waiting for them. Where it does not, `pool:next(0)` may wait for a name.
@function resolves_aside
@treturn boolean
*/
static int core_resolves_aside(lua_State *L)
{
    lua_pushboolean(L, dws_resolves_aside());
    return 1;
}

/***
Parses the authorities in a PEM file, or the system's, before the first request needs them: the system's take 20 ms.
They are kept for all requests of the process, and for processes that are forked before a connection uses them.
@function load_authorities
@tparam[opt] string ca_file
@treturn boolean false: libcurl loads them for each connection, and says then what is wrong with them
*/
static int core_load_authorities(lua_State *L)
{
    lua_pushboolean(L, dws_load_authorities(luaL_optstring(L, 1, NULL)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"now", core_now},
    {"monotonic", core_monotonic},
    {"sleep", core_sleep},
    {"wait", core_wait},
    {"can_yield", core_can_yield},
    {"libraries", core_libraries},
    {"resolves_aside", core_resolves_aside},
    {"load_authorities", core_load_authorities},
    {NULL, NULL},
};

/***
The version of dwsync, such as `0.2.0`.
@tfield string version
*/

/***
Why something failed. dwsync.errors makes an error object of it.
@table dwsync.failure
@tfield string kind as of a dwsync.error: `config`, `network`, `timeout`, `tls`, `decode` or `cancelled`
@tfield string code the core's name for it
@tfield string message one line, without secrets
@tfield[opt] string beginning of a body that is not a page, 2,048 bytes at most as they came: foreign text, which
`dwsync.text.excerpt` makes fit to be shown
*/

int luaopen_dwsync_core(lua_State *L);

__attribute__((visibility("default"))) int luaopen_dwsync_core(lua_State *L)
{
    lua_newtable(L);
    dws_lua_setfuncs(L, functions);
    dws_lua_open_results(L);
    dws_lua_open_sign(L);
    dws_lua_open_pool(L);
    dws_lua_open_response(L);
    dws_lua_open_filter(L);
    dws_lua_open_seen(L);
    dws_lua_open_page(L);
    dws_lua_open_limits(L);
    dws_lua_open_mail(L);
    dws_lua_open_notify(L);
    dws_lua_open_rows(L);
    dws_lua_open_ranks(L);
    dws_lua_open_runs(L);
    dws_lua_open_durations(L);
    lua_pushstring(L, dws_version());
    lua_setfield(L, -2, "version");
    return 1;
}
