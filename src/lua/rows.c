/* rows.c: core.write_rows: rows, which are tables of Lua, → text, as a layout says.
 * It must not know any format: what a text needs there is said by the layout. */
#include "arguments.h"
#include "module.h"
#include "results.h"

/***
Writing rows.
@submodule dwsync.core
*/

#define FULL 65536      /* bytes; with the row that reaches them, a text is handed over */
#define COLUMN_SLOTS 10 /* of the stack: what a column borrows from Lua */
#define MAX_COLUMNS 500 /* Lua 5.1 has room for 8000 values */

struct column {
    struct dws_text before, quote, absent;
    struct dws_plain plain;
    bool has_plain; /* else every text is left to the function */
    bool right;     /* blanks stand before a text */
    size_t width;   /* to which plain texts are filled up with blanks; 0: they are not */
    int name;       /* places on the stack: of the key, */
    int text_of;    /* of the function for what cannot be written here, */
    int integer_of; /* of the one for integers; 0: digits */
};

struct writer {
    lua_State *L;
    struct dws_buf *out;
    struct dws_text open, separator, close;
    struct column *columns;
    size_t count;
    int others; /* place of a function on the stack, or 0 */
    bool trim;  /* no blanks at the end of a row */
};

/* ---- the layout ------------------------------------------------------------------------------- */

/* Pushes a field that is a function; 0: there is none. */
static int read_function(lua_State *L, int index, const char *field)
{
    dws_lua_rawfield(L, index, field);
    if (lua_isnil(L, -1))
        return 0;
    if (!lua_isfunction(L, -1))
        luaL_error(L, "field '%s' must be a function, got %s", field, luaL_typename(L, -1));
    return lua_gettop(L);
}

static void read_column(lua_State *L, int index, struct column *column)
{
    if (!lua_istable(L, index))
        luaL_error(L, "a column must be a table, got %s", luaL_typename(L, index));
    struct dws_text special = dws_lua_text(L, index, "special");
    *column = (struct column){
        .before = dws_lua_text(L, index, "before"),
        .quote = dws_lua_text(L, index, "quote"),
        .absent = dws_lua_text(L, index, "absent"),
        .has_plain = special.data != NULL,
    };
    dws_plain_init(&column->plain, special, dws_lua_text(L, index, "special_first"));
    column->integer_of = read_function(L, index, "integer");
    column->text_of = read_function(L, index, "text");
    if (!column->text_of)
        luaL_error(L, "field 'text' must be a function, got nil");
    dws_lua_rawfield(L, index, "width");
    lua_Number width = lua_tonumber(L, -1);
    if (!lua_isnil(L, -1) && (lua_type(L, -1) != LUA_TNUMBER || !(width >= 0 && width < 1e15)))
        luaL_error(L, "field 'width' must be a number, 0 or more");
    column->width = (size_t)width;
    dws_lua_rawfield(L, index, "right");
    column->right = lua_toboolean(L, -1);
    lua_pop(L, 2);
    dws_lua_rawfield(L, index, "name");
    if (lua_isnil(L, -1))
        luaL_error(L, "a column must have a name");
    column->name = lua_gettop(L);
}

/* What is borrowed stays on the stack. */
static void read_layout(struct writer *w, int index)
{
    lua_State *L = w->L;
    w->open = dws_lua_text(L, index, "open");
    w->separator = dws_lua_text(L, index, "separator");
    w->close = dws_lua_text(L, index, "close");
    w->others = read_function(L, index, "others");
    dws_lua_rawfield(L, index, "trim");
    w->trim = lua_toboolean(L, -1);
    dws_lua_rawfield(L, index, "columns");
    int list = lua_gettop(L);
    if (!lua_istable(L, list))
        luaL_error(L, "field 'columns' must be a table, got %s", luaL_typename(L, list));
    w->count = lua_rawlen(L, list);
    if (w->count > MAX_COLUMNS)
        luaL_error(L, "more than %d columns", MAX_COLUMNS);
    luaL_checkstack(L, (int)w->count * COLUMN_SLOTS + LUA_MINSTACK, "write_rows");
    w->columns = lua_newuserdata(L, w->count * sizeof *w->columns);
    for (size_t i = 0; i < w->count; i++) {
        lua_rawgeti(L, list, (int)i + 1);
        read_column(L, lua_gettop(L), &w->columns[i]);
    }
}

/* ---- a row ------------------------------------------------------------------------------------ */

/* Appends what a function makes of the value at `index`. */
static void append_result(struct writer *w, int function, int index)
{
    lua_State *L = w->L;
    struct dws_text text;
    lua_pushvalue(L, function);
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "a function of the layout must return a string, got %s", luaL_typename(L, -1));
    text.data = lua_tolstring(L, -1, &text.length);
    dws_buf_append_text(w->out, text);
    lua_pop(L, 1);
}

/* Whether the value on top is an integer; where Lua has none, a whole number that is exact. */
static bool to_integer(lua_State *L, int64_t *integer)
{
#if LUA_VERSION_NUM >= 503
    *integer = lua_tointeger(L, -1);
    return lua_isinteger(L, -1);
#else
    lua_Number number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0.5;
    bool exact = number > -9007199254740992.0 && number < 9007199254740992.0;
    *integer = exact ? (int64_t)number : 0;
    return exact && (lua_Number)*integer == number;
#endif
}

