/* loop_cycles.c: preloaded into nginx: what each cycle of its event loop costs, as CPU of its thread, from where
 * epoll_wait returns to where it is called again. Lua code of the worker reads it through LuaJIT's ffi. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

enum { KEPT = 65536 };

/* Of the last cycles, by their number modulo KEPT. */
double loop_cycle_seconds[KEPT];
/* The number of the one under way. */
uint32_t loop_cycle;

/* When that began; who takes notes of it adds what these cost. */
double loop_began;

/* Before they are defined, as the compiler wants what is exported. */
double loop_cpu(void);
double loop_cycle_cpu(void);

/* CPU of the calling thread. */
double loop_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* CPU of the cycle under way so far. */
double loop_cycle_cpu(void)
{
    return loop_cpu() - loop_began;
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    static int (*own)(int, struct epoll_event *, int, int);
    if (!own)
        *(void **)&own = dlsym(RTLD_NEXT, "epoll_wait");
    loop_cycle_seconds[loop_cycle % KEPT] = loop_began > 0 ? loop_cycle_cpu() : 0;
    int count = own(epoll, events, most, timeout);
    loop_cycle++;
    loop_began = loop_cpu();
    return count;
}
