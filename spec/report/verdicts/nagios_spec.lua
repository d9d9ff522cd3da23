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
