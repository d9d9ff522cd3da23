/* background.c: calls that cannot be bounded, in threads that nobody waits for. */
#include "pq.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct task {
    atomic_int *running;
    void (*work)(void *);
    void *argument;
};

static void *run(void *argument)
{
    struct task task = *(struct task *)argument;
    free(argument);
    task.work(task.argument);
    atomic_fetch_sub(task.running, 1);
    return NULL;
}

/* A signal belongs to the host's own threads, so none may be delivered here. */
static bool start_detached(struct task *task)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes))
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attributes, run, task);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return !failed;
}

bool pq_background(atomic_int *running, int most, void (*work)(void *), void *argument)
{
    struct task *task = malloc(sizeof *task);
    if (!task)
        return false;
    *task = (struct task){running, work, argument};
    if (atomic_fetch_add(running, 1) < most && start_detached(task))
        return true;
    atomic_fetch_sub(running, 1);
    free(task);
    return false;
}
