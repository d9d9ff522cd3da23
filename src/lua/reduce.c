/* reduce.c: core.reduce_page: a page's text without the records that nobody wants, for a thread that hands it on.
 * It must not change what core.decode_page makes of the text with the same `where` and `ids`. */
#include "filter.h"

#include <stdio.h>

struct reducer {
    struct dws_page page;
    struct filter filter;
    bool ids; /* records that are not wanted leave their id behind: it is counted */
    struct dws_buf *out;
};

/* A record that is not wanted. Without an id, it is known by all it says. */
static void append_trace(struct dws_buf *out, const struct dws_record *record)
{
    const struct dws_json_string id = record->text[DWS_ID];
    if (!(record->present & 1u << DWS_ID) || id.raw.length == 0) {
        dws_buf_append_text(out, record->source);
        return;
    }
    dws_buf_append_string(out, "{\"id\":\"");
    dws_buf_append_text(out, id.raw);
    dws_buf_append_string(out, "\"}");
}

/* False: it is no page, or says something beside its records and their count. */
static bool reduce(struct reducer *r)
{
    struct dws_record record;
    struct dws_error error;
    enum dws_status status;
    dws_buf_append_string(r->out, "{\"sync_records\":[");
    const size_t start = r->out->length;
    while ((status = dws_page_next(&r->page, &record, &error)) == DWS_OK) {
        const bool wanted = dws_lua_fits(&r->filter, &record);
        if (!wanted && !r->ids)
            continue;
        if (r->out->length > start)
            dws_buf_append(r->out, ",", 1);
        if (wanted)
            dws_buf_append_text(r->out, record.source);
        else
            append_trace(r->out, &record);
    }
    return status == DWS_IDLE && r->page.records > 0 && r->page.members == (r->page.has_count ? 2 : 1);
}

static void end_page(struct reducer *r)
{
    char count[40];
    dws_buf_append_string(r->out, "]");
    if (r->page.has_count) {
        snprintf(count, sizeof count, ",\"count\":%lld", (long long)r->page.count);
        dws_buf_append_string(r->out, count);
    }
    dws_buf_append_string(r->out, "}");
}

bool dws_lua_reduce(lua_State *L, struct dws_text body, int options)
{
    struct reducer r;
    struct dws_error error;
    const int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, "reduce_page");
    dws_lua_filter(L, options, &r.filter);
    dws_lua_rawfield(L, options, "ids");
    r.ids = lua_toboolean(L, -1);
    r.out = dws_lua_buf(L);
    if (r.filter.count == 0 || dws_page_start(&r.page, body, &error) != DWS_OK || !reduce(&r)) {
        lua_settop(L, top);
        return false;
    }
    end_page(&r);
    if (r.out->failed)
        luaL_error(L, "not enough memory");
    lua_pushlstring(L, r.out->data, r.out->length);
    dws_buf_free(r.out); /* now rather than when the collector comes by */
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
    return true;
}

/* core.reduce_page(body, options) → a shorter body from which core.decode_page makes the same with these options, or
 * nil when there is nothing to leave out or the body is no page: then it is to be handed on as it is.
 * options.where as of decode_page; options.ids: true when ids will be there */
static int core_reduce_page(lua_State *L)
{
    struct dws_text body;
    body.data = luaL_checklstring(L, 1, &body.length);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    return dws_lua_reduce(L, body, 2) ? 1 : 0;
}

void dws_lua_open_reduce(lua_State *L)
{
    lua_pushcfunction(L, core_reduce_page);
    lua_setfield(L, -2, "reduce_page");
}
