/* spec.c: runs cases and counts checks.
 * It must not stop at the first failure: one run shows everything that is wrong. */
#include "spec.h"

#include <stdio.h>
#include <string.h>

static size_t checks;
static size_t failures;
static const char *about;

struct dws_text spec_text(const char *string)
{
    return (struct dws_text){string, strlen(string)};
}

bool spec_text_holds(struct dws_text text, struct dws_text part)
{
    for (size_t i = 0; i + part.length <= text.length; i++) {
        if (part.length == 0 || memcmp(text.data + i, part.data, part.length) == 0)
            return true;
    }
    return false;
}

void spec_about(const char *what)
{
    about = what;
}

bool spec_expect(bool good, const char *what, const char *file, int line)
{
    checks++;
    if (good)
        return true;
    failures++;
    printf("    %s:%d: %s\n", file, line, what);
    if (about)
        printf("      for: %s\n", about);
    return false;
}

bool spec_expect_int(intmax_t actual, intmax_t expected, const char *what, const char *file, int line)
{
    if (spec_expect(actual == expected, what, file, line))
        return true;
    printf("      expected %jd\n      got      %jd\n", expected, actual);
    return false;
}

bool spec_expect_status(enum dws_status actual, enum dws_status expected, const char *what, const char *file, int line)
{
    if (spec_expect(actual == expected, what, file, line))
        return true;
    printf("      expected %s\n      got      %s\n", dws_status_name(expected), dws_status_name(actual));
    return false;
}

/* Control characters as escapes, so that a failure shows what differs. */
static void show(const char *label, struct dws_text text)
{
    printf("      %s ", label);
    for (size_t i = 0; i < text.length && i < 600; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\n')
            printf("\\n");
        else if (c < ' ' || c > '~')
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    printf(" (%zu bytes)\n", text.length);
}

bool spec_expect_text(struct dws_text actual, struct dws_text expected, const char *what, const char *file, int line)
{
    bool same = actual.length == expected.length &&
                (actual.length == 0 || memcmp(actual.data, expected.data, actual.length) == 0);
    if (spec_expect(same, what, file, line))
        return true;
    show("expected", expected);
    show("got     ", actual);
    return false;
}

bool spec_expect_part(struct dws_text actual, struct dws_text part, bool held, const char *what, const char *file,
                      int line)
{
    if (spec_expect(spec_text_holds(actual, part) == held, what, file, line))
        return true;
    show(held ? "should hold" : "should not hold", part);
    show("got        ", actual);
    return false;
}

static bool run_case(const struct spec_case *one)
{
    size_t checks_before = checks;
    size_t failures_before = failures;
    about = NULL;
    one->run();
    if (checks == checks_before)
        spec_expect(false, "the case checked nothing", one->title, 0);
    bool good = failures == failures_before;
    printf("%s - %s\n", good ? "ok" : "not ok", one->title);
    fflush(stdout);
    return good;
}

int spec_run(const struct spec_case *cases, size_t count, const char *only)
{
    size_t run = 0;
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        if (only && !strstr(cases[i].title, only))
            continue;
        run++;
        bad += run_case(&cases[i]) ? 0 : 1;
    }
    printf("%zu cases, %zu checks, %zu cases failed\n", run, checks, bad);
    return bad == 0 && run > 0 ? 0 : 1;
}
