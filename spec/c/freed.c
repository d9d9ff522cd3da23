/* freed.c: the functions that --wrap puts in the place of realloc and free. */
#include "freed.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

void __real_free(void *block);

static _Thread_local const struct dws_text *sought;
static _Thread_local size_t sought_count;
static _Thread_local size_t found;

void freed_look_for(const struct dws_text *texts, size_t count)
{
    sought = texts;
    sought_count = count;
    found = 0;
}

size_t freed_found(void)
{
    sought_count = 0;
    return found;
}

bool freed_holds(struct dws_text bytes)
{
#ifdef VALGRIND_MAKE_MEM_DEFINED
    VALGRIND_MAKE_MEM_DEFINED(bytes.data, bytes.length); /* also what nobody ever filled is looked at */
#endif
    for (size_t i = 0; i < sought_count; i++) {
        if (spec_text_holds(bytes, sought[i]))
            return true;
    }
    return false;
}

void __wrap_free(void *block)
{
    if (block && sought_count > 0) {
        found += freed_holds((struct dws_text){block, malloc_usable_size(block)});
    }
    __real_free(block);
}

/* Always moves, as realloc may. Zeroed, so that looking at all of a block is defined. */
void *__wrap_realloc(void *old, size_t size)
{
    size_t held = old ? malloc_usable_size(old) : 0;
    void *block = calloc(1, size);
    if (block && old)
        memcpy(block, old, held < size ? held : size);
    if (block)
        __wrap_free(old);
    return block;
}
