--- busted without its start: runs spec files one after the other in this process, for spec/build/own_trials.lua.
-- Knows the words that the specs use. What a spec leaves in globals, in libraries and among the modules is reset, as
-- busted does for each file; what it leaves in C or running is not.
local luassert = require "luassert"
require "luassert.match"
require "luassert.spy"
require "luassert.stub"
require "luv" -- must not be loaded twice: see spec/support/load_once.lua

local M = {}

local LIBRARIES = { "coroutine", "debug", "io", "math", "os", "package", "string", "table" }
local LOOK = 100000 -- instructions between two looks at the clock
local SKIPPED = {} -- raised by a test that turns out to be pending

-- ---- what is reset ---------------------------------------------------------------------------------------

local function fields_of(from)
    local fields = {}
    for name, value in pairs(from) do
        fields[name] = value
    end
    return fields
end

local function give_back(to, fields)
    for name in pairs(to) do
        if fields[name] == nil then
            rawset(to, name, nil)
        end
    end
    for name, value in pairs(fields) do
        if to[name] ~= value then
            rawset(to, name, value)
        end
    end
end

-- A function that makes everything as it is now.
local function resetter()
    local kept = { { package.loaded, fields_of(package.loaded) }, { package.preload, fields_of(package.preload) },
        { _G, fields_of(_G) } }
    for _, name in ipairs(LIBRARIES) do
        kept[#kept + 1] = { _G[name], fields_of(_G[name]) }
    end
    return function()
        for _, pair in ipairs(kept) do
            give_back(pair[1], pair[2])
        end
    end
end

-- ---- one file --------------------------------------------------------------------------------------------

local function new_block(body, parent)
    return { body = body, parent = parent, children = {}, setup = {}, teardown = {}, before_each = {}, after_each = {} }
end

-- What a spec file finds among its globals. `run` has the block that is being described.
local function words_of(run)
    local words = { assert = luassert, match = require "luassert.match", spy = require "luassert.spy",
        stub = require "luassert.stub" }
    for _, kind in ipairs { "setup", "teardown", "before_each", "after_each" } do
        words[kind] = function(f) table.insert(run.block[kind], f) end
    end
    words.lazy_setup, words.lazy_teardown = words.setup, words.teardown
    for _, name in ipairs { "describe", "context", "insulate", "expose" } do
        words[name] = function(_, body) table.insert(run.block.children, new_block(body, run.block)) end
    end
    for _, name in ipairs { "it", "test", "spec" } do
        words[name] = function(title, body) table.insert(run.block.children, { title = title, test = body }) end
    end
    words.finally = function(f) run.finally = f end
    words.pending = function()
        if run.testing then
            error(SKIPPED, 0)
        end
    end
    return words
end

-- Keeps the first failure of the file. Returns whether there was nothing in the way.
local function attempt(run, title, f, ...)
    local good, message = pcall(f, ...)
    if good and os.clock() > run.deadline then
        good, message = false, "hang"
    end
    if not good and message ~= SKIPPED then
        message = type(message) == "table" and message.message or message
        run.failure = run.failure or ("%s: %s"):format(title, tostring(message))
    end
    return good
end

-- The outermost block's first.
local function each_before(run, block, title)
    local good = not block.parent or each_before(run, block.parent, title)
    for _, f in ipairs(block.before_each) do
        good = good and attempt(run, title, f)
    end
    return good
end

local function run_test(run, block, test)
    local snapshot = luassert:snapshot()
    run.testing, run.finally = true, nil
    if each_before(run, block, test.title) then
        attempt(run, test.title, test.test)
    end
    if run.finally then
        attempt(run, test.title, run.finally)
    end
    local around = block
    while around do
        for _, f in ipairs(around.after_each) do
            attempt(run, test.title, f)
        end
        around = around.parent
    end
    run.testing = false
    snapshot:revert()
end

-- What was set up is torn down behind a failure too, since it may be a running program.
local function run_block(run, block)
    run.block = block
    local good = attempt(run, "describe", block.body)
    for _, f in ipairs(block.setup) do
        good = good and attempt(run, "setup", f)
    end
    for _, child in ipairs(good and block.children or {}) do
        if run.failure then
            break
        elseif child.test then
            run_test(run, block, child)
        else
            run_block(run, child)
        end
    end
    for _, f in ipairs(block.teardown) do
        attempt(run, "teardown", f)
    end
end

-- ---- several ---------------------------------------------------------------------------------------------

local reset = resetter()

--- Runs spec files until one fails.
-- @tparam {string,...} paths
-- @tparam number seconds of a processor after which a file that goes on is said to hang
-- @treturn ?string what failed first, on one line
function M.run(paths, seconds)
    for _, path in ipairs(paths) do
        local run = { deadline = os.clock() + seconds }
        local clock = os.clock
        reset()
        for name, value in pairs(words_of(run)) do
            rawset(_G, name, value)
        end
        rawset(os, "exit", function() error "os.exit was called" end)
        debug.sethook(function()
            if clock() > run.deadline then
                error("hang", 0)
            end
        end, "", LOOK)
        local chunk, reason = loadfile(path)
        run_block(run, new_block(chunk or function() error(reason, 0) end))
        debug.sethook()
        reset()
        collectgarbage()
        if run.failure then
            return (run.failure:gsub("%s+", " "))
        end
    end
    return nil
end

return M