static bool append_plain(struct dws_buf *out, const struct column *column, struct dws_text text)
{
    const size_t start = out->length;
    const size_t blanks = column->width > text.length ? column->width - text.length : 0;
    if (column->width > 0 && text.length > column->width)
        return false;
    dws_buf_append_text(out, column->quote);
    if (column->right)
        dws_buf_append_blanks(out, blanks);
    if (!dws_buf_append_plain(out, text, &column->plain)) {
        out->length = start;
        return false;
    }
    if (!column->right)
        dws_buf_append_blanks(out, blanks);
    dws_buf_append_text(out, column->quote);
    return true;
}

/* Appends the value on top. */
static void append_value(struct writer *w, const struct column *column)
{
    lua_State *L = w->L;
    int64_t integer;
    dws_buf_append_text(w->out, column->before);
    if (lua_type(L, -1) == LUA_TSTRING) {
        struct dws_text text;
        text.data = lua_tolstring(L, -1, &text.length);
        if (column->has_plain && append_plain(w->out, column, text))
            return;
    } else if (to_integer(L, &integer)) {
        if (column->integer_of)
            append_result(w, column->integer_of, lua_gettop(L));
        else
            dws_buf_append_integer(w->out, integer);
        return;
    }
    append_result(w, column->text_of, lua_gettop(L));
}

static bool has_more_than(lua_State *L, int row, size_t count)
{
    size_t fields = 0;
    for (lua_pushnil(L); lua_next(L, row); lua_pop(L, 1)) {
        if (++fields > count) {
            lua_pop(L, 2);
            return true;
        }
    }
    return false;
}

/* Appends the row on top. */
static void append_row(struct writer *w)
{
    lua_State *L = w->L;
    const int row = lua_gettop(L);
    const size_t start = w->out->length;
    size_t values = 0;
    bool begun = false;
    dws_buf_append_text(w->out, w->open);
    for (const struct column *column = w->columns; column < w->columns + w->count; column++) {
        lua_pushvalue(L, column->name);
        lua_gettable(L, row);
        const bool is_there = !lua_isnil(L, -1);
        if (is_there || column->absent.data) {
            if (begun)
                dws_buf_append_text(w->out, w->separator);
            begun = true;
        }
        if (is_there)
            append_value(w, column);
        else
            dws_buf_append_text(w->out, column->absent);
        values += is_there;
        lua_pop(L, 1);
    }
    if (w->others && has_more_than(L, row, values)) {
        if (begun)
            dws_buf_append_text(w->out, w->separator);
        append_result(w, w->others, row);
    }
    if (w->trim)
        dws_buf_trim(w->out, start);
    dws_buf_append_text(w->out, w->close);
}

/***
Writes rows as a layout says, until there are 64 KiB or no more rows. Integers and plain texts are written as they are,
without a Lua string for each; for everything else a function of the layout is asked.
@function write_rows
@tparam {table,...} rows
@tparam integer first where to begin
@tparam table layout
@tparam[opt] string layout.open what stands before each row
@tparam[opt] string layout.separator between two of its columns
@tparam[opt] string layout.close behind it
@tparam[opt] boolean layout.trim takes away blanks at the end of a row
@tparam[opt] function layout.others `function(row)` → string: one more column, for rows with more fields than `columns`
@tparam {table,...} layout.columns each with

  - `name`: the field of a row
  - `text`: `function(value)` → string, for what is not written as it is
  - `integer`: the same for integers; by default they are written in digits
  - `before`: what precedes a value
  - `absent`: what is written when there is none; by default nothing, not even a separator
  - `special`: the bytes that make a text not plain, beside control characters and bytes beyond ASCII; without it no
  text is plain
  - `special_first`: bytes that do so at its beginning
  - `quote`: what is written around a plain text
  - `width`: to how many bytes a plain text is filled up with blanks; longer ones are not plain
  - `right`: whether the blanks come first
@treturn string
@treturn integer the first row that is not in it
@raise for wrong arguments, and what a function of the layout raises
*/
static int core_write_rows(lua_State *L)
{
    struct writer w = {.L = L};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer next = luaL_checkinteger(L, 2);
    luaL_argcheck(L, next >= 1, 2, "rows are counted from 1");
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    w.out = dws_lua_buf(L);
    read_layout(&w, 3);
    for (; next <= (lua_Integer)lua_rawlen(L, 1) && w.out->length < FULL && !w.out->failed; next++) {
        lua_rawgeti(L, 1, (int)next);
        if (!lua_istable(L, -1))
            return luaL_error(L, "a row must be a table, got %s", luaL_typename(L, -1));
        append_row(&w);
        lua_pop(L, 1);
    }
    if (w.out->failed)
        return dws_lua_fail(L, &(struct dws_error){.status = DWS_ERR_MEMORY});
    dws_lua_push_buf(L, w.out);
    dws_lua_push_integer(L, next);
    return 2;
}

void dws_lua_open_rows(lua_State *L)
{
    lua_pushcfunction(L, core_write_rows);
    lua_setfield(L, -2, "write_rows");
}
