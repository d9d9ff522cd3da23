--- Copies of the tree for spec/build/mutate.lua and mutate_own.lua, and programs in them that may do anything.
local uv = require "luv"

local M = {}

--- Where all copies are.
M.WORK = "build/mutation"

-- A change may well end, remove or leave running what it should not.
local APART = uv.cwd() .. "/spec/build/apart.sh"
-- What its processes may take of a processor each, and what all of them took: neither says anything of other programs'
-- load.
local MEASURED = [[file=$1; ulimit -t "$2"; shift 2; "$@"; status=$?; times >"$file"; exit $status]]

function M.read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

function M.write(path, text, mode)
    local file = assert(io.open(path, mode or "w"))
    assert(file:write(text))
    file:close()
end

function M.exists(path)
    return uv.fs_stat(path) ~= nil
end

function M.lines_of(command)
    local list, pipe = {}, assert(io.popen(command))
    for line in pipe:lines() do
        list[#list + 1] = line
    end
    pipe:close()
    return list
end

function M.shell(command)
    assert(os.execute(command), command)
end

-- What the shell's `times` wrote: its own, then its children's.
local function processor_seconds(path)
    local seconds
    for minutes, rest in (M.exists(path) and M.read(path) or ""):gmatch "(%d+)m([%d.]+)s" do
        seconds = (seconds or 0) + 60 * tonumber(minutes) + tonumber(rest)
    end
    return seconds
end

--- Gives a build in a copy the locales of this tree's, which are slow to make.
-- @tparam string build the build's folder
function M.take_locales(build)
    local locales = "build/spec/c/locales"
    assert(M.exists(locales), locales .. " is not there: first cmake --preset dev && cmake --build build")
    M.shell(("mkdir -p %s/spec/c && cp -a %s %s/spec/c"):format(build, locales, build))
end

--- How much longer than alone a program may take on this machine now.
-- @treturn number from 1 to 4: much of what takes long is waiting
function M.load()
    return math.min(4, math.max(1, uv.loadavg() / #uv.cpu_info()))
end

--- Runs a program in a directory of a copy.
-- @tparam string directory
-- @tparam {string,...} words the program and its arguments
-- @tparam {cpu=number,wall=number} limits in seconds; `wall` is for one that waits, and grows with the machine's load
-- @tparam[opt] {string,...} variables NAME=VALUE
-- @treturn number|"hang" exit status
-- @treturn number seconds of a processor that it took
function M.run(directory, words, limits, variables)
    local tree = directory:match("^" .. M.WORK .. "/[^/]+")
    local times, cpu = ("%s/%s.times"):format(uv.cwd(), tree), math.ceil(limits.cpu)
    local all = { "-c", MEASURED, "sh", times, tostring(cpu), "env" }
    table.move(variables or {}, 1, #(variables or {}), #all + 1, all)
    all[#all + 1], all[#all + 2] = APART, uv.cwd() .. "/" .. tree
    table.move(words, 1, #words, #all + 1, all)
    os.remove(times)
    local log, status = assert(uv.fs_open(tree .. ".log", "w", 420)), nil
    local child, pid = uv.spawn("sh", { args = all, cwd = directory, detached = true, stdio = { nil, log, log } },
        function(code, signal) status = status or (signal == 0 and code or 128 + signal) end)
    assert(child, pid)
    uv.fs_close(log)
    local timer = uv.new_timer()
    timer:start(math.ceil(limits.wall * M.load() * 1000), 0, function()
        status = status or "hang"
        uv.kill(-pid, "sigkill")
    end)
    while not status or child:is_active() do
        uv.run "once"
    end
    timer:close()
    pcall(uv.kill, -pid, "sigkill") -- what it left
    child:close()
    uv.run "nowait"
    local took = processor_seconds(times) or 0
    return status ~= 0 and took >= cpu and "hang" or status, took
end

--- By which a Lua finds the modules of a copy that it is run in.
-- @tparam string lua
-- @tparam[opt="build"] string build where the core is
-- @treturn {string,...} for `run`
function M.variables(lua, build)
    return { "LUA_PATH=lua/?.lua;lua/?/init.lua;;", ("LUA_CPATH=%s/%s/?.so;;"):format(build or "build", lua) }
end

--- Runs spec files.
-- @tparam string tree
-- @tparam {string,...} specs paths
-- @tparam {cpu=number,wall=number} limits
-- @tparam[opt="build"] string build where the core is
-- @tparam[opt="lua5.4"] string lua
-- @return as `run`
function M.busted(tree, specs, limits, build, lua)
    lua = lua or "lua5.4"
    local words = { lua, "/usr/bin/busted", "--output=plainTerminal", "--pattern=_spec", "--no-keep-going" }
    table.move(specs, 1, #specs, #words + 1, words)
    return M.run(tree, words, limits, M.variables(lua, build))
end

--- Makes a copy, or one as new of an older copy: what was built there is kept, files come with their times.
-- @tparam string tree
function M.copy(tree)
    M.shell(("mkdir -p %s/build && cd %s && rm -rf lua src spec examples"):format(tree, tree))
    M.shell("tar -cf - --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=node_modules ."
        .. " | tar -xf - -C " .. tree)
    M.shell(("for d in build/lua*; do mkdir -p %s/$d && cp -a $d/. %s/$d; done"):format(tree, tree))
end

--- Builds in a copy.
-- @tparam string tree
-- @tparam string build a directory of it
-- @tparam string flags of cmake
function M.build(tree, build, flags)
    M.shell(("cd %s && { cmake -G Ninja -DDWSYNC_WERROR=OFF -DDWSYNC_LUAS='lua5.4;luajit' %s -B %s"
        .. " && cmake --build %s; } >%s.out 2>&1"):format(tree, flags, build, build, build))
end

--- The C specs that were built in a copy.
-- @tparam string tree
-- @tparam string build
-- @treturn {string,...} names
function M.c_specs(tree, build)
    local list = M.lines_of(("find %s/%s/spec/c -maxdepth 1 -name '*_spec' -type f | sort"):format(tree, build))
    for i, path in ipairs(list) do
        list[i] = path:match "[^/]+$"
    end
    return list
end

return M
