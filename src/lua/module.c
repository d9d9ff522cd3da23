/* module.c: the module dwsync.core, and what its parts share: errors, requests, the clock.
 * It must not hold state of its own: pools are userdata, everything else is arguments and results. */
#include "module.h"

#include <math.h>
#include <string.h>
#include <time.h>

#if LUA_VERSION_NUM == 501
/* LuaJIT has it and Lua 5.1 has not, but they share modules: where it is missing it is NULL. */
extern int lua_isyieldable(lua_State *L) __attribute__((weak));
#define CAN_TELL (&lua_isyieldable != NULL)
#else
#define CAN_TELL true
#endif

#define BUF "dwsync.buf"

void dws_lua_setfuncs(lua_State *L, const luaL_Reg *functions)
{
    for (; functions->name; functions++) {
        lua_pushcfunction(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

/* ---- errors ----------------------------------------------------------------------------------- */

static const char *kind_of(enum dws_status status)
{
    switch (status) {
    case DWS_ERR_ARGUMENT:
    case DWS_ERR_CRYPTO: return "config";
    case DWS_ERR_HANDSHAKE:
    case DWS_ERR_CERTIFICATE: return "tls";
    case DWS_ERR_TIMEOUT: return "timeout";
    case DWS_ERR_TOO_LARGE:
    case DWS_ERR_DECODE: return "decode";
    case DWS_ERR_CANCELLED: return "cancelled";
    default: return "network";
    }
}

int dws_lua_fail(lua_State *L, const struct dws_error *error)
{
    if (error->status == DWS_ERR_MEMORY)
        return luaL_error(L, "not enough memory");
    lua_pushnil(L);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, kind_of(error->status));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, dws_status_name(error->status));
    lua_setfield(L, -2, "code");
    lua_pushstring(L, error->message);
    lua_setfield(L, -2, "message");
    return 2;
}

/* ---- arguments -------------------------------------------------------------------------------- */

void dws_lua_rawfield(lua_State *L, int index, const char *field)
{
    lua_pushstring(L, field);
    lua_rawget(L, index);
}

struct dws_text dws_lua_text(lua_State *L, int index, const char *field)
{
    struct dws_text text = {NULL, 0};
    dws_lua_rawfield(L, index, field);
    if (lua_type(L, -1) == LUA_TSTRING)
        text.data = lua_tolstring(L, -1, &text.length);
    else if (!lua_isnil(L, -1))
        luaL_error(L, "field '%s' must be a string, got %s", field, luaL_typename(L, -1));
    return text;
}

static size_t count_headers(lua_State *L, int headers)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, headers); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "field 'headers' must map names to strings, found a %s for a %s", luaL_typename(L, -1),
                       luaL_typename(L, -2));
        count++;
    }
    return count;
}

static void read_headers(lua_State *L, int headers, struct dws_request *request)
{
    size_t count = count_headers(L, headers);
    luaL_checkstack(L, 2 * (int)count + LUA_MINSTACK, "too many headers"); /* room for the caller, too */
    struct dws_header *array = lua_newuserdata(L, (count + 1) * sizeof *array);
    lua_pushnil(L);
    while (request->header_count < count && lua_next(L, headers)) {
        struct dws_header *header = &array[request->header_count++];
        header->name.data = luaL_checklstring(L, -2, &header->name.length);
        header->value.data = luaL_checklstring(L, -1, &header->value.length);
        lua_pushvalue(L, -2); /* name and value stay on the stack, their copy goes on to the next pair */
    }
    request->headers = array;
}

void dws_lua_request(lua_State *L, int index, struct dws_request *request)
{
    *request = (struct dws_request){
        .method = dws_lua_text(L, index, "method"),
        .url = dws_lua_text(L, index, "url"),
        .body = dws_lua_text(L, index, "body"),
    };
    if (!request->url.data)
        luaL_error(L, "field 'url' must be a string, got nil");
    dws_lua_rawfield(L, index, "headers");
    if (lua_istable(L, -1))
        read_headers(L, lua_gettop(L), request);
    else if (!lua_isnil(L, -1))
        luaL_error(L, "field 'headers' must be a table, got %s", luaL_typename(L, -1));
}

static int buf_gc(lua_State *L)
{
    dws_buf_wipe(luaL_checkudata(L, 1, BUF));
    return 0;
}

struct dws_buf *dws_lua_buf(lua_State *L)
{
    struct dws_buf *buf = lua_newuserdata(L, sizeof *buf);
    *buf = (struct dws_buf){0};
    if (luaL_newmetatable(L, BUF)) {
        lua_pushcfunction(L, buf_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buf;
}

/* ---- the clock -------------------------------------------------------------------------------- */

/* core.now() → seconds since the epoch, with fraction */
static int core_now(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

/* core.sleep(seconds): returns early when a signal arrives, so that the host's handler gets its turn */
static int core_sleep(lua_State *L)
{
    lua_Number seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 1, "seconds must be from 0 to 1e9");
    struct timespec pause = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&pause, NULL);
    return 0;
}

/* core.can_yield() → whether the running coroutine could yield here; true where this Lua cannot tell. In nginx nobody else
 * tells that a C function (require, a comparison of table.sort) stands between here and the event loop. */
static int core_can_yield(lua_State *L)
{
    lua_pushboolean(L, !CAN_TELL || lua_isyieldable(L));
    return 1;
}

/* core.libraries() → "libcurl/7.88.1 OpenSSL/3.0.22 …" */
static int core_libraries(lua_State *L)
{
    lua_pushstring(L, dws_libraries());
    return 1;
}

static const luaL_Reg functions[] = {
    {"now", core_now},
    {"sleep", core_sleep},
    {"can_yield", core_can_yield},
    {"libraries", core_libraries},
    {NULL, NULL},
};

int luaopen_dwsync_core(lua_State *L);

__attribute__((visibility("default"))) int luaopen_dwsync_core(lua_State *L)
{
    lua_newtable(L);
    dws_lua_setfuncs(L, functions);
    dws_lua_open_sign(L);
    dws_lua_open_pool(L);
    dws_lua_open_response(L);
    dws_lua_open_reduce(L);
    dws_lua_open_ids(L);
    dws_lua_open_decode(L);
    lua_pushstring(L, dws_version());
    lua_setfield(L, -2, "version");
    return 1;
}
