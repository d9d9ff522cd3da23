--- What happens with each event of `dwsync watch`: first the configuration's on_change, then a program.
-- It must not use a shell, nor pass arguments: an event holds text of records, which the program gets on stdin only.
-- Nor may the program see our credentials: it gets the variables that any program needs, and those that are named.
-- @module dwsync.cli.hooks
local changes = require "dwsync.health.changes"
local ordered_json = require "dwsync.ordered_json"
local quantities = require "dwsync.quantities"
local sandbox = require "dwsync.cli.sandbox"

local M = {}

local PATIENCE_SECONDS = 30
local TURN_SECONDS = 0.02

local PASSED = { "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_ALL",
    "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME" }

--- How the name of a variable to pass on is checked; see dwsync.checks.
M.VARIABLE = {
    expected = "the name of a variable",
    read = function(name)
        return type(name) == "string" and name:match "^[%a_][%w_]*$" or nil
    end,
}

-- The environment of a program, as luv takes it.
local function environment(names, context)
    local list, seen = {}, {}
    for _, some in ipairs { PASSED, names } do
        for _, name in ipairs(some) do
            local value = not seen[name] and context.getenv(name)
            if value then
                list[#list + 1], seen[name] = name .. "=" .. value, true
            end
        end
    end
    return list
end

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
        return is_executable(name) and name or nil, "not an executable file"
    end
    for directory in (context.getenv "PATH" or ""):gmatch "[^:]+" do
        if is_executable(directory .. "/" .. name) then
            return directory .. "/" .. name
        end
    end
    return nil, "no such program in PATH"
end

-- Turns the loop in short steps, so that Ctrl-C takes effect between them.
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

-- Without this a program that does not read its input would end us.
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

-- Writes text to a program's stdin and waits for its end. Its output goes to stderr, since stdout is for events.
local function run_program(path, text, env, sleep)
    local uv = require "luv"
    local stdin, watcher, ended = uv.new_pipe(false), catch_broken_pipes(uv), nil
    local process, reason = uv.spawn(path, { stdio = { stdin, 2, 2 }, env = env }, function(status, signal)
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
        return nil, ("killed after %s"):format(quantities.duration(PATIENCE_SECONDS))
    elseif ended.signal ~= 0 then
        return nil, ("ended by signal %d"):format(ended.signal)
    end
    return ended.status == 0, ("ended with status %d"):format(ended.status)
end

local function copy_of(event)
    local copy = {}
    for name, value in pairs(event) do
        copy[name] = value
    end
    return copy
end

-- Whether the program gets the event: unless on_change(event) returns false.
local function passes(on_change, event, context)
    if not on_change then
        return true
    end
    local good, result = sandbox.call(on_change, copy_of(event))
    if not good then
        context:note("on_change of the configuration file: " .. tostring(result))
        return true -- rather one alert too many than one too few
    end
    return result ~= false
end

--- Makes the function that is called with each event.
-- @tparam[opt] function on_change of the configuration file
-- @tparam[opt] string program its path
-- @tparam {string,...} names further variables that the program gets
-- @tparam table context
-- @tparam function sleep
-- @treturn function(event)
function M.new(on_change, program, names, context, sleep)
    local env = environment(names, context)
    return function(event)
        if passes(on_change, event, context) and program then
            local line = ordered_json.object(event, changes.FIELDS) .. "\n"
            local ran, reason = run_program(program, line, env, sleep)
            if not ran then
                context:note(("--on-change %s: %s"):format(program, reason))
            end
        end
    end
end

return M
