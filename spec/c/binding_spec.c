/* binding_spec.c: the binding when memory runs out, Lua's or libdws's, at every single place: that is an error, nothing
 * is lost, and all works again when there is memory. */
#include "memory.h"
#include "spec.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int luaopen_dwsync_core(lua_State *L);

void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);

/* Whether Lua's memory runs out, too, or libdws's alone. */
static bool lua_too;

/* Behind each block of Lua's: who puts more on the stack than was asked for writes there. */
static const char guard[] = "nobody writes behind the end of a block of memory that is Lua's";

static void *resized(void *old, size_t old_size, size_t size)
{
    if (old && size <= old_size) /* which must not fail */
        return old;
    return lua_too ? realloc(old, size + sizeof guard) : __real_realloc(old, size + sizeof guard);
}

static void *allocate(void *user, void *old, size_t old_size, size_t size)
{
    (void)user;
    if (old)
        EXPECT(memcmp((char *)old + old_size, guard, sizeof guard) == 0);
    if (size == 0) {
        lua_too ? free(old) : __real_free(old);
        return NULL;
    }
    char *block = resized(old, old_size, size);
    if (block)
        memcpy(block + size, guard, sizeof guard);
    return block;
}

static int raise_trouble(lua_State *L)
{
    return luaL_error(L, "%s", lua_tostring(L, 1));
}

/* A state with the standard library, the module's opener, and `raise`: an error that comes from this program. */
static lua_State *new_state(void)
{
    lua_State *L = lua_newstate(allocate, NULL);
    luaL_openlibs(L);
    lua_pushcfunction(L, luaopen_dwsync_core);
    lua_setglobal(L, "open");
    lua_register(L, "raise", raise_trouble);
    return L;
}

static void run(lua_State *L, const char *code)
{
    const bool good = luaL_dostring(L, code) == LUA_OK;
    if (!good)
        spec_about(lua_tostring(L, -1));
    EXPECT(good);
    lua_settop(L, 0);
}

/* Runs the function `work` of the code with memory for a number of allocations, then `check` with as much as it wants,
 * which must find all in order. */
static int run_with_memory_for(long allocations, const char *code)
{
    const long held = memory_held;
    lua_State *L = new_state();
    run(L, code);
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_getglobal(L, "work");
    memory_left = allocations;
    const int status = lua_pcall(L, 0, 0, 0);
    memory_left = -1;
    spec_about(status == LUA_OK ? code : lua_tostring(L, -1));
    EXPECT(status == LUA_OK || strstr(lua_tostring(L, -1), "not enough memory"));
    lua_settop(L, 0);
    run(L, "check()");
    lua_close(L);
    EXPECT_INT(memory_held, held);
    return status;
}

static void expect_errors_until_enough(const char *code)
{
    long failures = 0;
    for (int time = 0; time < 2; time++) {
        long enough = 0;
        lua_too = time == 1;
        while (enough < 20000 && run_with_memory_for(enough, code) != LUA_OK)
            enough++;
        EXPECT(enough < 20000);
        failures += enough;
    }
    EXPECT(failures > 10);
}

static void survives_opening(void)
{
    expect_errors_until_enough("function work() open() end\n"
                               "function check()\n"
                               "  local core = open()\n"
                               "  local ids, pool = assert(core.ids()), assert(core.pool())\n"
                               "  ids:close() pool:close()\n"
                               "  assert(debug.getmetatable(ids).__gc and debug.getmetatable(ids).__close)\n"
                               "  assert(debug.getmetatable(pool).__gc and debug.getmetatable(pool).__tostring)\n"
                               "  assert(core.response({header_lines = 'A: b\\r\\n'}).headers.a == 'b')\n"
                               "end");
}

