local core = require "dwsync.core"
local descriptors = require "spec.support.descriptors"
local uv = require "luv"
local emulators = require "spec.support.emulator"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local raw_server = require "spec.support.raw_server"

local answer, saying, with = raw_server.answer, raw_server.saying, raw_server.with

-- Enough for anything that shall succeed, and short enough for what shall not.
local PATIENCE, IMPATIENCE = patience.seconds, 0.15

local function perform(request, options)
    local pool = core.pool(options)
    request.timeout = request.timeout or PATIENCE
    assert(pool:submit(true, request))
    local _, response, err = pool:next(PATIENCE)
    pool:close()
    return response, err
end

describe("a pool's options", function()
    it("are all optional", function()
        core.pool():close()
        core.pool({}):close()
        core.pool({
            concurrency = 1024, connect_timeout = 0.5, timeout = 1e6, max_response_bytes = 1, ca_file = "ca.pem",
            client_cert = "c.pem", client_key = "k.pem", proxy = "", user_agent = "spec", allow_http = false,
        }):close()
    end)

    for message, wrong in pairs {
        ["unknown pool option 'verify'"] = { verify = false },
        ["unknown pool option 'number'"] = { 1 },
        ["option 'concurrency' must be an integer from 1 to 1024"] = { concurrency = 0 },
        ["option 'timeout' must be a number of seconds, above 0 and at most 1e6"] = { timeout = 0 },
        ["option 'connect_timeout' must be a number of seconds, above 0 and at most 1e6"] = { connect_timeout = "1" },
        ["option 'max_response_bytes' must be a number of bytes from 1 to 1 GiB"] = { max_response_bytes = 0 },
        ["option 'ca_file' must be a string without CR, LF and NUL"] = { ca_file = 1 },
        ["option 'proxy' must be a string without CR, LF and NUL"] = { proxy = "http://h\r\nX: 1" },
        ["option 'certificate_info' must be true or false"] = { certificate_info = 1 },
        ["option 'user_agent' must be a string without CR, LF and NUL"] = { user_agent = "a\0b" },
        ["option 'client_key' must be a string without CR, LF and NUL"] = { client_key = true },
        ["option 'allow_http' must be true or false"] = { allow_http = 1 },
    } do
        it("raise when wrong: " .. message, function()
            assert.error_matches(function()
                core.pool(wrong)
            end, message, 1, true)
        end)
    end

    it("go to their very bounds", function()
        for name, bounds in pairs {
            timeout = { 1e-9, 1e6, 0, 1e6 + 1 }, connect_timeout = { 1e-9, 1e6, 0, 1e6 + 1 },
            max_response_bytes = { 1, 2 ^ 30, 0.5, 2 ^ 30 + 1 }, concurrency = { 1, 1024, 0, 1025 },
        } do
            core.pool({ [name] = bounds[1] }):close()
            core.pool({ [name] = bounds[2] }):close()
            assert.error_matches(function() core.pool { [name] = bounds[3] } end, "option '" .. name .. "' must be")
            assert.error_matches(function() core.pool { [name] = bounds[4] } end, "option '" .. name .. "' must be")
        end
    end)

    it("raise for every number that is no concurrency", function()
        for _, wrong in ipairs { -1, 1.5, 1025, 1 / 0, 0 / 0, "many", {} } do
            assert.error_matches(function()
                core.pool { concurrency = wrong }
            end, "concurrency")
        end
    end)

    it("raise when they are no table", function()
        assert.error_matches(function()
            core.pool(8)
        end, "table expected")
    end)

    it("are copied: later changes to the caller's table change nothing", function()
        local options = { user_agent = "before" }
        local pool = core.pool(options)
        options.user_agent = "after"
        local received = with(saying(answer("200 OK", "")), function(server)
            assert(pool:submit(1, { url = server.url }))
            assert.equal(1, (pool:next(PATIENCE)))
        end)
        pool:close()
        assert.matches("\r\nUser%-Agent: before\r\n", received[1])
    end)

    it("are overridden by the request's own", function()
        local pool = core.pool { user_agent = "pool", max_response_bytes = 3 }
        local received = with(saying(answer("200 OK", "12345")), function(server)
            assert(pool:submit(1, { url = server.url, user_agent = "request", max_response_bytes = 5 }))
            local _, response = pool:next(PATIENCE)
            assert.equal("12345", response.body)
            assert(pool:submit(2, { url = server.url }))
            local _, none, err = pool:next(PATIENCE)
            assert.is_nil(none)
            assert.equal("too_large", err.code)
        end)
        pool:close()
        assert.matches("\r\nUser%-Agent: request\r\n", received[1])
        assert.matches("\r\nUser%-Agent: pool\r\n", received[2])
    end)

    it("raise at submit when the request's own are wrong", function()
        local pool = core.pool()
        assert.error_matches(function()
            pool:submit(1, { url = "https://127.0.0.1/", timeout = -1 })
        end, "option 'timeout' must be a number of seconds")
        assert.equal(0, pool:pending())
        pool:close()
    end)
end)

