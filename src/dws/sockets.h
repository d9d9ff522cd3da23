/* sockets.h: the connections of one pool. */
#ifndef DWS_SOCKETS_H
#define DWS_SOCKETS_H

#include <curl/curl.h>
#include <stddef.h>

struct dws_socket {
    curl_socket_t fd;
    int port; /* the local one; 0 before its first request */
};

struct dws_sockets {
    struct dws_socket *list;
    size_t count;
    size_t capacity;
};

/* From now on this handle's connections are noted in `sockets`, which must live as long as they, and one on which bytes
 * came that nothing asked for is not used again. */
CURLcode dws_sockets_watch(struct dws_sockets *sockets, CURL *easy);
void dws_sockets_free(struct dws_sockets *sockets);

#endif
