/* connection.c: one connection, step by step. Texts go out and come back as they are in UTF-8. */
#include "pq.h"

#include <libpq-fe.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/***
@module dwsync.pq
*/

#define CLASS "dwsync.pq.connection"
#define MOST_PARAMETERS 65535
#define MOST_CANCELS 4
#define MOST_OVERRIDES 8
#define NOT_READY "the connection is not made yet, or belongs to another process"

struct connection {
    PGconn *conn;
    PGresult *result; /* what receive will return: the last result with rows, or the first failure */
    PGresult *next;   /* freed by the collector when Lua runs out of memory */
    pid_t owner;      /* a child of fork() shares the socket, and must not speak there */
    bool begun;
    bool connected;
    int rows; /* what a COPY waits for: a reference to a text, or LUA_NOREF */
};

static atomic_int cancelling;

static void drop_results(lua_State *L, struct connection *self)
{
    PQclear(self->result);
    PQclear(self->next);
    self->result = self->next = NULL;
    luaL_unref(L, LUA_REGISTRYINDEX, self->rows);
    self->rows = LUA_NOREF;
}

static struct connection *check_open(lua_State *L)
{
    struct connection *self = luaL_checkudata(L, 1, CLASS);
    if (!self->conn)
        luaL_error(L, "the connection is closed");
    return self;
}

/* The message that libpq built, without its line ends. */
static void push_message(lua_State *L, const char *message)
{
    size_t length = strlen(message);
    while (length && strchr("\r\n ", message[length - 1]))
        length--;
    lua_pushlstring(L, message, length);
}

static int fail(lua_State *L, const struct connection *self, const char *message, const char *code)
{
    lua_pushnil(L);
    lua_newtable(L);
    push_message(L, message && *message ? message : "libpq gave no reason");
    lua_setfield(L, -2, "message");
    lua_pushstring(L, code); /* nil for NULL */
    lua_setfield(L, -2, "code");
    lua_pushboolean(L, self->connected && PQstatus(self->conn) == CONNECTION_OK);
    lua_setfield(L, -2, "alive");
    return 2;
}

static bool is_ready(struct connection *self)
{
    self->connected = self->connected && self->owner == getpid();
    return self->connected;
}

/* ---- settings --------------------------------------------------------------------------------- */

/* Later options override earlier ones. Passwords stay where they are. */
static void copy_settings(lua_State *L, const PQconninfoOption *options)
{
    for (const PQconninfoOption *option = options; option && option->keyword; option++) {
        if (option->val && *option->val && strchr(option->dispchar, '*') == NULL) {
            lua_pushstring(L, option->val);
            lua_setfield(L, -2, option->keyword);
        }
    }
}

/***
What a connection text means together with libpq's environment variables and service file; without passwords.
@function settings
@tparam string text "host='db1,db2' dbname='x'"
@treturn[1] {[string]=string}
@treturn[2] nil
@treturn[2] table {message=string}
@raise for arguments of another type
*/
static int pq_settings(lua_State *L)
{
    char *message = NULL;
    PQconninfoOption *given = PQconninfoParse(luaL_checkstring(L, 1), &message);
    PQfreemem(message); /* it may repeat a part of the text, and that a part of the password */
    PQconninfoOption *defaults = given ? PQconndefaults() : NULL;
    lua_newtable(L);
    copy_settings(L, defaults);
    copy_settings(L, given);
    PQconninfoFree(defaults);
    PQconninfoFree(given);
    if (given)
        return 1;
    lua_pushnil(L);
    lua_newtable(L);
    lua_pushstring(L, "the connection text cannot be read");
    lua_setfield(L, -2, "message");
    return 2;
}

/* ---- connecting ------------------------------------------------------------------------------- */

static void ignore(void *unused, const PGresult *notice)
{
    (void)unused;
    (void)notice;
}

static size_t read_overrides(lua_State *L, int index, const char **names, const char **values)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "settings must be strings by name");
        if (count == MOST_OVERRIDES)
            luaL_error(L, "more than %d settings", MOST_OVERRIDES);
        names[count] = lua_tostring(L, -2); /* the table keeps both alive */
        values[count++] = lua_tostring(L, -1);
    }
    return count;
}

