/* scan_spec.c: vectors, words and single bytes find the same, wherever it is, and read nothing at the end or behind it.
 * It must hand out texts as exact copies on the heap, where a sanitizer or memcheck sees a read too far. */
#include "dws/scan.h"
#include "spec.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 67 /* beyond four vectors */
#define MOST 65536 /* bytes of a file of the corpus */

/* ---- byte by byte ----------------------------------------------------------------------------- */

static const char *plain_bytes(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

static const char *blank_bytes(const char *at, const char *end)
{
    while (at < end && *at != '\0' && strchr(" \t\r\n", *at))
        at++;
    return at;
}

/* ---- all ways at once ------------------------------------------------------------------------- */

static bool finds_alike(const char *at, const char *end)
{
    const char *plain = plain_bytes(at, end);
    const char *blanks = blank_bytes(at, end);
    bool good = dws_scan_plain_words(at, end) == plain && dws_scan_blanks_words(at, end) == blanks &&
                dws_scan_plain(at, end) == plain && dws_scan_blanks(at, end) == blanks;
#if defined(__SSE2__)
    good = good && dws_scan_plain_vectors(at, end) == plain && dws_scan_blanks_vectors(at, end) == blanks;
#endif
    return good;
}

/* Whether digits are found and have the value that they have one by one. */
static bool counts_alike(const char *at, const char *end)
{
    uint64_t by_bytes = 0, sum = 99;
    const char *last = dws_scan_digits_bytes(at, end, DWS_MOST_DIGITS, &by_bytes);
    return dws_scan_digits(at, end, &sum) == last && sum == by_bytes;
}

static void expect_alike(const char *bytes, size_t length)
{
    char *text = malloc(length ? length : 1);
    memcpy(text, bytes, length);
    bool good = true;
    for (size_t i = 0; i <= length; i++)
        good = good && finds_alike(text + i, text + length) && counts_alike(text + i, text + length);
    EXPECT(good);
    free(text);
}

/* Runs of `filler`, with every byte at every place. */
static void expect_alike_around(const char *filler)
{
    char text[LONGEST];
    spec_about(filler);
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < LONGEST; place++) {
            for (size_t i = 0; i < LONGEST; i++)
                text[i] = filler[i % strlen(filler)];
            text[place] = (char)byte;
            expect_alike(text + place / 2, LONGEST - place / 2);
        }
    }
}

static void finds_every_byte_everywhere(void)
{
    expect_alike_around("a");
    expect_alike_around(" ");
    expect_alike_around("\n\t\r ");
    expect_alike_around("1234567890");
    expect_alike_around("000000000000000009");
}

static void reads_no_byte_at_the_end(void)
{
    static const char *const fillers[] = {"a", " ", "7", ""};
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        for (size_t length = 0; length < LONGEST; length++) {
            char text[LONGEST];
            memset(text, fillers[i][0], length);
            expect_alike(text, length);
        }
    }
}

/* ---- keys ------------------------------------------------------------------------------------- */

static struct dws_key write_key(struct dws_text name)
{
    struct dws_key key = {.mask = (UINT32_C(1) << (name.length + 2)) - 1};
    key.bytes[0] = key.bytes[name.length + 1] = '"';
    memcpy(key.bytes + 1, name.data, name.length);
    return key;
}

static bool is_key_alike(const char *at, const struct dws_key *key, bool expected)
{
    bool good = dws_is_key_words(at, key) == expected && dws_is_key(at, key) == expected;
#if defined(__SSE2__)
    good = good && dws_is_key_vectors(at, key) == expected;
#endif
    return good;
}

static void knows_a_key_by_all_its_bytes(void)
{
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        const struct dws_text name = dws_field_name(field);
        const struct dws_key key = write_key(name);
        bool good = true;
        spec_about(name.data);
        for (size_t place = 0; place < DWS_KEY_BYTES; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char *text = malloc(DWS_KEY_BYTES);
                memcpy(text, key.bytes, DWS_KEY_BYTES);
                text[place] = (char)byte;
                good = good && is_key_alike(text, &key, place > name.length + 1 || text[place] == key.bytes[place]);
                free(text);
            }
        }
        EXPECT(good);
    }
}

/* ---- what the fuzzers found --------------------------------------------------------------------- */

static void finds_alike_in_the_corpus(void)
{
    static char bytes[MOST];
    DIR *folder = opendir(CORPUS);
    struct dirent *entry;
    size_t files = 0;
    if (!EXPECT(folder != NULL))
        return;
    while ((entry = readdir(folder))) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", CORPUS, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        spec_about(path);
        expect_alike(bytes, fread(bytes, 1, sizeof bytes, file));
        fclose(file);
        files++;
    }
    closedir(folder);
    EXPECT(files > 100);
}

static const struct spec_case cases[] = {
    {"every byte is found at every place", finds_every_byte_everywhere},
    {"nothing is read at the end or behind it", reads_no_byte_at_the_end},
    {"a key is known by all its bytes, and by no other", knows_a_key_by_all_its_bytes},
    {"all ways find the same in the fuzzers' corpus", finds_alike_in_the_corpus},
};

SPEC_MAIN(cases)
