/* mail.c: core.mail{…} and its methods step and close.
 * It must not run Lua while libcurl is on the C stack. */
#include "arguments.h"
#include "module.h"
#include "results.h"

/***
Mail.
@submodule dwsync.core
*/

#define MAIL "dwsync.mail"

struct lua_mail {
    struct dws_mail_transfer *mail; /* NULL once it is over */
};

static enum dws_mail_tls read_tls(lua_State *L)
{
    static const char *const names[] = {"starttls", "implicit", "none", NULL};
    dws_lua_rawfield(L, 1, "tls");
    return (enum dws_mail_tls)luaL_checkoption(L, -1, "starttls", names);
}

static int read_port(lua_State *L)
{
    dws_lua_rawfield(L, 1, "port");
    const lua_Number port = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    return port >= 1 && port <= 65535 ? (int)port : 0;
}

static void read_recipients(lua_State *L, struct dws_mail *what)
{
    dws_lua_rawfield(L, 1, "to");
    luaL_checktype(L, -1, LUA_TTABLE);
    const int list = lua_gettop(L);
    const size_t count = lua_rawlen(L, list);
    if (count > DWS_MAIL_RECIPIENTS)
        luaL_error(L, "field 'to' has more than %d recipients", DWS_MAIL_RECIPIENTS);
    luaL_checkstack(L, (int)count + LUA_MINSTACK, "too many recipients");
    struct dws_text *to = lua_newuserdata(L, count * sizeof *to);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, list, (int)i + 1); /* stays on the stack, and so alive */
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "field 'to' must be a list of strings, found a %s", luaL_typename(L, -1));
        to[i].data = lua_tolstring(L, -1, &to[i].length);
    }
    what->to = to;
    what->to_count = count;
}

/***
A mail for one server.
@table dwsync.mail
@tfield string host
@tfield integer port
@tfield[opt="starttls"] string tls `starttls`, which must succeed, `implicit` or `none`
@tfield[opt] string user goes with a password, which `none` takes on loopback only
@tfield[opt] string password
@tfield string from a bare address
@tfield {string,...} to 1 to 100 bare addresses
@tfield string message header and body, each line ending in CR LF
@tfield[opt=30] number timeout seconds
@tfield[opt=10] number connect_timeout seconds
@tfield[opt] string ca_file
*/

/***
Prepares a mail; @{mail:step} sends it.
@function mail
@tparam dwsync.mail mail
@treturn ?userdata with the methods `step` and `close`
@treturn dwsync.failure what is wrong with it
@raise for fields of a wrong type
*/
static int core_mail(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct lua_mail *self = lua_newuserdata(L, sizeof *self);
    self->mail = NULL;
    luaL_getmetatable(L, MAIL);
    lua_setmetatable(L, 2);
    struct dws_mail what = {
        .host = dws_lua_text(L, 1, "host"),
        .port = read_port(L),
        .tls = read_tls(L),
        .user = dws_lua_text(L, 1, "user"),
        .password = dws_lua_text(L, 1, "password"),
        .from = dws_lua_text(L, 1, "from"),
        .message = dws_lua_text(L, 1, "message"),
    };
    const struct dws_transport transport = {
        .timeout_ms = dws_lua_option_ms(L, 1, "timeout", 0),
        .connect_timeout_ms = dws_lua_option_ms(L, 1, "connect_timeout", 0),
        .ca_file = dws_lua_option_string(L, 1, "ca_file", NULL),
    };
    struct dws_error error = {0};
    read_recipients(L, &what);
    if (dws_mail_start(&what, &transport, &self->mail, &error) != DWS_OK)
        return dws_lua_fail(L, &error);
    lua_pushvalue(L, 2);
    return 1;
}

static int push_answer(lua_State *L, const struct dws_mail_answer *answer)
{
    lua_newtable(L);
    lua_pushstring(L, answer->reply);
    lua_setfield(L, -2, "reply");
    lua_pushinteger(L, (lua_Integer)answer->refused);
    lua_setfield(L, -2, "refused");
    lua_pushstring(L, answer->refusal);
    lua_setfield(L, -2, "refusal");
    return 1;
}

/***
Goes on with a mail. When it has ended, it is closed.
@function mail:step
@tparam[opt=0] number seconds for which to wait at most, up to 1e6
@treturn table|boolean|nil false: call it again; or {reply = what the server said last, `250 2.0.0`, refused = how many
recipients it refused while it took the mail for others, refusal = its reply to the last of those}; or nil
@treturn dwsync.failure with `reply`, too; its code is `refused` when the server answered with 4xx or 5xx, or lets
nobody log in
*/
static int mail_step(lua_State *L)
{
    struct lua_mail *self = luaL_checkudata(L, 1, MAIL);
    const lua_Number seconds = luaL_optnumber(L, 2, 0);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e6, 2, "seconds must be from 0 to 1e6");
    if (!self->mail)
        return luaL_error(L, "the mail is closed");
    struct dws_mail_answer answer = {0};
    struct dws_error error = {0};
    const enum dws_status status = dws_mail_step(self->mail, (long)(seconds * 1000), &answer, &error);
    if (status == DWS_PENDING) {
        lua_pushboolean(L, 0);
        return 1;
    }
    dws_mail_free(self->mail);
    self->mail = NULL;
    if (status == DWS_OK)
        return push_answer(L, &answer);
    dws_lua_fail(L, &error);
    lua_pushstring(L, answer.reply);
    lua_setfield(L, -2, "reply");
    return 2;
}

/***
Ends a mail, wherever it is. May be called twice; also done by the collector and `<close>`.
@function mail:close
*/
static int mail_close(lua_State *L)
{
    struct lua_mail *self = luaL_checkudata(L, 1, MAIL);
    dws_mail_free(self->mail);
    self->mail = NULL;
    return 0;
}

void dws_lua_open_mail(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"step", mail_step}, {"close", mail_close}, {"__gc", mail_close}, {"__close", mail_close}, {NULL, NULL},
    };
    dws_lua_class(L, MAIL, methods);
    lua_pushcfunction(L, core_mail);
    lua_setfield(L, -2, "mail");
}