#ifdef LIBPQ_HAS_SSL_LIBRARY_DETECTION /* 14 and later, and so has the hook */
/* Without one OpenSSL would ask for a key's passphrase at the terminal. */
static void ask_for_nothing(void)
{
    if (!PQgetSSLKeyPassHook_OpenSSL())
        PQsetSSLKeyPassHook_OpenSSL(PQdefaultSSLKeyPassHook_OpenSSL);
}
#else
static void ask_for_nothing(void)
{
}
#endif

/***
Begins to connect. Looks no name up when `hostaddr` is among the settings, or `host` is a number or a socket.
@function connect
@tparam string text as of `settings`
@tparam {[string]=string} settings that override those of the text
@treturn[1] dwsync.pq.connection
@treturn[2] nil
@treturn[2] table {message=string,alive=false}
@raise for arguments of another type
*/
static int pq_connect(lua_State *L)
{
    const char *names[MOST_OVERRIDES + 3] = {"dbname"};
    const char *values[MOST_OVERRIDES + 3] = {luaL_checkstring(L, 1)};
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t count = 1 + read_overrides(L, 2, names + 1, values + 1);
    names[count] = "client_encoding"; /* when connecting: a pooler knows it for each of its clients */
    values[count] = "UTF8";
    struct connection *self = lua_newuserdata(L, sizeof *self);
    *self = (struct connection){.owner = getpid(), .rows = LUA_NOREF};
    luaL_getmetatable(L, CLASS);
    lua_setmetatable(L, -2);
    ask_for_nothing();
    self->conn = PQconnectStartParams(names, values, 1);
    if (!self->conn)
        return luaL_error(L, "not enough memory");
    PQsetNoticeReceiver(self->conn, ignore, NULL);
    PQsetErrorContextVisibility(self->conn, PQSHOW_CONTEXT_NEVER); /* of a COPY it is what was to be saved */
    return PQstatus(self->conn) == CONNECTION_BAD ? fail(L, self, PQerrorMessage(self->conn), NULL) : 1;
}

/***
A connection. Call a step, wait as it says, and call it again.
@type dwsync.pq.connection
*/

/***
A step of connecting.
@function dwsync.pq.connection:poll
@treturn[1] string `read` or `write`: wait for that
@treturn[2] string `done`
@treturn[3] nil
@treturn[3] table {message=string,alive=false}
@raise when it is closed
*/
static int connection_poll(lua_State *L)
{
    struct connection *self = check_open(L);
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    if (self->connected)
        state = PGRES_POLLING_OK;
    else if (self->begun && self->owner != getpid())
        state = PGRES_POLLING_FAILED;
    else if (self->begun)
        state = PQconnectPoll(self->conn);
    self->begun = true;
    if (state == PGRES_POLLING_OK && PQsetnonblocking(self->conn, 1) == 0) {
        self->connected = true;
        lua_pushstring(L, "done");
        return 1;
    }
    if (state != PGRES_POLLING_READING && state != PGRES_POLLING_WRITING)
        return fail(L, self, PQerrorMessage(self->conn), NULL);
    lua_pushstring(L, state == PGRES_POLLING_READING ? "read" : "write");
    return 1;
}

/***
What to wait on; it may change with each step of connecting.
@function dwsync.pq.connection:socket
@treturn integer a descriptor; -1 when there is no socket any more
@raise when it is closed
*/
static int connection_socket(lua_State *L)
{
    lua_pushinteger(L, PQsocket(check_open(L)->conn));
    return 1;
}

/***
What the server said about itself when the connection began.
@function dwsync.pq.connection:parameter
@tparam string name such as `server_encoding`
@treturn ?string
@raise when it is closed
*/
static int connection_parameter(lua_State *L)
{
    lua_pushstring(L, PQparameterStatus(check_open(L)->conn, luaL_checkstring(L, 2)));
    return 1;
}

/* ---- statements ------------------------------------------------------------------------------- */

