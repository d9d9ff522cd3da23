local source_runs = require "dwsync.report.verdicts.source_runs"

describe("the runs of sources", function()
    it("are kept apart by the source's id, what is no record or has none by itself", function()
        local a, b, nameless = { identity_source_id = "a" }, { identity_source_id = "b" }, { id = "r" }
        assert.same({ a = { a }, b = { b }, [""] = { nameless, 7 } }, source_runs.by_source { a, b, nameless, 7 })
    end)

    it("are a picture with a caption, which says how many are not in it", function()
        local source = { type = "ldap", id = "b" }
        local now = 1763971200000
        local function figure(starts)
            local list = {}
            for i, start in ipairs(starts) do
                list[i] = { start_time = start, end_time = start and start + 1000, status = "FINISHED" }
            end
            return tostring(source_runs.figure(source, list, { id = "x", from = now - 86400000, till = now }))
        end
        local caption = '^<figure><figcaption><bdi>ldap b</bdi><span class="quiet"> – %s, a bar is '
            .. '<span class="tl%%-wide">[%%d a-z]+</span><span class="tl%%-narrow">[%%d a-z]+</span>%s</span>'
            .. "</figcaption>"
        assert.matches(caption:format("1 run", ""), figure { now - 60000 })
        assert.matches(caption:format("2 runs", ""), figure { now - 60000, now - 120000 })
        local left_out = "; not drawn: %s older than 30 days or without a usable start"
        assert.matches(caption:format("1 run", left_out:format "1 run"), figure { now - 60000, false })
        assert.matches(caption:format("0 runs", left_out:format "2 runs"), figure { false, false })
        assert.is_truthy(figure {}:find("Runs of ldap b", 1, true))
    end)

    it("have a name of at most 120 columns", function()
        assert.equal(("n"):rep(119) .. "…", source_runs.name { type = ("n"):rep(200) })
    end)
end)
