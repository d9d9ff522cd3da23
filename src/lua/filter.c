/* filter.c: `fields` and `where` of decode_page, compiled once a page and asked once a record.
 * It must not keep a pointer into a Lua table that could change while records are made: texts are copied. */
#include "filter.h"

#include <math.h>
#include <string.h>

static unsigned find_field(lua_State *L, const char *option, struct dws_text name)
{
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        struct dws_text known = dws_field_name(field);
        if (known.length == name.length && memcmp(known.data, name.data, name.length) == 0)
            return field;
    }
    return (unsigned)luaL_error(L, "option '%s': a record has no field '%s'", option, name.data);
}

static struct dws_text check_text(lua_State *L, const char *what)
{
    struct dws_text text = {NULL, 0};
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "%s, got %s", what, luaL_typename(L, -1));
    text.data = lua_tolstring(L, -1, &text.length);
    return text;
}

/* ---- fields ----------------------------------------------------------------------------------- */

static void read_fields(lua_State *L, int options, struct filter *filter)
{
    static const char expected[] = "option 'fields' must be a list of field names";
    dws_lua_rawfield(L, options, "fields");
    int list = lua_gettop(L);
    filter->unknown = lua_isnil(L, list);
    filter->fields = filter->unknown ? (1u << DWS_FIELDS) - 1 : 0;
    if (filter->unknown)
        return;
    if (!lua_istable(L, list))
        luaL_error(L, "%s, got %s", expected, luaL_typename(L, list));
    for (int i = 1; i <= (int)lua_rawlen(L, list); i++) {
        lua_rawgeti(L, list, i);
        filter->fields |= 1u << find_field(L, "fields", check_text(L, expected));
        lua_pop(L, 1);
    }
}

/* ---- where ------------------------------------------------------------------------------------ */

/* The value on top of the stack; a text is copied into a userdata that takes its place. */
static struct filter_value read_value(lua_State *L, unsigned field)
{
    struct filter_value value = {{NULL, 0}, 0};
    struct dws_text name = dws_field_name(field);
    if (dws_field_is_text(field)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "option 'where': %s is compared with texts, got %s", name.data, luaL_typename(L, -1));
        size_t length = 0;
        const char *string = lua_tolstring(L, -1, &length);
        char *copy = lua_newuserdata(L, length + 1);
        memcpy(copy, string, length);
        value.text = (struct dws_text){copy, length};
        lua_replace(L, -2);
        return value;
    }
    lua_Number number = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || number != floor(number) || fabs(number) > 9.2e18)
        luaL_error(L, "option 'where': %s is compared with integers, got %s", name.data,
                   lua_type(L, -1) == LUA_TNUMBER ? "another number" : luaL_typename(L, -1));
#if LUA_VERSION_NUM >= 503
    value.integer = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : (int64_t)number;
#else
    value.integer = (int64_t)number;
#endif
    return value;
}

static lua_Number read_bound(lua_State *L, int range, const char *name, lua_Number otherwise)
{
    dws_lua_rawfield(L, range, name);
    lua_Number bound = lua_isnil(L, -1) ? otherwise : lua_tonumber(L, -1);
    if (!lua_isnil(L, -1) && (lua_type(L, -1) != LUA_TNUMBER || isnan(bound)))
        luaL_error(L, "option 'where': %s of a range must be a number, got %s", name, luaL_typename(L, -1));
    lua_pop(L, 1);
    return bound;
}

static void read_range(lua_State *L, int range, struct filter_condition *condition)
{
    const bool text = dws_field_is_text(condition->field);
    int bounds = 0;
    for (lua_pushnil(L); lua_next(L, range); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        bounds += strcmp(key, "min") == 0 || strcmp(key, "max") == 0 ? 1 : 3;
    }
    if (text || bounds < 1 || bounds > 2)
        luaL_error(L, "option 'where': %s wants a value, a list of values%s", dws_field_name(condition->field).data,
                   text ? "" : ", or {min =, max =}");
    condition->values = NULL;
    condition->min = read_bound(L, range, "min", -HUGE_VAL);
    condition->max = read_bound(L, range, "max", HUGE_VAL);
}

static void read_list(lua_State *L, int list, struct filter_condition *condition)
{
    condition->count = lua_rawlen(L, list);
    luaL_checkstack(L, (int)condition->count + LUA_MINSTACK, "option 'where': too many values");
    condition->values = lua_newuserdata(L, (condition->count + 1) * sizeof *condition->values);
    for (size_t i = 0; i < condition->count; i++) {
        lua_rawgeti(L, list, (int)i + 1);
        condition->values[i] = read_value(L, condition->field); /* its copy stays on the stack */
    }
}

/* The condition's value is on top of the stack, and stays there. */
static void read_condition(lua_State *L, struct filter_condition *condition)
{
    int value = lua_gettop(L);
    if (lua_istable(L, value) && lua_rawlen(L, value) > 0) {
        read_list(L, value, condition);
    } else if (lua_istable(L, value)) {
        read_range(L, value, condition);
    } else {
        condition->count = 1;
        condition->values = lua_newuserdata(L, sizeof *condition->values);
        lua_pushvalue(L, value);
        condition->values[0] = read_value(L, condition->field);
    }
}

static void read_where(lua_State *L, int options, struct filter *filter)
{
    dws_lua_rawfield(L, options, "where");
    filter->count = 0;
    if (lua_isnil(L, -1))
        return;
    int where = lua_gettop(L);
    if (!lua_istable(L, where))
        luaL_error(L, "option 'where' must be a table of conditions, got %s", luaL_typename(L, where));
    for (lua_pushnil(L); lua_next(L, where); lua_pop(L, 2)) {
        lua_pushvalue(L, -2);
        find_field(L, "where", check_text(L, "option 'where' must map field names to conditions"));
    }
    for (unsigned field = 0; field < DWS_FIELDS; field++) {
        luaL_checkstack(L, 8, "option 'where'");
        dws_lua_rawfield(L, where, dws_field_name(field).data);
        if (!lua_isnil(L, -1)) {
            struct filter_condition *condition = &filter->conditions[filter->count++];
            *condition = (struct filter_condition){.field = field};
            read_condition(L, condition);
        }
    }
}

void dws_lua_filter(lua_State *L, int index, struct filter *filter)
{
    if (lua_isnoneornil(L, index)) {
        filter->fields = (1u << DWS_FIELDS) - 1;
        filter->unknown = true;
        filter->count = 0;
        return;
    }
    read_fields(L, index, filter);
    read_where(L, index, filter);
}

/* ---- asking ----------------------------------------------------------------------------------- */

/* Most texts have no escapes, and most of those that differ differ in length. */
static inline bool is_text(struct dws_json_string string, struct dws_text text)
{
    if (string.escaped)
        return dws_json_equals(string, text);
    return string.raw.length == text.length && memcmp(string.raw.data, text.data, text.length) == 0;
}

static bool meets(const struct filter_condition *condition, const struct dws_record *record)
{
    enum dws_field field = condition->field;
    if (!(record->present & 1u << field))
        return false;
    if (!condition->values) {
        lua_Number number = (lua_Number)record->integer[field];
        return number >= condition->min && number <= condition->max;
    }
    for (size_t i = 0; i < condition->count; i++) {
        if (dws_field_is_text(field) ? is_text(record->text[field], condition->values[i].text)
                                     : record->integer[field] == condition->values[i].integer)
            return true;
    }
    return false;
}

bool dws_lua_fits(const struct filter *filter, const struct dws_record *record)
{
    for (size_t i = 0; i < filter->count; i++) {
        if (!meets(&filter->conditions[i], record))
            return false;
    }
    return true;
}
