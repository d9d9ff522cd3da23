local display = require "dwsync.text"
local overviews = require "spec.report.overviews"

local function render(overview, options)
    return overviews.render("table", overview, options)
end

local function one(item, options)
    return render(overviews.overview { item }, options)
end

local function ends_with(expected, text)
    assert.equal(expected, text:sub(-#expected))
end

local function each_line(text)
    return text:gmatch "([^\n]*)\n"
end

describe("verdicts on a terminal", function()
    it("are one block a cluster: what is wrong, since when, what to do, what is well, figures", function()
        local text = one(overviews.stuck(), { width = 80 })
        assert.equal([[
1 critical · judged 2025-11-24T08:00:00Z

CRITICAL  dws-stuck
  060b5d5f-1111-4222-8333-444455556666

  CRITICAL      stuck · ldap 79d6458e
                A run has been going on for 9 h.
                since 2025-11-23T23:00:00Z (9 h ago)
                warning from 30 min, critical from 2 h
                record 00000384-4a5b-4c6d-8e7f-00000000aaaa
  Next          Look at the cluster's management node; ask the service to end
                the run.

  WARNING       stale · ldap 79d6458e
                The last successful run ended 10 h ago.
                since 2025-11-23T22:00:00Z (10 h ago)
                warning from 3 h, critical from 12 h
                record 000003e8-4a5b-4c6d-8e7f-00000000aaaa
  Next          See why no run has finished since.

  OK            churn, data, failing, mass_delete, overlap, partial, slow,
                volume
  Finished      100 % of 24 in 24 h, 100 % of 168 in 7 d, 100 % of 168 in 30 d
  Last run      2025-11-23T23:00:00Z (9 h ago) RUNNING
  Last success  2025-11-23T22:00:00Z (10 h ago)
  Next run      2025-11-24T08:48:00Z (in 48 min)
  Usual         every 1 h, takes 21 s, rarely over 1 min 24 s
  Accounts      252 added, 420 updated, 10 deleted, 0 failed in 30 d
]], text)
    end)

    it("give the reasons with cause and next step", function()
        local text = one(overviews.failing(), { width = 80 })
        assert.is_truthy(text:find("  72 ×          javax.naming.AuthenticationException: [LDAP: error code 49 -\n", 1,
            true))
        assert.is_truthy(text:find("\n  Cause         The password of the account with which the cluster binds is\n", 1,
            true))
        assert.is_truthy(text:find("\n  Next          Set the new password in the cluster's identity source, then\n", 1,
            true))
    end)

    it("say who gives a reason, and show that of the runs behind a verdict", function()
        local item = overviews.stuck()
        local verdict = item.evaluation.verdicts[1]
        verdict.reason = { text = "error code 3", speaker = "directory", cause = "The search took too long",
            next_step = "Narrow the filter." }
        local text = one(item, { width = 80 })
        assert.is_truthy(text:find("\n  Reason        The directory says: error code 3\n"
            .. "  Cause         The search took too long\n  Next          Look at", 1, true))
        assert.is_truthy(text:find("\n                Narrow the filter.\n", 1, true))
        verdict.message = "So it is: The search took too long"
        assert.is_nil(one(item, { width = 80 }):find("  Cause", 1, true))
        item = overviews.failing()
        item.evaluation.reasons[1].speaker = "directory"
        assert.is_truthy(one(item, { width = 80 }):find("  72 ×          The directory says: javax", 1, true))
    end)

    it("show what is explained, though all is well, and from what a verdict follows", function()
        local item = overviews.healthy()
        item.evaluation.verdicts[3].explanation = { { name = "next_run", text = "in 5 min" } }
        local text = one(item, { width = 80 })
        local rule = item.evaluation.verdicts[3].rule
        assert.is_truthy(text:find("  OK            " .. rule .. " · ldap 79d6458e\n", 1, true))
        assert.is_truthy(text:find("\n  Next run      in 5 min\n", 1, true))
        item = overviews.stuck()
        item.evaluation.verdicts[1].follows = "failing"
        assert.is_truthy(one(item, { width = 80 }):find("\n                follows from failing\n", 1, true))
    end)

    it("give five reasons, and say how many more there are", function()
        assert.is_nil(one(overviews.failing_for(5), { width = 80 }):find "further")
        local text = one(overviews.failing_for(7), { width = 80 })
        assert.is_truthy(text:find("reason 5", 1, true))
        assert.is_nil(text:find("reason 6", 1, true))
        assert.is_truthy(text:find("\n                and 2 further reasons\n", 1, true))
    end)

    it("are short for a cluster without records and one that could not be asked", function()
        assert.equal([[
1 unknown · judged 2025-11-24T08:00:00Z

UNKNOWN  dws-unreadable
  08764f85-1111-4222-8333-444455556666

  UNKNOWN       query · cluster
                The records could not be read: no answer within 60 s
  Next          Raise timeout, or check what slows the network or the service
                down.

]], one(overviews.unreadable(), { width = 80 }))
        assert.is_nil(one(overviews.never(), { width = 80 }):find("Finished", 1, true))
        assert.equal("no clusters · judged 2025-11-24T08:00:00Z\n", render(overviews.overview {}))
    end)

    it("are grey and short where synchronisation is off", function()
        assert.equal([[
1 disabled · judged 2025-11-24T08:00:00Z

DISABLED  dws-off
  09abc898-1111-4222-8333-444455556666

  DISABLED      disabled · cluster
                Identity-source synchronisation is off (DWS.5045)
  Next          Turn it on in the console if accounts should come from an
                identity source.

]], one(overviews.disabled(), { width = 80 }))
        assert.is_truthy(one(overviews.disabled(), { color = true }):find("\27[1;90mDISABLED\27[0m  ", 1, true))
    end)

    it("say which source is well when there are several", function()
        local text = one(overviews.partial(), { width = 80 })
        assert.is_truthy(text:find("OK            ldap 79d6458e: churn, data,", 1, true))
    end)

    it("are between 40 and 120 columns wide, 100 where there is no terminal", function()
        local item = overviews.unreadable()
        item.cluster.name, item.cluster.id = ("n"):rep(300), ("i"):rep(300)
        item.error.message = ("word "):rep(100)
        local function widest(options)
            local most = 0
            for line in each_line(one(item, options)) do
                most = math.max(most, display.width(line))
            end
            return most
        end
        for given, width in pairs { [1] = 40, [40] = 40, [41] = 41, [119] = 119, [120] = 120, [500] = 120 } do
            assert.equal(width, widest { width = given })
        end
        assert.equal(100, widest {})
        item.cluster.id = "c"
        assert.is_truthy(one(item, { width = 40 }):find("\nUNKNOWN  " .. ("n"):rep(30) .. "…\n  c\n\n", 1, true))
        item.cluster.id = item.cluster.name
        assert.is_truthy(one(item, { width = 40 }):find("\nUNKNOWN  " .. ("n"):rep(30) .. "…\n\n", 1, true))
    end)

    it("say what people do about a verdict, and what else is known of it, each cut to its length", function()
        local item = overviews.stuck()
        local verdict = item.evaluation.verdicts[1]
        local function shown(options)
            return one(item, options or { width = 60 }):match "judged [^\n]*\n.-\n\n(.-)\n\n  WARNING"
        end
        for _, name in ipairs { "advice", "record_id", "since", "warning", "critical" } do
            verdict[name] = nil
        end
        local head = "  CRITICAL      stuck · ldap 79d6458e\n                A run has been going on for 9 h.\n"
        assert.equal((head:gsub("\n$", "")), shown())
        verdict.reason = { text = "odd", next_step = "Narrow the filter." }
        assert.equal(head .. "  Reason        odd\n  Next          Narrow the filter.", shown())
        verdict.reason = nil
        verdict.acknowledged_at, verdict.acknowledged_by = overviews.NOW * 1000, "ana"
        verdict.silenced_until, verdict.silenced_by = 0, "bo"
        verdict.explanation = { { name = "a_name_of_fifteen", text = "text" } }
        assert.equal(head .. "  Acknowledged  by ana now\n  Silenced      until 1970-01-01T00:00:00Z, by bo\n"
            .. "  A name of fi… text", shown())
        verdict.explanation = { { name = "a_name_of_13_", text = ("t"):rep(500) } }
        verdict.acknowledged_at, verdict.silenced_until = nil, nil
        verdict.message, verdict.rule, verdict.source_type = ("M"):rep(500), ("r"):rep(30), ("s"):rep(70)
        local text = shown { width = 120 }
        assert.is_truthy(text:find("  CRITICAL      " .. ("r"):rep(19) .. "… · " .. ("s"):rep(59) .. "…\n", 1, true))
        assert.equal(399, select(2, text:gsub("M", "")))
        assert.equal(399, select(2, text:match "A name of 13  (.*)":gsub("t", "")))
    end)

    it("name what is ok of each subject once, and which subject it is where there are several sources", function()
        local item = overviews.partial()
        item.evaluation.verdicts = { overviews.verdict "churn", overviews.verdict("data", { source = "b" }),
            overviews.verdict "slow", overviews.verdict(("r"):rep(30), { source_type = ("t"):rep(70) }) }
        item.evaluation.statistics.runs = nil
        item.evaluation.reasons = {}
        local text = one(item, { width = 120, color = true })
        local ok = "  \27[1;32mOK\27[0m            "
        ends_with("\n\n" .. ok .. "ldap 79d6458e: churn, slow\n" .. ok .. "ldap b: data\n" .. ok
            .. ("t"):rep(59) .. "…: " .. ("r"):rep(19) .. "…\n", text)
        item.evaluation.sources[2] = nil
        assert.is_truthy(one(item):find("\n\n  OK            churn, slow\n", 1, true))
    end)

    it("have the figures that there are", function()
        local item = overviews.healthy()
        local function figures(statistics)
            item.evaluation.statistics = statistics
            return one(item, { width = 120 }):match "volume\n(.*)"
        end
        assert.equal("", figures(nil))
        assert.equal("", figures { runs = 0 })
        local last = "  Last success  never\n  Usual         every –, takes –, rarely over –\n"
            .. "  Accounts      – added, – updated, – deleted, – failed in 30 d\n"
        assert.equal("  Finished      \n" .. last, figures { runs = 1 })
        assert.equal("  Finished      – of 3 in 7 d\n  Last run      1970-01-01T00:00:00Z (20416 d 8 h ago) "
            .. ("x"):rep(19) .. "…\n" .. last, figures { runs = 1, windows = { ["7d"] = { runs = 3 } }, last_run = 0,
                last_status = ("x"):rep(30) })
    end)

    it("have a list of what was wrong where one was asked for, and a gap before each reason", function()
        local item = overviews.failing_for(2)
        item.evaluation.statistics, item.evaluation.verdicts = nil, {}
        local reasons = item.evaluation.reasons
        reasons[1] = { count = 3, sample = ("s"):rep(500), class = ("c"):rep(50), first_seen = 0, last_seen = 1000 }
        reasons[2] = { count = 123456789012345, template = "t", class = "c", cause = "why", next_step = "Do." }
        local text = one(item, { width = 120 })
        assert.is_truthy(text:find("\n  3 ×           s", 1, true))
        assert.equal(399, select(2, text:match "×.-…":gsub("s", "")))
        ends_with("\n                " .. ("c"):rep(39) .. "…, 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z\n"
            .. "\n  123456789012345 × t\n                c, – to –\n  Cause         Why\n  Next          Do.\n", text)
        item.evaluation.reasons, item.episodes = nil, {}
        local head = "1 critical · judged 2025-11-24T08:00:00Z\n\n\27[1;31mCRITICAL\27[0m  \27[1mdws-failing\27[0m\n  "
            .. item.cluster.id .. "\n\n\n  \27[1m"
        text = one(item, { width = 40, color = true })
        assert.equal(head, text:sub(1, #head))
        item.episodes = { { from = 0, till = 1000, seconds = 1, severity = "warning", rule = "slow", also = {},
            headline = "It was slow." } }
        assert.is_truthy(one(item, { width = 120, color = true }):find("\27[1;33mWARNING", 1, true))
    end)

    it("fit into the width, however narrow, with any text", function()
        for _, overview in ipairs { overviews.stories(), overviews.hostile(),
            overviews.hostile(("原因"):rep(200)), overviews.hostile(("x"):rep(5000)) } do
            for _, width in ipairs { 40, 80, 120 } do
                for line in each_line(render(overview, { width = width })) do
                    assert.is_true(display.width(line) <= width, line)
                end
            end
        end
    end)

    it("keep hostile text from the terminal", function()
        local text = render(overviews.hostile(), { width = 80, color = true })
        assert.is_nil(text:gsub("\27%[%d[%d;]*m", ""):find "[%z\1-\9\11-\31\127]")
        assert.is_nil(text:find("\27[31m", 1, true)) -- the colour the text asked for; ours are bold
        assert.is_nil(text:find("\194\155", 1, true))
        assert.is_nil(text:find("\226\128\174", 1, true))
    end)

    it("are coloured on request, without moving anything, the severity always in words", function()
        local plain = render(overviews.stories(), { width = 80 })
        local painted = render(overviews.stories(), { width = 80, color = true })
        assert.is_nil(plain:find("\27", 1, true))
        assert.equal(plain, (painted:gsub("\27%[[%d;]*m", "")))
        for _, paint in ipairs { "\27[1;31mCRITICAL\27[0m", "\27[1;33mWARNING\27[0m", "\27[1;35mUNKNOWN\27[0m",
            "\27[1;32mOK\27[0m" } do
            assert.is_truthy(painted:find(paint, 1, true))
        end
    end)

    it("cut what a hostile service made long", function()
        assert.is_true(#render(overviews.hostile(("why "):rep(50000)), { width = 80 }) < 20000)
    end)
end)
