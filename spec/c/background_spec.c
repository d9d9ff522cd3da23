/* background_spec.c: work beside the caller: as much as may run, in threads that take no signal; and what is left when
 * there is no memory or no thread. */
#include "spec.h"

#include "pq/pq.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

static enum { NOTHING, MEMORY, ATTRIBUTES, THREAD } failing;
static atomic_int blocks;     /* that were allocated and not freed */
static atomic_int attributes; /* that were made and not destroyed */
static int detached;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void __real_free(void *block);
void __wrap_free(void *block);
int __real_pthread_attr_init(pthread_attr_t *attributes);
int __wrap_pthread_attr_init(pthread_attr_t *attributes);
int __real_pthread_attr_destroy(pthread_attr_t *attributes);
int __wrap_pthread_attr_destroy(pthread_attr_t *attributes);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *with, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *with, void *(*run)(void *), void *argument);

void *__wrap_malloc(size_t size)
{
    void *block = failing == MEMORY ? NULL : __real_malloc(size);
    blocks += block != NULL;
    return block;
}

void __wrap_free(void *block)
{
    blocks -= block != NULL;
    __real_free(block);
}

int __wrap_pthread_attr_init(pthread_attr_t *made)
{
    const int failed = failing == ATTRIBUTES ? ENOMEM : __real_pthread_attr_init(made);
    attributes += !failed;
    return failed;
}

int __wrap_pthread_attr_destroy(pthread_attr_t *made)
{
    attributes--;
    return __real_pthread_attr_destroy(made);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *with, void *(*run)(void *), void *argument)
{
    if (failing == THREAD)
        return EAGAIN;
    EXPECT_INT(pthread_attr_getdetachstate(with, &detached), 0);
    return __real_pthread_create(thread, with, run, argument);
}

/* ---- work ------------------------------------------------------------------------------------- */

static sem_t begun, may_end;
static sigset_t within;

static void work(void *argument)
{
    pthread_sigmask(SIG_SETMASK, NULL, &within);
    EXPECT(argument == &within);
    sem_post(&begun);
    sem_wait(&may_end);
}

static void wait_for_none(atomic_int *running)
{
    while (atomic_load(running) > 0)
        sched_yield();
}

static void begin(void)
{
    sem_init(&begun, 0, 0);
    sem_init(&may_end, 0, 0);
}

static void runs_as_much_as_it_may(void)
{
    atomic_int running = 0;
    begin();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++)
            EXPECT(pq_background(&running, 3, work, &within));
        for (int i = 0; i < 3; i++)
            sem_wait(&begun);
        EXPECT_INT(running, 3);
        for (int i = 0; i < 2; i++)
            EXPECT(!pq_background(&running, 3, work, &within));
        EXPECT_INT(running, 3);
        for (int i = 0; i < 3; i++)
            sem_post(&may_end);
        wait_for_none(&running);
        EXPECT_INT(blocks, 0);
        EXPECT_INT(attributes, 0);
        EXPECT_INT(detached, PTHREAD_CREATE_DETACHED);
    }
    EXPECT(!pq_background(&running, 0, work, &within));
    EXPECT_INT(running, 0);
}

static void leaves_signals_to_the_caller(void)
{
    sigset_t before, after;
    atomic_int running = 0;
    begin();
    sigemptyset(&before);
    sigaddset(&before, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    EXPECT(pq_background(&running, 1, work, &within));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    sem_wait(&begun);
    for (int number = 1; number < 32; number++) {
        EXPECT_INT(sigismember(&after, number), number == SIGUSR1);
        EXPECT_INT(sigismember(&within, number), number != SIGKILL && number != SIGSTOP);
    }
    sem_post(&may_end);
    wait_for_none(&running);
    sigemptyset(&before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void says_that_it_does_not_run(void)
{
    atomic_int running = 0;
    begin();
    for (failing = MEMORY; failing <= THREAD; failing++) {
        EXPECT(!pq_background(&running, 1, work, &within));
        EXPECT_INT(running, 0);
        EXPECT_INT(blocks, 0);
        EXPECT_INT(attributes, 0);
    }
    failing = NOTHING;
    EXPECT(pq_background(&running, 1, work, &within));
    sem_post(&may_end);
    wait_for_none(&running);
}

static const struct spec_case cases[] = {
    {"as much runs as may, and again when it has ended", runs_as_much_as_it_may},
    {"a thread takes no signal, and the caller's are as before", leaves_signals_to_the_caller},
    {"without memory or a thread nothing runs, and nothing is left", says_that_it_does_not_run},
};

SPEC_MAIN(cases)
