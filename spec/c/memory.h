/* memory.h: memory as libdws sees it, for programs linked with --wrap for calloc, realloc and free: it may run out.
 * A block of more than a gibibyte is refused, though the machine might promise it. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>

/* Allocations that succeed before all others fail; negative: none fails. */
extern long memory_left;
/* Whether only one fails, and there is memory again for those after it. */
extern bool memory_returns;
/* Blocks that were allocated and not freed. */
extern long memory_held;

#endif
