/* page.c: core.decode_page and core.decoder: the body of a page → a Lua table that is safe to rely on.
 * It must not know about HTTP or about what a failing service says: an unknown field is kept, that is all. */
#include "page.h"
#include "arguments.h"
#include "filter.h"
#include "module.h"
#include "record.h"
#include "results.h"
#include "seen.h"

#include <stdio.h>
#include <string.h>

/***
Decoding.
@submodule dwsync.core
*/

#define BEGINNING_BYTES 2048 /* of a body that is not a page; more than a message shows */
#define SMALLEST_RECORD 32   /* bytes; bounds how many rows a list is made for in advance */

struct decoder {
    lua_State *L;
    struct dws_text body;
    struct dws_page page;
    struct record_maker maker;
    struct choice choice;
    struct dws_seen *ids; /* or NULL: every record is handed over */
    size_t rows;          /* records in the list that is being made */
    int kept;             /* records that are in it */
    size_t values;        /* how many may still be made, see DWS_PAGE_VALUES */
};

/* ---- errors ----------------------------------------------------------------------------------- */

/* nil, {kind = "decode", …}; adds how the body begins, as it came: how foreign text is shown is not decided here. */
static int fail(const struct decoder *d, const struct dws_error *error)
{
    lua_State *L = d->L;
    const struct dws_text body = d->body;
    const char *noun = d->choice.kind == DWS_ACCOUNTS ? "accounts" : "records";
    lua_pushnil(L);
    lua_newtable(L);
    lua_pushliteral(L, "decode");
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, dws_status_name(error->status));
    lua_setfield(L, -2, "code");
    if (body.length == 0) {
        lua_pushfstring(L, "the response is empty, not a page of %s", noun);
    } else {
        lua_pushlstring(L, body.data, body.length < BEGINNING_BYTES ? body.length : BEGINNING_BYTES);
        lua_setfield(L, -2, "beginning");
        lua_pushfstring(L, "the response is not a page of %s: %s", noun, error->message);
    }
    lua_setfield(L, -2, "message");
    return 2;
}

/* ---- the page --------------------------------------------------------------------------------- */

static bool is_page_field(enum dws_kind kind, struct dws_text key)
{
    const struct dws_text list = dws_kind_list(kind);
    return (key.length == 5 && memcmp(key.data, "count", 5) == 0) ||
           (key.length == list.length && memcmp(key.data, list.data, list.length) == 0);
}

/* Room for as many rows as the rest of the body can hold if they are like the first one. */
static int expected_rows(const struct decoder *d, const struct dws_record *first)
{
    size_t left = (size_t)(d->page.json.end - d->page.json.at);
    size_t each = first->source.length > SMALLEST_RECORD ? first->source.length : SMALLEST_RECORD;
    size_t rows = left / each < DWS_PAGE_RECORDS ? left / each + 1 : DWS_PAGE_RECORDS;
    return d->choice.filter.count == 0 ? (int)rows : 0;
}

/* Whether the record is to be handed over: it fits, and was not seen on an earlier page. */
static enum dws_status is_wanted(struct decoder *d, const struct dws_record *record, bool *wanted,
                                 struct dws_error *error)
{
    unsigned news = DWS_ID_NEW;
    if (d->ids && dws_seen_add(d->ids, record, &news, error) != DWS_OK)
        return error->status;
    *wanted = (news & DWS_ID_NEW) && dws_filter_fits(&d->choice.filter, record);
    return DWS_OK;
}

static enum dws_status refuse_values(struct dws_error *error)
{
    *error = (struct dws_error){.status = DWS_ERR_DECODE};
    snprintf(error->message, sizeof error->message, "it has more than %zu values in members that are not fields",
             DWS_PAGE_VALUES);
    return error->status;
}

/* The list is on top of the stack, in the place of the empty one. A second sync_records would replace the first. */
static enum dws_status begin_list(struct decoder *d, int rows, struct dws_error *error)
{
    if (d->rows > 0) {
        *error = (struct dws_error){.status = DWS_ERR_DECODE};
        snprintf(error->message, sizeof error->message, "%s occurs twice", dws_kind_list(d->choice.kind).data);
        return error->status;
    }
    lua_createtable(d->L, rows, 0);
    return DWS_OK;
}

