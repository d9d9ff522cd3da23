/* lookup_spec.c: a name's addresses, whatever the resolver says, and what is left when something is not to be had.
 * It must not ask a real resolver: --wrap puts its own in the place of it. */
#include "spec.h"

#include "pq/pq.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum { NOTHING, PIPE, MEMORY, THREAD } failing;
static atomic_int blocks;      /* that were allocated and not freed */
static atomic_int descriptors; /* that were opened and not closed */
static atomic_int lists;       /* of addresses, in the same way */

/* ---- what surrounds a lookup ------------------------------------------------------------------ */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *block);
void __wrap_free(void *block);
int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);
int __real_close(int descriptor);
int __wrap_close(int descriptor);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list);
void __wrap_freeaddrinfo(struct addrinfo *list);
int __wrap_getnameinfo(const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size, char *service,
                       socklen_t service_size, int flags);
bool __real_pq_background(atomic_int *running, int most, void (*work)(void *), void *argument);
bool __wrap_pq_background(atomic_int *running, int most, void (*work)(void *), void *argument);

void *__wrap_malloc(size_t size)
{
    void *block = __real_malloc(size);
    blocks += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block = failing == MEMORY ? NULL : __real_calloc(count, size);
    blocks += block != NULL;
    return block;
}

void __wrap_free(void *block)
{
    blocks -= block != NULL;
    __real_free(block);
}

int __wrap_pipe2(int ends[2], int flags)
{
    const int failed = failing == PIPE ? -1 : __real_pipe2(ends, flags);
    descriptors += failed ? 0 : 2;
    return failed;
}

int __wrap_close(int descriptor)
{
    descriptors--;
    return __real_close(descriptor);
}

bool __wrap_pq_background(atomic_int *running, int most, void (*work)(void *), void *argument)
{
    EXPECT_INT(most, 64);
    return failing != THREAD && __real_pq_background(running, most, work, argument);
}

/* ---- a resolver ------------------------------------------------------------------------------- */

static struct {
    int failure;
    unsigned count;
    sem_t *wait; /* or NULL */
    sem_t asked; /* where it waits */
} resolver;

static struct addrinfo found[20];
static struct sockaddr_storage places[20];

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    EXPECT_TEXT(spec_text(name), LITERAL("db.example.com"));
    EXPECT(!service);
    EXPECT_INT(hints->ai_family, AF_UNSPEC);
    EXPECT_INT(hints->ai_socktype, SOCK_STREAM);
    EXPECT_INT(hints->ai_flags, 0);
    if (resolver.wait) {
        sem_post(&resolver.asked);
        sem_wait(resolver.wait);
    }
    if (resolver.failure)
        return resolver.failure;
    for (unsigned i = 0; i < resolver.count; i++) {
        memset(&places[i], (int)i, sizeof places[i]);
        found[i] = (struct addrinfo){.ai_addr = (struct sockaddr *)&places[i],
                                     .ai_addrlen = 16 + i,
                                     .ai_next = i + 1 < resolver.count ? &found[i + 1] : NULL};
    }
    *list = resolver.count > 0 ? found : NULL;
    lists++;
    return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    EXPECT(list == (resolver.count > 0 ? found : NULL));
    lists--;
}

/* The second address cannot be written; the third is as long as any may be. */
int __wrap_getnameinfo(const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size, char *service,
                       socklen_t service_size, int flags)
{
    const int number = ((const unsigned char *)address)[0];
    EXPECT_INT(size, 16 + number);
    EXPECT_INT(flags, NI_NUMERICHOST);
    EXPECT(!service && service_size == 0);
    snprintf(host, host_size, number == 2 ? "%0127d" : "%d", number);
    return number == 1 ? EAI_FAMILY : 0;
}

/* ---- looking up ------------------------------------------------------------------------------- */

static lua_State *new_state(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_newtable(L);
    pq_open_lookup(L);
    lua_setglobal(L, "pq");
    return L;
}

static void run(lua_State *L, const char *code)
{
    const bool good = luaL_dostring(L, code) == LUA_OK;
    if (!good)
        spec_about(lua_tostring(L, -1));
    EXPECT(good);
    lua_settop(L, 0);
}

static void wait_for(lua_State *L, const char *name)
{
    struct pollfd entry = {.events = POLLIN};
    lua_getglobal(L, name);
    lua_getfield(L, -1, "socket");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    entry.fd = (int)lua_tointeger(L, -1);
    EXPECT_INT(poll(&entry, 1, -1), 1);
    EXPECT_INT(entry.revents & POLLIN, POLLIN); /* a byte, and not merely the end */
    lua_settop(L, 0);
}

