local cjson = require "cjson"
local notices = require "dwsync.emulator.notices"
local service = require "dwsync.emulator.service"

local NOW = 1747637723 -- seconds
local HOUR, TEN_MINUTES = 3600000, 600000

describe("what others report to the emulator", function()
    local state, place

    before_each(function()
        state = service.new({ seed = 1, started = 0, records = 1, accounts = {
            { name = "emulator", ak = "AK", sk = "SK", regions = { "emu-north-1" }, clusters = 1 },
        } }, function() return NOW end)
        place = state.home
    end)

    local function request(body)
        return { body = type(body) == "string" and body or cjson.encode(body), id = "request-1", path = "/path",
            by = "AK", caller = { account = place.account } }
    end

    local function refused(response, refusal)
        assert.is_nil(response)
        assert.same({}, state.notices)
        return refusal.code
    end

    local function event(more)
        local made = { event_name = "mass_delete", event_source = "dwsync.identity_source", time = NOW * 1000,
            detail = { event_state = "incident", event_level = "Critical" } }
        for name, value in pairs(more or {}) do
            local within = name:match "^detail_(.*)$"
            if within then
                made.detail[within] = value
            else
                made[name] = value
            end
        end
        return made
    end

    local function report(...)
        return notices.report_events(state, request { ... }, place.id)
    end

    local function publish(body, topic)
        return notices.publish(state, request(body), place.id,
            topic or ("urn:smn:%s:%s:ops"):format(place.region, place.id))
    end

    it("is kept as it came, with where and by whom", function()
        assert.equal(200, publish({ message = "m" }).status)
        assert.equal(201, report(event()).status)
        assert.same({ { kind = "smn", path = "/path", body = { message = "m" }, by = "AK" }, { kind = "ces",
            path = "/path", body = event(), by = "AK" } }, state.notices)
    end)

    it("is taken at its limits, and refused beyond", function()
        for name, values in pairs {
            event_name = { ("n"):rep(64), ("n"):rep(65) },
            event_source = { "abc." .. ("s"):rep(61), "abc." .. ("s"):rep(62) },
            detail_content = { ("c"):rep(4096), ("c"):rep(4097) },
            detail_resource_id = { ("i"):rep(128), ("i"):rep(129) },
            detail_resource_name = { ("m"):rep(128), ("m"):rep(129) },
        } do
            assert.equal("CES.0001", refused(report(event { [name] = values[2] })), name)
            assert.equal("CES.0001", refused(report(event { [name] = "" })), name)
            assert.equal(201, report(event { [name] = values[1] }).status, name)
            state.notices = {}
        end
        for name, most in pairs { subject = 512, message = 262144 } do
            local body = { subject = "s", message = "m" }
            for _, wrong in ipairs { ("x"):rep(most + 1), "", 1 } do
                body[name] = wrong
                assert.equal("SMN.0001", refused(publish(body)), name)
            end
            body[name] = ("x"):rep(most)
            assert.equal(200, publish(body).status, name)
            state.notices = {}
        end
    end)

    it("may be an hour old and ten minutes early, not more", function()
        for _, off in ipairs { -HOUR, TEN_MINUTES } do
            local inwards = off < 0 and 1 or -1
            assert.equal("CES.0001", refused(report(event { time = NOW * 1000 + off })))
            assert.equal(201, report(event { time = NOW * 1000 + off + inwards }).status)
            state.notices = {}
        end
        assert.equal("CES.0001", refused(report(event { time = "now" })))
    end)

    it("says one of the levels and states in names that the service knows", function()
        for _, value in ipairs { "normal", "warning", "incident" } do
            assert.equal(201, report(event { detail_event_state = value }).status)
        end
        for _, value in ipairs { "Critical", "Major", "Minor", "Info" } do
            assert.equal(201, report(event { detail_event_level = value }).status)
        end
        state.notices = {}
        for name, wrong in pairs { detail_event_state = "ok", detail_event_level = "critical", event_name = "1st",
            event_source = "dwsync", detail = cjson.null } do
            assert.equal("CES.0001", refused(report(event { [name] = wrong })), name)
        end
    end)

    it("is one event, or several, all or none", function()
        local second = event { event_name = "stale" }
        local response = report(event(), second)
        assert.same({ { event_id = "ev0000000000000001", event_name = "mass_delete" },
            { event_id = "ev0000000000000002", event_name = "stale" } }, cjson.decode(response.body))
        assert.same({ { kind = "ces", path = "/path", body = event(), by = "AK" },
            { kind = "ces", path = "/path", body = second, by = "AK" } }, state.notices)
        state.notices = {}
        assert.equal("CES.0001", refused(report(event(), event { time = 0 })))
        assert.equal("CES.0001", refused(report(event(), "stale")))
    end)

    it("is something", function()
        for _, body in ipairs { "", "[", "1", "{}", "[]" } do
            assert.equal("CES.0001", refused(notices.report_events(state, request(body), place.id)), body)
            assert.equal("SMN.0001", refused(publish(body)), body)
        end
    end)

    it("is for a topic of the place that it is sent to", function()
        for _, topic in ipairs { ("urn:smn:elsewhere-1:%s:ops"):format(place.id),
            ("urn:smn:%s:%s:ops"):format(place.region, ("0"):rep(32)), "ops" } do
            assert.equal("SMN.0002", refused(publish({ message = "m" }, topic)), topic)
        end
        assert.same({ request_id = "request-1", message_id = ("0"):rep(31) .. "1" },
            cjson.decode(publish({ message = "m" }).body))
        assert.equal(("0"):rep(31) .. "2", cjson.decode(publish({ message = "m" }).body).message_id)
        state.notices = {}
        local stranger = request { message = "m" }
        stranger.caller = { account = "another" }
        assert.equal("APIGW.0306", refused(notices.publish(state, stranger, place.id, "ops")))
        assert.equal("APIGW.0306", refused(notices.report_events(state, stranger, place.id)))
    end)

    it("is kept, the last thousand", function()
        for i = 1, 1001 do
            assert(publish { message = tostring(i) })
            assert.equal(i <= 1000 and i or 1000, #state.notices)
        end
        assert.same({ "2", "1001" }, { state.notices[1].body.message, state.notices[1000].body.message })
    end)
end)
