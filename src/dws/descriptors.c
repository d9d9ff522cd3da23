/* descriptors.c: whether this process lacks file descriptors, which libraries report as the fault of something else. */
#include "internal.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#define PIPES 2 /* four descriptors: a socket, a file of certificates, and what looks up a name */

bool dws_descriptors_fail(struct dws_error *error, const char *whose)
{
    int ends[PIPES][2];
    int made = 0;
    while (made < PIPES && pipe(ends[made]) == 0)
        made++;
    const int reason = made < PIPES ? errno : 0;
    for (int i = 0; i < made; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    struct rlimit limit = {0, 0};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (reason == EMFILE)
        dws_fail(error, DWS_ERR_DESCRIPTORS, "%s: this process has no free file descriptors (limit %llu)", whose,
                 (unsigned long long)limit.rlim_cur);
    else if (reason == ENFILE)
        dws_fail(error, DWS_ERR_DESCRIPTORS, "%s: this machine has no free file descriptors", whose);
    return reason == EMFILE || reason == ENFILE;
}
