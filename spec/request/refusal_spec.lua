local refusal = require "dwsync.request.refusal"

local OURS = "GET\n/v1/p/\nlimit=10&offset=0\nhost:dws.example\nx-project-id:p\nx-sdk-date:20251025T104952Z\n"
    .. "x-security-token:hidden|with a bar\n\nhost;x-project-id;x-sdk-date;x-security-token\ne3b0"

local function message(canonical)
    return "Incorrect IAM authentication information: verify aksk signature fail,canonicalRequest:"
        .. canonical:gsub("\n", "|")
end

local function changed(pattern, replacement)
    local text, count = OURS:gsub(pattern, replacement)
    assert(count == 1)
    return refusal.explain(OURS, message(text))
end

describe("the echo of a canonical request", function()
    it("names the first part that differs", function()
        for _, case in ipairs {
            { "^GET", "POST", 'a different method: "POST"; signed was "GET"' },
            { "/v1/p/", "/v1/q/", 'a different path: "/v1/q/"; signed was "/v1/p/"' },
            { "limit=10&offset=0", "offset=0&limit=10",
                'a different query: "offset=0&limit=10"; signed was "limit=10&offset=0"' },
            { "limit=10&offset=0", "", 'a different query: nothing; signed was "limit=10&offset=0"' },
            { "host:dws.example", "host:dws.example:443",
                'a different header host: "host:dws.example:443"; signed was "host:dws.example"' },
            { "x%-project%-id:p\n", "",
                'a different header x-project-id: "x-sdk-date:20251025T104952Z"; signed was "x-project-id:p"' },
            { "host;x%-project%-id", "host", "a different list of signed headers: "
                .. '"host;x-sdk-date;x-security-token"; signed was "host;x-project-id;x-sdk-date;x-security-token"' },
            { "e3b0", "abcd", 'a different hash of the body: "abcd"; signed was "e3b0"' },
            { "e3b0", "ab|cd", 'a different hash of the body: "ab|cd"; signed was "e3b0"' },
        } do
            assert.equal("the gateway saw " .. case[3], changed(case[1], case[2]))
        end
    end)

    it("never shows the value of a secret header, theirs or ours", function()
        local why = changed("hidden|with a bar", "hidden|without")
        assert.equal("the gateway saw a different header x-security-token: x-security-token:***; signed was "
            .. "x-security-token:***", why)
        for _, name in ipairs { "Authorization", "authorization", "X-Auth-Token", "x-security-token" } do
            why = changed("x%-sdk%-date:20251025T104952Z", name .. ":hidden")
            assert.equal(("the gateway saw a different header x-sdk-date: %s:***; signed was "
                .. '"x-sdk-date:20251025T104952Z"'):format(name), why)
        end
    end)

    it("that is the same leaves only the secret key, bars in values or not", function()
        assert.equal("the gateway saw what was signed, so the secret key does not match the access key",
            refusal.explain(OURS, message(OURS)))
    end)

    it("that goes on longer than ours says so", function()
        assert.equal('the gateway saw more than was signed: "00"', refusal.explain(OURS, message(OURS .. "00")))
    end)

    it("that is cut short, empty or missing explains nothing", function()
        assert.is_nil(refusal.explain(OURS, message(OURS:sub(1, 30))))
        assert.is_nil(refusal.explain(OURS, message "  "))
        assert.is_nil(refusal.explain(OURS, "verify aksk signature fail"))
        assert.is_nil(refusal.explain(OURS, ""))
    end)

    it("is shown up to a length", function()
        for length, shown in pairs { [120] = ("x"):rep(120), [121] = ("x"):rep(119) .. "…" } do
            assert.equal(('the gateway saw a different method: "%s"; signed was "GET"'):format(shown),
                changed("^GET", ("x"):rep(length)))
        end
    end)

    it("is shown harmlessly and not endlessly", function()
        local why = changed("dws.example", "\27[31m" .. ("x"):rep(5000))
        assert.is_nil(why:find "%c")
        assert.is_true(#why < 400)
    end)

    it("is looked through in no more steps than it has bytes", function()
        local blanks = (" "):rep(1000000) -- their square would keep a core busy for an hour
        local text = "a" .. blanks .. "b" .. message("|" .. blanks .. "x" .. blanks)
        assert.equal("a" .. blanks .. "bIncorrect IAM authentication information: verify aksk signature fail",
            refusal.without_echo(text))
        assert.is_string(refusal.explain(OURS, text))
        assert.equal("", refusal.without_echo(blanks .. "," .. text:match "canonicalRequest.*"))
    end)

    it("can be taken off its message", function()
        assert.equal("Incorrect IAM authentication information: verify aksk signature fail",
            refusal.without_echo(message(OURS)))
        for said, rest in pairs { other = "other", [""] = "", ["canonicalRequest:GET"] = "",
            ["xcanonicalRequest:GET"] = "x", ["fail, canonicalRequest:GET,canonicalRequest:"] = "fail" } do
            assert.equal(rest, refusal.without_echo(said))
        end
    end)
end)
