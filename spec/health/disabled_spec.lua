local disabled = require "dwsync.health.disabled"

local OFF = { code = "DWS.5045", message = "no" }
local SEEN, LATER = 1747637723055, 1747641323055

describe("a cluster whose synchronisation is off", function()
    it("says so, and since when if records were seen, by what is known from elsewhere or by an earlier look", function()
        local never = "identity-source synchronisation is off (DWS.5045)"
        local since = "synchronisation was turned off or is refused since 2025-05-19T0%d:55:23Z"
        for _, case in ipairs {
            { never }, { never, 0 / 0 }, { never, "yesterday" }, { since:format(6), SEEN },
            { since:format(6), nil, { statistics = { last_run = SEEN } } }, { never, nil, { statistics = {} } },
            { since:format(7), LATER, { statistics = { last_run = SEEN } } }, { never, nil, {} },
        } do
            assert.equal(case[1], disabled.reason { error = OFF, seen_before = case[2], evaluation = case[3] })
        end
        for _, err in ipairs { false, { code = "DWS.0015", message = "no" } } do
            local item = { error = err or nil, seen_before = SEEN }
            assert.is_nil(disabled.reason(item))
            assert.same({ nil, nil }, { disabled.of(item, "warning") })
        end
    end)

    it("that never had it on is as grave as was chosen, and no word is said of it where that is false", function()
        for _, severity in ipairs { "disabled", "ok", "warning", "critical" } do
            assert.same({ { {
                rule = "disabled", severity = severity, message = "identity-source synchronisation is off (DWS.5045)",
                advice = "Nothing to do, unless accounts should come from an identity source: then turn it on in the "
                    .. "console.",
            } }, severity }, { disabled.of({ error = OFF }, severity) })
        end
        for _, seen in ipairs { false, SEEN } do
            assert.same({ {}, "disabled" }, { disabled.of({ error = OFF, seen_before = seen or nil }, false) })
        end
    end)

    it("that had it on is a warning at least", function()
        for chosen, severity in pairs { disabled = "warning", ok = "warning", warning = "warning",
            critical = "critical" } do
            assert.same({ { {
                rule = "disabled", severity = severity, since = SEEN,
                message = "synchronisation was turned off or is refused since 2025-05-19T06:55:23Z",
                advice = "Find out who turned it off, or lost the right to use it, and turn it on in the console; the "
                    .. "accounts stay as they were.",
            } }, severity }, { disabled.of({ error = OFF, seen_before = SEEN }, chosen) })
        end
    end)
end)
