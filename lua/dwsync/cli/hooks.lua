--- What is to happen with each event of `dwsync watch`: the configuration's on_change, then a program.
-- It must not go through a shell: text of records is in an event, and reaches the program on its stdin only.
-- @module dwsync.cli.hooks
local changes = require "dwsync.health.changes"
local display = require "dwsync.text"
local ndjson = require "dwsync.report.rows.ndjson"
local quantities = require "dwsync.quantities"
local sandbox = require "dwsync.cli.sandbox"

local M = {}

local PATIENCE_SECONDS = 30
local TURN_SECONDS = 0.02

local function is_executable(path)
    local uv = require "luv"
    local stat = uv.fs_stat(path)
    return stat and stat.type == "file" and uv.fs_access(path, "X") or false
end

--- Finds a program as a shell would, by path or along PATH.
-- @tparam string name
-- @tparam table context
-- @treturn string path, or nil
-- @treturn string reason
function M.find(name, context)
    if name:find("/", 1, true) then
        return is_executable(name) and name or nil, "it is no program that may be run"
    end
    for directory in (context.getenv "PATH" or ""):gmatch "[^:]+" do
        if is_executable(directory .. "/" .. name) then
            return directory .. "/" .. name
        end
    end
    return nil, "there is no such program along PATH"
end

-- Turns the loop in short steps, so that Ctrl-C is heard between them.
local function wait_for(done, uv, sleep)
    local till = uv.hrtime() + PATIENCE_SECONDS * 1e9
    while not done() and uv.hrtime() < till do
        uv.run "nowait"
        if not done() then
            sleep(TURN_SECONDS)
        end
    end
    return done()
end

-- A program that does not read its input must not end us.
local function catch_broken_pipes(uv)
    local watcher = uv.new_signal()
    watcher:start("sigpipe", function() end)
    return watcher
end

local function close_all(uv, ...)
    for _, handle in ipairs { ... } do
        if not handle:is_closing() then
            handle:close()
        end
    end
    uv.run "nowait"
end

-- Hands text to a program's stdin and waits for its end. Its output goes to stderr: stdout is the events'.
local function run_program(path, text, sleep)
    local uv = require "luv"
    local stdin, watcher, ended = uv.new_pipe(false), catch_broken_pipes(uv), nil
    local process, reason = uv.spawn(path, { stdio = { stdin, 2, 2 } }, function(status, signal)
        ended = { status = status, signal = signal }
    end)
    if not process then
        close_all(uv, stdin, watcher)
        return nil, reason
    end
    stdin:write(text, function()
        if not stdin:is_closing() then
            stdin:close()
        end
    end)
    local in_time = wait_for(function() return ended end, uv, sleep)
    if not in_time then
        process:kill "sigkill"
        wait_for(function() return ended end, uv, sleep)
    end
    close_all(uv, process, stdin, watcher)
    if not in_time then
        return nil, ("it took longer than %s and was ended"):format(quantities.duration(PATIENCE_SECONDS))
    elseif ended.signal ~= 0 then
        return nil, ("it was ended by signal %d"):format(ended.signal)
    end
    return ended.status == 0, ("it ended with status %d"):format(ended.status)
end

local function copy_of(event)
    local copy = {}
    for name, value in pairs(event) do
        copy[name] = value
    end
    return copy
end

-- on_change(event): false keeps the event from the program; anything else lets it through.
local function passes(on_change, event, context)
    if not on_change then
        return true
    end
    local good, result = sandbox.call(on_change, copy_of(event))
    if not good then
        context.stderr:write(display.safe("dwsync: on_change of the configuration file: " .. tostring(result)) .. "\n")
        return true -- an alert too many rather than one too few
    end
    return result ~= false
end

--- Makes what runs for each event.
-- @tparam[opt] function on_change of the configuration file
-- @tparam[opt] string program its path
-- @tparam table context
-- @tparam function sleep
-- @treturn function(event)
function M.new(on_change, program, context, sleep)
    return function(event)
        if passes(on_change, event, context) and program then
            local ran, reason = run_program(program, ndjson.object(event, changes.FIELDS) .. "\n", sleep)
            if not ran then
                context.stderr:write(display.safe(("dwsync: --on-change %s: %s"):format(program, reason)) .. "\n")
            end
        end
    end
end

return M
