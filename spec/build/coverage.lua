--- Which spec runs which code, for spec/build/mutate.lua: blocks of Lua and lines of C.
-- Found out once and kept in build/mutation/map: remove it after large changes.
local copies = require "spec.build.copies"
local mutations = require "spec.build.mutations"
local uv = require "luv"

local M = {}

local MAP = copies.WORK .. "/map"
local INSTRUMENTED, PLAIN = copies.WORK .. "/instrumented", copies.WORK .. "/plain"
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
local LIMITS = { cpu = 900, wall = 900 }
local LONG = 5 -- seconds after which a spec comes behind shorter ones, unless it is the module's own
local AROUND = 12 -- lines to either side by which a place is known again

-- ---- making it ---------------------------------------------------------------------------------------------

local function spec_files()
    local list = {}
    for _, path in ipairs(copies.lines_of "find spec -name node_modules -prune -o -name '*_spec.lua' -print | sort") do
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

local function instrument(hits)
    copies.write(INSTRUMENTED .. "/hit.lua", HELPER:format(hits))
    for _, path in ipairs(copies.lines_of "find lua -name '*.lua'") do
        local source = copies.read(path)
        local parts, at = {}, 1
        local prefix = ('local __hit = dofile "%s/%s/hit.lua" "%s" __hit(0); '):format(uv.cwd(), INSTRUMENTED, path)
        for number, last in ipairs((mutations.blocks(source))) do
            parts[#parts + 1] = source:sub(at, last) .. (" __hit(%d);"):format(number)
            at = last + 1
        end
        copies.write(INSTRUMENTED .. "/" .. path, prefix .. table.concat(parts) .. source:sub(at))
    end
end

-- Lines of C that ran since the last call, as "src/dws/buf.c:10-12,14".
local function lines_of_c()
    local command = "cd %s && find build -name '*.gcda' >gcda && { ! [ -s gcda ] || xargs gcov -t <gcda 2>gcov.log; }"
        .. "; xargs -r rm -f <gcda"
    local ran, path = {}, nil
    for _, line in ipairs(copies.lines_of(command:format(INSTRUMENTED))) do
        local number = line:match "^%s*%d+%*?:%s*(%d+):"
        path = line:match("^%s*%-:%s*0:Source:(.*)$") or path
        if number and tonumber(number) > 0 then
            local own = path:match "/(src/[%w_/]+%.c)$" or path
            ran[own] = ran[own] or {}
            ran[own][tonumber(number)] = true
        end
    end
    local list = {}
    for name, set in pairs(ran) do
        local numbers, spans, first = {}, {}, nil
        for number in pairs(set) do
            numbers[#numbers + 1] = number
        end
        table.sort(numbers)
        for i, number in ipairs(numbers) do
            first = first or number
            if numbers[i + 1] ~= number + 1 then
                spans[#spans + 1] = ("%d-%d"):format(first, number)
                first = nil
            end
        end
        if name:find "^src/" then
            list[#list + 1] = name .. ":" .. table.concat(spans, ",")
        end
    end
    table.sort(list)
    return list
end

-- try(tree) → exit status and processor's seconds
local function measured(name, hits, try)
    copies.write(hits, "")
    local begun = uv.hrtime()
    local status, cpu = try(INSTRUMENTED)
    local wall = (uv.hrtime() - begun) / 1e9
    local found, c = copies.lines_of("sort -u " .. hits), lines_of_c()
    if status ~= 0 then -- perhaps because of what was put in
        begun = uv.hrtime()
        status, cpu = try(PLAIN)
        wall = (uv.hrtime() - begun) / 1e9
    end
    print(("%s: %.1f s, %.1f of a processor, %d blocks, %d files of C%s"):format(name, wall, cpu, #found, #c,
        status == 0 and "" or ", not used: it fails"))
    io.stdout:flush()
    return ("%s %.2f %.2f %s %s %s\n"):format(name, cpu, wall, status, table.concat(found, " "), table.concat(c, " "))
end

local function make()
    local hits = ("%s/%s/hits"):format(uv.cwd(), INSTRUMENTED)
    copies.copy(PLAIN)
    copies.copy(INSTRUMENTED)
    for _, tree in ipairs { PLAIN, INSTRUMENTED } do
        copies.take_locales(tree .. "/build")
    end
    copies.build(PLAIN, "build", "-DDWSYNC_TESTS=ON")
    copies.build(INSTRUMENTED, "build", "-DCMAKE_BUILD_TYPE=Debug -DDWSYNC_TESTS=ON"
        .. " -DCMAKE_C_FLAGS='--coverage -fprofile-update=atomic'")
    instrument(hits)
    local begun = MAP .. ".begun" -- of a run that was broken off
    local known = copies.exists(begun) and "\n" .. copies.read(begun) or "\n"
    local function add(name, try)
        if not known:find("\n" .. name .. " ", 1, true) then
            copies.write(begun, measured(name, hits, try), "a")
        end
    end
    for _, name in ipairs(copies.c_specs(INSTRUMENTED, "build")) do
        add(name, function(tree) return copies.run(tree .. "/build/spec/c", { "./" .. name }, LIMITS) end)
    end
    for _, spec in ipairs(spec_files()) do
        add(spec, function(tree) return copies.busted(tree, { spec }, LIMITS) end)
    end
    assert(os.rename(begun, MAP))
end

-- ---- asking it ----------------------------------------------------------------------------------------------

-- A file as it was when the map was made.
local function as_mapped(path)
    local mapped = PLAIN .. "/" .. path
    return copies.exists(mapped) and copies.read(mapped) or nil
end

local function only_place(source, text)
    local first, last = source:find(text, 1, true)
    return first and not source:find(text, last + 1, true) and first or nil
end

-- Where a place of a source was in an older one: where the same lines are, as many around it as occur once in each.
local function place_in(older, source, position)
    if older == source then
        return position
    end
    local lines, at = {}, nil
    for first, last in source:gmatch "()[^\n]*\n?()" do
        lines[#lines + 1] = first
        at = position >= first and position < last and #lines or at
    end
    lines[#lines + 1] = #source + 1
    for around = 0, at and AROUND or -1 do
        local first = lines[math.max(1, at - around)]
        local text = source:sub(first, (lines[at + around + 1] or #source + 1) - 1)
        local found = older:find(text, 1, true)
        if not found then
            return nil
        elseif only_place(source, text) and only_place(older, text) then
            return found + position - first
        end
    end
    return nil
end

-- Where a place was when the map was made, and the source of then.
local function mapped_place(path, source, position)
    local older = as_mapped(path)
    local place = older and place_in(older, source, position)
    return place, place and older
end

--- The map, made where there is none.
-- @treturn {specs={...},by={[string]={...}}} `specs`: path (of a C spec: its name), cpu, wall, lines (of C by path),
-- changed (since); `by`: of "path:block" and of a path of Lua, the set of specs that run it
function M.load()
    if not copies.exists(MAP) then
        make()
    end
    local map = { specs = {}, by = {} }
    for line in io.lines(MAP) do
        local path, cpu, wall, status, found = line:match "^(%S+) (%S+) (%S+) (%S+) ?(.*)$"
        local in_lua = path:find "%.lua$" ~= nil
        if status == "0" and (not in_lua or copies.exists(path)) then
            local spec = { path = path, cpu = tonumber(cpu), wall = tonumber(wall),
                once = path:find "_once_spec%.lua$" ~= nil, lines = {}, count = {},
                in_lua = in_lua, changed = in_lua and as_mapped(path) ~= copies.read(path) }
            map.specs[#map.specs + 1] = spec
            for key in found:gmatch "%S+" do
                local name, rest = key:match "^(.-):(.*)$"
                if name:find "%.c$" then
                    spec.lines[name] = rest
                else
                    map.by[key], map.by[name] = map.by[key] or {}, map.by[name] or {}
                    map.by[key][spec], map.by[name][spec] = true, true
                    spec.count[name] = (spec.count[name] or 0) + 1
                end
            end
        end
    end
    return map
end

-- What a spec costs, of a processor or of waiting.
local function cost(spec)
    return math.max(spec.cpu, spec.wall / 3)
end

local LOADS_ONLY = 5 -- the rank from which specs run nothing of the file but its head

-- In order of rank, then of time. `ranked`: { {spec=, rank=}, … }. Specs that wait for other programs only where there
-- is nothing else, or `all` are asked for.
local function in_order(ranked, all)
    local others = false
    for _, entry in ipairs(ranked) do
        others = others or not entry.spec.once and entry.rank < LOADS_ONLY
    end
    for i = #ranked, 1, -1 do
        if ranked[i].spec.once and others and not all then
            table.remove(ranked, i)
        elseif ranked[i].spec.once then
            ranked[i].rank = ranked[i].rank + 2 * LOADS_ONLY
        end
    end
    table.sort(ranked, function(a, b)
        if a.rank ~= b.rank then
            return a.rank < b.rank
        elseif cost(a.spec) ~= cost(b.spec) then
            return cost(a.spec) < cost(b.spec)
        end
        return a.spec.path < b.spec.path
    end)
    for i, entry in ipairs(ranked) do
        ranked[i] = entry.spec
    end
    return ranked
end

--- The spec file of a module's own.
-- @tparam string path of the module
-- @treturn string path, whether there is such a file or not
function M.own_spec(path)
    return (path:gsub("^lua/dwsync/", "spec/"):gsub("%.lua$", "_spec.lua"))
end

--- Specs that run a place in Lua: the module's own first, its room's, then others; those that load the file and run
-- nothing else of it come last. Where the place or the spec is new since the map was made, those that load the file;
-- where the file is, all.
-- @tparam table map
-- @tparam string path
-- @tparam string source
-- @tparam integer position
-- @tparam[opt] boolean all those of other programs too where there are others
-- @treturn {{path=string,cpu=number,wall=number},...}
function M.specs_of_lua(map, path, source, position, all)
    local key, number = path, nil
    local place, older = mapped_place(path, source, position)
    if place then
        local _, block_of = mutations.blocks(older)
        number = block_of(place)
        key = ("%s:%d"):format(path, number)
    end
    local own = M.own_spec(path)
    local room = own:match "^spec/[^/]+/" or own
    local ranked, known, is_new = {}, false, not map.by[path]
    for _, spec in ipairs(map.specs) do
        local runs = (map.by[key] or {})[spec] or (map.by[path] or {})[spec] and spec.changed or is_new and spec.in_lua
        local rank = spec.path == own and 1 or runs and (spec.path:sub(1, #room) == room and 2 or 3)
        known = known or rank == 1
        if rank and rank > 1 then
            rank = rank + (cost(spec) > LONG and 1 or 0)
                + (number == 0 and spec.count[path] == 1 and LOADS_ONLY or 0)
        end
        ranked[#ranked + 1] = rank and { spec = spec, rank = rank } or nil
    end
    if not known and copies.exists(own) and not own:find "_alone" then -- newer than the map
        ranked[#ranked + 1] = { spec = { path = own, cpu = 5, wall = 5 }, rank = 1 }
    end
    return in_order(ranked, all)
end

-- The lines of the function, or of what is between two, that a line of C is in.
local function span_of(source, line)
    local first, last, number = 1, nil, 0
    for text in (source .. "\n"):gmatch "(.-)\n" do
        number = number + 1
        if text:find "^}" then
            if number < line then
                first = number + 1
            else
                last = last or number
            end
        end
    end
    return first, last or number
end

local function start_of(source, line)
    local position = 1
    for _ = 2, line do
        position = source:find("\n", position, true) + 1
    end
    return position
end

local function touches(spans, from, to)
    for first, last in (spans or ""):gmatch "(%d+)%-(%d+)" do
        if tonumber(first) <= to and tonumber(last) >= from then
            return true
        end
    end
    return false
end

--- Specs that run a line of C, or where it is none that runs, its function, or its file: those in C, and those in Lua,
-- the core's first. Where the file is new since the map was made, the core's and what is new as well.
-- @tparam table map
-- @tparam string path
-- @tparam string source
-- @tparam integer line
-- @tparam[opt] boolean all as above
-- @treturn {{path=string,cpu=number,wall=number},...} in C
-- @treturn {{path=string,cpu=number,wall=number},...} in Lua
function M.specs_of_c(map, path, source, line, all)
    local first, last = 1, math.huge
    local place, older = mapped_place(path, source, start_of(source, line))
    if place then
        line = select(2, older:sub(1, place - 1):gsub("\n", "")) + 1
        first, last = span_of(older, line)
    end
    local own = path:match "([^/]+)%.c$" .. "_spec"
    for _, span in ipairs { { first == 1 and last == math.huge and 1 or line, last == math.huge and last or line },
        { first, last }, { 1, math.huge } } do
        local c, lua = {}, {}
        for _, spec in ipairs(map.specs) do
            if touches(spec.lines[path], span[1], span[2]) then
                local near = spec.path == own or spec.path:find "^spec/core/" or spec.path:find "^spec/pq_spec"
                table.insert(spec.in_lua and lua or c, { spec = spec,
                    rank = (near and 1 or 2) + (cost(spec) > LONG and 2 or 0) })
            end
        end
        if c[1] or lua[1] then
            return in_order(c), in_order(lua, all)
        end
    end
    local changed = {} -- the file is new
    for _, spec in ipairs(map.specs) do
        local near = spec.path:find "^spec/core/"
        changed[#changed + 1] = (near or spec.changed) and { spec = spec, rank = cost(spec) > LONG and 2 or 1 } or nil
    end
    return {}, in_order(changed, all)
end

return M
