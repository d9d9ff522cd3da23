local argparse = require "argparse"
local thresholds = require "dwsync.cli.thresholds"

-- The rules in force with these values of --set on top of the configuration file's.
local function rules(words, configured)
    local parser, arguments = argparse "dwsync", {}
    thresholds.configure(parser)
    for _, word in ipairs(words) do
        arguments[#arguments + 1] = "--set"
        arguments[#arguments + 1] = word
    end
    local good, args = parser:pparse(arguments)
    assert(good, args)
    return thresholds.rules(args, { thresholds = configured })
end

describe("--set", function()
    it("switches a rule off and on by several words", function()
        for _, word in ipairs { "off", "no", "false" } do
            assert.is_false(rules({ "churn=" .. word }).churn, word)
            assert.is_false(rules({ "churn=" .. word }, { churn = { warning = 5 } }).churn, word)
            assert.is_false(rules({ "churn.warning=" .. word }).churn.warning, word)
        end
        for _, word in ipairs { "on", "yes", "true" } do
            assert.equal(10, rules({ "churn=" .. word }, { churn = false }).churn.warning, word)
        end
    end)

    it("changes options one by one, over the configuration file's, which stays as it is", function()
        local configured = { failing = { warning = 1, critical = 7 } }
        local failing = rules({ "failing.warning=3", "partial.warning=5%" }, configured).failing
        assert.same({ 3, 7 }, { failing.warning, failing.critical })
        assert.same({ failing = { warning = 1, critical = 7 } }, configured)
    end)

    it("takes numbers, percentages and lengths of time", function()
        local set = rules { "partial.warning=5%", "stale.warning=6h", "failing.warning=4" }
        assert.same({ 0.05, 21600, 4 }, { set.partial.warning, set.stale.warning, set.failing.warning })
    end)

    it("says how grave it is that synchronisation is off", function()
        assert.equal("disabled", rules({}).disabled)
        assert.equal("warning", rules({ "disabled=warning" }).disabled)
        assert.equal("warning", rules({ "disabled=on" }, { disabled = "warning" }).disabled)
        assert.equal("critical", rules({ "disabled=critical" }, { disabled = "warning" }).disabled)
        assert.is_false(rules({ "disabled=off" }, { disabled = "warning" }).disabled)
        assert.equal("disabled", rules({ "disabled=on" }, { disabled = false }).disabled)
        for word, message in pairs { ["disabled.warning=6h"] = "--set: disabled is a table, expected one of disabled",
            ["stale=warning"] = '--set: stale is "warning", expected a table' } do
            local none, err = rules { word }
            assert.is_nil(none)
            assert.matches(message, err.message, 1, true)
        end
    end)

    it("refuses what names no rule", function()
        local none, err = rules { "nosuch.warning=1" }
        assert.is_nil(none)
        assert.matches("--set: unknown rule 'nosuch'", err.message, 1, true)
    end)

    it("are set by an option of the command, as often as one wants", function()
        local parser = argparse "x"
        thresholds.configure(parser)
        assert.matches("Verdicts: --set <rule.option=value>", parser:get_help():gsub("%s+", " "), 1, true)
        local good, args = parser:pparse { "--set", "churn=off", "--set", "disabled=warning" }
        assert.same({ true, { { rule = "churn", on = false }, { rule = "disabled", severity = "warning" } } },
            { good, args.set })
        for _, text in ipairs { "churn", "a.b.c=warning", "=warning", "a.=warning", "stale=loud" } do
            assert.same({ false, ('--set is "%s", expected rule.option=value, such as stale.warning=6h, rule=off, or '
                .. "disabled=warning"):format(text) }, { parser:pparse { "--set", text } })
        end
    end)
end)
