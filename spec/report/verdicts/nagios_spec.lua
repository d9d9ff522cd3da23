local overviews = require "spec.report.overviews"

local function render(overview, options)
    return overviews.render("nagios", overview, options)
end

local function one(item)
    return render(overviews.overview { item })
end

-- Text and values of one line, as a monitoring system takes it apart.
local function parts(line)
    local text, data = line:match "^([^|]*)| ([^|]*)\n$"
    local values = {}
    for name, value in (data or ""):gmatch "(%S+)=(%S+)" do
        values[name] = value
    end
    return text or line:match "^([^|]*)\n$", values
end

describe("one line for Nagios", function()
    it("begins with the worst severity and says what is so", function()
        local text = parts(one(overviews.stuck()))
        assert.equal("CRITICAL - A run has been going on for 9 h; The last successful run ended 10 h ago ", text)
    end)

    it("says that all is well, and since when", function()
        assert.equal("OK - 10 checks ok, last success 11 min ago ", (parts(one(overviews.healthy()))))
    end)

    it("is UNKNOWN for a cluster without records and for one that could not be asked", function()
        assert.equal("UNKNOWN - There is no record: nothing was ever synchronised, or the feature is off ",
            (parts(one(overviews.never()))))
        assert.equal("UNKNOWN - the records could not be read: no answer within 60 s. Raise timeout, or check what "
            .. "slows the network or the service down\n", one(overviews.unreadable()))
        assert.equal("UNKNOWN - no clusters to judge\n", render { now = overviews.NOW, severity = "unknown",
            clusters = {} })
    end)

    it("counts many clusters and names the worst", function()
        assert.equal("CRITICAL - 7 clusters: 3 critical, 1 warning, 2 unknown, 1 ok; dws-failing: The last 72 runs did "
            .. "not finish; dws-mass-delete: One run deleted 480 accounts; dws-stuck: A run has been going on for 9 h "
            .. "(and 3 more) ", (parts(render(overviews.stories()))))
    end)

    it("names the only one of many that is not well", function()
        assert.matches("^UNKNOWN %- 2 clusters: 1 unknown, 1 ok; [%w-]+: There is no record", (parts(render(
            overviews.overview { overviews.never(), overviews.healthy() }))))
    end)

    it("says what is wrong where as many verdicts are well", function()
        local item = overviews.stuck()
        local bad, good
        for _, verdict in ipairs(item.evaluation.verdicts) do
            bad = bad or verdict.severity == "critical" and verdict
            good = good or verdict.severity == "ok" and verdict
        end
        item.evaluation.verdicts = { bad, good }
        assert.matches("^CRITICAL %- A run has been going on for 9 h", (parts(one(item))))
    end)

    it("is OK and says so where synchronisation is off, and counts such clusters apart", function()
        assert.equal("OK - disabled: identity-source synchronisation is off (DWS.5045). Turn it on in the console if "
            .. "accounts should come from an identity source\n", one(overviews.disabled()))
        assert.matches("^OK %- 2 clusters: 1 ok, 1 disabled ", parts(render(overviews.overview {
            overviews.disabled(), overviews.healthy() })))
        assert.equal("WARNING - identity-source synchronisation is off (DWS.5045). Turn it on in the console if "
            .. "accounts should come from an identity source\n", one(overviews.disabled { severity = "warning" }))
        local lines = render(overviews.overview { overviews.disabled(), overviews.healthy() }, { long = true })
        assert.matches("\nDISABLED dws%-off cluster disabled: identity%-source", lines)
    end)

    it("tells which source when there are several", function()
        assert.equal("WARNING - oneaccess b1e0c0de: The last finished run left 6.4 % of its accounts out ",
            (parts(one(overviews.partial()))))
    end)

    it("has every value with its unit and thresholds, under a name that stays the same", function()
        local _, values = parts(one(overviews.stuck()))
        assert.equal("36000s;10800;43200;0", values.ldap_79d6458e_stale)
        assert.equal("32400s;1800;7200;0", values.ldap_79d6458e_stuck)
        assert.equal("1;20;50;0", values.ldap_79d6458e_mass_delete)
        assert.equal("0.4;6;12;0", values.ldap_79d6458e_slow)
        assert.equal("0;1;;0", values.ldap_79d6458e_overlap)
        _, values = parts(one(overviews.partial()))
        assert.equal("6.4%;1;10;0", values.oneaccess_b1e0c0de_partial)
        _, values = parts(render(overviews.stories()))
        assert.equal("36000s;10800;43200;0", values["dws-stuck_ldap_79d6458e_stale"])
    end)

    it("names three of what is wrong, and says how many more there are", function()
        local NAMED = { "a", "b", "c" }
        for count, expected in ipairs { "a", "a; b", "a; b; c", "a; b; c (and 1 more)", "a; b; c (and 2 more)" } do
            local list, items, names = {}, {}, {}
            for i = 1, count do
                local rule = NAMED[i] or "d" .. i
                list[i] = { rule = rule, severity = "critical", message = rule .. "." }
                items[i] = { cluster = { id = rule, name = rule }, severity = "critical",
                    evaluation = { sources = {}, severity = "critical", verdicts = { list[i] } } }
                names[i] = NAMED[i] and rule .. ": " .. rule
            end
            assert.equal("CRITICAL - " .. expected .. "\n", one { cluster = { id = "c" },
                evaluation = { severity = "critical", sources = {}, verdicts = list } })
            if count > 1 then
                assert.equal(("CRITICAL - %d clusters: %d critical; %s%s\n"):format(count, count,
                    table.concat(names, "; "), expected:match " %(.*" or ""), render(overviews.overview(items)))
            end
        end
    end)

    it("says nothing more of clusters that are all well, and why there is nothing to judge", function()
        local text = parts(render(overviews.overview { overviews.healthy("a", 1), overviews.healthy("b", 2) }))
        assert.equal("OK - 2 clusters: 2 ok ", text)
        local item = { cluster = { id = "c" }, severity = "disabled", verdicts = {} }
        assert.equal("OK - disabled: nothing to judge\n",
            render { now = overviews.NOW, severity = "disabled", clusters = { item } })
        assert.equal("UNKNOWN - c\n", one { cluster = { id = "c" }, verdicts = { { rule = "r", severity = "unknown",
            message = "c" } } })
        assert.equal("CRITICAL - 2 clusters: 2 critical; a: ; b: \n", render { now = overviews.NOW,
            severity = "critical", clusters = { { cluster = { name = "a" }, severity = "critical", verdicts = {} },
                { cluster = { name = "b" }, severity = "critical", verdicts = {} } } })
    end)

    it("is never longer than its text, its messages and its names may be", function()
        local long = ("x"):rep(700)
        local function verdict(rule, changes)
            local all = { rule = rule, severity = "critical", message = long, source = "s", source_type = long }
            for name, value in pairs(changes or {}) do
                all[name] = value or nil
            end
            return all
        end
        local function item(list, sources)
            return { cluster = { id = "c", name = long }, evaluation = { severity = "critical", sources = sources or {},
                verdicts = list } }
        end
        assert.equal("CRITICAL - " .. ("x"):rep(199) .. "…\n", one(item { verdict "a" }))
        assert.equal("CRITICAL - " .. ("x"):rep(59) .. "…: " .. ("x"):rep(199) .. "…\n", one(item({ verdict "a" },
            { {}, {} })))
        assert.equal("CRITICAL - " .. ("x"):rep(199) .. "…\n", one(item({ verdict("a", { source = false }) }, { {} })))
        local text = one(item({ verdict "a", verdict "b", verdict "c" }, { {}, {} }))
        assert.equal("CRITICAL - " .. 600, text:sub(1, 11) .. require("dwsync.text").width(text:sub(12, -2)))
        text = render(overviews.overview { item { verdict "a" }, item { verdict "a" } })
        assert.matches("; " .. ("x"):rep(59) .. "…: " .. ("x"):rep(199) .. "…; ", text, 1, true)
        text = render(overviews.overview { item { verdict(long, { follows = long, advice = long,
            reason = { text = long, cause = ("y"):rep(700) } }) } }, { long = true })
        assert.equal(("CRITICAL %s… %s… %s… (follows from %s…): %s…. %s…%s…. %s…\n"):format(("x"):rep(59),
            ("x"):rep(59), ("x"):rep(19), ("x"):rep(19), ("x"):rep(199), ("x"):rep(199), " (" .. ("y"):rep(197),
            ("x"):rep(199)),
            text:match "\n(.*)")
    end)

    it("has values of at most three decimals, under names of a length, of what is measured alone", function()
        local function values_of(changes)
            local verdict = { rule = ("r"):rep(30), severity = "ok", message = "", value = 1 }
            for name, value in pairs(changes) do
                verdict[name] = value
            end
            return one({ cluster = { id = "c" }, evaluation = { severity = "ok", sources = {},
                verdicts = { verdict } } }):match "^OK %- 1 check ok | (.*)\n$"
        end
        local rule = ("r"):rep(20)
        assert.equal(rule .. "=1;;;0", values_of {})
        assert.equal(rule .. "=0.123;100;1.5;0", values_of { value = 0.12345, warning = 100, critical = 1.5 })
        assert.equal(rule .. "=12.346%;100;;0", values_of { value = 0.123456, warning = 1, unit = "ratio" })
        assert.equal(("t"):rep(20) .. "_" .. ("s"):rep(36) .. "_" .. rule .. "=1;;;0",
            values_of { source = ("s"):rep(50), source_type = ("t"):rep(50) })
        assert.equal("_s_" .. rule .. "=1;;;0", values_of { source = "s" })
        assert.equal("t__" .. rule .. "=1;;;0", values_of { source_type = "t" })
        assert.is_nil(values_of { value = 0 / 0 })
        local function item(name)
            return { cluster = { id = "c", name = name }, evaluation = { severity = "ok", sources = {},
                verdicts = { { rule = "a", severity = "ok", message = "", value = 1 },
                    { rule = "a", severity = "ok", message = "", value = 2 } } } }
        end
        assert.equal("OK - 2 clusters: 2 ok | " .. ("n"):rep(60) .. "_a=1;;;0 o_a=1;;;0\n",
            render(overviews.overview { item(("n"):rep(70)), item "o" }))
    end)

    it("fills the room of 7900 bytes for its text and values to the last", function()
        local longest = 0
        for length = 1, 60 do
            local items = {}
            for i = 1, 201 do
                items[i] = { cluster = { name = i == 1 and ("a"):rep(length) or ("c%042d"):format(i) },
                    evaluation = { severity = "ok", sources = {}, verdicts = { { rule = "a", severity = "ok",
                        message = "", value = 1 } } } }
            end
            longest = math.max(longest, #render(overviews.overview(items)) - #" | " - #"\n" + 1)
        end
        assert.equal(7900, longest)
    end)

    it("shows why the newest run failed, even if one failure is nothing to act on", function()
        local item = overviews.healthy()
        for _, verdict in ipairs(item.evaluation.verdicts) do
            if verdict.rule == "failing" then
                verdict.value, verdict.message = 1, 'the newest run failed: the reason given is "目录 不存在"'
            end
        end
        assert.equal("OK - 10 checks ok, last success 11 min ago; the newest run failed: the reason given is ”目录 不存在” ",
            (parts(one(item))))
    end)

    it("keeps values of names in Chinese apart, whatever blanks are in them", function()
        local one_, other = overviews.healthy("集群\227\128\128一", 1), overviews.healthy("集群 二", 2)
        local _, values = parts(render(overviews.overview { one_, other }))
        assert.is_truthy(values["集群_一_ldap_79d6458e_stale"])
        assert.is_truthy(values["集群_二_ldap_79d6458e_stale"])
    end)

    it("is one line that hostile text can neither end nor add a value to", function()
        local text = render(overviews.hostile())
        local _, lines = text:gsub("\n", "")
        local _, bars = text:gsub("|", "")
        assert.same({ 1, 1 }, { lines, bars })
        assert.is_truthy(text:find "^CRITICAL %- ")
        assert.is_nil(text:find "[%c<>'\"`$\\]" and text:find "[^\n%C<>'\"`$\\]")
        assert.is_nil(text:sub(1, -2):find "[%z\1-\31<>'\"`$\\]")
        for name, value in text:match "| (.*)\n":gmatch "(%S+)=(%S+)" do
            assert.is_truthy(name:find "^[%w_.-]+$", name)
            assert.is_truthy(value:find "^%d[%d.]*[s%%]?;[%d.]*;[%d.]*;0$", value)
        end
    end)

    it("stays within what Nagios reads, whatever the number of clusters, with every value whole", function()
        local items = {}
        for i = 1, 200 do
            items[i] = overviews.healthy(("dws-%03d"):format(i), i)
        end
        local text = render(overviews.overview(items))
        assert.is_true(#text < 8000 and #text > 7000)
        assert.is_truthy(text:find ";0\n$")
        assert.is_true(#render(overviews.hostile(("long "):rep(20000))) < 8000)
    end)

    it("adds lines about each verdict that is not ok on request", function()
        local text = render(overviews.overview { overviews.stuck() }, { long = true })
        local lines = {}
        for line in text:gmatch "([^\n]*)\n" do
            lines[#lines + 1] = line
        end
        assert.equal(3, #lines)
        assert.equal("CRITICAL dws-stuck ldap 79d6458e stuck: A run has been going on for 9 h. Look at the cluster’s "
            .. "management node; ask the service to end the run.", lines[2])
        assert.equal(1, select(2, render(overviews.hostile(), { long = true }):gsub("|", "")))
    end)

    it("names the cause of what follows in the long output", function()
        local item = { cluster = { id = "c" }, evaluation = { severity = "critical", sources = {}, verdicts = {
            { rule = "stuck", severity = "critical", message = "hangs" },
            { rule = "stale", severity = "critical", message = "late", follows = "stuck" } } } }
        local text = render(overviews.overview { item }, { long = true })
        assert.matches("CRITICAL c cluster stale (follows from stuck): late", text, 1, true)
        assert.is_nil(text:match("^[^\n]*"):find("late", 1, true))
    end)

    it("ends the message of a line before the advice", function()
        local item = { cluster = { id = "c" }, evaluation = { severity = "critical", sources = {}, verdicts = {
            { rule = "stuck", severity = "critical", message = "hangs", advice = "End it." } } } }
        assert.matches("CRITICAL c cluster stuck: hangs. End it.\n",
            render(overviews.overview { item }, { long = true }), 1, true)
    end)

    it("adds the reason of the runs behind a verdict to its line", function()
        local item = overviews.stuck()
        item.evaluation.verdicts[1].reason = { text = "error code 3", speaker = "directory", cause = "too slow" }
        assert.is_truthy(render(overviews.overview { item }, { long = true }):find("stuck: A run has been going on for "
            .. "9 h. The directory says: error code 3 (too slow). Look at", 1, true))
    end)
end)
