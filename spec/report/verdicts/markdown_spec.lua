local overviews = require "spec.report.overviews"

local function render(overview)
    return overviews.render("markdown", overview)
end

-- Without code spans, in which nothing is interpreted.
local function outside_of_code(text)
    return (text:gsub("`[^`\n]*`", "CODE"))
end

describe("verdicts as Markdown", function()
    it("head each cluster with its severity, and give message, facts and advice", function()
        local text = render(overviews.overview { overviews.mass_delete() })
        assert.equal([[
## Identity synchronisation: 🔴 **CRITICAL**

1 critical, judged 2025-11-24T08:00:00Z.

### 🔴 **CRITICAL** dws-mass-delete

Cluster `03a06b39-1111-4222-8333-444455556666`

- 🔴 **CRITICAL** `mass_delete` (ldap 79d6458e): One run deleted 480 accounts.
  - since 2025-11-24T07:48:00Z (12 min ago); warning from 20 accounts, critical from 50 accounts; record ]]
            .. [[`00000014-4a5b-4c6d-8e7f-00000000aaaa`
  - **Next:** Stop the schedule, compare with the directory, and restore the accounts before users notice.
- 🟢 **OK** 9 checks: churn, data, failing, overlap, partial, slow, stale, stuck, volume

| Source | State | Last success | Finished in 24 h | Finished in 7 d | Every | Takes | Deleted in 30 d |
|---|---|---|--:|--:|--:|--:|--:|
| ldap 79d6458e | critical | 2025-11-24T07:48:21Z | 100 % of 24 | 100 % of 168 | 1 h | 21 s | 10 |
]], text)
    end)

    it("give the reasons with cause and next step", function()
        local text = render(overviews.overview { overviews.failing() })
        assert.is_truthy(text:find("1. 72 × `javax.naming.AuthenticationException: [LDAP: error code 49", 1, true))
        assert.is_truthy(text:find("\n   - **Cause:** The password", 1, true))
        assert.is_truthy(text:find("\n   - **Next:** Set the new password", 1, true))
    end)

    it("say who gives a reason, show that of the runs behind a verdict, and what is explained", function()
        local item = overviews.stuck()
        local verdict = item.evaluation.verdicts[1]
        verdict.reason = { text = "error code 3", speaker = "directory", cause = "the search took too long",
            next_step = "Narrow the filter." }
        verdict.explanation = { { name = "next_run", text = "in 5 min" } }
        local text = render(overviews.overview { item })
        assert.is_truthy(text:find("\n  - The directory says: `error code 3`\n"
            .. "  - **Cause:** The search took too long\n", 1, true))
        assert.is_truthy(text:find("\n  - **Next:** Narrow the filter.\n  - Next run: in 5 min\n", 1, true))
        item = overviews.failing()
        item.evaluation.reasons[1].speaker = "directory"
        assert.is_truthy(render(overviews.overview { item }):find("1. 72 × The directory says: `javax", 1, true))
    end)

    it("say what people do about a verdict, and give a reason of which nobody knows who gives it", function()
        local item = overviews.stuck()
        local verdict = item.evaluation.verdicts[1]
        verdict.reason, verdict.advice, verdict.record_id = { text = "error code 3" }, nil, nil
        verdict.acknowledged_at, verdict.acknowledged_by = overviews.NOW * 1000 - 60000, "ana"
        verdict.acknowledged_note, verdict.silenced_until, verdict.silenced_by = "On it.", 0, "bo"
        assert.is_truthy(render(overviews.overview { item }):find("going on for 9 h.\n"
            .. "  - since 2025-11-23T23:00:00Z (9 h ago); warning from 30 min, critical from 2 h\n"
            .. "  - Reason: `error code 3`\n  - **Acknowledged** by ana 1 min ago: On it.\n"
            .. "  - **Silenced** until 1970-01-01T00:00:00Z, by bo\n- ", 1, true))
        verdict.since, verdict.warning, verdict.critical, verdict.reason = nil, nil, nil, nil
        verdict.acknowledged_at, verdict.silenced_until = nil, nil
        assert.is_truthy(render(overviews.overview { item }):find("going on for 9 h.\n- ", 1, true))
    end)

    it("give fifty sources, and say how many more there are; what a source has no figure for is a dash", function()
        local item = overviews.stuck()
        local evaluation = item.evaluation
        evaluation.sources[1].statistics = nil
        for i = 2, 50 do
            evaluation.sources[i] = { id = "s" .. i, type = "ldap", severity = "ok",
                statistics = { windows = { ["7d"] = { runs = i, success_ratio = 0.5 } } } }
        end
        local text = render(overviews.overview { item })
        assert.is_truthy(text:find("\n| ldap 79d6458e | critical | never | – | – | – | – | – |\n", 1, true))
        assert.is_truthy(text:find("\n| ldap s50 | ok | never | – | 50 % of 50 | – | – | – |\n", 1, true))
        assert.is_nil(text:find("further", 1, true))
        evaluation.sources[51], evaluation.sources[52] = evaluation.sources[50], evaluation.sources[50]
        assert.is_truthy(render(overviews.overview { item }):find("|\n\nand 2 further sources\n", 1, true))
        evaluation.sources = {}
        assert.is_nil(render(overviews.overview { item }):find("| Source", 1, true))
    end)

    it("take a severity that is none for unknown", function()
        local item = overviews.stuck()
        item.evaluation.verdicts[1].severity = "odd"
        assert.is_truthy(render(overviews.overview { item }):find("\n- 🟣 **UNKNOWN** `stuck`", 1, true))
    end)

    it("name a cluster by its id alone where it has no other name, and no checks where none is ok", function()
        local item = overviews.never()
        item.cluster.name = item.cluster.id
        local text = render(overviews.overview { item })
        assert.is_truthy(text:find("### 🟣 **UNKNOWN** " .. item.cluster.id .. "\n\n- 🟣", 1, true))
        assert.is_nil(text:find("check", 1, true))
        item.evaluation.verdicts[2] = overviews.verdict "churn"
        assert.is_truthy(render(overviews.overview { item }):find("- 🟢 **OK** 1 check: churn\n", 1, true))
    end)

    it("cut names at 80 characters, and classes at 40", function()
        local item, name = overviews.failing(), ("y"):rep(200)
        item.cluster.name, item.cluster.id = name, ("z"):rep(200)
        item.evaluation.verdicts[1].source, item.evaluation.verdicts[1].record_id = nil, ("w"):rep(200)
        item.evaluation.verdicts[1].source_type, item.evaluation.reasons[1].class = name, ("v"):rep(200)
        item.evaluation.sources[1].type, item.evaluation.verdicts[1].message = name, ("u"):rep(500)
        local text = render(overviews.overview { item })
        for _, place in ipairs { "**CRITICAL** <y>\n", "Cluster `<z>`", "(<y>)", "record `<w>`", "| <y>" } do
            local cut = place:gsub("<(%l)>", function(letter)
                return letter:rep(79) .. "…"
            end)
            assert.is_truthy(text:find(cut, 1, true), cut)
        end
        assert.is_truthy(text:find("- `" .. ("v"):rep(39) .. "…`, ", 1, true))
        assert.is_truthy(text:find(": U" .. ("u"):rep(398) .. "…\n", 1, true))
    end)

    it("cut reasons at 400 characters", function()
        local long = ("x"):rep(500)
        local item, failing = overviews.stuck(), overviews.failing()
        item.evaluation.verdicts[1].reason = { text = long }
        failing.evaluation.reasons[1].sample = long
        for _, text in ipairs { render(overviews.overview { item }), render(overviews.overview { failing }) } do
            assert.equal(399, #text:match "`(xx+)…`")
        end
    end)

    it("give ten reasons, and say how many more there are", function()
        assert.is_nil(render(overviews.overview { overviews.failing_for(10) }):find "further")
        local text = render(overviews.overview { overviews.failing_for(12) })
        assert.is_truthy(text:find("reason 10", 1, true))
        assert.is_nil(text:find("reason 11", 1, true))
        assert.is_truthy(text:find("\nand 2 further reasons\n", 1, true))
    end)

    it("say why a cluster could not be asked", function()
        assert.is_truthy(render(overviews.overview { overviews.unreadable() }):find(
            "The records could not be read: no answer within 60 s", 1, true))
    end)

    it("have a quiet sign where synchronisation is off", function()
        local text = render(overviews.overview { overviews.disabled() })
        assert.is_truthy(text:find("## Identity synchronisation: ⚪ **DISABLED**\n\n1 disabled, judged ", 1, true))
        assert.is_truthy(text:find("- ⚪ **DISABLED** `disabled` (cluster): Identity-source synchronisation is off",
            1, true))
    end)

    it("let no hostile text be HTML, a link, an image, a mention, a reference or an address", function()
        local text = outside_of_code(render(overviews.hostile()))
        assert.is_nil(text:find("<", 1, true))
        assert.is_nil(text:find "[^\\]%[")
        assert.is_nil(text:find "[^\\]!")
        assert.is_nil(text:find "@%w")
        assert.is_nil(text:find "[^&]#%d")
        assert.is_nil(text:find("://", 1, true))
        assert.is_nil(text:find "www%.")
        assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
    end)

    it("keep every hostile text on its line and in its cell", function()
        local hostile, harmless = render(overviews.hostile()), render(overviews.hostile "harmless")
        assert.equal(select(2, harmless:gsub("\n", "")), (select(2, hostile:gsub("\n", ""))))
        assert.equal(select(2, harmless:gsub("|", "")), (select(2, hostile:gsub("|", ""))))
        assert.equal(select(2, harmless:gsub("`", "")), (select(2, hostile:gsub("`", ""))))
    end)

    it("cut what a hostile service made long", function()
        assert.is_true(#render(overviews.hostile(("why "):rep(50000))) < 20000)
    end)
end)