describe("a pool's life", function()
    it("ends with close, twice if need be, and then every method raises", function()
        local pool = core.pool()
        assert.equal("dwsync.pool: 0 pending", tostring(pool))
        assert.equal(0, select("#", pool:close()))
        assert.equal(0, select("#", pool:close()))
        assert.equal("dwsync.pool: closed", tostring(pool))
        for _, method in ipairs { "submit", "next", "cancel", "pending" } do
            assert.error_matches(function()
                pool[method](pool, 1, { url = "https://127.0.0.1/" })
            end, "the pool is closed")
        end
    end)

    it("ends with a transfer under way", function()
        with({ { { "read" }, { "hold" } } }, function(server)
            local pool = core.pool { concurrency = 2 }
            for tag = 1, 3 do
                assert(pool:submit(tag, { url = server.url }))
            end
            assert.same({ nil, "pending" }, { pool:next(0.05) })
            pool:close()
        end)
    end)

    it("ends when nobody holds it any more, tags and all", function()
        with({ { { "read" }, { "hold" } } }, function(server)
            local held = setmetatable({}, { __mode = "v" })
            do
                local tag = {}
                local pool = core.pool()
                assert(pool:submit(tag, { url = server.url }))
                pool:next(0)
                held.pool, held.tag = pool, tag
            end
            collectgarbage()
            collectgarbage()
            collectgarbage()
            assert.is_nil(held.pool)
            assert.is_nil(held.tag)
        end)
    end)

    it("ends with its block on Lua 5.4 and later", function()
        local chunk = load [[
            local core = require "dwsync.core"
            local outside
            do
                local pool <close> = core.pool()
                outside = pool
            end
            return tostring(outside)]]
        if _VERSION >= "Lua 5.4" then
            assert.equal("dwsync.pool: closed", chunk())
        else
            assert.is_nil(chunk)
            assert.is_function(getmetatable(core.pool()).__close)
        end
    end)

    it("lets go of tags that were returned", function()
        local held = setmetatable({}, { __mode = "v" })
        local pool = core.pool()
        with(saying(answer("200 OK", "")), function(server)
            held[1] = {}
            assert(pool:submit(held[1], { url = server.url }))
            local tag = pool:next(PATIENCE)
            assert.equal(held[1], tag)
        end)
        collectgarbage()
        collectgarbage()
        assert.is_nil(held[1])
        pool:close()
    end)

    it("lets go of the tag and the options of what was refused, failed or was given up", function()
        local held = setmetatable({}, { __mode = "v" })
        local pool = core.pool()
        for i, url in ipairs { "none", "http://127.0.0.1:1/", "http://127.0.0.1:1/" } do
            local tag, decode = {}, { fields = {} }
            held[2 * i - 1], held[2 * i] = tag, decode
            local submitted = pool:submit(tag, { url = url, decode = decode })
            assert.equal(i > 1 or nil, submitted)
            if i == 3 then
                assert.is_true(pool:cancel(tag))
            end
            assert.equal(i > 1 and tag or nil, (pool:next(PATIENCE)))
        end
        collectgarbage()
        collectgarbage()
        assert.is_nil(next(held))
        pool:close()
    end)

    it("leaves no file descriptor behind", function()
        with(saying(answer("200 OK", "")), function(server)
            local before = descriptors.count()
            for _ = 1, 50 do
                assert(perform { url = server.url })
            end
            assert.equal(before, descriptors.count())
        end)
    end)
end)

