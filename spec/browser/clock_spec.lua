local cases = require "spec.quantities_cases"
local cjson = require "cjson"
local processes = require "spec.support.processes"
local script = require "dwsync.report.status.script"

-- What one function of the script's clock says of each case.
local function written(name)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write('"use strict";\n', script.clock, ("console.log(JSON.stringify(%s.map(([seconds]) => %s(seconds))));\n")
        :format(cjson.encode(cases[name]), name))
    file:close()
    local output, status = processes.run("node " .. processes.quoted(path))
    os.remove(path)
    assert.equal(0, status)
    return cjson.decode(output)
end

describe("the clock of the status page", function()
    for _, name in ipairs { "duration", "distance" } do
        it(("writes each %s as every other output does"):format(name), function()
            local expected = {}
            for i, case in ipairs(cases[name]) do
                expected[i] = case[2]
            end
            assert.same(expected, written(name))
        end)
    end

    it("is part of the script", function()
        assert.is_truthy(script.text:find(script.clock, 1, true))
    end)
end)
