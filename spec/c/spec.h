/* spec.h: the least that a C spec needs: cases titled by a sentence, and checks that say what they saw.
 * It must not hide a failure: a case without a single check fails too. */
#ifndef SPEC_H
#define SPEC_H

#include "dws.h"

#include <stdint.h>

struct spec_case {
    const char *title; /* what the code does, as a sentence */
    void (*run)(void);
};

/* Runs the cases, reports on stdout, returns the exit status. `only` (or NULL) picks titles that contain it. */
int spec_run(const struct spec_case *cases, size_t count, const char *only);

#define SPEC_MAIN(cases)                                                                    \
    int main(int argc, char **argv)                                                         \
    {                                                                                       \
        return spec_run(cases, sizeof(cases) / sizeof *(cases), argc > 1 ? argv[1] : NULL); \
    }

/* What is being checked when one case walks through a table; shown with a failure. NULL: nothing. */
void spec_about(const char *what);

#define EXPECT(condition) spec_expect((condition), #condition, __FILE__, __LINE__)
#define EXPECT_INT(actual, expected) \
    spec_expect_int((intmax_t)(actual), (intmax_t)(expected), #actual, __FILE__, __LINE__)
#define EXPECT_STATUS(actual, expected) spec_expect_status((actual), (expected), #actual, __FILE__, __LINE__)
#define EXPECT_TEXT(actual, expected) spec_expect_text((actual), (expected), #actual, __FILE__, __LINE__)
#define EXPECT_HOLDS(actual, part) spec_expect_part((actual), (part), true, #actual, __FILE__, __LINE__)
#define EXPECT_LACKS(actual, part) spec_expect_part((actual), (part), false, #actual, __FILE__, __LINE__)

bool spec_expect(bool good, const char *what, const char *file, int line);
bool spec_expect_int(intmax_t actual, intmax_t expected, const char *what, const char *file, int line);
bool spec_expect_status(enum dws_status actual, enum dws_status expected, const char *what, const char *file, int line);
bool spec_expect_text(struct dws_text actual, struct dws_text expected, const char *what, const char *file, int line);
bool spec_expect_part(struct dws_text actual, struct dws_text part, bool held, const char *what, const char *file,
                      int line);

/* A literal as borrowed bytes, NULs inside it included; and a string. */
#define LITERAL(literal) ((struct dws_text){(literal), sizeof(literal) - 1})
struct dws_text spec_text(const char *string);
/* A literal as the initialiser of a struct dws_text. */
/* clang-format off */
#define TEXT(literal) {(literal), sizeof(literal) - 1}
/* clang-format on */
/* Whether `part` occurs in `text`. */
bool spec_text_holds(struct dws_text text, struct dws_text part);

#endif
