local example = require "spec.problems.channels.example"
local kept = require "spec.golden.kept"
local messages = require "dwsync.problems.messages"

local MESSAGES = {
    example.message(),
    example.message({ message = ("long "):rep(200), advice = ("advice "):rep(200), cluster_name = ("name "):rep(60),
        source = ("source "):rep(60) }, { event = "escalated", previous = "warning" }),
    example.message({ state = "resolved", resolved_at = example.NOW, ending = "no longer reported" },
        { event = "resolved", step = "resolved", previous = "critical", ended = example.NOW }),
}

local CHANNEL = { secrets = {}, options = { from = "dwsync@example.com", to = { "ops@example.com" } } }

describe("the messages of channels", function()
    for _, kind in ipairs(require("dwsync.problems.channels").KINDS) do
        it("are as kept for " .. kind, function()
            local parts = {}
            for i, message in ipairs(MESSAGES) do
                local body = require("dwsync.problems.channels." .. kind).render(message, CHANNEL)
                parts[i] = body:gsub(',"', ',\n"') .. "\n"
            end
            kept.compare(("channel.%s.json"):format(kind), table.concat(parts))
        end)
    end

    it("are as kept in lines", function()
        local parts = {}
        for i, message in ipairs(MESSAGES) do
            parts[i] = table.concat(messages.lines(message), "\n") .. "\n\n"
        end
        kept.compare("channel.txt", table.concat(parts))
    end)
end)
