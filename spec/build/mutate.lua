-- lua5.4 spec/build/mutate.lua SEED COUNT [--only PATTERN] [--exclude PATTERN] [--patience SECONDS] [--again yes]
--    [--from RESULTS] [--part K/N]
-- Makes COUNT small changes, one at a time, in a copy of the tree and sees whether a spec notices. SEED chooses which.
-- Results are appended to build/mutation/SEED.results, so a run that was broken off goes on where it was; with --again
-- yes those that survived or were not decided are tried again, after specs were written, and with the specs of other
-- programs, which else are left alone where others run the code. Several seeds may run side by side, or several parts
-- of one: --part 1/2 is every second change. Without --part, all that was done is summed up. --from RESULTS chooses
-- among what is open in the results of another run, as far as its lines are still there. PATTERNs are Lua's, several
-- parted by "|". Only specs that run the changed code are tried, the likeliest first (spec/build/coverage.lua), until
-- SECONDS of a processor were spent, or 90 waited on an idle machine: a change that no spec noticed before all were
-- tried is not decided.
-- What a change does stays in the copy, spec/build/apart.sh sees to that.
-- Changes that make no difference are listed in spec/build/equivalent.txt. For all of a module's against its own specs,
-- while they are written, there is spec/build/mutate_own.lua.
local copies = require "spec.build.copies"
local coverage = require "spec.build.coverage"
local equivalent = require "spec.build.equivalent"
local mutations = require "spec.build.mutations"
local uv = require "luv"

local exists, read, run, write = copies.exists, copies.read, copies.run, copies.write

local OPEN = { survived = true, undecided = true } -- what a spec may still be written for
local BUILDING = { cpu = 300, wall = 600 }
local WAITING = 90 -- seconds for a change, of a machine that does nothing else

local function paths_of(specs)
    local list = {}
    for i, spec in ipairs(specs) do
        list[i] = spec.path
    end
    return list
end

-- ---- one change ------------------------------------------------------------------------------------------

local TOGETHER = 10 -- seconds of specs for one start of busted

