/* dws_ids.c: which records were seen while a list is read page by page.
 * It must not keep a record's content, nor decide what a repetition means. */
#include "dws_internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 256 /* a power of two */
#define ID_ROOM 256     /* an escaped id longer than this is told apart by its escaped form */

struct hash {
    uint64_t a;
    uint64_t b;
};

struct slot {
    struct hash hash;
    uint64_t reading; /* the last one that saw it; 0: the slot is free */
};

struct dws_ids {
    struct slot *slots;
    size_t capacity; /* a power of two, at most 3/4 used */
    size_t used;
    uint64_t reading;
    struct hash *first; /* rows of the reading's first page, in order */
    size_t first_count;
    size_t first_capacity;
    bool on_first_page;
    struct dws_ids_page page;
};

/* ---- hashing ---------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    value = (value ^ value >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return value ^ value >> 32;
}

/* Two 64-bit lanes with odd multipliers of their own. Ids come from the service, which has nothing to gain from two
 * alike; by chance that is 2^-90 for a million records. */
static struct hash hash_text(struct dws_text text)
{
    struct hash h = {UINT64_C(0x9E3779B97F4A7C15) ^ text.length, UINT64_C(0xC2B2AE3D27D4EB4F) + text.length};
    for (size_t i = 0; i < text.length; i += 8) {
        uint64_t word = 0;
        size_t left = text.length - i;
        memcpy(&word, text.data + i, left < 8 ? left : 8);
        h.a = (h.a ^ word) * UINT64_C(0x9FB21C651E98DF25);
        h.a ^= h.a >> 29;
        h.b = (h.b + word) * UINT64_C(0xD1B54A32D192ED03);
        h.b = h.b << 31 | h.b >> 33;
    }
    return (struct hash){mix(h.a), mix(h.b ^ h.a >> 17)};
}

static struct hash hash_record(const struct dws_record *record)
{
    struct dws_json_string id = record->text[DWS_ID];
    if (!(record->present & 1u << DWS_ID) || id.raw.length == 0)
        return hash_text(record->source);
    if (id.escaped && id.raw.length <= ID_ROOM) {
        char room[ID_ROOM];
        return hash_text((struct dws_text){room, dws_json_unescape(id, room)});
    }
    return hash_text(id.raw);
}

static bool same(struct hash a, struct hash b)
{
    return a.a == b.a && a.b == b.b;
}

/* ---- the table -------------------------------------------------------------------------------- */

static struct slot *find(const struct dws_ids *ids, struct hash hash)
{
    size_t i = hash.a & (ids->capacity - 1);
    while (ids->slots[i].reading != 0 && !same(ids->slots[i].hash, hash))
        i = (i + 1) & (ids->capacity - 1);
    return &ids->slots[i];
}

static bool grow(struct dws_ids *ids)
{
    struct dws_ids larger = *ids;
    larger.capacity = ids->capacity * 2;
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < ids->capacity; i++) {
        if (ids->slots[i].reading != 0)
            *find(&larger, ids->slots[i].hash) = ids->slots[i];
    }
    free(ids->slots);
    ids->slots = larger.slots;
    ids->capacity = larger.capacity;
    return true;
}

static bool remember_first(struct dws_ids *ids, struct hash hash)
{
    if (ids->first_count == ids->first_capacity) {
        size_t capacity = ids->first_capacity ? ids->first_capacity * 2 : FIRST_SLOTS;
        struct hash *first = realloc(ids->first, capacity * sizeof *first);
        if (!first)
            return false;
        ids->first = first;
        ids->first_capacity = capacity;
    }
    ids->first[ids->first_count++] = hash;
    return true;
}

/* ---- public ----------------------------------------------------------------------------------- */

enum dws_status dws_ids_new(struct dws_ids **out, struct dws_error *error)
{
    struct dws_ids *ids = calloc(1, sizeof *ids);
    *out = NULL;
    if (ids)
        ids->slots = calloc(FIRST_SLOTS, sizeof *ids->slots);
    if (!ids || !ids->slots) {
        dws_ids_free(ids);
        return dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    }
    ids->capacity = FIRST_SLOTS;
    *out = ids;
    return DWS_OK;
}

void dws_ids_free(struct dws_ids *ids)
{
    if (!ids)
        return;
    free(ids->slots);
    free(ids->first);
    free(ids);
}

void dws_ids_begin_reading(struct dws_ids *ids)
{
    ids->reading++;
    ids->first_count = 0;
    ids->on_first_page = true;
}

void dws_ids_begin_page(struct dws_ids *ids)
{
    if (ids->reading == 0)
        dws_ids_begin_reading(ids);
    ids->page = (struct dws_ids_page){.follows_by_one = true};
}

/* Compares the row with what stood on the first page. */
static void place_row(struct dws_ids *ids, struct hash hash)
{
    struct dws_ids_page *page = &ids->page;
    size_t row = page->rows;
    if (ids->first_count > 0 && same(hash, ids->first[0])) {
        page->holds_first = true;
        page->begins_like_first = page->begins_like_first || row == 0;
    }
    if (row + 1 < ids->first_count && !same(hash, ids->first[row + 1]))
        page->follows_by_one = false;
}

enum dws_status dws_ids_add(struct dws_ids *ids, const struct dws_record *record, unsigned *news,
                            struct dws_error *error)
{
    struct hash hash = hash_record(record);
    if ((ids->used >= ids->capacity / 4 * 3 && !grow(ids)) || (ids->on_first_page && !remember_first(ids, hash)))
        return dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    struct slot *slot = find(ids, hash);
    *news = (slot->reading == 0 ? DWS_ID_NEW : 0) | (slot->reading != ids->reading ? DWS_ID_NEW_HERE : 0);
    ids->used += slot->reading == 0;
    *slot = (struct slot){hash, ids->reading};
    place_row(ids, hash);
    ids->page.rows++;
    ids->page.new_rows += (*news & DWS_ID_NEW_HERE) != 0;
    return DWS_OK;
}

struct dws_ids_page dws_ids_end_page(struct dws_ids *ids)
{
    struct dws_ids_page page = ids->page;
    page.follows_by_one = page.follows_by_one && !ids->on_first_page && page.rows + 1 >= ids->first_count;
    ids->on_first_page = false;
    return page;
}
