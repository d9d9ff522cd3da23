/* seen.c: core.ids(): which records were seen while a list is read page by page.
 * It must not look at records: core.decode_page does, with options.ids. */
#include "seen.h"
#include "arguments.h"
#include "module.h"
#include "results.h"

/***
Telling records apart.
@submodule dwsync.core
*/

#define IDS "dwsync.ids"

struct lua_ids {
    struct dws_seen *ids; /* NULL once closed */
    bool held;            /* a page is being decoded with them */
};

static struct dws_seen *check_ids(lua_State *L, int index)
{
    struct lua_ids *self = luaL_checkudata(L, index, IDS);
    if (!self->ids)
        luaL_error(L, "these ids are closed");
    if (self->held) /* by a finaliser that ran while records were made */
        luaL_error(L, "these ids are in use");
    return self->ids;
}

struct dws_seen *dws_lua_ids_hold(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        lua_pushnil(L);
    else
        dws_lua_rawfield(L, index, "ids");
    if (lua_isnil(L, -1))
        return NULL;
    struct dws_seen *ids = check_ids(L, lua_gettop(L));
    ((struct lua_ids *)lua_touserdata(L, -1))->held = true;
    return ids;
}

void dws_lua_ids_release(lua_State *L, int held)
{
    struct lua_ids *self = lua_touserdata(L, held);
    if (self)
        self->held = false;
}

static void push_size(lua_State *L, const char *name, size_t size)
{
    lua_pushinteger(L, (lua_Integer)size);
    lua_setfield(L, -2, name);
}

static void push_flag(lua_State *L, const char *name, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

void dws_lua_push_place(lua_State *L, const struct dws_seen_page *place)
{
    lua_newtable(L);
    push_size(L, "rows", place->rows);
    push_size(L, "new_rows", place->new_rows);
    push_size(L, "unseen_rows", place->unseen_rows);
    push_flag(L, "begins_known", place->begins_known);
    push_flag(L, "begins_like_first", place->begins_like_first);
    push_flag(L, "holds_first", place->holds_first);
    push_flag(L, "follows_by_one", place->follows_by_one);
}

/***
A memory of which records were seen while a list is read page by page; an option of @{decode_page}.
@function ids
@treturn[1] dwsync.core.ids
@treturn[2] nil
@treturn[2] dwsync.failure
*/
static int core_ids(lua_State *L)
{
    struct dws_error error;
    struct lua_ids *self = lua_newuserdata(L, sizeof *self);
    *self = (struct lua_ids){NULL, false};
    luaL_getmetatable(L, IDS);
    lua_setmetatable(L, -2);
    if (dws_seen_new(&self->ids, &error) != DWS_OK)
        return dws_lua_fail(L, &error);
    return 1;
}

/***
Begins another reading of the list, of which the page decoded last is the first.
@function ids:begin_again
@treturn dwsync.place what that page's rows say about its place
@raise when they are closed, or in use by a decoding
*/
static int ids_begin_again(lua_State *L)
{
    const struct dws_seen_page place = dws_seen_begin_again(check_ids(L, 1));
    dws_lua_push_place(L, &place);
    return 1;
}

/***
Frees them. May be called twice; also done by the collector and `<close>`.
@function ids:close
@raise while a page is being decoded with them
*/
static int ids_close(lua_State *L)
{
    struct lua_ids *self = luaL_checkudata(L, 1, IDS);
    if (self->held)
        return luaL_error(L, "these ids are in use");
    dws_seen_free(self->ids);
    self->ids = NULL;
    return 0;
}

void dws_lua_open_seen(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"begin_again", ids_begin_again}, {"close", ids_close}, {"__gc", ids_close},
        {"__close", ids_close},           {NULL, NULL},
    };
    dws_lua_class(L, IDS, methods);
    lua_pushcfunction(L, core_ids);
    lua_setfield(L, -2, "ids");
}