#define RECORDS                                                                                                      \
    "core = open()\n"                                                                                                \
    "local rows = {}\n"                                                                                              \
    "for i = 1, 200 do\n"                                                                                            \
    "  rows[i] = ('{\"id\":\"%d\",\"status\":\"%s\",\"start_time\":%d%s}'):format(i,\n"                              \
    "    i % 50 == 0 and 'FAILED' or 'FINISHED', i, i % 40 == 0 and ',\"note\":[{\"a\":\"\\\\n\"}]' or '')\n"        \
    "end\n"                                                                                                          \
    "rows[201] = '{\"id\":\"' .. ('\\\\u0061'):rep(100) .. '\",\"fail_reason\":\"' .. ('\\\\n'):rep(400) .. '\"}'\n" \
    "body = '{\"count\":201,\"more\":{},\"sync_records\":[' .. table.concat(rows, ',') .. ']}'\n"                    \
    "plain = body:gsub('\"more\":{},', '')\n"

static void survives_decoding(void)
{
    expect_errors_until_enough(RECORDS "function work()\n"
                                       "  local page = core.decode_page(body)\n"
                                       "  assert(#page.sync_records == 201 and page.more)\n"
                                       "end\n"
                                       "check = work");
}

/* `ids` outlives the failure and is not in use behind it. A record whose memory is missing is not one that was seen. */
static void survives_noting_what_was_seen(void)
{
    expect_errors_until_enough(RECORDS "function work()\n"
                                       "  ids = nil\n"
                                       "  ids = assert(core.ids())\n"
                                       "  local page, place = core.decode_page(body, {ids = ids, fields = {'id'}})\n"
                                       "  assert(page and #page.sync_records == 201 and place.unseen_rows == 201)\n"
                                       "  assert(core.decode_page(body, {ids = ids, where = {status = 'FAILED'}}))\n"
                                       "  assert(ids:begin_again().rows == 201)\n"
                                       "end\n"
                                       "function check() if ids then ids:begin_again() ids:close() end end");
}

static void survives_making_a_page_shorter(void)
{
    expect_errors_until_enough(RECORDS "function work()\n"
                                       "  local where = {status = {'FAILED', 'RUNNING'}, start_time = {min = 1}}\n"
                                       "  assert(#core.reduce_page(plain, {where = where, ids = true}) < #plain)\n"
                                       "  assert(core.check_choice {where = where, fields = {'id'}})\n"
                                       "end\n"
                                       "check = work");
}

static void survives_an_answer_that_is_no_page(void)
{
    expect_errors_until_enough("core = open()\n"
                               "function work()\n"
                               "  local page, err = core.decode_page(('<p>'):rep(100), {where = {}})\n"
                               "  assert(page == nil and err.kind == 'decode' and #err.beginning == 300, err)\n"
                               "end\n"
                               "check = work");
}

static void survives_writing_rows(void)
{
    expect_errors_until_enough("core = open()\n"
                               "local rows, columns = {}, {}\n"
                               "for i = 1, 20 do rows[i] = {a = i, b = ('b'):rep(i * 20), c = i .. '\\n', d = i} end\n"
                               "for i, name in ipairs {'a', 'b', 'c'} do\n"
                               "  columns[i] = {name = name, special = '', text = string.upper}\n"
                               "end\n"
                               "local layout = {separator = ',', close = '\\n', columns = columns,\n"
                               "  others = function(row) return 'd' .. row.d end}\n"
                               "function work()\n"
                               "  local text, next_row = core.write_rows(rows, 1, layout)\n"
                               "  assert(next_row == 21 and text:find('^1,b+,1\\n,d1\\n2,'), text)\n"
                               "end\n"
                               "check = work");
}

static void survives_signing(void)
{
    expect_errors_until_enough(
        "core = open()\n"
        "local headers = {}\n"
        "for i = 1, 20 do headers['X-' .. i] = 'v' end\n"
        "local request = {url = 'https://h/a%20b?c=d', headers = headers, body = ('b'):rep(1000)}\n"
        "local keys = {ak = 'a', sk = 's', security_token = ('t'):rep(600)}\n"
        "function work()\n"
        "  local date = '20251025T104952Z'\n"
        "  for _, stage in ipairs {'canonical_request', 'string_to_sign', 'sign'} do\n"
        "    local result, err = core[stage](request, keys, date)\n"
        "    if not result then raise(err.message) end\n"
        "  end\n"
        "  assert(#core.sha256('x') == 64)\n"
        "end\n"
        "check = work");
}