static enum dws_status add_record(struct decoder *d, const struct dws_record *record, struct dws_error *error)
{
    bool wanted = false;
    if (record->index == 0 && begin_list(d, expected_rows(d, record), error) != DWS_OK)
        return error->status;
    d->rows = record->index + 1;
    if (is_wanted(d, record, &wanted, error) != DWS_OK)
        return error->status;
    if (wanted && !dws_lua_push_record(&d->maker, record))
        return refuse_values(error);
    if (wanted)
        lua_rawseti(d->L, -2, ++d->kept);
    return DWS_OK;
}

/* Adds the next records to the list on top of the stack. DWS_PENDING: there may be more. */
static enum dws_status add_records(struct decoder *d, size_t most, struct dws_error *error)
{
    struct dws_record record;
    for (; most > 0; most--) {
        const enum dws_status status = dws_page_next(&d->page, &record, error);
        if (status == DWS_IDLE && d->rows != d->page.records && begin_list(d, 0, error) != DWS_OK)
            return error->status;
        if (status != DWS_OK)
            return status;
        if (add_record(d, &record, error) != DWS_OK)
            return error->status;
    }
    return DWS_PENDING;
}

/* Pushes the page without what its records said. */
static bool push_page(struct decoder *d, struct dws_text body)
{
    lua_State *L = d->L;
    lua_createtable(L, 0, 3);
    lua_insert(L, -2);
    lua_setfield(L, -2, dws_kind_list(d->choice.kind).data);
    if (d->page.has_count) {
        dws_lua_push_integer(L, d->page.count);
        lua_setfield(L, -2, "count");
    }
    return !d->page.unknown || dws_lua_add_unknown(L, body, d->choice.kind, is_page_field, &d->maker.left);
}

static int begin(lua_State *L, struct decoder *d)
{
    struct dws_error error;
    d->L = L;
    if (dws_page_start_of(&d->page, d->choice.kind, d->body, &error) != DWS_OK)
        return fail(d, &error);
    if (d->ids)
        dws_seen_begin_page(d->ids);
    d->values = DWS_PAGE_VALUES;
    return 0;
}

/* The list is at the index 2. Pushes it, when it may have more records, or what decode_page returns. */
static int go_on(lua_State *L, struct decoder *d, size_t most)
{
    struct dws_error error;
    d->L = L;
    dws_lua_prepare_records(&d->maker, L, d->choice.kind, d->choice.fields, d->choice.unknown);
    d->maker.left = d->values;
    lua_pushvalue(L, 2);
    const enum dws_status status = add_records(d, most, &error);
    d->values = d->maker.left;
    if (status == DWS_PENDING)
        return 1;
    if (status != DWS_IDLE || (!push_page(d, d->body) && refuse_values(&error)))
        return error.status == DWS_ERR_MEMORY ? dws_lua_fail(L, &error) : fail(d, &error);
    if (d->ids) {
        struct dws_seen_page place = dws_seen_end_page(d->ids);
        dws_lua_push_place(L, &place);
    } else {
        lua_pushnil(L);
    }
    return 2;
}

/* Stack of the call: the decoder as a light userdata. */
static int decode(lua_State *L)
{
    struct decoder *d = lua_touserdata(L, 1);
    if (begin(L, d) > 0)
        return 2;
    lua_settop(L, 1);
    lua_newtable(L);
    return go_on(L, d, SIZE_MAX);
}

/* Calls a function with the decoder and what is on top of the stack, while nobody else may use its ids. Returns how
 * many results it pushed. */
static int with_ids(lua_State *L, lua_CFunction function, struct decoder *d, int options)
{
    const int argument = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, "decode_page");
    lua_pushcfunction(L, function); /* may run a finaliser, so it comes before the ids are looked at */
    d->ids = dws_lua_ids_hold(L, options);
    const int held = lua_gettop(L);
    lua_pushvalue(L, held - 1);
    lua_pushlightuserdata(L, d);
    lua_pushvalue(L, argument);
    const int failed = lua_pcall(L, 2, LUA_MULTRET, 0);
    dws_lua_ids_release(L, held);
    return failed ? lua_error(L) : lua_gettop(L) - held;
}

