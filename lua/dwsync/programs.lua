--- Programs that get an event as a line of JSON: of `dwsync watch --on-change`, and of channels.
-- It must not use a shell, nor pass arguments: an event holds text of records, which the program gets on stdin only.
-- Nor may a program see our credentials: it gets the variables that any program needs, and those that are named.
-- @module dwsync.programs
local quantities = require "dwsync.quantities"

local M = {}

--- How long a program may take, in seconds.
M.PATIENCE = 30

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

--- The environment of a program.
-- @tparam {string,...} names further variables that it gets
-- @tparam function getenv
-- @treturn {string,...} "NAME=value"
function M.environment(names, getenv)
    local list, seen = {}, {}
    for _, some in ipairs { PASSED, names } do
        for _, name in ipairs(some) do
            local value = not seen[name] and getenv(name)
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
-- @tparam function getenv
-- @treturn string path, or nil
-- @treturn string reason
function M.find(name, getenv)
    if name:find("/", 1, true) then
        return is_executable(name) and name or nil, "not an executable file"
    end
    for directory in (getenv "PATH" or ""):gmatch "[^:]+" do
        if is_executable(directory .. "/" .. name) then
            return directory .. "/" .. name
        end
    end
    return nil, "no such program in PATH"
end

-- Turns the loop in short steps, so that Ctrl-C takes effect between them.
local function wait_for(done, uv, sleep, seconds)
    local till = uv.hrtime() + seconds * 1e9
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

--- Runs a program. Its output goes to stderr, since stdout is ours.
-- @tparam string path
-- @tparam string text for its stdin
-- @tparam {string,...} env see `environment`
-- @tparam function sleep
-- @tparam[opt=30] number seconds after which it is killed
-- @treturn boolean whether it ended with status 0; nil when it did not end by itself
-- @treturn string what happened
-- @treturn ?integer its exit status
function M.run(path, text, env, sleep, seconds)
    seconds = seconds or M.PATIENCE
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
    local in_time = wait_for(function() return ended end, uv, sleep, seconds)
    if not in_time then
        process:kill "sigkill"
        wait_for(function() return ended end, uv, sleep, seconds)
    end
    close_all(uv, process, stdin, watcher)
    if not in_time then
        return nil, ("killed after %s"):format(quantities.duration(seconds))
    elseif ended.signal ~= 0 then
        return nil, ("ended by signal %d"):format(ended.signal)
    end
    return ended.status == 0, ("ended with status %d"):format(ended.status), ended.status
end

return M