describe("submit, next, cancel and pending", function()
    local server, pool

    setup(function()
        server = raw_server.start { { { "read" }, { "send", answer("200 OK", "fine", { "Connection: close" }) } } }
    end)
    teardown(function()
        server:stop()
    end)
    before_each(function()
        pool = core.pool { concurrency = 2 }
    end)
    after_each(function()
        pool:close()
    end)

    it("hand tags of any type back", function()
        local tags = { "text", 17, 1.5, true, false, {}, print, coroutine.create(print), io.stdout }
        for _, tag in ipairs(tags) do
            assert(pool:submit(tag, { url = server.url }))
            local returned, response = pool:next(PATIENCE)
            assert.equal(tag, returned)
            assert.equal("fine", response.body)
        end
    end)

    it("hand the same tag back as often as it was submitted", function()
        for _ = 1, 3 do
            assert(pool:submit("same", { url = server.url }))
        end
        for _ = 1, 3 do
            assert.equal("same", (pool:next(PATIENCE)))
        end
        assert.same({ nil, "idle" }, { pool:next(0) })
    end)

    it("raise for no tag, no request and no URL", function()
        assert.error_matches(function()
            pool:submit(nil, { url = server.url })
        end, "a tag is needed")
        assert.error_matches(function()
            pool:submit(1)
        end, "table expected")
        assert.error_matches(function()
            pool:submit(1, {})
        end, "field 'url' must be a string, got nil")
        assert.error_matches(function()
            pool:next(-1)
        end, "seconds must be from 0 to 1e6")
        assert.error_matches(function()
            pool:cancel()
        end, "value expected")
    end)

    it("count what is pending until next has returned it", function()
        assert.equal(0, pool:pending())
        for tag = 1, 3 do
            assert(pool:submit(tag, { url = server.url }))
        end
        assert.equal(3, pool:pending())
        for left = 2, 0, -1 do
            assert.is_number((pool:next(PATIENCE)))
            assert.equal(left, pool:pending())
        end
    end)

    it("say idle when nothing is under way and pending when time is up", function()
        for _, seconds in ipairs { 0, 1, 1e6 } do
            assert.same({ nil, "idle" }, { pool:next(seconds) })
        end
        assert.same({ nil, "idle" }, { pool:next() })
        for _, seconds in ipairs { -1e-9, 1e6 + 1, 0 / 0 } do
            assert.error_matches(function() pool:next(seconds) end, "#1 to .-seconds must be from 0 to 1e6")
        end
        assert(pool:submit(1, { url = server.url }))
        local tag, state = pool:next(0)
        assert.is_true(tag == 1 or state == "pending")
    end)

    it("cancel what runs and what waits, which next then tells", function()
        with({ { { "read" }, { "hold" } } }, function(slow)
            for _, tag in ipairs { "running", "second", "waiting" } do
                assert(pool:submit(tag, { url = slow.url }))
            end
            assert.same({ nil, "pending" }, { pool:next(0.05) })
            assert.is_true(pool:cancel "waiting")
            assert.is_true(pool:cancel "running")
            assert.is_false(pool:cancel "unknown")
            for _, expected in ipairs { "waiting", "running" } do
                local tag, response, err = pool:next(PATIENCE)
                assert.equal(expected, tag)
                assert.is_nil(response)
                assert.same({ "cancelled", "cancelled" }, { err.kind, err.code })
            end
            assert.equal(1, pool:pending())
        end)
    end)

    it("do not let one transfer's failure touch another", function()
        assert(pool:submit("good", { url = server.url }))
        assert(pool:submit("bad", { url = "http://127.0.0.1:1/" }))
        local outcome = {}
        for _ = 1, 2 do
            local tag, response, err = pool:next(PATIENCE)
            outcome[tag] = response and response.body or err.code
        end
        assert.same({ good = "fine", bad = "connect" }, outcome)
    end)
end)

