-- LUA spec/build/own_trials.lua RESULTS PATH FROM SECONDS SPEC…
-- Started by spec/build/mutate_own.lua in a copy of the tree: makes the changes of PATH from number FROM on, for some
-- seconds; number 0 is the file as it is. RESULTS gets a line for each: number, result and detail. A line without a
-- result is of a change that ended or hung this process. SECONDS of a processor are what the specs may take.
local equivalent = require "spec.build.equivalent"
local mutations = require "spec.build.mutations"
local small_busted = require "spec.build.small_busted"

local SLICE = 10 -- seconds after which no other change is begun: all that is lost when one hangs

-- Compiled code looks at no clock.
if jit then
    jit.off()
end

local clock, load_file, now, open = os.clock, loadfile, os.time, io.open -- whatever becomes of them

local function write(path, text)
    local file = assert(open(path, "w"))
    assert(file:write(text))
    file:close()
end

local function read(path)
    local file = assert(open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local function try(path, text, specs, seconds)
    write(path, text)
    if not load_file(path) then
        return "did not compile", ""
    end
    local cpu, wall = clock(), now()
    local failure = small_busted.run(specs, seconds)
    return failure and "noticed" or "survived", failure or ("%.2f"):format(math.max(clock() - cpu, now() - wall))
end

local function main(results, path, from, seconds, specs)
    local source, known, begun = read(path), equivalent.load(), now()
    local changes = mutations.of(path, source)
    for number = from, #changes do
        local change = changes[number]
        results:write(number, "\t")
        results:flush()
        if change and equivalent.reason(known, path, change) then
            results:write "equivalent\t\n"
        else
            local text = change and mutations.applied(source, change) or source
            results:write(("%s\t%s\n"):format(try(path, text, specs, seconds)))
        end
        results:flush()
        if not change or now() - begun > SLICE then
            break
        end
    end
end

local specs = {}
for i = 5, #arg do
    specs[#specs + 1] = arg[i]
end
main(assert(open(arg[1], "w")), arg[2], tonumber(arg[3]), tonumber(arg[4]), specs)
