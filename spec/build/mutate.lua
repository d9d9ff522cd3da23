-- lua5.4 spec/build/mutate.lua SEED COUNT [--only PATTERN] [--exclude PATTERN] [--patience SECONDS] [--again yes]
-- Makes COUNT small changes, one at a time, in a copy of the tree and sees whether a spec notices. SEED chooses which.
-- Results are appended to build/mutation/SEED.results, so a run that was broken off goes on where it was; with --again
-- yes those that survived are tried again, after specs were written. Several seeds may run side by side.
-- PATTERNs are Lua's, several parted by "|". SECONDS of specs are run for one change at most, the quickest first.
-- Which spec runs which code is found out once and kept in build/mutation/map: remove it after large changes.
-- What a change does stays in the copy, spec/build/apart.sh sees to that.
-- Changes that make no difference are listed in spec/build/equivalent.txt.
local mutations = require "spec.build.mutations"
local uv = require "luv"

local WORK = "build/mutation"
local HELPER = [[
local seen = {}
return function(path)
    return function(block)
        local key = path .. ":" .. block
        if not seen[key] then
            seen[key] = true
            local file = io.open("%s", "a")
            file:write(key, "\n")
            file:close()
        end
    end
end
]]
-- Beside what needs other programs or says nothing about what the code does.
local LEFT_OUT = { "^spec/browser/", "^spec/workflow/", "^spec/build/", "^spec/docs/", "^spec/map_spec" }

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local function write(path, text, mode)
    local file = assert(io.open(path, mode or "w"))
    assert(file:write(text))
    file:close()
end

local function exists(path)
    return uv.fs_stat(path) ~= nil
end