describe("a response", function()
    it("has status, lower-case headers with repeated ones joined, body and seconds", function()
        local headers = { "X-One: 1", "x-one:2", "X-ONE:   3  ", "Empty:" }
        with(saying(answer("207 Odd", "a\0b\255", headers)), function(server)
            local response = perform { url = server.url }
            assert.equal(207, response.status)
            assert.equal("1, 2, 3", response.headers["x-one"])
            assert.equal("", response.headers.empty)
            assert.equal("4", response.headers["content-length"])
            assert.equal("a\0b\255", response.body)
            assert.is_true(response.seconds >= 0 and response.seconds < PATIENCE)
            if math.type then
                assert.equal("integer", math.type(response.status))
            end
        end)
    end)

    it("is the final one, not an informational one", function()
        with(saying("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" .. answer("200 OK", "late")), function(server)
            local response = perform { url = server.url }
            assert.same({ 200, "late" }, { response.status, response.body })
            assert.is_nil(response.headers["x-early"])
        end)
    end)

    it("may be of exactly max_response_bytes and not of one more", function()
        with(saying(answer("200 OK", "0123456789")), function(server)
            assert.equal("0123456789", perform({ url = server.url, max_response_bytes = 10 }).body)
            local response, err = perform { url = server.url, max_response_bytes = 9 }
            assert.is_nil(response)
            assert.same({ "decode", "too_large" }, { err.kind, err.code })
            assert.matches("larger than 9 bytes", err.message)
        end)
    end)

    it("may not have endless headers", function()
        local head = "HTTP/1.1 200 OK\r\n" .. ("X-Fill: " .. ("x"):rep(1000) .. "\r\n"):rep(400)
        with(saying(head .. "\r\n"), function(server)
            local response, err = perform { url = server.url }
            assert.is_nil(response)
            assert.equal("too_large", err.code)
        end)
    end)

    for title, case in pairs {
        ["nothing at all"] = { "", "network" },
        ["no HTTP"] = { "SSH-2.0-OpenSSH_9.2\r\n", "network" },
        ["half a status line"] = { "HTTP/1.1 2", "network" },
        ["less than announced"] = { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", "network" },
        ["a chunk that is none"] = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "network" },
        ["a negative length"] = { "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "network" },
    } do
        it("that is " .. title .. " is a network error", function()
            with(saying(case[1]), function(server)
                local response, err = perform { url = server.url }
                assert.is_nil(response)
                assert.equal(case[2], err.kind)
                assert.matches("^127.0.0.1:%d+: ", err.message)
            end)
        end)
    end

    it("cut off by a reset is a network error", function()
        with({ { { "read" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123" }, { "reset" } } },
            function(server)
                local response, err = perform { url = server.url }
                assert.is_nil(response)
                assert.equal("network", err.kind)
            end)
    end)

    it("that redirects is returned, and nobody goes there", function()
        local elsewhere = raw_server.start(saying(answer("200 OK", "")))
        with(saying(answer("302 Found", "", { "Location: " .. elsewhere.url .. "/login" })), function(server)
            local response = perform { url = server.url }
            assert.same({ 302, elsewhere.url .. "/login" }, { response.status, response.headers.location })
        end)
        assert.same({}, elsewhere:stop())
    end)
end)

describe("a response that is to be decoded", function()
    local RECORDS = '{"count":1,"sync_records":[{"id":"a"}]}'
    for name, case in pairs {
        ["has a page, and no body"] = { "200 OK", RECORDS, {}, { "page", "status" } },
        ["has the page's place where ids are noted"] = { "200 OK", RECORDS, { ids = true },
            { "page", "place", "status" } },
        ["has its body where it is none, and why"] = { "200 OK", "none", {}, { "body", "page_error", "status" } },
        ["is left as it is when it refuses"] = { "404 No", RECORDS, {}, { "body", "status" } },
        ["is one from 200 on"] = { "299 OK", RECORDS, {}, { "page", "status" } },
        ["is one below 300 only"] = { "300 No", RECORDS, {}, { "body", "status" } },
    } do
        it(name, function()
            local ids = assert(core.ids())
            with(saying(answer(case[1], case[2])), function(server)
                local response = assert(perform { url = server.url, decode = { ids = case[3].ids and ids } })
                local names = {}
                for _, field in ipairs { "body", "page", "page_error", "place", "status" } do
                    names[#names + 1] = response[field] ~= nil and field or nil
                end
                assert.same(case[4], names)
                assert.equal("a", not response.page and "a" or response.page.sync_records[1].id)
                assert.equal("decode", response.page_error and response.page_error.kind or "decode")
                assert.equal(case[2], response.body or case[2])
            end)
            ids:close()
        end)
    end
end)

describe("timeouts", function()
    it("end a transfer that gets no answer", function()
        with({ { { "read" }, { "hold" } } }, function(server)
            local response, err = perform({ url = server.url, timeout = IMPATIENCE }, { timeout = 1e6 })
            assert.is_nil(response)
            assert.same({ "timeout", "timeout" }, { err.kind, err.code })
        end)
    end)

    it("end a transfer at once whose time is less than any clock sees, not as if it had none", function()
        with({ { { "read" }, { "hold" } } }, function(server)
            local pool = core.pool { concurrency = 2 }
            assert(pool:submit("hurried", { url = server.url, timeout = 1e-9 }))
            assert(pool:submit("patient", { url = server.url, timeout = 5 }))
            assert.equal("hurried", (pool:next(PATIENCE)))
            pool:close()
        end)
    end)

    it("end a transfer that drips", function()
        local steps = { { "read" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" } }
        for _ = 1, 10000 do
            steps[#steps + 1] = { "send", "x" }
            steps[#steps + 1] = { "sleep", 0.05 }
        end
        with({ steps }, function(server)
            local _, err = perform({ url = server.url, timeout = IMPATIENCE }, { timeout = 1e6 })
            assert.equal("timeout", err.kind)
        end)
    end)

    it("count the time in the queue", function()
        with({ { { "read" }, { "hold" } } }, function(server)
            local pool = core.pool { concurrency = 1 }
            assert(pool:submit("first", { url = server.url, timeout = 1e6 }))
            assert(pool:submit("queued", { url = server.url, timeout = IMPATIENCE }))
            local tag, _, err = pool:next(PATIENCE)
            assert.equal("queued", tag)
            assert.equal("timeout", err.kind)
            pool:close()
        end)
    end)
end)

describe("what goes on the wire", function()
    it("is the request as given: path as it is, Host first, no Expect, nothing invented", function()
        local received = with(saying(answer("200 OK", "")), function(server)
            assert(perform {
                method = "GET",
                url = server.url .. "/a/../b//c%2F?x=1&x=%20",
                headers = { ["X-Sdk-Date"] = "20191115T033655Z", ["X-Empty"] = "" },
            })
            assert(perform {
                method = "POST",
                url = server.url,
                headers = { Host = "signed.example.com" },
                body = ("x"):rep(2000) .. "\0y",
            })
        end)
        assert.matches("^GET /a/%.%./b//c%%2F%?x=1&x=%%20 HTTP/1%.1\r\nHost: 127%.0%.0%.1:%d+\r\n", received[1])
        assert.matches("\r\nX%-Sdk%-Date: 20191115T033655Z\r\n", received[1])
        assert.matches("\r\nX%-Empty:%s*\r\n", received[1])
        assert.matches("\r\nUser%-Agent: dwsync/%d+%.%d+%.%d+\r\n", received[1])
        assert.matches("^POST / HTTP/1%.1\r\nHost: signed%.example%.com\r\n", received[2])
        assert.matches("\r\n\r\nx+%zy$", received[2])
        for _, text in ipairs(received) do
            assert.is_nil(text:lower():find "\r\nexpect:")
            assert.is_nil(text:lower():find "\r\ncontent%-type:")
            local _, hosts = text:gsub("\r\nHost:", "")
            assert.equal(1, hosts)
        end
    end)

    for title, wrong in pairs {
        ["CR LF in the URL"] = { url = "%s/a\r\nX: 1" },
        ["a NUL in the URL"] = { url = "%s/a\0b" },
        ["a space in the URL"] = { url = "%s/a b" },
        ["a raw UTF-8 letter in the URL"] = { url = "%s/\195\188" },
        ["CR LF in a header's value"] = { headers = { ["X-A"] = "1\r\nX-B: 2" } },
        ["LF in a header's value"] = { headers = { ["X-A"] = "1\nX-B: 2" } },
        ["CR in a header's value"] = { headers = { ["X-A"] = "1\rX-B: 2" } },
        ["a NUL in a header's value"] = { headers = { ["X-A"] = "1\0" } },
        ["CR LF in a header's name"] = { headers = { ["X-A: 1\r\nX-B"] = "2" } },
        ["a colon in a header's name"] = { headers = { ["X-A:"] = "2" } },
        ["an empty header's name"] = { headers = { [""] = "2" } },
        ["CR LF in the method"] = { method = "GET / HTTP/1.1\r\nX: 1\r\n\r\nGET" },
        ["a space in the method"] = { method = "GET /x" },
        ["an empty method"] = { method = "" },
        ["CR LF in Host"] = { headers = { Host = "a\r\nb" } },
        ["CR LF in a token"] = { headers = { ["X-Auth-Token"] = "Secret\r\nX: 1" } },
    } do
        it(title .. " is refused and nothing is sent", function()
            local received = with(saying(answer("200 OK", "")), function(server)
                local pool = core.pool()
                local submitted, err = pool:submit(1, {
                    url = (wrong.url or "%s/"):gsub("%%s", server.url),
                    method = wrong.method,
                    headers = wrong.headers,
                })
                assert.is_nil(submitted)
                assert.same({ "config", "argument" }, { err.kind, err.code })
                assert.is_nil(err.message:find "[%c]")
                assert.is_nil(err.message:find("Secret", 1, true))
                assert.equal(0, pool:pending())
                assert.same({ nil, "idle" }, { pool:next(0) })
                pool:close()
            end)
            assert.same({}, received)
        end)
    end

    it("is never plain http to another machine", function()
        local pool = core.pool()
        for _, url in ipairs {
            "http://dws.example.com/", "http://10.0.0.1/", "http://127.0.0.1.example.com/",
            "http://localhost.example.com/", "HTTP://dws.example.com/", "http://169.254.169.254/",
        } do
            local submitted, err = pool:submit(1, { url = url })
            assert.is_nil(submitted, url)
            assert.equal("config", err.kind)
            assert.matches("use https, or allow_http", err.message)
        end
        pool:close()
    end)

    it("never goes to an address that is not written as one: libcurl would make loopback of it", function()
        local pool = core.pool()
        for _, url in ipairs { "http://0177.0.0.1/", "http://2130706433/", "https://127.1/" } do
            local submitted, err = pool:submit(1, { url = url })
            assert.is_nil(submitted, url)
            assert.equal("config", err.kind)
            assert.matches("an IPv4 address must be four numbers from 0 to 255", err.message)
        end
        pool:close()
    end)

    it("is never another protocol", function()
        local pool = core.pool()
        for _, url in ipairs { "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "//127.0.0.1/", "" } do
            local submitted, err = pool:submit(1, { url = url })
            assert.is_nil(submitted, url)
            assert.matches("must begin with https://", err.message)
        end
        pool:close()
    end)
end)

describe("a proxy", function()
    -- Names that end in .invalid never resolve: who answers for one is the proxy.
    local ELSEWHERE = "http://dws.invalid/v1"

    it("that is given is used, for this machine too", function()
        local received = with(saying(answer("200 OK", "from the proxy")), function(proxy)
            for _, url in ipairs { ELSEWHERE, "http://127.0.0.1:1/v1" } do
                local response = assert(perform { url = url, proxy = proxy.url, allow_http = true })
                assert.equal("from the proxy", response.body)
            end
        end)
        assert.matches("^GET http://dws%.invalid/v1 HTTP/1%.1\r\n", received[1])
        assert.matches("^GET http://127%.0%.0%.1:1/v1 HTTP/1%.1\r\n", received[2])
    end)

    it("is asked for a tunnel by https, and sees no header of the request", function()
        local received = with(saying(answer("403 Forbidden", "")), function(proxy)
            local response, err = perform {
                url = "https://dws.invalid/v1",
                proxy = proxy.url,
                headers = { Authorization = "Secret" },
            }
            assert.is_nil(response)
            assert.equal("config", err.kind)
        end)
        assert.matches("^CONNECT dws%.invalid:443 HTTP/1%.1\r\n", received[1])
        assert.is_nil(received[1]:find("Secret", 1, true))
    end)

    it("that refuses the tunnel for good is no failure of the network, one that may pass is", function()
        for _, case in ipairs {
            { 399, "network", "network" }, { 400, "config", "proxy" }, { 499, "config", "proxy" },
            { 500, "network", "network" },
            { 403, "config", "proxy" }, { 404, "config", "proxy" }, { 407, "config", "proxy" },
            { 408, "network", "network" }, { 421, "network", "network" }, { 425, "network", "network" },
            { 429, "network", "network" }, { 502, "network", "network" }, { 503, "network", "network" },
        } do
            with(saying(answer(case[1] .. " No", "", { 'Proxy-Authenticate: Basic realm="x"' })), function(proxy)
                local response, err = perform { url = "https://dws.invalid/v1",
                    proxy = proxy.url:gsub("//", "//user:hunter2@") }
                assert.is_nil(response)
                assert.same({ case[2], case[3] }, { err.kind, err.code }, case[1])
                assert.is_nil(err.message:find("hunter2", 1, true))
            end)
        end
    end)

    it("whose URL cannot be used is named without its password, and is wrong use", function()
        for _, proxy in ipairs { "代理", "http://u:hunter2@代理:8080", "ftp://u:hunter2@h", "http://u:hunter2@h:99999" } do
            local response, err = perform { url = ELSEWHERE, proxy = proxy, allow_http = true }
            assert.is_nil(response)
            assert.same({ "config", "dws.invalid: the proxy's URL is not one that libcurl understands" },
                { err.kind, err.message })
        end
    end)

    it("never sees what goes to the metadata address", function()
        local received = with(saying(answer("200 OK", "from the proxy")), function(proxy)
            local response = perform {
                url = "http://169.254.169.254/nothing-is-here",
                proxy = proxy.url,
                allow_http = true,
                timeout = IMPATIENCE,
            }
            assert.are_not.equal("from the proxy", response and response.body)
        end)
        assert.same({}, received)
    end)

    -- The environment of a process is read by libcurl itself, so these ask in another one.
    local function ask(url, proxy)
        return processes.run_lua(([[
            local pool = require("dwsync.core").pool()
            assert(pool:submit(1, { url = %q, allow_http = true, timeout = %d }))
            local _, response, err = pool:next()
            print(response and response.body or err.code)]]):format(url, PATIENCE),
            { "no_proxy", "NO_PROXY", "http_proxy=" .. proxy.url, "all_proxy=" .. proxy.url })
    end

    it("of the environment is used for other machines", function()
        local received = with(saying(answer("200 OK", "from the proxy")), function(proxy)
            assert.equal("from the proxy\n", ask(ELSEWHERE, proxy))
        end)
        assert.equal(1, #received)
    end)

    it("of the environment is not used for this machine", function()
        local received = with(saying(answer("200 OK", "from the proxy")), function(proxy)
            with(saying(answer("200 OK", "directly")), function(server)
                assert.equal("directly\n", ask(server.url, proxy))
                assert.equal("directly\n", ask("http://localhost:" .. server.port, proxy))
            end)
        end)
        assert.same({}, received)
    end)
end)

describe("TLS", function()
    local service

    setup(function()
        service = emulators.start()
    end)
    teardown(function()
        service:stop()
    end)
    before_each(function()
        service:reset()
    end)

    local function get(host, options)
        options = options or {}
        options.url = service:records_url("healthy", host)
        options.ca_file = options.ca_file or service.info.ca_file
        return perform(options)
    end

    it("lets nothing but a certificate of the CA file pass", function()
        assert.equal(401, get().status)
        assert.equal(401, get("localhost").status)
    end)

    it("tells whose certificate it was, when asked, over a connection of its own", function()
        assert.is_nil(get().certificate)
        local certificate = get("localhost", { certificate_info = true }).certificate
        assert.matches("CN ?= ?localhost$", certificate.subject)
        assert.matches("CN ?= ?dwsync emulator CA$", certificate.issuer)
        assert.matches("^%a%a%a +%d+ %d%d:%d%d:%d%d %d%d%d%d GMT$", certificate.not_after)
        local pool = core.pool { ca_file = service.info.ca_file, timeout = PATIENCE }
        for _, wanted in ipairs { false, true, true, false } do
            assert(pool:submit(true, { url = service:records_url "healthy", certificate_info = wanted }))
            local _, response = pool:next(PATIENCE)
            assert.equal(wanted, response.certificate ~= nil)
        end
        pool:close()
    end)

    for host, reason in pairs {
        ["expired.localhost"] = "expired",
        ["wronghost.localhost"] = "wronghost.localhost",
        ["unknown.localhost"] = "certificate",
    } do
        it("refuses the certificate of " .. host, function()
            local response, err = get(host)
            assert.is_nil(response)
            assert.same({ "tls", "certificate" }, { err.kind, err.code })
            assert.matches("^" .. host:gsub("%.", "%%.") .. ":%d+: .*" .. reason, err.message)
            assert.equal(0, service:asked())
        end)
    end

    it("does not trust the emulator's CA without being told to", function()
        local response, err = perform { url = service:records_url "healthy" }
        assert.is_nil(response)
        assert.same({ "tls", "certificate" }, { err.kind, err.code })
    end)

    it("names a CA file that is not there", function()
        local response, err = get(nil, { ca_file = "/nonexistent/ca.pem" })
        assert.is_nil(response)
        assert.equal("tls", err.kind)
        assert.matches("/nonexistent/ca.pem", err.message, 1, true)
    end)

    it("is not spoken with a server that does not speak it", function()
        with(saying("HTTP/1.1 400 Bad Request\r\n\r\n"), function(server)
            local response, err = perform { url = server.url:gsub("^http:", "https:"), timeout = 2 }
            assert.is_nil(response)
            assert.is_true(err.kind == "tls" or err.kind == "timeout", err.kind)
        end)
    end)

    local function with_openssl_server(version, body)
        local directory = service.info.ca_file:match "^(.*)/"
        local server = processes.start("openssl", {
            "s_server", "-accept", "127.0.0.1:0", "-cert", directory .. "/good.pem", "-key", directory .. "/leaf.key",
            "-www", version, "-cipher", "ALL:@SECLEVEL=0",
        }, "ACCEPT 127%.0%.0%.1:(%d+)")
        local ok, failure = pcall(body, "https://127.0.0.1:" .. server.ready .. "/")
        server:stop "sigterm"
        assert(ok, failure)
    end

    it("is 1.2 at least", function()
        with_openssl_server("-tls1_2", function(url)
            assert.equal(200, perform({ url = url, ca_file = service.info.ca_file }).status)
        end)
        with_openssl_server("-tls1_1", function(url)
            local response, err = perform { url = url, ca_file = service.info.ca_file }
            assert.is_nil(response)
            assert.same({ "tls", "handshake" }, { err.kind, err.code })
        end)
    end)

    it("connections are used again", function()
        local pool = core.pool { ca_file = service.info.ca_file, timeout = PATIENCE }
        for _ = 1, 5 do
            assert(pool:submit(1, { url = service:records_url "healthy" }))
            assert.equal(1, (pool:next(PATIENCE)))
        end
        pool:close()
        local journal = service:journal()
        assert.same({ 5, 1 }, { journal.total, journal.connections })
    end)

    it("sessions are used again on new connections", function()
        local pool = core.pool { ca_file = service.info.ca_file, timeout = PATIENCE }
        for _ = 1, 4 do
            assert(pool:submit(1, { url = service:records_url "healthy", headers = { Connection = "close" } }))
            assert.equal(1, (pool:next(PATIENCE)))
        end
        pool:close()
        local journal = service:journal()
        assert.same({ 4, 4, 3 }, { journal.total, journal.connections, journal.tls_sessions_reused })
    end)

    it("connections are never more than the concurrency", function()
        service:fault({ delay = 0.05 }, { times = 12 })
        local pool = core.pool { concurrency = 3, ca_file = service.info.ca_file, timeout = PATIENCE }
        for tag = 1, 12 do
            assert(pool:submit(tag, { url = service:records_url "healthy" }))
        end
        local seen = {}
        for _ = 1, 12 do
            seen[pool:next(PATIENCE)] = true
        end
        pool:close()
        assert.equal(12, #seen)
        assert.equal(3, service:journal().connections)
    end)

    it("and the way there are as the pool says, or as the request does", function()
        local folder, ca_file = service.info.ca_file:match "^(.*)/", service.info.ca_file
        local https = { url = service:records_url "healthy", ca_file = ca_file }
        local certified = { url = https.url, ca_file = ca_file, client_cert = folder .. "/good.pem" }
        local elsewhere = { url = "http://dws.invalid/v1", allow_http = true }
        local function outcome(fields, defaults)
            local request = { timeout = PATIENCE }
            for name, value in pairs(fields) do
                request[name] = value
            end
            local pool = core.pool(defaults)
            local submitted, refusal = pool:submit(true, request)
            local _, response, err
            if submitted then
                _, response, err = pool:next(PATIENCE)
            end
            pool:close()
            return response and response.status or (err or refusal).code
        end
        local received = with({ { { "read" }, { "send", answer("200 OK", "", { "Connection: close" }) } } },
            function(proxy)
                elsewhere.proxy = proxy.url
                for _, case in ipairs {
                    { "ca_file", ca_file, { url = https.url }, "certificate", 401 },
                    { "client_cert", "/nowhere/client.pem", https, 401, "certificate" },
                    { "client_key", folder .. "/leaf.key", certified, "certificate", 401 },
                    { "allow_http", true, { url = elsewhere.url, proxy = proxy.url }, "argument", 200 },
                    { "proxy", proxy.url, { url = "http://127.0.0.1:1/" }, "connect", 200 },
                    { "compressed", true, elsewhere, 200, 200 },
                } do
                    local name, value, fields = case[1], case[2], {}
                    assert.equal(case[4], outcome(case[3], {}), name)
                    assert.equal(case[5], outcome(case[3], { [name] = value }), name)
                    for key, own in pairs(case[3]) do
                        fields[key] = own
                    end
                    fields[name] = value
                    assert.equal(case[5], outcome(fields, {}), name)
                end
            end)
        local asked = {}
        for i = #received - 2, #received do
            asked[#asked + 1] = received[i]:match "\r\nAccept%-Encoding: (%a+)\r\n"
        end
        assert.same({ "identity", "gzip", "gzip" }, asked)
    end)

    it("is to begin within the time that the pool has for connections, or the request", function()
        with({ { { "hold" } } }, function(server) -- a handshake that is never answered
            local url = server.url:gsub("^http:", "https:")
            for _, case in ipairs { { IMPATIENCE, 5, nil }, { nil, nil, IMPATIENCE } } do
                local pool = core.pool { concurrency = 2, timeout = 1e6, connect_timeout = case[1] }
                assert(pool:submit("patient", { url = url, connect_timeout = case[2] }))
                assert(pool:submit("hurried", { url = url, connect_timeout = case[3] }))
                local tag, _, err = pool:next(PATIENCE)
                pool:close()
                assert.same({ "hurried", "timeout" }, { tag, err.code })
            end
        end)
    end)

    it("carries 16 MiB and not more, unless more is allowed", function()
        local function huge()
            service:fault { repeat_body = { text = ("x"):rep(1024), times = 17 * 1024 } }
        end
        huge()
        local response, err = get()
        assert.is_nil(response)
        assert.same({ "decode", "too_large" }, { err.kind, err.code })
        assert.matches("larger than 16777216 bytes", err.message)
        huge()
        assert.equal(17 * 1024 * 1024, #get(nil, { max_response_bytes = 17 * 1024 * 1024 }).body)
    end)
end)

describe("the monotonic clock", function()
    it("goes on as the wall clock does, and does not read the date", function()
        local first = core.monotonic()
        local second
        repeat
            second = core.monotonic()
        until second > first
        assert.is_true(second - first < 60)
        assert.is_true(math.abs(first - core.now()) > 86400)
    end)
end)

describe("what the core makes", function()
    it("is known by its methods, which take nothing else for it", function()
        local objects = { pool = core.pool {}, ids = core.ids(), decoder = core.decoder "{}",
            mail = assert(core.mail { host = "127.0.0.1", port = 9, tls = "none", from = "a@b", to = { "a@b" },
                message = "\r\n" }) }
        for class, methods in pairs { pool = { "next", "cancel", "watch", "pending", "close" },
            mail = { "step", "close" }, ids = { "begin_again", "close" }, decoder = { "step" } } do
            for _, name in ipairs(methods) do
                local method = objects[class][name]
                assert.is_function(method, class .. "." .. name)
                for _, wrong in ipairs { {}, io.stdout, 5 } do
                    assert.error_matches(function() method(wrong) end, "dwsync." .. class .. " expected")
                end
            end
        end
        objects.pool:close()
        objects.mail:close()
    end)
end)

describe("core.can_yield", function()
    it("is true in a coroutine, and neither outside nor where C lies between", function()
        assert.is_false(core.can_yield())
        local seen = {}
        assert(coroutine.resume(coroutine.create(function()
            seen[1] = core.can_yield()
            table.sort({ 2, 1 }, function(a, b)
                seen[2] = core.can_yield()
                return a < b
            end)
        end)))
        assert.same({ true, false }, seen)
    end)
end)

describe("core.wait", function()
    it("takes the very bounds of its seconds, and nothing beyond", function()
        for _, seconds in ipairs { 0, 1e6 } do
            assert.is_true(core.wait(-1, "read", seconds)) -- broken: that is to be seen at once
        end
        for _, seconds in ipairs { -1e-9, 1e6 + 1, 0 / 0 } do
            assert.error_matches(function() core.wait(-1, "read", seconds) end,
                "#3 to 'wait' %(seconds must be from 0 to 1e6%)")
        end
    end)

    it("waits for the first descriptor as for any other", function()
        for input, expected in pairs { [""] = "false", x = "true" } do
            local child = processes.start(uv.exepath(), { "-e", [[io.write(tostring(
                require("dwsync.core").wait(0, "read", ]] .. (input == "" and 0 or PATIENCE) .. [[)), ".")]] },
                "^(.*)%.", input ~= "" and input or nil)
            assert.equal(expected, child.ready)
            child:stop()
        end
    end)
end)

describe("the clock", function()
    it("is the machine's, with a fraction", function()
        local before, now, after = os.time(), core.now(), os.time()
        assert.is_true(now >= before and now <= after + 1)
    end)

    it("sleeps as long as it is told, or raises", function()
        local began = core.now()
        core.sleep(0.02)
        assert.is_true(core.now() - began >= 0.02)
        core.sleep(0)
        for _, wrong in ipairs { -1, -1e-9, 0 / 0, 1e9 + 1, 1 / 0 } do
            assert.error_matches(function()
                core.sleep(wrong)
            end, "#1 to 'sleep' %(seconds must be from 0 to 1e9%)")
        end
    end)

    it("sleeps for a generation at most, and not through a signal", function()
        local child = processes.start(uv.exepath(), { "-e", [[
            require("luv").new_signal():start "sigusr1"
            io.stdout:setvbuf "no" -- at its end nobody takes signals any more: one would end it before a flush
            print "ready"
            require("dwsync.core").sleep(1e9)
            print "woken"]] }, "ready")
        patience.wait_until(function()
            child.process:kill "sigusr1" -- one before it sleeps wakes nobody
            return child.exited
        end, "the sleeper to wake")
        assert.matches("woken", child:stop())
    end)
end)
