-- lua5.4 spec/build/mutate_own.lua [--lua LUA] PATH[=SPEC,SPEC…]…
-- Makes every small change of a Lua module, one at a time, and lists those that the module's own specs do not notice:
-- while specs are written, since a change takes as long as these and no longer. Without SPEC it is the file of the same
-- name below spec/. LUA, else lua5.4, runs them.
-- What is listed is too much: other specs may notice it, and a spec of its own may miss it here that does not under
-- busted, as all run in one process (spec/build/small_busted.lua). spec/build/mutate.lua decides, and says how many.
-- What a change does stays in a copy of the tree, spec/build/apart.sh sees to that.
-- Changes that make no difference are listed in spec/build/equivalent.txt.
local copies = require "spec.build.copies"
local coverage = require "spec.build.coverage"
local mutations = require "spec.build.mutations"

local TREE, RESULTS = copies.WORK .. "/own", "results"
local MEMORY = 3000000 -- KiB, for a change that fills it
local UNCHANGED = 60 -- seconds of a processor for specs that nobody knows yet
local BETWEEN = 15 -- seconds beyond those of one change: see SLICE of own_trials.lua

local function fail(message)
    io.stderr:write("mutate_own.lua: ", message, "\n")
    os.exit(2)
end

-- Runs a part of the trials, not as the first process in apart.sh, which would get no signals. Returns what came of
-- each by number, and the last number.
local function part(module, lua, from, seconds)
    local words = { "sh", "-c", ('ulimit -v %d; "$@"; exit $?'):format(MEMORY), "sh", lua, "spec/build/own_trials.lua",
        RESULTS, module.path, tostring(from), ("%.2f"):format(seconds) }
    table.move(module.specs, 1, #module.specs, #words + 1, words)
    copies.write(TREE .. "/" .. module.path, module.source)
    copies.write(TREE .. "/" .. RESULTS, "")
    local cpu = BETWEEN + 2 * seconds
    copies.run(TREE, words, { cpu = cpu, wall = 2 * cpu }, copies.variables(lua))
    local found, last = {}, nil
    for line in io.lines(TREE .. "/" .. RESULTS) do
        local number, result, detail = line:match "^(%d+)\t([^\t]*)\t?(.*)$"
        last = tonumber(number)
        found[last] = { result = result ~= "" and result or "noticed", detail = detail }
        found[last].ended = result == ""
    end
    return found, last or fail(("%s cannot run anything: see %s.log"):format(lua, TREE))
end

-- Seconds for a change, from what the file takes as it is.
local function allowed(module, lua)
    local unchanged = part(module, lua, 0, UNCHANGED)[0]
    if unchanged.ended then
        return nil, ("they end or hang: see %s.log"):format(TREE)
    elseif unchanged.result ~= "survived" then
        return nil, unchanged.detail
    end
    return 1 + 6 * tonumber(unchanged.detail)
end

local function try_all(module, lua)
    module.source = copies.read(module.path)
    local changes, counts, from = mutations.of(module.path, module.source), {}, 1
    local seconds, reason = allowed(module, lua)
    if not seconds then
        print(("%s: its specs fail without a change: %s"):format(module.path, reason))
        return false
    end
    while from <= #changes do
        local found, last = part(module, lua, from, seconds)
        for number = from, last do
            local change, result = changes[number], found[number].result
            counts[result] = (counts[result] or 0) + 1
            if result == "survived" then
                print(("%s:%d: %s\n    - %s\n    + %s"):format(module.path, change.line, change.what, change.before,
                    change.after))
            end
        end
        from = last + 1
    end
    copies.write(TREE .. "/" .. module.path, module.source)
    print(("%s: %d changes: %d noticed, %d not, %d equivalent, %d did not compile"):format(module.path, #changes,
        counts.noticed or 0, counts.survived or 0, counts.equivalent or 0, counts["did not compile"] or 0))
    io.stdout:flush()
    return true
end

local function parse(words)
    local lua, modules, i = "lua5.4", {}, 1
    while words[i] do
        if words[i] == "--lua" then
            i = i + 1
            lua = words[i]
        else
            local path, list = words[i]:match "^([^=]+)=?(.*)$"
            local module = { path = path, specs = {} }
            for spec in (list ~= "" and list or coverage.own_spec(path)):gmatch "[^,]+" do
                module.specs[#module.specs + 1] = spec
            end
            modules[#modules + 1] = module
        end
        i = i + 1
    end
    if not (lua and modules[1]) then
        fail "usage: mutate_own.lua [--lua LUA] PATH[=SPEC,SPEC...]..."
    end
    return lua, modules
end

local function main(lua, modules)
    for _, module in ipairs(modules) do
        for _, path in ipairs { module.path, (table.unpack or unpack)(module.specs) } do
            if not copies.exists(path) then
                fail(path .. " is not there")
            end
        end
    end
    copies.copy(TREE)
    local good = true
    for _, module in ipairs(modules) do
        good = try_all(module, lua) and good
    end
    os.exit(good and 0 or 1)
end

main(parse(arg))
