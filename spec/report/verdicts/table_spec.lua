local display = require "dwsync.text"
local overviews = require "spec.report.overviews"

local function render(overview, options)
    return overviews.render("table", overview, options)
end

local function one(item, options)
    return render(overviews.overview { item }, options)
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
