/* locks.h: locks of programs linked with --wrap for pthread_mutex_lock and pthread_mutex_unlock: that each is held when
 * it is given back. */
#ifndef LOCKS_H
#define LOCKS_H

/* Locks that a thread gave back and did not hold. */
int locks_not_held(void);

#endif