int dws_lua_decode(lua_State *L, struct dws_text body, int options)
{
    struct decoder d = {.L = L, .body = body};
    dws_lua_choice(L, options, &d.choice);
    lua_pushnil(L);
    return with_ids(L, decode, &d, options);
}

/***
One run of a synchronisation, with the service's names. A field that is null or missing is nil, unknown ones are kept.
@table dwsync.record
@tfield[opt] string id
@tfield[opt] string identity_source_id
@tfield[opt] string identity_source_type `ldap`, `oneaccess`
@tfield[opt] integer start_time milliseconds since the epoch
@tfield[opt] integer end_time milliseconds since the epoch
@tfield[opt] integer add_count accounts added
@tfield[opt] integer update_count accounts updated
@tfield[opt] integer delete_count accounts deleted
@tfield[opt] integer failed_count accounts that failed
@tfield[opt] string status `RUNNING`, `FINISHED`, `FAILED`
@tfield[opt] string fail_reason foreign text: dwsync.text makes it fit to be shown
*/

/***
An account of the database, with the service's names. A field that is null or missing is nil, unknown ones are kept.
@table dwsync.account
@tfield[opt] string name foreign text: dwsync.text makes it fit to be shown
@tfield[opt] boolean login whether it may log in: it is a user then, else a role. What is neither true nor false is
kept as it came, unless `fields` chooses
@tfield[opt] string user_type `COMMON` (made in the database), `IAM`, `OneAccess`
*/

/***
A page of accounts.
@table dwsync.account_page
@tfield {dwsync.account,...} users
@tfield[opt] integer count which the service does not give today
*/

/***
A page of records.
@table dwsync.page
@tfield[opt] integer count how many records there are, as the service says
@tfield {dwsync.record,...} sync_records
*/

/***
What the rows of a page say about its place in the list.
@table dwsync.place
@tfield integer rows
@tfield integer new_rows not seen since the reading began
@tfield integer unseen_rows never seen before
@tfield boolean begins_known its first row was seen since the reading began
@tfield boolean begins_like_first its first row is the first row of the reading's first page
@tfield boolean holds_first one of its rows is that
@tfield boolean follows_by_one it is the first page without its first row, and perhaps more behind it
*/

/***
Decodes a page of synchronisation records. Unknown members are kept, null is nil, integers are integers where this Lua
has them. Without `count` a page has `sync_records`. It has at most 100,000 records, and 250,000 values in unknown
members.
@function decode_page
@tparam string body
@tparam[opt] table options
@tparam[opt="records"] "records"|"accounts" options.kind what the page lists: accounts make it a dwsync.account_page
@tparam[opt] {string,...} options.fields names of the fields to hand over; by default all
@tparam[opt] table options.where conditions by field name, each a value, a list of values, or `{min =, max =}`, all of
which a record must meet
@tparam[opt] dwsync.core.ids options.ids leaves out the records that it knows from earlier pages
@treturn[1] dwsync.page
@treturn[1] ?dwsync.place with `ids`
@treturn[2] nil
@treturn[2] dwsync.failure kind `decode`
@raise for options that make no sense
*/
static int core_decode_page(lua_State *L)
{
    struct dws_text body;
    body.data = luaL_checklstring(L, 1, &body.length);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TTABLE);
    return dws_lua_decode(L, body, 2);
}

/* ---- in slices -------------------------------------------------------------------------------- */

#define DECODER "dwsync.decoder"

/* The uservalue is a list: what must stay between two steps. */
enum { BODY = 1, CHOICE, LIST };

struct lua_decoder {
    struct decoder decoder;
    size_t most; /* records in this step */
    bool begun;
    bool ended;
};

