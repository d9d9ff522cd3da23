/* results.c: failures as nil and a table, and buffers that survive an error. */
#include "results.h"

#define BUF "dwsync.buf"

static const char *kind_of(enum dws_status status)
{
    switch (status) {
    case DWS_ERR_ARGUMENT:
    case DWS_ERR_CRYPTO:
    case DWS_ERR_DESCRIPTORS:
    case DWS_ERR_PROXY: return "config";
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
    lua_newtable(L);
    lua_pushstring(L, kind_of(error->status));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, dws_status_name(error->status));
    lua_setfield(L, -2, "code");
    lua_pushstring(L, error->message);
    lua_setfield(L, -2, "message");
    return 2;
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
    luaL_getmetatable(L, BUF);
    lua_setmetatable(L, -2);
    return buf;
}

void dws_lua_push_buf(lua_State *L, struct dws_buf *buf)
{
    lua_pushlstring(L, buf->data ? buf->data : "", buf->length);
    dws_buf_wipe(buf);
}

void dws_lua_open_results(lua_State *L)
{
    static const luaL_Reg methods[] = {{"__gc", buf_gc}, {NULL, NULL}};
    dws_lua_class(L, BUF, methods);
}
