/* seen.c: which records were seen while a list is read page by page.
 * It must not keep a record's content, nor decide what a repetition means. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#define FIRST_SLOTS 256 /* a power of two */
#define ID_ROOM 256     /* an escaped id longer than this is compared in its escaped form */

struct hash {
    uint64_t a;
    uint64_t b;
};

struct slot {
    struct hash hash;
    uint64_t reading; /* the last one that saw it; 0: the slot is free */
};

/* A page's rows in order. */
struct rows {
    struct hash *hashes;
    size_t count;
    size_t capacity;
};

struct dws_seen {
    uint64_t key[2]; /* of the hash */
    struct slot *slots;
    size_t capacity; /* a power of two, at most 3/4 used */
    size_t used;
    uint64_t reading;
    struct rows first; /* of the reading's first page */
    struct rows last;  /* of the page that is being, or was last, read */
    bool on_first_page;
    struct dws_seen_page page;
};

/* ---- hashing ---------------------------------------------------------------------------------- */

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void stir(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32) + v[3];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

/* SipHash-1-3 of 128 bits under a secret key: a service that chose its ids to meet in one slot would keep us busy for
 * hours, and by chance two are alike with 2^-90 for a million records. */
static struct hash hash_text(const struct dws_seen *ids, struct dws_text text)
{
    uint64_t v[4] = {
        ids->key[0] ^ UINT64_C(0x736F6D6570736575),
        ids->key[1] ^ UINT64_C(0x646F72616E646F6D) ^ 0xEE,
        ids->key[0] ^ UINT64_C(0x6C7967656E657261),
        ids->key[1] ^ UINT64_C(0x7465646279746573),
    };
    for (size_t i = 0; i <= text.length; i += 8) {
        uint64_t word = (uint64_t)text.length << 56;
        if (text.length - i >= 8)
            memcpy(&word, text.data + i, 8);
        else
            for (size_t k = i; k < text.length; k++)
                word |= (uint64_t)(unsigned char)text.data[k] << 8 * (k - i);
        v[3] ^= word;
        stir(v, 1);
        v[0] ^= word;
    }
    struct hash hash;
    v[2] ^= 0xEE;
    stir(v, 3);
    hash.a = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xDD;
    stir(v, 3);
    hash.b = v[0] ^ v[1] ^ v[2] ^ v[3];
    return hash;
}

static struct hash hash_string(const struct dws_seen *ids, struct dws_json_string string)
{
    if (string.escaped && string.raw.length <= ID_ROOM) {
        char room[ID_ROOM];
        return hash_text(ids, (struct dws_text){room, dws_json_unescape(string, room)});
    }
    return hash_text(ids, string.raw);
}

static bool has_text(const struct dws_record *record, enum dws_field field)
{
    return record->present & 1u << field && record->text[field].raw.length > 0;
}

/* Two accounts of one name are two where their types differ. */
static struct hash hash_account(const struct dws_seen *ids, const struct dws_record *record)
{
    struct hash hash = hash_string(ids, record->text[DWS_NAME]);
    if (has_text(record, DWS_USER_TYPE)) {
        const struct hash type = hash_string(ids, record->text[DWS_USER_TYPE]);
        hash.a ^= rotate(type.a, 1);
        hash.b ^= rotate(type.b, 1);
    }
    return hash;
}

static struct hash hash_record(const struct dws_seen *ids, const struct dws_record *record)
{
    if (has_text(record, DWS_ID))
        return hash_string(ids, record->text[DWS_ID]);
    return has_text(record, DWS_NAME) ? hash_account(ids, record) : hash_text(ids, record->source);
}

static bool same(struct hash a, struct hash b)
{
    return a.a == b.a && a.b == b.b;
}

/* ---- the table -------------------------------------------------------------------------------- */

static struct slot *find(const struct dws_seen *ids, struct hash hash)
{
    size_t i = hash.a & (ids->capacity - 1);
    while (ids->slots[i].reading != 0 && !same(ids->slots[i].hash, hash))
        i = (i + 1) & (ids->capacity - 1);
    return &ids->slots[i];
}

