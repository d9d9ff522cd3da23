/* plain_sweep.c: many requests, so many at once, with libcurl's multi interface alone. The floor for sweeps.
 * It must not decode, and it must not do more than keep its transfers busy. */
#include "plain.h"

#include <stdio.h>
#include <stdlib.h>

struct sweep {
    CURLM *multi;
    CURLSH *share; /* TLS sessions are otherwise kept by each handle alone */
    CURL **handles;
    struct body *bodies;
    long concurrency;
    long started;
    long requests;
    double bytes;
};

static void start(struct sweep *sweep, CURL *easy)
{
    if (sweep->started == sweep->requests)
        return;
    sweep->started++;
    if (curl_multi_add_handle(sweep->multi, easy) != CURLM_OK)
        plain_die("curl_multi_add_handle", "failed");
}

static void collect(struct sweep *sweep)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(sweep->multi, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *self = NULL;
        plain_check(easy, code);
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
        struct body *body = (struct body *)(void *)self;
        sweep->bytes += (double)body->length;
        body->length = 0;
        curl_multi_remove_handle(sweep->multi, easy);
        start(sweep, easy);
    }
}

static void run(struct sweep *sweep)
{
    int running = 0;
    for (long i = 0; i < sweep->concurrency; i++)
        start(sweep, sweep->handles[i]);
    do {
        if (curl_multi_perform(sweep->multi, &running) != CURLM_OK)
            plain_die("curl_multi_perform", "failed");
        long before = sweep->started;
        collect(sweep);
        if (sweep->started > before)
            running = 1; /* what was just started is not counted yet */
        else if (running && curl_multi_poll(sweep->multi, NULL, 0, 1000, NULL) != CURLM_OK)
            plain_die("curl_multi_poll", "failed");
    } while (running);
}

static void open_sweep(struct sweep *sweep, const char *url, const char *ca_file, struct curl_slist *headers)
{
    sweep->multi = curl_multi_init();
    sweep->share = curl_share_init();
    sweep->handles = calloc((size_t)sweep->concurrency, sizeof *sweep->handles);
    sweep->bodies = calloc((size_t)sweep->concurrency, sizeof *sweep->bodies);
    if (!sweep->multi || !sweep->share || !sweep->handles || !sweep->bodies)
        plain_die("plain_sweep", "out of memory");
    curl_share_setopt(sweep->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(sweep->multi, CURLMOPT_MAXCONNECTS, sweep->concurrency);
    for (long i = 0; i < sweep->concurrency; i++) {
        sweep->handles[i] = plain_handle(ca_file, headers, &sweep->bodies[i]);
        curl_easy_setopt(sweep->handles[i], CURLOPT_URL, url);
        curl_easy_setopt(sweep->handles[i], CURLOPT_SHARE, sweep->share);
    }
}

static void close_sweep(struct sweep *sweep)
{
    for (long i = 0; i < sweep->concurrency; i++) {
        curl_easy_cleanup(sweep->handles[i]);
        free(sweep->bodies[i].data);
    }
    curl_multi_cleanup(sweep->multi);
    curl_share_cleanup(sweep->share);
    free(sweep->handles);
    free(sweep->bodies);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: plain_sweep URL CA_FILE REQUESTS CONCURRENCY [HEADER...]\n");
        return 2;
    }
    struct sweep sweep = {.requests = plain_number(argv[3], "REQUESTS"),
                          .concurrency = plain_number(argv[4], "CONCURRENCY")};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *headers = plain_headers(argc - 5, argv + 5);
    open_sweep(&sweep, argv[1], argv[2], headers);
    double begin = plain_wall_seconds();
    run(&sweep);
    plain_report(sweep.requests, sweep.bytes, plain_wall_seconds() - begin);
    close_sweep(&sweep);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return 0;
}
