/* pool.c: core.pool{…} and its methods submit, next, cancel, pending, close.
 * It must not run Lua while libcurl is on the C stack. */
#include "arguments.h"
#include "module.h"
#include "response.h"
#include "results.h"

#include <string.h>

/***
Sending.
@submodule dwsync.core
*/

#define POOL "dwsync.pool"

struct lua_pool {
    struct dws_pool *pool; /* NULL once closed, and while a shared one has nothing to do */
    size_t concurrency;
    bool shared; /* see dws_pool_cache_take */
    bool closed;
    struct dws_transport defaults; /* its texts belong to the options in the uservalue */
    lua_Number next_id;            /* tags are kept in the uservalue under these: exact to 2^53 in every Lua */
    bool reading;                  /* a response of the pool is being read in place */
};

/* The uservalue is a list of tables: the pool's options, tags by id, options of decode_page by id. */
enum { OPTIONS = 1, TAGS, DECODE };

static struct lua_pool *check_pool(lua_State *L)
{
    struct lua_pool *self = luaL_checkudata(L, 1, POOL);
    if (self->closed)
        luaL_error(L, "the pool is closed");
    if (self->reading) /* by a finaliser that ran while records were made */
        luaL_error(L, "the pool is in use");
    return self;
}

static void push_kept(lua_State *L, int table)
{
    dws_lua_getuservalue(L, 1);
    lua_rawgeti(L, -1, table);
    lua_remove(L, -2);
}

/* ---- options ---------------------------------------------------------------------------------- */

static const char *const option_names[] = {
    "concurrency", "connect_timeout", "timeout",    "max_response_bytes", "ca_file", "client_cert", "client_key",
    "proxy",       "user_agent",      "allow_http", "certificate_info",   "shared",  "compressed",  NULL,
};

static size_t option_bytes(lua_State *L, int table, const char *name, size_t otherwise)
{
    dws_lua_rawfield(L, table, name);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return otherwise;
    }
    lua_Number bytes = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(bytes >= 1 && bytes <= 1073741824.0))
        luaL_error(L, "option '%s' must be a number of bytes from 1 to 1 GiB", name);
    lua_pop(L, 1);
    return (size_t)bytes;
}

