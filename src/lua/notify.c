/* notify.c: one datagram to a Unix socket: how a service speaks with systemd, sd_notify(3). luv has no call for it. */
#include "module.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/***
Datagrams.
@submodule dwsync.core
*/

/* The length of the address; 0 when it is neither a path nor an abstract name, or too long. */
static socklen_t read_address(const char *name, size_t size, struct sockaddr_un *address)
{
    if (size < 2 || (name[0] != '/' && name[0] != '@') || size >= sizeof address->sun_path)
        return 0;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, size);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (name[0] == '/'));
}

/***
Sends a datagram to a Unix socket, without waiting.
@function notify
@tparam string address a path, or an abstract name that begins with `@`
@tparam string text
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string reason
*/
static int notify(lua_State *L)
{
    size_t name_size, size;
    const char *name = luaL_checklstring(L, 1, &name_size), *text = luaL_checklstring(L, 2, &size);
    struct sockaddr_un address = {0};
    const socklen_t length = read_address(name, name_size, &address);
    int code = EINVAL;
    if (length) {
        const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const struct sockaddr *to = (const struct sockaddr *)&address;
        code = fd < 0 || sendto(fd, text, size, MSG_NOSIGNAL, to, length) < 0 ? errno : 0;
        if (fd >= 0)
            close(fd);
    }
    if (code == 0) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, strerror(code));
    return 2;
}

void dws_lua_open_notify(lua_State *L)
{
    lua_pushcfunction(L, notify);
    lua_setfield(L, -2, "notify");
}
