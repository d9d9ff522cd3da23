-- spec/build/mutate_own.lua in a tree of its own, where there is one module.
local processes = require "spec.support.processes"
local uv = require "luv"

local quoted = processes.quoted
local _, allowed = processes.run "unshare --user --map-root-user --mount true 2>&1 || unshare --mount true 2>&1"
local tell = allowed == 0 and it or pending

local MODULE = [[
local M = { limit = 7 }
function M.seen(a) return a == M.limit end
function M.unseen(a) return a >= 0 end
function M.same(a) return a < 10 end
function M.ends(a) if a then os.execute "kill -9 $PPID" end end
function M.hangs(a) while a do a = a end end
return M
]]
local SPEC = [[
describe("a module", function()
    local tiny
    before_each(function() tiny = require "dwsync.tiny" end)
    it("is run", function()
        assert.is_true(tiny.seen(7))
        assert.is_true(tiny.unseen(4))
        assert.is_true(tiny.same(4))
        tiny.limit = 8
        tiny.ends(false)
        tiny.hangs(false)
    end)
end)
]]
local EQUIVALENT = [[
lua/dwsync/tiny.lua
- function M.same(a) return a < 10 end
= the spec says so
]]

describe("the changes that a module's own specs do not notice", function()
    local tree

    local function write(path, text)
        local file = assert(io.open(tree .. "/" .. path, "w"))
        file:write(text)
        file:close()
    end

    local function mutate_own(words)
        return processes.run(("cd %s && LUA_PATH=';;' %s spec/build/mutate_own.lua --lua %s %s 2>&1"):format(
            quoted(tree), quoted(uv.exepath()), quoted(uv.exepath()), words))
    end

    before_each(function()
        tree = processes.run("mktemp -d /tmp/dwsync-own.XXXXXX"):gsub("\n", "")
        processes.run(("mkdir -p %s/spec %s/build/lua5.4 %s/lua/dwsync && cp -R spec/build %s/spec"):format(tree, tree,
            tree, tree))
        write("lua/dwsync/tiny.lua", MODULE)
        write("spec/tiny_spec.lua", SPEC)
        write("spec/build/equivalent.txt", EQUIVALENT)
    end)

    after_each(function()
        processes.run("rm -r " .. quoted(tree))
    end)

    tell("are listed, behind those that end or hang what runs them, too", function()
        local output, status = mutate_own "lua/dwsync/tiny.lua"
        assert.equal(0, status, output)
        assert.is_truthy(output:find("tiny.lua:3: off by one\n    - function M.unseen(a) return a >= 0 end\n"
            .. "    + function M.unseen(a) return a >= 1 end\n", 1, true), output)
        for _, name in ipairs { "M.seen", "M.same", "if not (a)", "while not (a)" } do
            assert.is_nil(output:find(name, 1, true), output)
        end
        assert.matches("%d+ changes: %d+ noticed, %d+ not, 3 equivalent, 0 did not compile\n$", output)
    end)

    tell("are not looked for where the specs fail without a change, or are not there", function()
        write("spec/bad_spec.lua", 'it("fails", function() assert.equal(1, 2) end)')
        local output, status = mutate_own "lua/dwsync/tiny.lua=spec/tiny_spec.lua,spec/bad_spec.lua"
        assert.equal(1, status, output)
        assert.matches("^lua/dwsync/tiny.lua: its specs fail without a change: fails: spec/bad_spec.lua:1: ", output)
        assert.same({ "mutate_own.lua: spec/none_spec.lua is not there\n", 2 },
            { mutate_own "lua/dwsync/tiny.lua=spec/none_spec.lua" })
    end)

    it("are asked for by a module's name", function()
        local output, status = mutate_own ""
        assert.equal(2, status)
        assert.equal("mutate_own.lua: usage: mutate_own.lua [--lua LUA] PATH[=SPEC,SPEC...]...\n", output)
    end)
end)
