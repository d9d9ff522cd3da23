/* freed.h: what is left in memory that is given back, for programs linked with --wrap for realloc and free.
 * It must not look at memory still in use: that is the caller's. */
#ifndef FREED_H
#define FREED_H

#include "spec.h"

/* What no block may hold that this thread gives back from now on; the texts are borrowed. Forgets what was found. */
void freed_look_for(const struct dws_text *texts, size_t count);
/* Looks for nothing any more. Returns how many blocks held one of the texts. */
size_t freed_found(void);
/* Whether bytes hold one of the texts. */
bool freed_holds(struct dws_text bytes);

void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

#endif