/* Nothing is sent: the port is closed. What libcurl allocates for itself never fails here. */
static void survives_a_pool(void)
{
    expect_errors_until_enough(
        "core = open()\n"
        "function work()\n"
        "  local pool = assert(core.pool {user_agent = 'a', concurrency = 2})\n"
        "  last = pool\n"
        "  assert(pool:submit('tag', {url = 'http://127.0.0.1:1/', headers = {A = 'b'}, decode = {}}))\n"
        "  local tag, response, err = pool:next()\n"
        "  assert(tag == 'tag' and response == nil)\n"
        "  if err.code ~= 'connect' then raise(err.message) end\n"
        "end\n"
        "function check()\n"
        "  if last then\n"
        "    local pending = last:pending()\n"
        "    while pending > 0 do last:next() pending = pending - 1 end\n"
        "    assert(select(2, last:next(0)) == 'idle')\n"
        "    last:close()\n"
        "    last = nil\n"
        "  end\n"
        "end");
}

static void survives_watching(void)
{
    expect_errors_until_enough("core = open()\n"
                               "function work()\n"
                               "  local pool = assert(core.pool {concurrency = 1})\n"
                               "  last = pool\n"
                               "  for descriptor = 1, 1000 do pool:watch(descriptor, 'read') end\n"
                               "end\n"
                               "function check() if last then last:close() last = nil end end");
}

/* Each in a state of its own, whose stack is small yet. */
static void asks_for_the_stack_that_it_uses(void)
{
    static const char *const calls[] = {
        "sign({url = 'https://h/', headers = by_name}, keys, date)",
        "sign({url = 'https://h/', headers = {A1 = 'b'}, signed_headers = list}, keys, date)",
        "mail {host = 'h', port = 25, from = 'a@b', message = 'a: b\\r\\n', to = {table.unpack(list, 1, 100)}}",
        "decode_page('{\"sync_records\":[{\"status\":\"A\"}]}', {where = {status = list, id = list}})",
        "decode_page('{\"sync_records\":[{\"status\":\"A\"}]}', {where = all})",
        "decode_page('{\"sync_records\":[{\"status\":\"A\"}]}')",
        "decoder('{\"sync_records\":[{\"status\":\"A\"}]}', {where = all}):step(9)",
        "reduce_page('{\"sync_records\":[{\"status\":\"A\"}]}', {where = all})",
        "decode_page('{\"sync_records\":[{\"a\":' .. ('['):rep(60) .. (']'):rep(60) .. '}]}')",
        "reduce_page('{\"sync_records\":[{\"status\":\"A\"}]}', {where = {status = list}})",
        "write_rows({{}}, 1, {columns = columns})",
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        lua_State *L = new_state();
        run(L,
            "list, by_name, columns = {}, {}, {}\n"
            "for i = 1, 1000 do list[i], by_name['A' .. i] = 'A' .. i, 'b' end\n"
            "for i = 1, 500 do columns[i] = {name = i, text = tostring} end\n"
            "all = {id = 'A', identity_source_id = 'A', identity_source_type = 'A', status = 'A', fail_reason = 'A',\n"
            "  start_time = 1, end_time = 1, add_count = 1, update_count = 1, delete_count = 1, failed_count = 1}\n"
            "keys, date, core = {ak = 'a', sk = 's'}, '20251025T104952Z', open()");
        lua_gc(L, LUA_GCCOLLECT, 0);
        lua_pushfstring(L, "core.%s", calls[i]);
        lua_State *young = lua_newthread(L); /* whose stack is as small as can be */
        EXPECT(luaL_loadstring(young, lua_tostring(L, -2)) == LUA_OK && lua_pcall(young, 0, 0, 0) == LUA_OK);
        lua_close(L);
    }
}

