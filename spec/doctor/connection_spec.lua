local connection = require "dwsync.doctor.connection"

local NOW = 1761389392 -- 2025-10-25T10:49:52Z

-- A subject that was answered already.
local function answered(headers, certificate)
    return { url = "https://dws.example", asked_at = NOW, answer = { headers = headers, certificate = certificate } }
end

describe("the doctor of the connection", function()
    it("asks the endpoints in turn, but none behind one that another would not help, and each once", function()
        for _, case in ipairs { { "resolve", 2 }, { "handshake", 2 }, { "certificate", 2 }, { "connect", 1 },
            { "timeout", 1 }, { nil, 1 } } do
            for _, second_is_well in ipairs { true, false } do
                local asked = {}
                local subject = { client = {
                    endpoints = function(_, service) return { service .. "://one", service .. "://two" } end,
                    probe = function(_, url)
                        asked[#asked + 1] = url
                        if second_is_well and url == "dws://two" then
                            return { headers = {} }
                        end
                        return nil, { code = case[1], message = "m of " .. url, hint = "h of " .. url }
                    end,
                    now = function() return NOW + #asked end,
                } }
                for _ = 1, 2 do
                    connection.resolution(subject)
                end
                assert.same({ "dws://one", case[2] == 2 and "dws://two" or nil }, asked)
                assert.same({ asked[case[2]], NOW + case[2], case[2] == 2 and second_is_well },
                    { subject.url, subject.asked_at, subject.answer ~= nil })
            end
        end
    end)

    it("finds the step at which a request failed, and says nothing against those before", function()
        for _, case in ipairs {
            { 1, "resolve", "m" }, { 1, "timeout", "Resolving timed out after 5 ms" },
            { 1, nil, "resolving timed out" },
            { 2, "connect", "m" }, { 2, "timeout", "m" }, { 2, nil, "Resolving" },
            { 3, "certificate", "m" }, { 3, "handshake", "m" }, { 3, "timeout", "SSL connection timeout" },
        } do
            local failure = { code = case[2], message = case[3], hint = "h" }
            local subject = { url = "https://dws.example:1", failure = failure }
            local steps = { connection.resolution, connection.tcp, connection.tls }
            for i = 1, case[1] do
                local outcome, found, hint = steps[i](subject)
                if i < case[1] then
                    assert.same({ "ok", "dws.example:1 " .. (i == 1 and "has an address" or "accepts connections") },
                        { outcome, found, hint })
                else
                    assert.same({ "failed", case[3] }, { outcome, found })
                    assert.equal(i == 1 and "Check the region and the endpoint's name, and that DNS works here: "
                        .. "the region may have another host (`endpoint`)." or "h", hint)
                end
            end
        end
    end)

    it("describes the certificate, and warns a fortnight before its end", function()
        for _, case in ipairs {
            { "ok", "certificate of s, issued by i, valid until 2025-11-08 (14 d)", "Nov  8 10:49:52 2025 GMT" },
            { "warning", "certificate of s, issued by i, valid until 2025-11-08 (13 d 23 h)",
                "Nov  8 10:49:51 2025 GMT" },
            { "ok", "certificate of s, issued by i, expiry unknown", "some day" },
        } do
            local outcome, found, hint = connection.tls(answered({}, { subject = "s", issuer = "i",
                not_after = case[3] }))
            assert.same({ case[1], case[2] }, { outcome, found })
            assert.equal(case[1] == "warning" and "Inform the endpoint's operator that the certificate expires soon."
                or nil, hint)
        end
        assert.same({ "ok", "certificate of ?, issued by ?, expiry unknown" }, { connection.tls(answered({}, {})) })
        assert.same({ "ok", "the certificate is trusted; its expiry date is not known here" },
            { connection.tls(answered {}) })
        assert.same({ "skipped", "the endpoint is plain http", "Use https, unless this is a trial on this machine." },
            { connection.tls { url = "http://dws.example", answer = { headers = {} } } })
    end)

    it("compares clocks: what NTP leaves is well, a quarter of an hour is refused", function()
        local AGREES = "this machine's clock agrees with the service's"
        local SET = "Set this machine's clock (NTP): requests more than 15 minutes off are refused."
        for _, case in ipairs {
            { 0, "ok", AGREES }, { 1.4, "ok", AGREES }, { 1.5, "ok", "this machine's clock is 2 s slow" },
            { -2, "ok", "this machine's clock is 2 s fast" }, { 1, "ok", AGREES },
            { 59.4, "ok", "this machine's clock is 59 s slow" },
            { 59.5, "warning", "this machine's clock is 1 min slow", SET },
            { -60, "warning", "this machine's clock is 1 min fast", SET },
            { 899, "warning", "this machine's clock is 14 min 59 s slow", SET },
            { 900, "failed", "this machine's clock is 15 min slow", SET },
            { -900, "failed", "this machine's clock is 15 min fast", SET },
        } do
            local subject = answered { date = "Sat, 25 Oct 2025 10:49:52 GMT" }
            subject.asked_at = NOW - case[1]
            assert.same({ case[2], case[3], case[4] }, { connection.clock(subject) })
        end
        assert.same({ "warning", "the answer has no Date to compare with",
            "Check that this machine's clock is set by NTP." }, { connection.clock(answered {}) })
    end)
end)
