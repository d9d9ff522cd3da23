/* memory.c: the functions that --wrap puts in the place of calloc, realloc and free. */
#include "memory.h"

#include <stddef.h>

#define MOST_AT_ONCE ((size_t)1 << 30)

long memory_left = -1;
bool memory_returns;
long memory_held;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

static bool may_allocate(size_t size)
{
    if (memory_left == 0 || size > MOST_AT_ONCE) {
        memory_left -= memory_returns && memory_left == 0;
        return false;
    }
    memory_left -= memory_left > 0;
    return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *memory = may_allocate(count * size) ? __real_calloc(count, size) : NULL;
    memory_held += memory != NULL;
    return memory;
}

void *__wrap_realloc(void *old, size_t size)
{
    void *memory = may_allocate(size) ? __real_realloc(old, size) : NULL;
    memory_held += memory != NULL && old == NULL;
    return memory;
}

void __wrap_free(void *memory)
{
    memory_held -= memory != NULL;
    __real_free(memory);
}
