/* module.c: opens the module dwsync.pq. */
#include "pq.h"

#include <libpq-fe.h>

/***
PostgreSQL without waiting: libpq's asynchronous calls. No function here blocks; what has to be waited for is said, and
the caller waits on the socket (dwsync.core's `wait`, or its runtime). Optional: it is built where libpq's headers are.

What libpq itself does without a time limit stays outside: Kerberos, and the reading of files.
@module dwsync.pq
*/

/***
The libpq at work.
@function version
@treturn integer such as 150008
*/
static int pq_version(lua_State *L)
{
    lua_pushinteger(L, PQlibVersion());
    return 1;
}

int luaopen_dwsync_pq(lua_State *L);

__attribute__((visibility("default"))) int luaopen_dwsync_pq(lua_State *L)
{
    static const luaL_Reg functions[] = {{"version", pq_version}, {NULL, NULL}};
    lua_newtable(L);
    dws_lua_setfuncs(L, functions);
    pq_open_lookup(L);
    pq_open_connection(L);
    return 1;
}
