/* pq.h: the parts of dwsync.pq. */
#ifndef PQ_PQ_H
#define PQ_PQ_H

#include "versions.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Register their functions in the table on top of the stack. */
void pq_open_lookup(lua_State *L);
void pq_open_connection(lua_State *L);

/* Runs work in a thread that nobody waits for and no signal interrupts. It frees its argument itself. At most `most`
 * run at once, counted in `running`. False: as many run already, or no thread could be made; the work does not run. */
bool pq_background(atomic_int *running, int most, void (*work)(void *), void *argument);

/* Parameters as libpq takes them: the values of the stack from `first` on, NULL for nil. Pushes what they live in. */
const char *const *pq_parameters(lua_State *L, int first, int count);
/* Pushes a value that came as text, by the OID of its type. */
void pq_push_value(lua_State *L, unsigned type, const char *text, int length);

#endif
