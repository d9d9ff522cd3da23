/* filter.c: `fields` and `where` of decode_page, read once a page; dws_filter_fits is asked once a record.
 * It must not keep a pointer into a Lua table that could change while records are made: texts are copied. */
#include "filter.h"
#include "arguments.h"
#include "module.h"

#include <math.h>
#include <string.h>

/***
Choosing records.
@submodule dwsync.core
*/

static unsigned find_field(lua_State *L, enum dws_kind kind, const char *option, struct dws_text name)
{
    unsigned field = dws_field_find_in(kind, name);
    if (field == DWS_ALL_FIELDS)
        luaL_error(L, "%s: %s has no field '%s'", option, kind == DWS_RECORDS ? "a record" : "an account", name.data);
    return field;
}

/* ---- kind ------------------------------------------------------------------------------------- */

static enum dws_kind read_kind(lua_State *L, int options)
{
    dws_lua_rawfield(L, options, "kind");
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    const bool accounts = name && strcmp(name, "accounts") == 0;
    if (!lua_isnil(L, -1) && !accounts && !(name && strcmp(name, "records") == 0))
        luaL_error(L, "kind: expected 'records' or 'accounts'");
    lua_pop(L, 1);
    return accounts ? DWS_ACCOUNTS : DWS_RECORDS;
}

/* ---- fields ----------------------------------------------------------------------------------- */

static void read_fields(lua_State *L, int options, struct choice *choice)
{
    static const char expected[] = "fields: expected a list of field names, got %s";
    dws_lua_rawfield(L, options, "fields");
    int list = lua_gettop(L);
    choice->unknown = lua_isnil(L, list);
    choice->fields = choice->unknown ? dws_kind_fields(choice->kind) : 0;
    if (choice->unknown)
        return;
    if (!lua_istable(L, list))
        luaL_error(L, expected, luaL_typename(L, list));
    for (int i = 1; i <= (int)lua_rawlen(L, list); i++) {
        struct dws_text name;
        lua_rawgeti(L, list, i);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, expected, luaL_typename(L, -1));
        name.data = lua_tolstring(L, -1, &name.length);
        choice->fields |= 1u << find_field(L, choice->kind, "fields", name);
        lua_pop(L, 1);
    }
}

/* ---- where ------------------------------------------------------------------------------------ */

/* The value on top of the stack; a text is copied into a userdata that takes its place. */
static struct dws_value read_value(lua_State *L, unsigned field)
{
    struct dws_value value = {{NULL, 0}, 0};
    const char *name = dws_field_name(field).data;
    if (dws_field_is_text(field)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "where: %s is compared with texts, got %s", name, luaL_typename(L, -1));
        size_t length = 0;
        const char *string = lua_tolstring(L, -1, &length);
        char *copy = lua_newuserdata(L, length);
        memcpy(copy, string, length);
        value.text = (struct dws_text){copy, length};
        lua_replace(L, -2);
        return value;
    }
    if (dws_field_is_boolean(field)) {
        if (!lua_isboolean(L, -1))
            luaL_error(L, "where: %s is compared with true or false, got %s", name, luaL_typename(L, -1));
        value.integer = lua_toboolean(L, -1);
        return value;
    }
    lua_Number number = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || number != floor(number) || fabs(number) > 9.2e18)
        luaL_error(L, "where: %s is compared with integers, got %s", name,
                   lua_type(L, -1) == LUA_TNUMBER ? "another number" : luaL_typename(L, -1));
#if LUA_VERSION_NUM >= 503
    value.integer = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : (int64_t)number;
#else
    value.integer = (int64_t)number;
#endif
    return value;
}

static double read_bound(lua_State *L, int range, const char *name, double otherwise)
{
    dws_lua_rawfield(L, range, name);
    double bound = lua_isnil(L, -1) ? otherwise : lua_tonumber(L, -1);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TNUMBER)
        luaL_error(L, "where: %s of a range must be a number, got %s", name, luaL_typename(L, -1));
    lua_pop(L, 1);
    return bound;
}

