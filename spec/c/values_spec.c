/* values_spec.c: numbers on their way to PostgreSQL and back, in a program that speaks another language. */
#include "spec.h"

#include "pq/pq.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLOAT4 = 700, FLOAT8 = 701 };

static void expect_both_ways(lua_State *L, double number, const char *text)
{
    spec_about(text);
    lua_settop(L, 0);
    lua_pushnumber(L, number);
    EXPECT_TEXT(spec_text(pq_parameters(L, 1, 1)[0]), spec_text(text));
    pq_push_value(L, FLOAT8, text, (int)strlen(text));
    EXPECT(lua_tonumber(L, -1) == number);
    pq_push_value(L, FLOAT4, text, (int)strlen(text));
    EXPECT(lua_tonumber(L, -1) == number);
    spec_about(NULL);
}

static void expect_numbers_with_a_point(void)
{
    lua_State *L = luaL_newstate();
    expect_both_ways(L, 0.25, "0.25");
    expect_both_ways(L, -1234567.5, "-1234567.5");
    expect_both_ways(L, 0x1p70, "1.1805916207174113e+21");
    lua_close(L);
}

static void expect_locale(const char *name, const char *point)
{
    if (!setlocale(LC_ALL, name) || strcmp(localeconv()->decimal_point, point) != 0)
        printf("    skipped: no locale %s with the decimal point %s\n", name, point);
    else
        expect_numbers_with_a_point();
    EXPECT(setlocale(LC_ALL, "C") != NULL);
}

static void writes_and_reads_a_point(void)
{
#ifdef SPEC_LOCALES
    setenv("LOCPATH", SPEC_LOCALES, 1);
#endif
    expect_locale("de_DE.UTF-8", ",");
    expect_locale("ps_AF.UTF-8", "\xd9\xab");
    expect_numbers_with_a_point();
}

static const struct spec_case cases[] = {
    {"numbers have a point whatever the locale", writes_and_reads_a_point},
};

SPEC_MAIN(cases)
