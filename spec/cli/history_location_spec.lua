local argparse = require "argparse"
local errors = require "dwsync.errors"
local history = require "dwsync.history"
local history_location = require "dwsync.cli.history_location"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local function context_of(environment)
    return { getenv = function(name) return environment[name] end }
end

describe("the history of a command", function()
    it("has an option, which says the variable", function()
        local parser = argparse "dwsync"
        history_location.configure(parser)
        assert.equal("/h", (select(2, parser:pparse { "--history", "/h" })).history)
        assert.truthy(parser:get_help():gsub("%s+", " "):find("Where records are kept: --history <target> File, or "
            .. "postgres:// URL [DWSYNC_HISTORY].", 1, true))
    end)

    it("is the option's, the variable's, the file's, else one of the user's own", function()
        local all = { DWSYNC_HISTORY = "/variable", XDG_DATA_HOME = "/data", HOME = "/home/u" }
        for _, case in ipairs {
            { "/option", false, all, { history = "/option" }, { history = "/file" } },
            { "/variable", false, all, {}, { history = "/file" } },
            { "/file", false, { DWSYNC_HISTORY = "", HOME = "/home/u" }, {}, { history = "/file" } },
            { "/data/dwsync/history.sqlite", true, { XDG_DATA_HOME = "/data", HOME = "/home/u" }, {}, {} },
            { "/home/u/.local/share/dwsync/history.sqlite", true, { XDG_DATA_HOME = "data", HOME = "/home/u" }, {},
                {} },
            { nil, true, { HOME = "" }, {}, {} },
        } do
            assert.same({ case[1], case[2] }, { history_location.target(case[4], context_of(case[3]), case[5]) })
        end
    end)

    it("is shown without a password, and refused where there is none or it makes no sense", function()
        assert.same({ "/h", false, "/h" }, { history_location.place({ history = "/h" }, context_of {}, {}) })
        local target, _, shown = history_location.place({ history = "postgres://u:hunter2@db/d" }, context_of {}, {})
        assert.equal("postgres://u:hunter2@db/d", target)
        assert.is_nil(shown:find "hunter2")
        local none, err = history_location.place({}, context_of {}, {})
        assert.same({ nil, "config", "no directory for the history: HOME is not set",
            "Name a file or a postgres:// URL with --history." }, { none, err.kind, err.message, err.hint })
        none, err = history_location.place({ history = "mysql://h/d" }, context_of {}, {})
        assert.is_nil(none)
        assert.equal("config", err.kind)
        assert.same({ nil, err.message }, { history_location.open(true, { history = "mysql://h/d" }, context_of {}, {}),
            (select(2, history_location.open(true, { history = "mysql://h/d" }, context_of {}, {}))).message })
    end)

    it("is opened as it is asked for, and its folders are made where it is the user's own and written", function()
        local open, given = history.open, nil
        finally(function() history.open = open end)
        history.open = function(...)
            given = { ... }
            return "store", "err"
        end
        temporary.with_folder(function(folder)
            local context = context_of { XDG_DATA_HOME = folder .. "/a/b" }
            local path = folder .. "/a/b/dwsync/history.sqlite"
            assert.same({ "store", "err", path }, { history_location.open(true, {}, context, {}) })
            assert.same({ path, { readonly = true } }, given)
            assert.is_nil(uv.fs_stat(folder .. "/a"))
            history_location.open(false, { history = folder .. "/named/h" }, context, {})
            assert.is_nil(uv.fs_stat(folder .. "/named"))
            history_location.open(false, {}, context, { show_accounts = true }, { timeout = 3, cache = 2 })
            assert.same({ path, { readonly = false, timeout = 3, cache = 2, show_accounts = true } }, given)
            for _, made in ipairs { "/a", "/a/b", "/a/b/dwsync" } do
                assert.equal("700", ("%o"):format(uv.fs_stat(folder .. made).mode % 512), made)
            end
            history_location.open(false, {}, context, {})
            assert.is_nil(uv.fs_stat(path))
        end)
    end)

    it("is read as far as it can be", function()
        local damaged, seen, asked = errors.new { kind = "config", message = "damaged" }, {}, nil
        local function store_that(raises)
            return { each = function(_, query)
                local i = 0
                asked = query
                return function()
                    i = i + 1
                    if i == 3 then
                        return raises and error(raises, 0)
                    end
                    return i
                end
            end }
        end
        local function use(record) seen[#seen + 1] = record end
        local query = {}
        assert.is_nil(history_location.read(store_that(nil), query, use))
        assert.equal(query, asked)
        assert.equal(damaged, history_location.read(store_that(damaged), query, use))
        assert.same({ 1, 2, 1, 2 }, seen)
        assert.same({ false, "interrupted!" },
            { pcall(history_location.read, store_that "interrupted!", query, use) })
    end)
end)