static void read_range(lua_State *L, int range, struct dws_condition *condition)
{
    const bool text = dws_field_is_text(condition->field) || dws_field_is_boolean(condition->field);
    int bounds = 0;
    for (lua_pushnil(L); lua_next(L, range); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        bounds += strcmp(key, "min") == 0 || strcmp(key, "max") == 0 ? 1 : 3;
    }
    if (text || bounds < 1 || bounds > 2)
        luaL_error(L, "where: %s wants a value, a list of values%s", dws_field_name(condition->field).data,
                   text ? "" : ", or {min =, max =}");
    condition->min = read_bound(L, range, "min", -HUGE_VAL);
    condition->max = read_bound(L, range, "max", HUGE_VAL);
}

/* The values in the list at `list`, or the one value there. Their copies stay on the stack. */
static void read_values(lua_State *L, int list, struct dws_condition *condition)
{
    const bool one = !lua_istable(L, list);
    const size_t count = one ? 1 : lua_rawlen(L, list);
    luaL_checkstack(L, (int)count + LUA_MINSTACK, "where: too many values");
    struct dws_value *values = lua_newuserdata(L, count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        if (one)
            lua_pushvalue(L, list);
        else
            lua_rawgeti(L, list, (int)i + 1);
        values[i] = read_value(L, condition->field);
    }
    condition->values = values;
    condition->count = count;
}

static void check_names(lua_State *L, enum dws_kind kind, int where)
{
    for (lua_pushnil(L); lua_next(L, where); lua_pop(L, 2)) {
        struct dws_text name = {.data = luaL_typename(L, -2)};
        lua_pushvalue(L, -2);
        if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER)
            name.data = lua_tolstring(L, -1, &name.length);
        find_field(L, kind, "where", name);
    }
}

/* For each field its condition, or nil, stays on the stack. */
_Static_assert(DWS_FIELDS + 8 <= LUA_MINSTACK, "a C function has no room for so many fields");

static void read_where(lua_State *L, int options, struct choice *choice)
{
    struct dws_error error;
    dws_lua_rawfield(L, options, "where");
    if (lua_isnil(L, -1))
        return;
    int where = lua_gettop(L);
    if (!lua_istable(L, where))
        luaL_error(L, "where: expected a table of conditions, got %s", luaL_typename(L, where));
    check_names(L, choice->kind, where);
    const unsigned fields = dws_kind_fields(choice->kind);
    for (unsigned field = 0; field < DWS_ALL_FIELDS; field++) {
        if (!(fields & 1u << field))
            continue;
        dws_lua_rawfield(L, where, dws_field_name(field).data);
        if (lua_isnil(L, -1))
            continue;
        struct dws_condition *condition = &choice->conditions[choice->filter.count++];
        *condition = (struct dws_condition){.field = field};
        if (lua_istable(L, -1) && lua_rawlen(L, -1) == 0)
            read_range(L, lua_gettop(L), condition);
        else
            read_values(L, lua_gettop(L), condition);
    }
    if (dws_filter_check(&choice->filter, &error) != DWS_OK)
        luaL_error(L, "where: %s", error.message);
}

void dws_lua_choice(lua_State *L, int index, struct choice *choice)
{
    choice->filter = (struct dws_filter){choice->conditions, 0};
    choice->kind = DWS_RECORDS;
    choice->fields = dws_kind_fields(DWS_RECORDS);
    choice->unknown = true;
    if (lua_isnoneornil(L, index))
        return;
    choice->kind = read_kind(L, index);
    read_fields(L, index, choice);
    read_where(L, index, choice);
}

/* ---- checking alone --------------------------------------------------------------------------- */

static int check(lua_State *L)
{
    struct choice choice;
    dws_lua_choice(L, 1, &choice);
    return 0;
}

/***
Whether @{decode_page} would take these options.
@function check_choice
@tparam table options `kind`, `fields` and `where` as for @{decode_page}
@treturn boolean
@treturn ?string what is wrong with them
*/
static int core_check_choice(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushcfunction(L, check);
    lua_pushvalue(L, 1);
    int failed = lua_pcall(L, 1, 0, 0);
    if (failed == LUA_ERRMEM)
        return lua_error(L);
    lua_pushboolean(L, !failed);
    lua_replace(L, 1);
    return failed ? 2 : 1;
}

void dws_lua_open_filter(lua_State *L)
{
    lua_pushcfunction(L, core_check_choice);
    lua_setfield(L, -2, "check_choice");
}