/***
Begins to decode a page that is too large to be decoded without a pause.
@function decoder
@tparam string body
@tparam[opt] table options of @{decode_page}; not to be changed until the page is decoded
@treturn dwsync.core.decoder
@raise for options that make no sense
*/
static int core_decoder(lua_State *L)
{
    struct choice choice;
    luaL_checkstring(L, 1);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TTABLE);
    dws_lua_choice(L, 2, &choice); /* raises now rather than later */
    lua_settop(L, 2);
    struct lua_decoder *self = lua_newuserdata(L, sizeof *self);
    *self = (struct lua_decoder){.begun = false};
    self->decoder.body.data = lua_tolstring(L, 1, &self->decoder.body.length);
    luaL_getmetatable(L, DECODER);
    lua_setmetatable(L, -2);
    lua_createtable(L, LIST, 0);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, BODY);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, CHOICE);
    lua_newtable(L);
    lua_rawseti(L, -2, LIST);
    dws_lua_setuservalue(L, -2);
    return 1;
}

/* Stack of the call: the decoder as a light userdata, which is the first member of what it belongs to; its list. */
static int step(lua_State *L)
{
    struct lua_decoder *self = lua_touserdata(L, 1);
    const bool is_first = !self->begun;
    self->begun = true;
    if (is_first && begin(L, &self->decoder) > 0)
        return 2;
    return go_on(L, &self->decoder, self->most);
}

/***
Decodes a few more records.
@function decoder:step
@tparam integer records how many at most
@treturn[1] boolean false: there may be more
@treturn[2] dwsync.page
@treturn[2] ?dwsync.place with `ids`
@treturn[3] nil
@treturn[3] dwsync.failure kind `decode`
@raise after the end, and for ids that are closed or in use
*/
static int decoder_step(lua_State *L)
{
    struct lua_decoder *self = luaL_checkudata(L, 1, DECODER);
    const lua_Integer records = luaL_checkinteger(L, 2);
    luaL_argcheck(L, records >= 1, 2, "records must be at least 1");
    if (self->ended)
        return luaL_error(L, "the page is decoded");
    self->ended = true; /* also if this raises */
    self->most = (size_t)records;
    lua_settop(L, 1);
    dws_lua_getuservalue(L, 1);
    lua_rawgeti(L, 2, CHOICE);
    dws_lua_choice(L, 3, &self->decoder.choice);
    lua_rawgeti(L, 2, LIST);
    const int results = with_ids(L, step, &self->decoder, 3);
    if (results == 2)
        return 2;
    lua_rawseti(L, 2, LIST);
    self->ended = false;
    lua_pushboolean(L, false);
    return 1;
}

/* ---- a shorter page --------------------------------------------------------------------------- */

bool dws_lua_reduce(lua_State *L, struct dws_text body, int options)
{
    struct choice choice;
    struct dws_error error;
    luaL_checkstack(L, LUA_MINSTACK, "reduce_page");
    dws_lua_choice(L, options, &choice);
    dws_lua_rawfield(L, options, "ids");
    const bool traces = lua_toboolean(L, -1);
    struct dws_buf *out = dws_lua_buf(L);
    enum dws_status status = dws_filter_page_of(choice.kind, &choice.filter, body, traces, out, &error);
    if (status == DWS_OK) {
        dws_lua_push_buf(L, out);
        return true;
    }
    if (status != DWS_IDLE)
        dws_lua_fail(L, &error); /* out of memory, since the choice was checked: raises */
    dws_buf_free(out);
    return false;
}

/***
A shorter body, from which @{decode_page} makes the same with the same options: for a thread that hands it on.
@function reduce_page
@tparam string body
@tparam table options `kind` and `where` as for @{decode_page}; `ids`: true when there will be `ids`
@treturn ?string nil when there is nothing to leave out or the body is not a page: it is to be handed on as it is
@raise for options that make no sense
*/
static int core_reduce_page(lua_State *L)
{
    struct dws_text body;
    body.data = luaL_checklstring(L, 1, &body.length);
    luaL_checktype(L, 2, LUA_TTABLE);
    return dws_lua_reduce(L, body, 2) ? 1 : 0;
}

void dws_lua_open_page(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"decode_page", core_decode_page},
        {"decoder", core_decoder},
        {"reduce_page", core_reduce_page},
        {NULL, NULL},
    };
    static const luaL_Reg methods[] = {{"step", decoder_step}, {NULL, NULL}};
    dws_lua_class(L, DECODER, methods);
    dws_lua_setfuncs(L, functions);
}