/***
Sends a statement with its parameters or, without any, statements. What cannot leave at once leaves in `receive`.
@function dwsync.pq.connection:send
@tparam string sql `$1`, `$2`, … are the parameters
@tparam nil|boolean|number|string ... parameters; their types are what the statement makes of them
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] table {message=string,alive=boolean}
@raise when it is closed, and for texts with NUL and parameters of another type
*/
static int connection_send(lua_State *L)
{
    struct connection *self = check_open(L);
    size_t length;
    const char *sql = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, strlen(sql) == length, 2, "a statement with NUL");
    int count = lua_gettop(L) - 2;
    luaL_argcheck(L, count <= MOST_PARAMETERS, 2, "more parameters than PostgreSQL takes");
    const char *const *values = count > 0 ? pq_parameters(L, 3, count) : NULL;
    if (!is_ready(self))
        return fail(L, self, NOT_READY, NULL);
    drop_results(L, self);
    int sent =
        values ? PQsendQueryParams(self->conn, sql, count, NULL, values, NULL, NULL, 0) : PQsendQuery(self->conn, sql);
    if (!sent)
        return fail(L, self, PQerrorMessage(self->conn), NULL);
    lua_pushboolean(L, 1);
    return 1;
}

/***
Sends a COPY FROM STDIN with its rows, which leave in `receive`.
@function dwsync.pq.connection:copy
@tparam string sql
@tparam string rows as COPY reads them
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] table {message=string,alive=boolean}
@raise when it is closed, for a statement with NUL and arguments of another type
*/
static int connection_copy(lua_State *L)
{
    struct connection *self = check_open(L);
    const char *sql = luaL_checkstring(L, 2);
    luaL_argcheck(L, strlen(sql) == lua_rawlen(L, 2), 2, "a statement with NUL");
    luaL_checktype(L, 3, LUA_TSTRING);
    luaL_argcheck(L, lua_rawlen(L, 3) <= INT_MAX, 3, "more rows than one COPY takes");
    if (!is_ready(self))
        return fail(L, self, NOT_READY, NULL);
    drop_results(L, self);
    if (!PQsendQuery(self->conn, sql))
        return fail(L, self, PQerrorMessage(self->conn), NULL);
    lua_settop(L, 3);
    self->rows = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushboolean(L, 1);
    return 1;
}

static void push_row(lua_State *L, const PGresult *result, int row, int columns)
{
    lua_createtable(L, columns, 0);
    for (int column = 0; column < columns; column++) {
        if (PQgetisnull(result, row, column))
            continue;
        pq_push_value(L, PQftype(result, column), PQgetvalue(result, row, column), PQgetlength(result, row, column));
        lua_rawseti(L, -2, column + 1);
    }
}

static bool is_failure(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return result && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY;
}

static int push_result(lua_State *L, struct connection *self)
{
    PGresult *result = self->result;
    if (!result || is_failure(result)) {
        int pushed = result ? fail(L, self, PQresultErrorMessage(result), PQresultErrorField(result, PG_DIAG_SQLSTATE))
                            : fail(L, self, PQerrorMessage(self->conn), NULL);
        drop_results(L, self);
        return pushed;
    }
    lua_pushstring(L, "done");
    int rows = PQntuples(result);
    int columns = PQnfields(result);
    lua_createtable(L, rows, 0);
    for (int row = 0; row < rows; row++) {
        push_row(L, result, row, columns);
        lua_rawseti(L, -2, row + 1);
    }
    dws_lua_push_integer(L, strtoll(PQcmdTuples(result), NULL, 10));
    drop_results(L, self);
    return 3;
}

/* Gives a COPY that waits for rows all there are. False: there are none, or no memory for them. */
static bool give_rows(lua_State *L, struct connection *self)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, self->rows);
    size_t length = 0;
    const char *rows = self->rows == LUA_NOREF ? NULL : lua_tolstring(L, -1, &length);
    bool given = rows && PQputCopyData(self->conn, rows, (int)length) == 1 && PQputCopyEnd(self->conn, NULL) == 1;
    lua_pop(L, 1);
    luaL_unref(L, LUA_REGISTRYINDEX, self->rows);
    self->rows = LUA_NOREF;
    return given;
}