static bool option_flag(lua_State *L, int table, const char *name, bool otherwise)
{
    dws_lua_rawfield(L, table, name);
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
        luaL_error(L, "option '%s' must be true or false", name);
    bool flag = lua_isnil(L, -1) ? otherwise : lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

/* What the table does not say is as in `defaults`. */
static void read_transport(lua_State *L, int table, const struct dws_transport *defaults,
                           struct dws_transport *transport)
{
    *transport = (struct dws_transport){
        .connect_timeout_ms = dws_lua_option_ms(L, table, "connect_timeout", defaults->connect_timeout_ms),
        .timeout_ms = dws_lua_option_ms(L, table, "timeout", defaults->timeout_ms),
        .max_response_bytes = option_bytes(L, table, "max_response_bytes", defaults->max_response_bytes),
        .ca_file = dws_lua_option_string(L, table, "ca_file", defaults->ca_file),
        .client_cert = dws_lua_option_string(L, table, "client_cert", defaults->client_cert),
        .client_key = dws_lua_option_string(L, table, "client_key", defaults->client_key),
        .proxy = dws_lua_option_string(L, table, "proxy", defaults->proxy),
        .user_agent = dws_lua_option_string(L, table, "user_agent", defaults->user_agent),
        .allow_http = option_flag(L, table, "allow_http", defaults->allow_http),
        .compressed = option_flag(L, table, "compressed", defaults->compressed),
        .certificate_info = option_flag(L, table, "certificate_info", defaults->certificate_info),
    };
}

/* Pushes a copy of the options at index 1 (or an empty table), so that later changes to it change nothing. */
static void push_options_copy(lua_State *L)
{
    lua_newtable(L);
    int copy = lua_gettop(L);
    if (lua_isnoneornil(L, 1))
        return;
    luaL_checktype(L, 1, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_typename(L, -2);
        int i = 0;
        while (option_names[i] && strcmp(option_names[i], name) != 0)
            i++;
        if (!option_names[i])
            luaL_error(L, "unknown pool option '%s'", name);
        lua_pushvalue(L, -1);
        lua_setfield(L, copy, name);
    }
}

static size_t option_concurrency(lua_State *L, int options)
{
    lua_getfield(L, options, "concurrency");
    lua_Number concurrency = lua_isnil(L, -1) ? 1 : lua_tonumber(L, -1);
    if (!(concurrency >= 1 && concurrency <= 1024) || concurrency != (lua_Number)(size_t)concurrency)
        luaL_error(L, "option 'concurrency' must be an integer from 1 to 1024");
    lua_pop(L, 1);
    return (size_t)concurrency;
}

/***
A request. Only `url` is needed. The transport options, from `timeout` on, are those of @{pool}.
@table dwsync.request
@tfield string url with every byte that a URL cannot hold percent-encoded; https, or http to loopback
@tfield[opt="GET"] string method
@tfield[opt] {[string]=string} headers by name
@tfield[opt] string body
@tfield[opt] {string,...} signed_headers for @{sign}: the names of exactly those headers to sign
@tfield[opt] table decode options of @{decode_page}, `{}` for none, with which a successful answer is decoded where it
lies; with `reduce = true` among them it is shortened as by @{reduce_page} instead
@tfield[opt=30] number timeout seconds
@tfield[opt=10] number connect_timeout seconds
@tfield[opt] integer max_response_bytes
@tfield[opt] string ca_file
@tfield[opt] string client_cert
@tfield[opt] string client_key
@tfield[opt] string proxy
@tfield[opt] string user_agent
@tfield[opt] boolean allow_http
@tfield[opt] boolean compressed
@tfield[opt] boolean certificate_info
*/

/***
A set of transfers, of which up to `concurrency` run at once over shared connections. A shared one has no connections of
its own: while transfers are pending it uses a pool that the process keeps for all its threads, and gives it back with
its connections.
@function pool
@tparam[opt] table options and defaults for what requests leave out
@tparam[opt=1] integer options.concurrency 1 to 1024
@tparam[opt=false] boolean options.shared
@tparam[opt=30] number options.timeout seconds for a whole transfer, waiting for its turn included
@tparam[opt=10] number options.connect_timeout seconds
@tparam[opt] integer options.max_response_bytes up to 1 GiB; by default 16 MiB
@tparam[opt] string options.ca_file PEM file of the CA to trust instead of the system's
@tparam[opt] string options.client_cert PEM file
@tparam[opt] string options.client_key PEM file
@tparam[opt] string options.proxy URL, "" for none; by default the environment's
@tparam[opt] string options.user_agent by default `dwsync/VERSION`
@tparam[opt=false] boolean options.allow_http allows plain http to hosts that are not loopback
@tparam[opt=false] boolean options.compressed asks services that are not on this machine for gzip, and undoes it
@tparam[opt=false] boolean options.certificate_info has the response say who the server is
@treturn[1] dwsync.core.pool
@treturn[2] nil
@treturn[2] dwsync.failure
@raise for unknown options and values out of range
@usage
local pool = assert(core.pool { concurrency = 8 })
assert(pool:submit("first", { url = "https://example.com/" }))
local tag, response, err = pool:next()
*/
static int core_pool(lua_State *L)
{
    struct dws_error error;
    struct dws_transport defaults;
    lua_settop(L, 1);
    push_options_copy(L);
    int options = lua_gettop(L);
    size_t concurrency = option_concurrency(L, options);
    bool shared = option_flag(L, options, "shared", false);
    read_transport(L, options, &(struct dws_transport){0}, &defaults);
    lua_settop(L, options);

    struct lua_pool *self = lua_newuserdata(L, sizeof *self);
    *self = (struct lua_pool){.defaults = defaults, .concurrency = concurrency, .shared = shared};
    luaL_getmetatable(L, POOL);
    lua_setmetatable(L, -2);

    lua_newtable(L);
    lua_pushvalue(L, options);
    lua_rawseti(L, -2, OPTIONS);
    lua_newtable(L);
    lua_rawseti(L, -2, TAGS);
    lua_newtable(L);
    lua_rawseti(L, -2, DECODE);
    dws_lua_setuservalue(L, -2);

    if (!shared && dws_pool_new(concurrency, &self->pool, &error) != DWS_OK)
        return dws_lua_fail(L, &error);
    return 1;
}

/* ---- methods ---------------------------------------------------------------------------------- */

static size_t pending(const struct lua_pool *self)
{
    return self->pool ? dws_pool_pending(self->pool) : 0;
}

/* A shared pool is held only while there is something to wait for. */
static void give_idle(struct lua_pool *self)
{
    if (self->shared && pending(self) == 0) {
        dws_pool_cache_give(self->pool);
        self->pool = NULL;
    }
}

static enum dws_status submit(struct lua_pool *self, uint64_t tag, const struct dws_request *request,
                              const struct dws_transport *transport, struct dws_error *error)
{
    if (!self->pool && dws_pool_cache_take(self->concurrency, &self->pool, error) != DWS_OK)
        return error->status;
    enum dws_status status = dws_pool_submit(self->pool, tag, request, transport, error);
    give_idle(self);
    return status;
}

/* Pops a value and keeps it in a table of the uservalue; nil forgets it. */
static void remember(lua_State *L, int table, lua_Number id)
{
    push_kept(L, table);
    lua_pushnumber(L, id);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

/* Pushes what was kept, and forgets it. */
static void recall(lua_State *L, int table, lua_Number id)
{
    push_kept(L, table);
    lua_pushnumber(L, id);
    lua_rawget(L, -2);
    if (!lua_isnil(L, -1)) {
        lua_pushnumber(L, id);
        lua_pushnil(L);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

/***
Takes a request over; it starts when there is room, driven by @{pool:next}.
@function pool:submit
@param tag any value but nil, which `next` returns with the answer
@tparam dwsync.request request
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] dwsync.failure nothing was sent
@raise for arguments of another type, and when the pool is closed
*/
static int pool_submit(lua_State *L)
{
    struct lua_pool *self = check_pool(L);
    struct dws_request request;
    struct dws_transport transport;
    struct dws_error error;
    luaL_argcheck(L, !lua_isnoneornil(L, 2), 2, "a tag is needed");
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    read_transport(L, 3, &self->defaults, &transport);
    dws_lua_request(L, 3, &request);

    /* Remembered first: after the transfer is submitted nothing may fail. */
    lua_Number id = ++self->next_id;
    lua_pushvalue(L, 2);
    remember(L, TAGS, id);
    dws_lua_rawfield(L, 3, "decode");
    remember(L, DECODE, id);
    check_pool(L); /* a finaliser may have closed it */
    if (submit(self, (uint64_t)id, &request, &transport, &error) != DWS_OK) {
        lua_pushnil(L);
        remember(L, TAGS, id);
        lua_pushnil(L);
        remember(L, DECODE, id);
        return dws_lua_fail(L, &error);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static enum dws_status wait(struct lua_pool *self, lua_Number seconds, struct dws_completion *completion)
{
    enum dws_status status = DWS_IDLE;
    while (self->pool) {
        status = dws_pool_next(self->pool, seconds < 0 ? 60000 : (long)(seconds * 1000), completion);
        if (status != DWS_PENDING || seconds >= 0)
            break;
    }
    return status;
}

/***
Waits for a transfer to end, and drives all of them meanwhile.
@function pool:next
@tparam[opt] number seconds at most, 0 to look only; without it until one ends
@treturn[1] any the request's tag
@treturn[1] dwsync.response
@treturn[2] any the request's tag
@treturn[2] nil
@treturn[2] dwsync.failure
@treturn[3] nil
@treturn[3] string `"pending"`: time is up, transfers go on; `"idle"`: there is nothing to wait for
@raise when the pool is closed
*/
static int pool_next(lua_State *L)
{
    struct dws_completion completion;
    lua_settop(L, 2);
    lua_pushcfunction(L, dws_lua_push_response); /* may run a finaliser, so it comes before the pool is looked at */
    struct lua_pool *self = check_pool(L);
    lua_Number seconds = luaL_optnumber(L, 2, -1);
    luaL_argcheck(L, lua_isnoneornil(L, 2) || (seconds >= 0 && seconds <= 1e6), 2, "seconds must be from 0 to 1e6");
    enum dws_status status = wait(self, seconds, &completion);
    if (status != DWS_OK) {
        give_idle(self); /* one that was taken to watch descriptors with */
        lua_pushnil(L);
        lua_pushstring(L, dws_status_name(status));
        return 2;
    }
    lua_Number id = (lua_Number)completion.tag;
    recall(L, TAGS, id);
    if (completion.error.status != DWS_OK) {
        recall(L, DECODE, id);
        lua_pop(L, 1);
        give_idle(self);
        return 1 + dws_lua_fail(L, &completion.error);
    }
    lua_pushvalue(L, 3);
    lua_pushlightuserdata(L, &completion.response);
    recall(L, DECODE, id);
    self->reading = true; /* the response belongs to the pool, and must not move before it is in Lua's hands */
    int failed = lua_pcall(L, 2, 1, 0);
    self->reading = false;
    give_idle(self);
    return failed ? lua_error(L) : 2;
}

/***
Lets the next call of `next`, and that alone, return `"pending"` as soon as a descriptor of the caller's own is ready.
@function pool:watch
@tparam integer descriptor
@tparam string what `read`, `write` or `both` (either of them)
@raise for other arguments, and when the pool is closed
*/
static int pool_watch(lua_State *L)
{
    static const char *const names[] = {"read", "write", "both", NULL};
    struct lua_pool *self = check_pool(L);
    struct dws_error error;
    int descriptor = (int)luaL_checkinteger(L, 2);
    int what = luaL_checkoption(L, 3, NULL, names);
    if ((!self->pool && dws_pool_cache_take(self->concurrency, &self->pool, &error) != DWS_OK) ||
        dws_pool_watch(self->pool, descriptor, what != 1, what != 0, &error) != DWS_OK)
        return dws_lua_fail(L, &error); /* out of memory: raises */
    return 0;
}

/* The number that a tag is kept under; 0: there is no such tag. */
static lua_Number find_tag(lua_State *L, int tag)
{
    lua_Number id = 0;
    push_kept(L, TAGS);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_rawequal(L, -1, tag)) {
            id = lua_tonumber(L, -2);
            lua_pop(L, 2);
            break;
        }
    }
    lua_pop(L, 1);
    return id;
}

/***
Ends a transfer. `next` then returns it with the kind `cancelled`.
@function pool:cancel
@param tag the tag it was submitted with
@treturn boolean whether such a transfer was under way
*/
static int pool_cancel(lua_State *L)
{
    struct lua_pool *self = check_pool(L);
    luaL_checkany(L, 2);
    const lua_Number id = find_tag(L, 2);
    lua_pushboolean(L, id > 0 && self->pool && dws_pool_cancel(self->pool, (uint64_t)id));
    return 1;
}

/***
How many transfers were submitted and not yet returned by `next`.
@function pool:pending
@treturn integer
*/
static int pool_pending(lua_State *L)
{
    struct lua_pool *self = check_pool(L);
    lua_pushinteger(L, (lua_Integer)pending(self));
    return 1;
}

/***
Ends all transfers and closes the connections. May be called twice; also done by the collector and `<close>`.
@function pool:close
*/
static int pool_close(lua_State *L)
{
    struct lua_pool *self = luaL_checkudata(L, 1, POOL);
    if (self->reading)
        return luaL_error(L, "the pool is in use");
    if (self->shared)
        dws_pool_cache_give(self->pool);
    else
        dws_pool_free(self->pool);
    self->pool = NULL;
    self->closed = true;
    return 0;
}

static int pool_tostring(lua_State *L)
{
    const struct lua_pool *self = luaL_checkudata(L, 1, POOL);
    if (self->closed)
        lua_pushliteral(L, POOL ": closed");
    else
        lua_pushfstring(L, POOL ": %d pending", (int)pending(self));
    return 1;
}

void dws_lua_open_pool(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"submit", pool_submit},       {"next", pool_next},   {"cancel", pool_cancel}, {"watch", pool_watch},
        {"pending", pool_pending},     {"close", pool_close}, {"__gc", pool_close},    {"__close", pool_close},
        {"__tostring", pool_tostring}, {NULL, NULL},
    };
    dws_lua_class(L, POOL, methods);
    lua_pushcfunction(L, core_pool);
    lua_setfield(L, -2, "pool");
}
