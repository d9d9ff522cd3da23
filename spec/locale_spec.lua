local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"
local uv = require "luv"

-- A comma; and a point of two bytes, with which PUC Lua cannot read its own programs.
local LANGUAGES = { "de_DE", rawget(_G, "jit") and "ps_AF" or nil }

-- The locales are made for the test, since machines rarely have one whose decimal point is a comma.
local function outputs_in(locale, folder)
    local own = folder .. "/of-" .. locale
    local command = ("mkdir %s && LOCPATH=%s %s spec/locale_outputs.lua %s %s 2>&1"):format(own, folder,
        processes.quoted(uv.exepath()), locale, own)
    local output, status = processes.run(command)
    assert.equal(0, status, output)
    return output
end

describe("a host program's locale with a decimal comma", function()
    it("changes nothing in any output, nor in the history", function()
        temporary.with_folder(function(folder)
            local expected = outputs_in("C", folder)
            assert.is_truthy(expected:find('"load":0.75', 1, true))
            for _, language in ipairs(LANGUAGES) do
                local locale = language .. ".UTF-8"
                processes.run(("localedef -i %s -f UTF-8 %s/%s >/dev/null 2>&1"):format(language, folder, locale))
                assert.equal(expected, outputs_in(locale, folder))
            end
        end)
    end)
end)