local function lines_of(command)
    local list, pipe = {}, assert(io.popen(command))
    for line in pipe:lines() do
        list[#list + 1] = line
    end
    pipe:close()
    return list
end

local function shell(command)
    assert(os.execute(command), command)
end

-- ---- programs ------------------------------------------------------------------------------------------

-- A change may well end, remove or leave running what it should not.
local APART = uv.cwd() .. "/spec/build/apart.sh"

-- Runs a program in a directory. Returns its exit status, or "hang".
local function run(directory, words, seconds, variables)
    local all = { "env" }
    table.move(variables or {}, 1, #(variables or {}), 2, all)
    local tree = directory:match("^" .. WORK .. "/[^/]+")
    all[#all + 1], all[#all + 2] = APART, uv.cwd() .. "/" .. tree
    table.move(words, 1, #words, #all + 1, all)
    local program, status = table.remove(all, 1), nil
    local log = assert(uv.fs_open(tree .. ".log", "w", 420))
    local child, pid = uv.spawn(program, { args = all, cwd = directory, detached = true, stdio = { nil, log, log } },
        function(code, signal) status = status or (signal == 0 and code or 128 + signal) end)
    assert(child, pid)
    uv.fs_close(log)
    local timer = uv.new_timer()
    timer:start(math.ceil(seconds * 1000), 0, function()
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
    return status
end

-- Runs spec files under a Lua, by default 5.4. Returns its exit status, or "hang".
local function busted(tree, specs, seconds, build, lua)
    lua = lua or "lua5.4"
    local words = { lua, "/usr/bin/busted", "--output=plainTerminal", "--pattern=_spec", "--no-keep-going" }
    table.move(specs, 1, #specs, #words + 1, words)
    return run(tree, words, seconds, {
        "LUA_PATH=lua/?.lua;lua/?/init.lua;;", ("LUA_CPATH=%s/%s/?.so;;"):format(build or "build", lua),
    })
end

-- ---- copies --------------------------------------------------------------------------------------------

-- What was built in an earlier copy is kept: files come with their times.
local function copy_tree(tree)
    shell(("mkdir -p %s/build && cd %s && rm -rf lua src spec examples"):format(tree, tree))
    shell("tar -cf - --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=node_modules . | tar -xf - -C "
        .. tree)
    shell(("for d in build/lua*; do mkdir -p %s/$d && cp -a $d/. %s/$d; done"):format(tree, tree))
end

local function lua_files()
    return lines_of "find lua -name '*.lua' | sort"
end

local function c_files()
    return lines_of "find src -name '*.c' | sort"
end

local function spec_files()
    local list = {}
    for _, path in ipairs(lines_of "find spec -name node_modules -prune -o -name '*_spec.lua' -print | sort") do
        local left_out = false
        for _, pattern in ipairs(LEFT_OUT) do
            left_out = left_out or path:find(pattern)
        end
        if not left_out then
            list[#list + 1] = path
        end
    end
    return list
end

-- ---- which spec runs what --------------------------------------------------------------------------------

local function instrument(tree, hits)
    write(tree .. "/hit.lua", HELPER:format(hits))
    for _, path in ipairs(lua_files()) do
        local source = read(path)
        local parts, at = {}, 1
        local prefix = ('local __hit = dofile "%s/hit.lua" "%s" __hit(0); '):format(uv.cwd() .. "/" .. tree, path)
        for number, last in ipairs((mutations.blocks(source))) do
            parts[#parts + 1] = source:sub(at, last) .. (" __hit(%d);"):format(number)
            at = last + 1
        end
        write(tree .. "/" .. path, prefix .. table.concat(parts) .. source:sub(at))
    end
end

local function make_map()
    local tree, plain = WORK .. "/instrumented", WORK .. "/plain"
    local hits = ("%s/%s/hits"):format(uv.cwd(), tree)
    copy_tree(plain)
    copy_tree(tree)
    instrument(tree, hits)
    local parts = {}
    for _, spec in ipairs(spec_files()) do
        write(hits, "")
        local begun = uv.hrtime()
        local status = busted(tree, { spec }, 600)
        local seconds = (uv.hrtime() - begun) / 1e9
        if status ~= 0 then -- perhaps because of what was put in
            begun = uv.hrtime()
            status = busted(plain, { spec }, 600)
            seconds = (uv.hrtime() - begun) / 1e9
        end
        local found = lines_of(("sort -u %s"):format(hits))
        parts[#parts + 1] = ("%s %.2f %s %s\n"):format(spec, seconds, status, table.concat(found, " "))
        print(("%s: %.1f s, %d blocks%s"):format(spec, seconds, #found, status == 0 and "" or ", not used: it fails"))
    end
    write(WORK .. "/map", table.concat(parts))
end

-- Whether a file is as it was when the map was made.
local function is_as_mapped(path)
    local mapped = WORK .. "/plain/" .. path
    return exists(mapped) and read(mapped) == read(path)
end

-- { specs = { {path=, seconds=}, … } in order of time, by = "path:block" or path → set of specs' numbers }
local function load_map()
    if not exists(WORK .. "/map") then
        make_map()
    end
    local map = { specs = {}, by = {} }
    for line in io.lines(WORK .. "/map") do
        local spec, seconds, status, found = line:match "^(%S+) (%S+) (%S+) ?(.*)$"
        if status == "0" and exists(spec) then
            map.specs[#map.specs + 1] = { path = spec, seconds = tonumber(seconds), found = found,
                changed = not is_as_mapped(spec) }
        end
    end
    table.sort(map.specs, function(a, b) return a.seconds < b.seconds end)
    for _, spec in ipairs(map.specs) do
        for key in spec.found:gmatch "%S+" do
            for _, name in ipairs { key, (key:match "^(.-):") } do
                map.by[name] = map.by[name] or {}
                map.by[name][spec] = true
            end
        end
    end
    return map
end

-- Specs that run the block, the module's own first, its room's, then by time. Where the file or the spec is another
-- since the map was made, those that load the file.
local function specs_for(map, path, source, position)
    local key = path
    if is_as_mapped(path) then
        local _, block_of = mutations.blocks(source)
        key = ("%s:%d"):format(path, block_of(position))
    end
    local own = path:gsub("^lua/dwsync/", "spec/"):gsub("%.lua$", "_spec.lua")
    local room = own:match "^spec/[^/]+/" or own
    local list, elsewhere = {}, {}
    for _, spec in ipairs(map.specs) do
        if spec.path == own then
            table.insert(list, 1, spec)
        elseif (map.by[key] or {})[spec] or (map.by[path] or {})[spec] and spec.changed then
            table.insert(spec.path:sub(1, #room) == room and list or elsewhere, spec)
        end
    end
    table.move(elsewhere, 1, #elsewhere, #list + 1, list)
    if exists(own) and (list[1] or {}).path ~= own and not own:find "_alone" then
        table.insert(list, 1, { path = own, seconds = 5 }) -- newer than the map
    end
    return list
end

-- ---- one change ------------------------------------------------------------------------------------------

-- Whether a spec fails or hangs; one that fails once and not again says nothing. Specs together up to ten seconds.
local function noticed_by(tree, specs, patience, build, lua)
    local i, spent = 1, 0
    while specs[i] and spent <= patience do
        local batch, seconds = { specs[i].path }, specs[i].seconds
        while i > 1 and specs[i + 1] and seconds + specs[i + 1].seconds < 10 do
            i = i + 1
            batch[#batch + 1], seconds = specs[i].path, seconds + specs[i].seconds
        end
        local limit = 30 + 8 * seconds
        local status = busted(tree, batch, limit, build, lua)
        if status ~= 0 and seconds > 1 and status ~= "hang" then
            status = busted(tree, batch, limit, build, lua)
        end
        if status ~= 0 then
            return (status == "hang" and "hang: " or "") .. batch[1] .. (batch[2] and " …" or "")
        end
        i, spent = i + 1, spent + seconds
    end
    return nil, specs[i] and #specs - i + 1 or 0
end

local function try_lua(tree, map, change, patience)
    local specs = specs_for(map, change.path, change.original, change.first)
    local noticed, left = noticed_by(tree, specs, patience)
    if noticed then
        return "noticed", noticed
    end
    return "survived", ("%d specs%s"):format(#specs, left > 0 and (", %d not run"):format(left) or "")
end

-- C specs under the sanitizers, and a core for Lua's. Both are built in the copy, once.
local function prepare_c(tree)
    local flags = "-G Ninja -DDWSYNC_WERROR=OFF -DDWSYNC_LUAS='lua5.4;luajit'"
    shell(("mkdir -p %s/build-c/spec/c && cp -a build/spec/c/locales %s/build-c/spec/c"):format(tree, tree)) -- slow
    shell(("cd %s && { cmake %s -B build-c -DCMAKE_BUILD_TYPE=Debug -DDWSYNC_SANITIZE=ON -DDWSYNC_TESTS=ON"
        .. " && cmake --build build-c && cmake %s -B build-core && cmake --build build-core; } >c.log 2>&1")
        :format(tree, flags, flags))
    local own, list = {}, {}
    for _, path in ipairs(lines_of(("find %s/build-c/spec/c -name '*_spec' -type f"):format(tree))) do
        local name = path:match "[^/]+$"
        local begun = uv.hrtime()
        if run(tree .. "/build-c/spec/c", { "./" .. name }, 120) == 0 then
            list[#list + 1] = { name = name, seconds = (uv.hrtime() - begun) / 1e9 }
            own[name] = list[#list]
        end
    end
    table.sort(list, function(a, b) return a.seconds < b.seconds end)
    return { list = list, own = own }
end

local function c_noticed(tree, spec)
    if run(tree, { "ninja", "-C", "build-c", "spec/c/" .. spec.name }, 300) ~= 0 then
        return nil, "did not compile"
    end
    local limit = 20 + 8 * spec.seconds
    local status = run(tree .. "/build-c/spec/c", { "./" .. spec.name }, limit)
    if status ~= 0 and status ~= "hang" then
        status = run(tree .. "/build-c/spec/c", { "./" .. spec.name }, limit)
    end
    return status ~= 0 and (status == "hang" and "hang: " or "") .. spec.name or nil
end

local function try_c(tree, map, c, change, patience)
    local name = change.path:match "([^/]+)%.c$" .. "_spec"
    local first = c.own[change.path:find "^src/lua/" and "binding_spec" or name] or c.list[1]
    local order = { first }
    for _, spec in ipairs(c.list) do
        if spec ~= first and not change.path:find "^src/lua/" then
            order[#order + 1] = spec
        end
    end
    for _, spec in ipairs(order) do
        local noticed, failure = c_noticed(tree, spec)
        if noticed or failure then
            return failure or "noticed", noticed or ""
        end
    end
    if run(tree, { "ninja", "-C", "build-core" }, 300) ~= 0 then
        return "did not compile", ""
    end
    local cores, others = {}, {}
    for _, spec in ipairs(map.specs) do
        if spec.seconds < 5 then
            table.insert(spec.path:find "^spec/core/" and cores or others, spec)
        end
    end
    for _, batch in ipairs { { cores }, { cores, "luajit" }, { others } } do
        local noticed = noticed_by(tree, batch[1], patience / 2, "build-core", batch[2])
        if noticed then
            return "noticed", noticed
        end
    end
    return "survived", "C specs, Lua specs for " .. patience / 2 .. " s"
end

-- ---- which changes ---------------------------------------------------------------------------------------

-- { path = { ["before"] = reason, ["before\nafter"] = reason } }; see the file's head.
local function equivalent_changes()
    local list, path, before, after = {}, nil, nil, nil
    for line in io.lines "spec/build/equivalent.txt" do
        local mark, text = line:match "^([-+=]) (.*)$"
        if mark == "-" then
            before, after = text, nil
        elseif mark == "+" then
            after = text
        elseif mark == "=" then
            list[path][after and before .. "\n" .. after or before] = text
        elseif line:find "^[%w_/]+%.[ch]$" or line:find "^[%w_/]+%.lua$" then
            path = line
            list[path] = list[path] or {}
        end
    end
    return list
end

-- Park and Miller: the same on every machine and Lua.
local function random_from(seed)
    local state = seed % 2147483646 + 1
    return function(most)
        state = state * 48271 % 2147483647
        return state % most + 1
    end
end

local function matches(path, patterns)
    for pattern in (patterns .. "|"):gmatch "(.-)|" do
        if path:find(pattern) then
            return true
        end
    end
    return false
end

local function chosen(options)
    local all = {}
    local paths = lua_files()
    for _, path in ipairs(c_files()) do
        paths[#paths + 1] = path
    end
    for _, path in ipairs(paths) do
        if matches(path, options.only or "") and not (options.exclude and matches(path, options.exclude)) then
            local source = read(path)
            for _, change in ipairs(mutations.of(path, source)) do
                change.path, change.original = path, source
                all[#all + 1] = change
            end
        end
    end
    local random = random_from(options.seed)
    for i = 1, math.min(options.count, #all) do
        local k = i + random(#all - i + 1) - 1
        all[i], all[k] = all[k], all[i]
    end
    local total = #all
    return table.move(all, 1, math.min(options.count, total), 1, {}), total
end

local function key_of(change)
    return ("%s\t%s\t%s\t%s\t%d"):format(change.path, change.what, change.before, change.after, change.first)
end

-- Results of an earlier run by change.
local function done_before(path)
    local done = {}
    if exists(path) then
        for line in io.lines(path) do
            local result, detail, key = line:match "^([^\t]*)\t([^\t]*)\t(.*)$"
            done[key] = { result, detail }
        end
    end
    return done
end

-- ---- all of it -------------------------------------------------------------------------------------------

local function parse(words)
    local options, plain, i = { patience = 40 }, {}, 1
    while words[i] do
        local name = words[i]:match "^%-%-(%a+)$"
        if name then
            i = i + 1
            options[name] = words[i]
        else
            plain[#plain + 1] = words[i]
        end
        i = i + 1
    end
    options.seed, options.count = math.tointeger(plain[1]), math.tointeger(plain[2])
    options.patience = tonumber(options.patience)
    if not (options.seed and options.count and options.patience) then
        io.stderr:write "usage: mutate.lua SEED COUNT [--only PATTERN] [--exclude PATTERN] [--patience SECONDS]\n"
        os.exit(2)
    end
    return options
end

local function main(options)
    shell("mkdir -p " .. WORK)
    local changes, total = chosen(options)
    local equivalent, map = equivalent_changes(), load_map()
    local tree, results = ("%s/tree-%d"):format(WORK, options.seed), ("%s/%d.results"):format(WORK, options.seed)
    local done, c = done_before(results), nil
    copy_tree(tree)
    assert(run(tree, { "true" }, 60) == 0, "spec/build/apart.sh cannot run anything here: see " .. tree .. ".log")
    local counts, survivors = {}, {}
    for number, change in ipairs(changes) do
        local reasons, key = equivalent[change.path] or {}, key_of(change)
        local result, detail = table.unpack(done[key] or {})
        if reasons[change.before] or reasons[change.before .. "\n" .. change.after] then
            result = "equivalent"
        elseif not result or options.again and result == "survived" then
            local target = tree .. "/" .. change.path
            write(target, change.original:sub(1, change.first - 1) .. change.text
                .. change.original:sub(change.last + 1))
            if mutations.language(change.path) == "c" then
                write(target, change.original)
                c = c or prepare_c(tree)
                write(target, change.original:sub(1, change.first - 1) .. change.text
                    .. change.original:sub(change.last + 1))
                result, detail = try_c(tree, map, c, change, options.patience)
            elseif not loadfile(target) then
                result, detail = "did not compile", ""
            else
                result, detail = try_lua(tree, map, change, options.patience)
            end
            write(target, change.original)
            write(results, ("%s\t%s\t%s\n"):format(result, detail, key), "a")
        end
        counts[result] = (counts[result] or 0) + 1
        if result == "survived" then
            survivors[#survivors + 1] = ("%s:%d: %s (%s)\n    - %s\n    + %s"):format(change.path, change.line,
                change.what, detail, change.before, change.after)
            print(survivors[#survivors])
        end
        if number % 10 == 0 then
            print(("%d of %d"):format(number, #changes))
            io.stdout:flush()
        end
    end
    local noticed, survived = counts.noticed or 0, counts.survived or 0
    print(("\n%s\n%d of %d possible changes: %d noticed, %d not, %d equivalent, %d did not compile: %.1f %% noticed")
        :format(table.concat(survivors, "\n"), #changes, total, noticed, survived, counts.equivalent or 0,
        counts["did not compile"] or 0, 100 * noticed / math.max(1, noticed + survived)))
end

main(parse(arg))