static bool grow(struct dws_seen *ids)
{
    struct dws_seen larger = *ids;
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

static bool append_row(struct rows *rows, struct hash hash)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? rows->capacity * 2 : FIRST_SLOTS;
        struct hash *hashes = realloc(rows->hashes, capacity * sizeof *hashes);
        if (!hashes)
            return false;
        rows->hashes = hashes;
        rows->capacity = capacity;
    }
    rows->hashes[rows->count++] = hash;
    return true;
}

/* Compares the row that comes next with the first page. */
static void place_row(struct dws_seen *ids, struct hash hash)
{
    struct dws_seen_page *page = &ids->page;
    const struct rows *first = &ids->first;
    size_t row = page->rows;
    if (first->count > 0 && same(hash, first->hashes[0])) {
        page->holds_first = true;
        page->begins_like_first = page->begins_like_first || row == 0;
    }
    if (row + 1 < first->count && !same(hash, first->hashes[row + 1]))
        page->follows_by_one = false;
}

/* Takes in a row that is among the last ones and for which the table has room. Returns what is new about it. */
static unsigned note_row(struct dws_seen *ids, struct hash hash)
{
    struct dws_seen_page *page = &ids->page;
    struct slot *slot = find(ids, hash);
    const unsigned news = (slot->reading == 0 ? DWS_ID_NEW : 0) | (slot->reading != ids->reading ? DWS_ID_NEW_HERE : 0);
    ids->used += slot->reading == 0;
    *slot = (struct slot){hash, ids->reading};
    place_row(ids, hash);
    page->begins_known = page->begins_known || (page->rows == 0 && !(news & DWS_ID_NEW_HERE));
    page->rows++;
    page->new_rows += (news & DWS_ID_NEW_HERE) != 0;
    page->unseen_rows += (news & DWS_ID_NEW) != 0;
    return news;
}

/* ---- public ----------------------------------------------------------------------------------- */

enum dws_status dws_seen_new(struct dws_seen **out, struct dws_error *error)
{
    struct dws_seen *ids = calloc(1, sizeof *ids);
    *out = NULL;
    if (ids)
        ids->slots = calloc(FIRST_SLOTS, sizeof *ids->slots);
    if (!ids || !ids->slots) {
        dws_seen_free(ids);
        return dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    }
    if (RAND_bytes((unsigned char *)ids->key, sizeof ids->key) != 1) {
        dws_seen_free(ids);
        return dws_fail(error, DWS_ERR_CRYPTO, "OpenSSL has no random bytes");
    }
    ids->capacity = FIRST_SLOTS;
    *out = ids;
    return DWS_OK;
}

void dws_seen_free(struct dws_seen *ids)
{
    if (!ids)
        return;
    free(ids->slots);
    free(ids->first.hashes);
    free(ids->last.hashes);
    free(ids);
}

void dws_seen_begin_reading(struct dws_seen *ids)
{
    ids->reading++;
    ids->first.count = 0;
    ids->on_first_page = true;
}

void dws_seen_begin_page(struct dws_seen *ids)
{
    if (ids->reading == 0)
        dws_seen_begin_reading(ids);
    ids->last.count = 0;
    ids->page = (struct dws_seen_page){.follows_by_one = true};
}

enum dws_status dws_seen_add(struct dws_seen *ids, const struct dws_record *record, unsigned *news,
                             struct dws_error *error)
{
    const struct hash hash = hash_record(ids, record);
    if ((ids->used >= ids->capacity / 4 * 3 && !grow(ids)) || !append_row(&ids->last, hash))
        return dws_fail(error, DWS_ERR_MEMORY, "out of memory");
    *news = note_row(ids, hash);
    return DWS_OK;
}

struct dws_seen_page dws_seen_end_page(struct dws_seen *ids)
{
    struct dws_seen_page page = ids->page;
    page.follows_by_one = page.follows_by_one && !ids->on_first_page && page.rows + 1 >= ids->first.count;
    if (ids->on_first_page) {
        struct rows first = ids->first;
        ids->first = ids->last;
        ids->last = first;
        ids->on_first_page = false;
    }
    return page;
}

struct dws_seen_page dws_seen_begin_again(struct dws_seen *ids)
{
    const size_t rows = ids->last.count;
    dws_seen_begin_reading(ids);
    dws_seen_begin_page(ids);
    ids->last.count = rows;
    for (size_t i = 0; i < rows; i++)
        note_row(ids, ids->last.hashes[i]);
    return dws_seen_end_page(ids);
}