static void keep_result(struct connection *self)
{
    if (is_failure(self->result)) { /* the first one is the reason */
        PQclear(self->next);
    } else {
        PQclear(self->result);
        self->result = self->next;
    }
    self->next = NULL;
}

/* Takes the results that are there. True: there will be no more; a COPY that was not asked for, and would never end,
 * counts as the end, also of the connection. */
static bool take_results(lua_State *L, struct connection *self)
{
    while (!PQisBusy(self->conn)) {
        self->next = PQgetResult(self->conn);
        if (!self->next)
            return true;
        ExecStatusType status = PQresultStatus(self->next);
        if (status == PGRES_COPY_IN && give_rows(L, self)) {
            PQclear(self->next);
            self->next = NULL;
            continue;
        }
        keep_result(self);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            self->connected = false;
            return true;
        }
    }
    return false;
}

/***
A step of sending and receiving. After a failure whose `alive` is false, close the connection.
@function dwsync.pq.connection:receive
@treturn[1] string `read`, or `both` (read or write): wait for that
@treturn[2] string `done`
@treturn[2] {table,...} the rows of the last statement, each a list of its columns: integers, floats and booleans as
Lua's own, NULL as nil, all else as text
@treturn[2] integer how many rows it changed or found
@treturn[3] nil
@treturn[3] table {message=string,code=?string,alive=boolean}; code: the SQLSTATE
@raise when it is closed
*/
static int connection_receive(lua_State *L)
{
    struct connection *self = check_open(L);
    if (!is_ready(self))
        return fail(L, self, NOT_READY, NULL);
    bool sound = PQflush(self->conn) >= 0;
    sound = PQconsumeInput(self->conn) == 1 && sound;
    if (take_results(L, self) || !sound)
        return push_result(L, self);
    int unsent = PQflush(self->conn); /* the rows of a COPY among it */
    if (unsent < 0)
        return push_result(L, self);
    lua_pushstring(L, unsent > 0 ? "both" : "read");
    return 1;
}

/* ---- ending ----------------------------------------------------------------------------------- */

static void cancel(void *argument)
{
    char message[256];
    PQcancel(argument, message, sizeof message);
    PQfreeCancel(argument);
}

/***
Asks the server to give up what it is doing, in a thread of its own, since a server that is stopped would hold it.
@function dwsync.pq.connection:cancel
@treturn boolean whether it is being asked
@raise when it is closed
*/
static int connection_cancel(lua_State *L)
{
    PGcancel *order = PQgetCancel(check_open(L)->conn);
    bool asked = order && pq_background(&cancelling, MOST_CANCELS, cancel, order);
    if (!asked)
        PQfreeCancel(order);
    lua_pushboolean(L, asked);
    return 1;
}

/***
Ends it, without waiting. Safe to call twice; a child of fork() leaves its parent's connection as it is.
@function dwsync.pq.connection:close
*/
static int connection_close(lua_State *L)
{
    struct connection *self = luaL_checkudata(L, 1, CLASS);
    drop_results(L, self);
    if (self->conn && self->owner != getpid())
        close(PQsocket(self->conn)); /* PQfinish would say goodbye to the server */
    else
        PQfinish(self->conn);
    self->conn = NULL;
    return 0;
}

void pq_open_connection(lua_State *L)
{
    static const luaL_Reg functions[] = {{"settings", pq_settings}, {"connect", pq_connect}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"poll", connection_poll},
        {"socket", connection_socket},
        {"parameter", connection_parameter},
        {"send", connection_send},
        {"copy", connection_copy},
        {"receive", connection_receive},
        {"cancel", connection_cancel},
        {"close", connection_close},
        {"__gc", connection_close},
        {"__close", connection_close},
        {NULL, NULL},
    };
    dws_lua_class(L, CLASS, methods);
    dws_lua_setfuncs(L, functions);
}
