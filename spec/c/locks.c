/* locks.c: the functions that --wrap puts in the place of pthread_mutex_lock and pthread_mutex_unlock. */
#include "locks.h"

#include <pthread.h>
#include <stdatomic.h>

static _Thread_local int held;
static atomic_int not_held;

int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_mutex_unlock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock);

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
    held++;
    return __real_pthread_mutex_lock(lock);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    if (held > 0)
        held--;
    else
        not_held++;
    return __real_pthread_mutex_unlock(lock);
}

int locks_not_held(void)
{
    return not_held;
}
