/* sockets.c: what a server sends on an idle connection would be taken for the answer to the next request: libcurl sees
 * only that the connection is alive (before 8.1). */
#include "sockets.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static bool make_room(struct dws_sockets *sockets)
{
    if (sockets->count < sockets->capacity)
        return true;
    const size_t capacity = sockets->capacity ? 2 * sockets->capacity : 4;
    struct dws_socket *list = realloc(sockets->list, capacity * sizeof *list);
    if (!list)
        return false;
    sockets->list = list;
    sockets->capacity = capacity;
    return true;
}

static curl_socket_t open_one(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct dws_sockets *sockets = user;
    (void)purpose;
    if (!make_room(sockets))
        return CURL_SOCKET_BAD;
    const curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd != CURL_SOCKET_BAD)
        sockets->list[sockets->count++] = (struct dws_socket){fd, 0};
    return fd;
}

static int close_one(void *user, curl_socket_t fd)
{
    struct dws_sockets *sockets = user;
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->list[i].fd == fd) {
            sockets->list[i] = sockets->list[--sockets->count];
            break;
        }
    }
    return close(fd);
}

static int port_of(curl_socket_t fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static bool has_input(curl_socket_t fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, 0) > 0;
}

/* libcurl is about to send. A connection that was shut down is one that died meanwhile, which it replaces by itself. */
static int before_request(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct dws_sockets *sockets = user;
    (void)remote_ip, (void)local_ip, (void)remote_port;
    for (size_t i = 0; i < sockets->count; i++) {
        struct dws_socket *known = &sockets->list[i];
        if (known->port == local_port && has_input(known->fd))
            shutdown(known->fd, SHUT_RDWR);
        else if (known->port == 0 && port_of(known->fd) == local_port)
            known->port = local_port; /* on a new one tickets of the handshake may be waiting */
    }
    return CURL_PREREQFUNC_OK;
}

CURLcode dws_sockets_watch(struct dws_sockets *sockets, CURL *easy)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_one);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, sockets);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_one);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, sockets);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    return code ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, sockets);
}

void dws_sockets_free(struct dws_sockets *sockets)
{
    free(sockets->list);
    *sockets = (struct dws_sockets){0};
}