/* Threads end a moment after they gave their answer. */
static void expect_nothing_left(void)
{
    while (atomic_load(&blocks) > 0 || atomic_load(&descriptors) > 0)
        sched_yield();
    EXPECT_INT(blocks, 0);
    EXPECT_INT(descriptors, 0);
    EXPECT_INT(lists, 0);
}

static void gives_the_addresses(void)
{
    static const struct {
        unsigned count, kept;
    } cases[] = {{0, 0}, {1, 1}, {2, 1}, {3, 2}, {17, 16}, {18, 16}, {20, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lua_State *L = new_state();
        resolver.count = cases[i].count;
        run(L, "lookup = assert(pq.lookup 'db.example.com')");
        wait_for(L, "lookup");
        run(L, "state, list = lookup:poll()\n"
               "assert(state == 'done')\n"
               "assert((list[1] or '0') == '0' and #(list[2] or ('2'):rep(127)) == 127, list[2])\n"
               "for i = 3, #list do assert(list[i] == tostring(i), list[i]) end");
        lua_getglobal(L, "list");
        EXPECT_INT(lua_rawlen(L, -1), cases[i].kept);
        run(L, "lookup:close() lookup:close()");
        lua_close(L);
        expect_nothing_left();
    }
}

static void says_why_there_are_none(void)
{
    static const int failures[] = {EAI_NONAME, EAI_AGAIN, EAI_FAIL};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        lua_State *L = new_state();
        resolver.failure = failures[i];
        run(L, "lookup = assert(pq.lookup 'db.example.com')");
        wait_for(L, "lookup");
        run(L, "state, err = lookup:poll()\nassert(state == nil)\nmessage = err.message");
        lua_getglobal(L, "message");
        EXPECT_TEXT(spec_text(lua_tostring(L, -1)), spec_text(gai_strerror(failures[i])));
        lua_close(L); /* which closes it, too */
        expect_nothing_left();
    }
    resolver.failure = 0;
}

static void is_closed_before_there_is_an_answer(void)
{
    sem_t answer;
    lua_State *L = new_state();
    sem_init(&answer, 0, 0);
    sem_init(&resolver.asked, 0, 0);
    resolver.wait = &answer;
    run(L, "lookup = assert(pq.lookup 'db.example.com')\n"
           "assert(lookup:poll() == 'read')\n"
           "lookup:close()\n"
           "for _, method in ipairs {'poll', 'socket'} do\n"
           "  local good, message = pcall(lookup[method], lookup)\n"
           "  assert(not good and message:find('the lookup is closed', 1, true))\n"
           "end");
    sem_wait(&resolver.asked);
    EXPECT_INT(blocks, 1); /* the thread's alone */
    EXPECT_INT(descriptors, 1);
    lua_close(L);
    sem_post(&answer);
    expect_nothing_left();
    resolver.wait = NULL;
}

static void leaves_nothing_when_something_is_not_to_be_had(void)
{
    static const char *const messages[] = {
        [PIPE] = "no descriptor is left to look up a name with",
        [MEMORY] = "no thread is free to look up a name with: earlier ones still wait for the resolver",
        [THREAD] = "no thread is free to look up a name with: earlier ones still wait for the resolver",
    };
    for (failing = PIPE; failing <= THREAD; failing++) {
        lua_State *L = new_state();
        lua_pushstring(L, messages[failing]);
        lua_setglobal(L, "expected");
        run(L, "local lookup, err = pq.lookup 'db.example.com'\n"
               "assert(lookup == nil and err.message == expected, err and err.message)");
        EXPECT_INT(blocks, 0);
        EXPECT_INT(descriptors, 0);
        lua_close(L);
    }
    failing = NOTHING;
}

static const struct spec_case cases[] = {
    {"a name's addresses come as the resolver gave them, up to 16", gives_the_addresses},
    {"without any it is said why", says_why_there_are_none},
    {"a lookup is closed before there is an answer, which is thrown away", is_closed_before_there_is_an_answer},
    {"nothing is left when a pipe, memory or a thread is not to be had",
     leaves_nothing_when_something_is_not_to_be_had},
};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_DFL); /* nobody reads the answer of a lookup that was closed */
    return spec_run(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
