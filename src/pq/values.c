/* values.c: Lua's values as PostgreSQL's text and back, without a locale. */
#define _GNU_SOURCE /* strtod_l */
#include "pq.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_NUMBER 32
#define BIGGEST_WHOLE 1e18 /* beyond it a double is written with an exponent */

enum { BOOL = 16, INT8 = 20, INT2 = 21, INT4 = 23, OID = 26, FLOAT4 = 700, FLOAT8 = 701 };

/* ---- to PostgreSQL ---------------------------------------------------------------------------- */

/* printf writes the decimal point of the locale, which may be several bytes. */
static void without_locale(char *text)
{
    char *to = text;
    bool point = false;
    for (const char *from = text; *from; from++) {
        if (strchr("0123456789+-e", *from)) {
            *to++ = *from;
        } else if (!point) {
            *to++ = '.';
            point = true;
        }
    }
    *to = '\0';
}

static void write_number(lua_State *L, int index, char *text)
{
    lua_Number number = lua_tonumber(L, index);
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) {
        snprintf(text, LONGEST_NUMBER, "%lld", (long long)lua_tointeger(L, index));
        return;
    }
#endif
    if (isnan(number)) {
        strcpy(text, "NaN");
    } else if (isinf(number)) {
        strcpy(text, number < 0 ? "-Infinity" : "Infinity");
    } else {
        bool whole = floor(number) == number && fabs(number) < BIGGEST_WHOLE;
        snprintf(text, LONGEST_NUMBER, whole ? "%.0f" : "%.17g", number);
        without_locale(text);
    }
}

static const char *parameter(lua_State *L, int index, char *number)
{
    switch (lua_type(L, index)) {
    case LUA_TNIL: return NULL;
    case LUA_TBOOLEAN: return lua_toboolean(L, index) ? "t" : "f";
    case LUA_TNUMBER: write_number(L, index, number); return number;
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(L, index, &length);
        luaL_argcheck(L, strlen(text) == length, index, "a text with NUL, which PostgreSQL cannot hold");
        return text;
    }
    default: luaL_argerror(L, index, "a parameter must be nil, a boolean, a number or a string"); return NULL;
    }
}

const char *const *pq_parameters(lua_State *L, int first, int count)
{
    const char **values = lua_newuserdata(L, (size_t)count * sizeof *values);
    char(*numbers)[LONGEST_NUMBER] = lua_newuserdata(L, (size_t)count * LONGEST_NUMBER);
    for (int i = 0; i < count; i++)
        values[i] = parameter(L, first + i, numbers[i]);
    return values;
}

/* ---- from PostgreSQL -------------------------------------------------------------------------- */

static locale_t plain;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static double read_double(const char *text)
{
    pthread_once(&once, make_plain);
    return plain ? strtod_l(text, NULL, plain) : strtod(text, NULL);
}

void pq_push_value(lua_State *L, unsigned type, const char *text, int length)
{
    switch (type) {
    case BOOL: lua_pushboolean(L, text[0] == 't'); break;
    case INT2:
    case INT4:
    case INT8:
    case OID: dws_lua_push_integer(L, strtoll(text, NULL, 10)); break;
    case FLOAT4:
    case FLOAT8: lua_pushnumber(L, read_double(text)); break;
    default: lua_pushlstring(L, text, (size_t)length);
    }
}