static int hooked;

static void count_line(lua_State *L, lua_Debug *at)
{
    (void)L;
    (void)at;
    hooked++;
}

static void keeps_a_hook(void)
{
    lua_State *L = new_state();
    lua_sethook(L, count_line, LUA_MASKLINE, 0);
    run(L, "local core = open()\n"
           "assert(core.call_within(1e6, function() debug.sethook(function() end, '', 1) debug.sethook() end))");
    EXPECT(lua_gethook(L) == count_line && lua_gethookmask(L) == LUA_MASKLINE);
    hooked = 0;
    run(L, "local a = 1\nlocal b = 2");
    EXPECT_INT(hooked, 2);
    lua_close(L);
}

static void limits_functions_alone(void)
{
    lua_State *L = new_state();
    run(L, "local core = open()\n"
           "for _, wrong in ipairs { 7, 'f', {}, false } do\n"
           "  local fine, message = pcall(core.call_within, 1e6, wrong)\n"
           "  assert(not fine and message:find('function expected', 1, true), message)\n"
           "end");
    lua_close(L);
}

/* All that the module keeps in the registry, and all that is in it. */
static void names_its_classes(void)
{
    static const char *const classes[][2] = {
        {"dwsync.buf", "__gc __index __name"},
        {"dwsync.decoder", "__index __name step"},
        {"dwsync.ids", "__close __gc __index __name begin_again close"},
        {"dwsync.mail", "__close __gc __index __name close step"},
        {"dwsync.pool", "__close __gc __index __name __tostring cancel close next pending submit watch"},
        {"dwsync.response", "__index __name"},
        {"dwsync.signature", "__gc __index __name"},
    };
    lua_State *L = new_state();
    run(L, "open()\n"
           "function members(class)\n"
           "  local list = {}\n"
           "  for name in pairs(class or {}) do list[#list + 1] = name end\n"
           "  table.sort(list)\n"
           "  return table.concat(list, ' ')\n"
           "end");
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        spec_about(classes[i][0]);
        lua_getglobal(L, "members");
        luaL_getmetatable(L, classes[i][0]);
        if (EXPECT(lua_istable(L, -1))) {
            lua_getfield(L, -1, "__name");
            EXPECT_TEXT(spec_text(lua_tostring(L, -1)), spec_text(classes[i][0]));
            lua_pop(L, 1);
        }
        EXPECT_INT(lua_pcall(L, 1, 1, 0), LUA_OK);
        EXPECT_TEXT(spec_text(lua_tostring(L, -1)), spec_text(classes[i][1]));
        lua_settop(L, 0);
    }
    spec_about(NULL);
    lua_close(L);
}

static const struct spec_case cases[] = {
    {"each class has a name of its own and its methods", names_its_classes},
    {"the module can be opened again when opening it failed", survives_opening},
    {"a page that is decoded without enough memory is an error", survives_decoding},
    {"records that are noted without enough memory are an error", survives_noting_what_was_seen},
    {"a page that is made shorter without enough memory is an error", survives_making_a_page_shorter},
    {"a body that is no page is an error of its own or one of memory", survives_an_answer_that_is_no_page},
    {"rows that are written without enough memory are an error", survives_writing_rows},
    {"a signature without enough memory is an error", survives_signing},
    {"a request without enough memory is an error", survives_a_pool},
    {"descriptors that are watched without enough memory are an error", survives_watching},
    {"as much of Lua's stack is asked for as is used", asks_for_the_stack_that_it_uses},
    {"a call with a bound puts back the debug hook of a program in C", keeps_a_hook},
    {"memory is limited for functions and nothing else", limits_functions_alone},
};

SPEC_MAIN(cases)