-- The specs to be tried together from the `i`th on, and what they may take.
local function batch_from(specs, i, single)
    local batch = { specs[i] }
    local cpu, wall, following = specs[i].cpu, specs[i].wall, specs[i + 1]
    while following and not single and wall + following.wall < TOGETHER do
        batch[#batch + 1], cpu, wall = following, cpu + following.cpu, wall + following.wall
        following = specs[i + #batch]
    end
    return batch, { cpu = 10 + 5 * cpu, wall = 15 + 4 * wall }
end

-- Which of a batch failed: those before it passed.
local function failing_in(batch, log)
    local text = read(log)
    for k, spec in ipairs(batch) do
        if text:find(spec.path .. " @", 1, true) then
            return k
        end
    end
    return nil
end

-- Only what fails twice, the second time alone as the map knows it, notices something; or what hangs alone, which takes
-- long enough once. Spends `budget`.
-- trial(specs, limits) → exit status, seconds of a processor. Returns the spec, or nil and how many were not tried.
local function noticed_by(tree, specs, budget, trial)
    local i, failed, single_to = 1, nil, 1
    while specs[i] and (budget.left > 0 and budget.wait > 0 or failed == i) do
        local batch, limits = batch_from(specs, i, i <= single_to)
        local begun = uv.hrtime()
        local status, took = trial(batch, limits)
        budget.left, budget.wait = budget.left - took, budget.wait - (uv.hrtime() - begun) / 1e9 / copies.load()
        if status == 0 then
            i = i + #batch
        elseif failed == i or #batch == 1 and status == "hang" then
            return (status == "hang" and "hang: " or "") .. specs[i].path
        elseif #batch == 1 then
            failed = i
        else
            local k = failing_in(batch, tree .. ".log")
            single_to = i + (k or #batch) - 1 -- it hung or crashed: each alone
            i, failed = k and single_to or i, k and single_to
        end
    end
    return nil, specs[i] and #specs - i + 1 or 0
end

local function verdict(noticed, count, left)
    if noticed then
        return "noticed", noticed
    end
    return left > 0 and "undecided" or "survived",
        ("%d specs%s"):format(count, left > 0 and (", %d not run"):format(left) or "")
end

local function try_lua(tree, map, change, options)
    local specs = coverage.specs_of_lua(map, change.path, change.original, change.first, options.again ~= nil)
    local noticed, left = noticed_by(tree, specs, { left = options.patience, wait = WAITING }, function(batch, limits)
        return copies.busted(tree, paths_of(batch), limits)
    end)
    return verdict(noticed, #specs, left)
end

-- C specs under the sanitizers, and a core for Lua's. Both are built in the copy, once.
local function prepare_c(tree)
    copies.take_locales(tree .. "/build-c")
    copies.build(tree, "build-c", "-DCMAKE_BUILD_TYPE=Debug -DDWSYNC_SANITIZE=ON -DDWSYNC_TESTS=ON")
    copies.build(tree, "build-core", "")
    local passing, known = {}, tree .. ".passing"
    if not exists(known) then
        local names = {}
        for _, name in ipairs(copies.c_specs(tree, "build-c")) do
            names[#names + 1] = run(tree .. "/build-c/spec/c", { "./" .. name }, BUILDING) == 0 and name .. "\n" or nil
        end
        write(known, table.concat(names))
    end
    for name in read(known):gmatch "%S+" do
        passing[name] = true
    end
    return passing
end

local function built(tree, build, target)
    return run(tree, { "ninja", "-C", build, target }, BUILDING) == 0
end

local function try_c(tree, map, passing, change, options)
    if not built(tree, "build-core", "all") then
        return "did not compile", ""
    end
    local c_specs, lua_specs = coverage.specs_of_c(map, change.path, change.original, change.line,
        options.again ~= nil)
    local budget, count, missed = { left = options.patience, wait = WAITING }, 0, 0
    for i = #c_specs, 1, -1 do
        if not passing[c_specs[i].path] then
            table.remove(c_specs, i)
        end
    end
    for _, spec in ipairs(c_specs) do
        if not built(tree, "build-c", "spec/c/" .. spec.path) then
            return "did not compile", ""
        end
        local noticed, left = noticed_by(tree, { spec }, budget, function(_, limits)
            return run(tree .. "/build-c/spec/c", { "./" .. spec.path },
                { cpu = 5 * limits.cpu, wall = 2 * limits.wall })
        end)
        if noticed then
            return verdict(noticed)
        end
        count, missed = count + 1, missed + left
    end
    for _, lua in ipairs { "lua5.4", "luajit" } do -- the latter has the core and its bindings to itself
        local specs = {}
        for _, spec in ipairs(lua_specs) do
            if lua == "lua5.4" or spec.path:find "^spec/core/" then
                specs[#specs + 1] = spec
            end
        end
        local noticed, left = noticed_by(tree, specs, budget, function(batch, limits)
            return copies.busted(tree, paths_of(batch), limits, "build-core", lua)
        end)
        if noticed then
            return verdict(noticed)
        end
        count, missed = count + #specs, missed + left
    end
    return verdict(nil, count, missed)
end

-- ---- which changes ---------------------------------------------------------------------------------------

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

local function key_of(change)
    return ("%s\t%s\t%s\t%s\t%d"):format(change.path, change.what, change.before, change.after, change.first)
end

-- What was neither noticed nor left out in an earlier run, of this code or older, as a set.
local function open_in(path)
    local set = {}
    for line in io.lines(path) do
        local result, key = line:match "^([^\t]*)\t[^\t]*\t(.*)\t%d+$"
        set[key] = OPEN[result]
    end
    return set
end

local function chosen(options)
    local all, from = {}, options.from and open_in(options.from)
    for _, path in ipairs(copies.lines_of "find lua -name '*.lua' | sort; find src -name '*.c' | sort") do
        if matches(path, options.only or "") and not (options.exclude and matches(path, options.exclude)) then
            local source = read(path)
            for _, change in ipairs(mutations.of(path, source)) do
                change.path, change.original = path, source
                if not from or from[key_of(change):match "^(.*)\t%d+$"] then
                    all[#all + 1] = change
                end
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
    local options, plain, i = { patience = 120 }, {}, 1
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
    local which, of = (options.part or ""):match "^(%d+)/(%d+)$"
    options.which, options.of = math.tointeger(which), math.tointeger(of)
    if not (options.seed and options.count and options.patience) then
        io.stderr:write "usage: mutate.lua SEED COUNT [--only PATTERN] [--exclude PATTERN] [--patience SECONDS]\n"
        os.exit(2)
    end
    return options
end

local function main(options)
    copies.shell("mkdir -p " .. copies.WORK)
    local changes, total = chosen(options)
    local known, map = equivalent.load(), coverage.load()
    local part = options.which and "-" .. options.which or ""
    local tree, results = ("%s/tree-%d%s"):format(copies.WORK, options.seed, part),
        ("%s/%d.results"):format(copies.WORK, options.seed)
    local done, c = done_before(results), nil
    copies.copy(tree)
    assert(run(tree, { "true" }, BUILDING) == 0, "spec/build/apart.sh cannot run anything: see " .. tree .. ".log")
    local counts, survivors = {}, {}
    for number, change in ipairs(changes) do
        local key = key_of(change)
        local result, detail = table.unpack(done[key] or {})
        if equivalent.reason(known, change.path, change) then
            result = "equivalent"
        elseif options.which and number % options.of ~= options.which - 1 then
            result = result or "of another part"
        elseif not result or options.again and OPEN[result] then
            local target = tree .. "/" .. change.path
            local in_c = mutations.language(change.path) == "c"
            c = c or in_c and prepare_c(tree)
            write(target, mutations.applied(change.original, change))
            if in_c then
                result, detail = try_c(tree, map, c, change, options)
            elseif not loadfile(target) then
                result, detail = "did not compile", ""
            else
                result, detail = try_lua(tree, map, change, options)
            end
            write(target, change.original)
            write(results, ("%s\t%s\t%s\n"):format(result, detail, key), "a")
        end
        counts[result] = (counts[result] or 0) + 1
        if OPEN[result] then
            survivors[#survivors + 1] = ("%s:%d: %s, %s (%s)\n    - %s\n    + %s"):format(change.path, change.line,
                change.what, result, detail, change.before, change.after)
            print(survivors[#survivors])
        end
        if number % 10 == 0 then
            print(("%d of %d"):format(number, #changes))
            io.stdout:flush()
        end
    end
    local noticed, survived, undecided = counts.noticed or 0, counts.survived or 0, counts.undecided or 0
    print(("\n%s\n%d of %d possible changes: %d noticed, %d not, %d not decided, %d equivalent, %d did not compile: "
        .. "%.1f %% noticed, %.1f %% of those decided"):format(table.concat(survivors, "\n"), #changes, total, noticed,
        survived, undecided, counts.equivalent or 0, counts["did not compile"] or 0,
        100 * noticed / math.max(1, noticed + survived + undecided), 100 * noticed / math.max(1, noticed + survived)))
end

main(parse(arg))
