/* lookup.c: the addresses of a host's name, which libpq would ask for without a time limit. */
#define _GNU_SOURCE /* pipe2 */
#include "pq.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/***
@module dwsync.pq
*/

#define CLASS "dwsync.pq.lookup"
#define MOST_AT_ONCE 64
#define MOST_ADDRESSES 16
#define LONGEST_ADDRESS 128

/* Shared by the thread that asks and the one that waits; the last of them frees it. */
struct answer {
    atomic_int users;
    atomic_bool done;
    int wake; /* the pipe's other end, to wake who waits */
    int failure;
    size_t count;
    char addresses[MOST_ADDRESSES][LONGEST_ADDRESS];
    char name[];
};

struct lookup {
    struct answer *answer;
    int wait;
};

static atomic_int running;

static void leave(struct answer *answer)
{
    if (atomic_fetch_sub(&answer->users, 1) == 1)
        free(answer);
}

static void ask(void *argument)
{
    struct answer *answer = argument;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    answer->failure = getaddrinfo(answer->name, NULL, &hints, &list);
    for (struct addrinfo *a = answer->failure ? NULL : list; a && answer->count < MOST_ADDRESSES; a = a->ai_next) {
        char *place = answer->addresses[answer->count];
        if (getnameinfo(a->ai_addr, a->ai_addrlen, place, LONGEST_ADDRESS, NULL, 0, NI_NUMERICHOST) == 0)
            answer->count++;
    }
    if (!answer->failure)
        freeaddrinfo(list);
    atomic_store(&answer->done, true);
    /* A byte, because a child of fork() may hold this end open. Where nobody reads any more, SIGPIPE is blocked. */
    ssize_t written = write(answer->wake, "", 1);
    (void)written;
    close(answer->wake);
    leave(answer);
}

static int fail(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_newtable(L);
    lua_pushstring(L, message);
    lua_setfield(L, -2, "message");
    return 2;
}

static struct answer *new_answer(const char *name, int wake)
{
    size_t length = strlen(name) + 1;
    struct answer *answer = calloc(1, sizeof *answer + length);
    if (answer) {
        atomic_init(&answer->users, 2);
        answer->wake = wake;
        memcpy(answer->name, name, length);
    }
    return answer;
}

/***
Begins to look up a name, in a thread of its own. What takes too long is left to itself: close it.
@function lookup
@tparam string name
@treturn[1] dwsync.pq.lookup
@treturn[2] nil
@treturn[2] table {message=string}
@raise for arguments of another type
*/
static int lookup_new(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct lookup *self = lua_newuserdata(L, sizeof *self);
    *self = (struct lookup){.answer = NULL};
    luaL_getmetatable(L, CLASS);
    lua_setmetatable(L, -2);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(L, "no descriptor is left to look up a name with");
    struct answer *answer = new_answer(name, ends[1]);
    if (!answer || !pq_background(&running, MOST_AT_ONCE, ask, answer)) {
        free(answer);
        close(ends[0]);
        close(ends[1]);
        return fail(L, "no thread is free to look up a name with: earlier ones still wait for the resolver");
    }
    *self = (struct lookup){answer, ends[0]};
    return 1;
}

/***
A name that is being looked up.
@type dwsync.pq.lookup
*/

static struct lookup *check_open(lua_State *L)
{
    struct lookup *self = luaL_checkudata(L, 1, CLASS);
    if (!self->answer)
        luaL_error(L, "the lookup is closed");
    return self;
}

/***
Looks whether there is an answer.
@function dwsync.pq.lookup:poll
@treturn[1] string `read`: wait until the socket can be read
@treturn[2] string `done`
@treturn[2] {string,...} addresses
@treturn[3] nil
@treturn[3] table {message=string}
@raise when it is closed
*/
static int lookup_poll(lua_State *L)
{
    const struct answer *answer = check_open(L)->answer;
    if (!atomic_load(&answer->done)) {
        lua_pushstring(L, "read");
        return 1;
    }
    if (answer->failure)
        return fail(L, gai_strerror(answer->failure));
    lua_pushstring(L, "done");
    lua_newtable(L);
    for (size_t i = 0; i < answer->count; i++) {
        lua_pushstring(L, answer->addresses[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 2;
}

/***
What to wait on.
@function dwsync.pq.lookup:socket
@treturn integer a descriptor
@raise when it is closed
*/
static int lookup_socket(lua_State *L)
{
    lua_pushinteger(L, check_open(L)->wait);
    return 1;
}

/***
Ends it, without waiting. Safe to call twice.
@function dwsync.pq.lookup:close
*/
static int lookup_close(lua_State *L)
{
    struct lookup *self = luaL_checkudata(L, 1, CLASS);
    if (self->answer) {
        close(self->wait);
        leave(self->answer);
        self->answer = NULL;
    }
    return 0;
}

void pq_open_lookup(lua_State *L)
{
    static const luaL_Reg functions[] = {{"lookup", lookup_new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"poll", lookup_poll},  {"socket", lookup_socket}, {"close", lookup_close},
        {"__gc", lookup_close}, {"__close", lookup_close}, {NULL, NULL},
    };
    dws_lua_class(L, CLASS, methods);
    dws_lua_setfuncs(L, functions);
}
