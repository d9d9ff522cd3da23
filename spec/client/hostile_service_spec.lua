-- What a service, or whatever answers in its place, may send to do harm: each call ends, within its deadline and having
-- read no more than it may, with a complete list or an error that says what is wrong.
local dwsync = require "dwsync"
local key_guard = require "dwsync.request.key_guard"
local processes = require "spec.support.processes"
local raw_server = require "spec.support.raw_server"
local runtimes = require "spec.support.runtimes"

local answer = raw_server.answer
local IMPATIENCE = 0.3 -- seconds, where the end comes by the deadline; everything else ends by itself
local SECRET = "hostile-service-secret"

local PAGE = '{"count":2,"sync_records":[{"id":"a","status":"FINISHED"},{"id":"b","status":"FAILED"}]}'
local EMPTY = answer("200 OK", '{"count":0,"sync_records":[]}')
local GOOD = answer("200 OK", PAGE)
local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

before_each(function()
    key_guard.shared:forget()
end)

local function no_variable() end

local function client_of(url, more)
    local options = {
        endpoint = url, iam_endpoint = url, project_id = "p", credentials = { ak = "AK", sk = SECRET },
        retries = 0, metadata = false, getenv = no_variable,
    }
    for name, value in pairs(more or {}) do
        options[name] = value
    end
    return assert(dwsync.new(options))
end

local function list_of(client)
    return client:all_sync_records { cluster_id = "c" }
end

-- The list, or the error that stands for it; nothing else may come of a call.
local function outcome(client)
    local list, err = list_of(client)
    if list then
        assert.same({ true, list.count }, { list.complete, #list })
        return list
    end
    assert.is_true(dwsync.is_error(err), tostring(err))
    assert.is_nil(tostring(err):find "[%c]")
    assert.is_true(#tostring(err) < 2000)
    assert.is_nil(tostring(err):find(SECRET, 1, true))
    return nil, err
end

-- The script of a server that sends this text and goes on by these steps.
local function sending(text, ...)
    return { { { "read" }, { "send", text }, ... } }
end

local function failing(script, expected, more)
    local err
    raw_server.with(script, function(server)
        local list
        list, err = outcome(client_of(more and more.scheme and server.url:gsub("^http", more.scheme) or server.url,
            more and more.options))
        assert.is_nil(list)
    end)
    for name, value in pairs(expected) do
        if name == "says" then
            assert.matches(value, err.message)
        else
            assert.equal(value, err[name], name .. " of " .. tostring(err))
        end
    end
end

-- A table of cases by title; the title says what the answer is.
local function each(sentence, cases)
    for title, case in pairs(cases) do
        it(title .. " " .. sentence, function()
            failing(type(case[1]) == "table" and case[1] or sending(case[1]), case[2], case)
        end)
    end
end

local function head(...)
    return "HTTP/1.1 200 OK\r\n" .. table.concat({ ... }, "\r\n") .. "\r\n\r\n"
end

local ENDLESS = head "Connection: close"

describe("an answer that is coded", function()
    local function compressed(times)
        return (processes.run("head -c 20000000 /dev/zero" .. (" | gzip -9"):rep(times)))
    end
    local refused = { kind = "decode", says = "coding %S+, which was not asked for" }

    each("is refused for its coding before it is read", {
        ["a bomb in gzip"] = { answer("200 OK", compressed(1), { "Content-Encoding: gzip" }), refused },
        ["a bomb in gzip in gzip"] = { answer("200 OK", compressed(2), { "Content-Encoding: gzip, gzip" }), refused },
        ["deflate"] = { answer("200 OK", "x", { "Content-Encoding: deflate" }), refused },
        ["br"] = { answer("200 OK", "x", { "Content-Encoding: br" }), refused },
        ["a coding on a second line"] = { answer("200 OK", "x",
            { "Content-Encoding: identity", "Content-Encoding: zstd" }), refused },
        ["gzip on the way"] = { head "Transfer-Encoding: gzip, chunked" .. "0\r\n\r\n", refused },
        ["gzip on the way, stacked"] = { head("Transfer-Encoding: gzip, gzip", "Transfer-Encoding: gzip")
            .. compressed(3), refused },
        ["gzip on the way of an informational answer"] = {
            "HTTP/1.1 103 Early\r\nTransfer-Encoding: gzip\r\n\r\n" .. GOOD, refused },
        ["a coding that nobody knows"] = { head "Transfer-Encoding: x-own" .. "x", refused },
    })

    it("is refused when it fails, too, without being undone", function()
        failing(sending(answer("503 Down", compressed(1), { "Content-Encoding: gzip" })),
            { kind = "service", status = 503, says = "content coding gzip" })
    end)
end)

describe("an answer without end", function()
    local too_large = { kind = "decode", code = "too_large" }
    local late = { kind = "timeout" }
    local hurried = { timeout = IMPATIENCE }

    local function flooding(before, text)
        return sending(before, { "flood", text:rep(1000) })
    end
    local function dripping(before, text)
        return sending(before, { "drip", text })
    end

    each("is read no further than it may be", {
        ["a body"] = { flooding(ENDLESS, (" "):rep(100)), too_large },
        ["a body in chunks"] = { flooding(CHUNKED, "64\r\n" .. (" "):rep(100) .. "\r\n"), too_large },
        ["a head of many lines"] = { flooding("HTTP/1.1 200 OK\r\n", "X-A: " .. ("a"):rep(100) .. "\r\n"),
            too_large },
        ["a head of folded lines"] = { flooding("HTTP/1.1 200 OK\r\nX-A: a\r\n", " " .. ("a"):rep(100)
            .. "\r\n"), too_large },
        ["a header line"] = { flooding("HTTP/1.1 200 OK\r\nX-A: ", ("a"):rep(100)), too_large },
        ["a status line"] = { flooding("HTTP/1.1 200 ", ("a"):rep(100)), too_large },
        ["informational answers"] = { flooding("", "HTTP/1.1 100 Continue\r\n\r\n"), too_large },
        ["trailers"] = { flooding(CHUNKED .. "0\r\n", "X-A: " .. ("a"):rep(100) .. "\r\n"), too_large },
    })

    it("of a failure is cut, and the failure is told", function()
        failing(flooding("HTTP/1.1 500 Down\r\nConnection: close\r\n\r\n", ("x"):rep(100)),
            { kind = "service", status = 500 })
    end)

    each("ends at the deadline when it drips", {
        ["a body"] = { dripping(ENDLESS, " "), late, options = hurried },
        ["a body of a length"] = { dripping(head "Content-Length: 1000000", " "), late, options = hurried },
        ["a body in chunks"] = { dripping(CHUNKED, "1\r\n \r\n"), late, options = hurried },
        ["the end of a chunk's length"] = { dripping(CHUNKED .. "1", " "), late, options = hurried },
        ["the extension of a chunk"] = { dripping(CHUNKED .. "1;", "x"), late, options = hurried },
        ["a head"] = { dripping("HTTP/1.1 200 OK\r\n", "X-A: a\r\n"), late, options = hurried },
        ["a status line"] = { dripping("", "HTTP/1.1 200 OK "), late, options = hurried },
        ["informational answers"] = { dripping("", "HTTP/1.1 102 Wait\r\n\r\n"), late, options = hurried },
        ["trailers"] = { dripping(CHUNKED .. "0\r\n", "X-A: a\r\n"), late, options = hurried },
        ["a failure"] = { dripping("HTTP/1.1 500 Down\r\n\r\n", "x"), late, options = hurried },
        ["an answer that never begins"] = { { { { "read" }, { "hold" } } }, late, options = hurried },
        ["TLS that never begins"] = { { { { "hold" } } }, late, options = hurried, scheme = "https" },
        ["a record of TLS"] = { { { { "send", "\22\3\3\64\0" }, { "drip", "\2" } } }, late, options = hurried,
            scheme = "https" },
    })

    it("is no list when each page brings new records", function()
        local script = {}
        for i = 1, 6 do
            script[i] = { { "read" }, { "send", answer("200 OK",
                ('{"count":999999,"sync_records":[{"id":"%d"}]}'):format(i)) } }
        end
        failing(script, { kind = "incomplete", says = "max_pages = 5" }, { options = { max_pages = 5 } })
    end)
end)

describe("an answer whose length is in doubt", function()
    local broken = { kind = "network" }
    each("is an error", {
        ["a length that is too long"] = { head("Content-Length: " .. #PAGE + 1) .. PAGE, broken },
        ["a length that is too short"] = { head("Content-Length: " .. #PAGE - 1) .. PAGE, { kind = "decode" } },
        ["a negative length"] = { head "Content-Length: -1" .. PAGE, broken },
        ["a length that is no number"] = { head "Content-Length: many" .. PAGE, broken },
        ["an empty length"] = { head "Content-Length:" .. PAGE, broken },
        ["a length beyond what may be read"] = { head "Content-Length: 99999999999" .. PAGE,
            { kind = "decode", code = "too_large" } },
        ["a length beyond all numbers"] = { head("Content-Length: " .. ("9"):rep(40)) .. PAGE,
            { kind = "decode", code = "too_large" } },
        ["a list of lengths"] = { head(("Content-Length: %d, 5"):format(#PAGE)) .. PAGE, broken },
        ["two lengths"] = { head("Content-Length: " .. #PAGE, "Content-Length: 5") .. PAGE, broken },
        ["two lengths, the other way round"] = { head("Content-Length: 5", "Content-Length: " .. #PAGE) .. PAGE,
            broken },
        ["a chunk that is longer than it says"] = { CHUNKED .. "5\r\n" .. PAGE .. "\r\n0\r\n\r\n", broken },
        ["a chunk that is shorter than it says"] = { CHUNKED .. ("%x\r\n"):format(#PAGE + 9) .. PAGE, broken },
        ["a negative chunk"] = { CHUNKED .. "-5\r\n" .. PAGE .. "\r\n0\r\n\r\n", broken },
        ["a chunk whose length is no number"] = { CHUNKED .. "zz\r\n" .. PAGE .. "\r\n0\r\n\r\n", broken },
        ["a chunk without a length"] = { CHUNKED .. "\r\n" .. PAGE .. "\r\n0\r\n\r\n", broken },
        ["a chunk beyond all numbers"] = { CHUNKED .. ("f"):rep(16) .. "\r\n" .. PAGE, broken },
        ["a chunk's length without end"] = { { { { "read" }, { "send", CHUNKED }, { "drip", "0" } } }, broken },
        ["a chunk of many digits"] = { CHUNKED .. ("f"):rep(1000) .. "\r\n" .. PAGE, broken },
        ["chunks without the last"] = { CHUNKED .. ("%x\r\n"):format(#PAGE) .. PAGE .. "\r\n", broken },
    })

    it("is a list only when the chunks say so, whatever length is beside them", function()
        local chunks = ("%x;a=%s\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n"):format(#PAGE, ("x"):rep(1000), PAGE)
        for _, line in ipairs { "Content-Length: 5", "Content-Length: 999", "X-None: 1" } do
            raw_server.with({ sending(head(line, "Transfer-Encoding: chunked") .. chunks)[1], sending(EMPTY)[1] },
                function(server)
                    local list, err = outcome(client_of(server.url))
                    assert.equal(2, #assert(list, tostring(err)))
                end)
        end
    end)
end)

describe("an answer that is no HTTP", function()
    local broken = { kind = "network" }
    each("is an error of the network", {
        ["nothing"] = { "", broken },
        ["a body alone"] = { PAGE, broken },
        ["a page of HTTP/0.9"] = { "<html>hello</html>", broken },
        ["the preface of HTTP/2"] = { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", broken },
        ["frames of HTTP/2"] = { "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\100", broken },
        ["another version"] = { "HTTP/7.5 200 OK\r\n\r\n" .. PAGE, broken },
        ["a greeting of SSH"] = { "SSH-2.0-OpenSSH_9.2\r\n", broken },
        ["bytes of all kinds"] = { (("."):rep(256):gsub("()%.", function(at) return string.char(at - 1) end)), broken },
        ["a status that is no number"] = { "HTTP/1.1 abc OK\r\n\r\n" .. PAGE, broken },
        ["a status of four digits"] = { "HTTP/1.1 2000 OK\r\n\r\n" .. PAGE, broken },
        ["a NUL in a header"] = { head "X-A: a\0b" .. PAGE, broken },
        ["half a head"] = { "HTTP/1.1 200 OK\r\nContent-Le", broken },
        ["half a head, up to a line"] = { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", broken },
        ["an informational answer alone"] = { "HTTP/1.1 100 Continue\r\n\r\n", broken },
        ["a line without a colon"] = { head "no colon" .. PAGE, broken },
    })

    it("in its head, but for that a page, is the page", function()
        for _, text in ipairs {
            "HTTP/1.0 200\r\nContent-Length: " .. #PAGE .. "\r\n\r\n" .. PAGE,
            "HTTP/1.1 200\nContent-Length: " .. #PAGE .. "\n\n" .. PAGE,
            head("X-A: a", "\tfolded", ": no name", "X-\255: \254", "Content-Length: " .. #PAGE) .. PAGE,
            head("Content-Length: " .. #PAGE, "Content-Length: " .. #PAGE) .. PAGE,
            "HTTP/1.1 102 Wait\r\nContent-Length: 3\r\n\r\n" .. GOOD,
        } do
            raw_server.with({ sending(text)[1], sending(EMPTY)[1] }, function(server)
                local list, err = outcome(client_of(server.url))
                assert.equal(2, #assert(list, tostring(err)))
            end)
        end
    end)
end)

describe("an answer of another status", function()
    each("is an error", {
        ["101"] = { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" .. PAGE,
            { kind = "network", says = "another protocol" } },
        ["an empty 200"] = { answer("200 OK", ""), { kind = "decode", status = 200 } },
        ["204"] = { "HTTP/1.1 204\r\n\r\n", { kind = "decode", status = 204 } },
        ["204 with a body"] = { "HTTP/1.1 204 No\r\nContent-Length: " .. #PAGE .. "\r\n\r\n" .. PAGE,
            { kind = "decode", status = 204 } },
        ["205"] = { "HTTP/1.1 205\r\nContent-Length: 0\r\n\r\n", { kind = "decode", status = 205 } },
        ["206 with a part"] = { answer("206 Part", PAGE:sub(1, 40), { "Content-Range: bytes 0-39/90" }),
            { kind = "decode", status = 206 } },
        ["304"] = { "HTTP/1.1 304\r\nETag: x\r\n\r\n", { kind = "service", status = 304 } },
        ["a redirect"] = { answer("301 Moved", "", { "Location: http://127.0.0.1:1/" }),
            { kind = "service", status = 301 } },
        ["a redirect to a file"] = { answer("302 Found", "", { "Location: file:///etc/passwd" }),
            { kind = "service", status = 302 } },
        ["a redirect without a place"] = { answer("307 Go", ""), { kind = "service", status = 307 } },
        ["status 999"] = { answer("999 Beyond", ""), { kind = "service", status = 999 } },
    })
end)

describe("a page that counts wrongly", function()
    local function page(count)
        return answer("200 OK", (PAGE:gsub("2", count, 1)))
    end
    each("is no list", {
        ["more than there are"] = { page "3", { kind = "incomplete" } },
        ["more than a number holds"] = { page(("9"):rep(30)), { kind = "decode" } },
        ["less than none"] = { page "-1", { kind = "decode" } },
        ["halves"] = { page "2.5", { kind = "decode" } },
        ["in words"] = { page '"two"', { kind = "decode" } },
    })
end)

describe("a connection that closes", function()
    local function chunks()
        return CHUNKED .. ("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n"):format(20, PAGE:sub(1, 20), #PAGE - 20, PAGE:sub(21))
    end

    for title, text in pairs { ["of an announced length"] = GOOD, ["in chunks"] = chunks(),
        ["that ends with the connection"] = ENDLESS .. PAGE } do
        it("after any byte of an answer " .. title .. " leaves an error, or the whole page", function()
            local script = {}
            for bytes = 0, #text do
                script[#script + 1] = sending(text:sub(1, bytes))[1]
            end
            local received = raw_server.with(script, function(server)
                local client = client_of(server.url)
                for bytes = 0, #text do
                    local page, err = client:list_sync_records { cluster_id = "c" }
                    if page then
                        assert.is_true(bytes >= #text - 2, "after byte " .. bytes) -- the line end after the last chunk
                        assert.same({ 2, 2 }, { page.count, #page.sync_records })
                    else
                        assert.is_true(err.kind == "network" or err.kind == "decode", tostring(err))
                        assert.is_true(bytes < #text)
                    end
                end
            end)
            assert.equal(#script, #received)
        end)
    end
end)

describe("what is left on a connection", function()
    local FALSE_PAGE = answer("200 OK", '{"count":1,"sync_records":[{"id":"smuggled"}]}')

    -- Asks twice; the first connection goes by this script, another client's by the second.
    local function asks_twice(first, second, between)
        raw_server.with({ first, second, sending(GOOD)[1] }, function(server)
            local client = client_of(server.url)
            for i = 1, 2 do
                local page, err = client:list_sync_records { cluster_id = "c" }
                assert.equal("a", assert(page, tostring(err)).sync_records[1].id)
                if i == 1 and between then
                    between(server)
                end
            end
        end)
    end

    it("with an answer is not taken for the next one", function()
        asks_twice({ { "read" }, { "send", GOOD .. FALSE_PAGE }, { "read" }, { "send", GOOD } }, sending(GOOD)[1])
    end)

    it("behind an answer in chunks is not taken for the next one", function()
        local chunks = CHUNKED .. ("%x\r\n%s\r\n0\r\n\r\n"):format(#PAGE, PAGE)
        asks_twice({ { "read" }, { "send", chunks .. FALSE_PAGE }, { "read" }, { "send", GOOD } }, sending(GOOD)[1])
    end)

    it("behind an answer without a body is not taken for the next one", function()
        raw_server.with({ { { "read" }, { "send", "HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n" .. FALSE_PAGE },
            { "read" }, { "send", GOOD } }, sending(GOOD)[1] }, function(server)
            local client = client_of(server.url)
            assert.is_nil((client:list_sync_records { cluster_id = "c" }))
            assert.equal("a", assert(client:list_sync_records { cluster_id = "c" }).sync_records[1].id)
        end)
    end)

    it("that comes when nothing was asked is not taken for the next answer", function()
        -- Another client's request is answered once these bytes are on their way.
        asks_twice({ { "read" }, { "send", GOOD }, { "together", 2 }, { "send", FALSE_PAGE }, { "read" },
            { "send", GOOD } }, { { "read" }, { "together", 2 }, { "send", GOOD } }, function(server)
            assert(client_of(server.url):list_sync_records { cluster_id = "c" })
        end)
    end)
end)

describe("a time that the service tells", function()
    local DATES = { "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 99 Foo 2026 99:99:99 GMT",
        "tomorrow", "", ("9"):rep(5000) }

    it("beside a page changes nothing", function()
        for _, date in ipairs(DATES) do
            local page = answer("200 OK", PAGE, { "Date: " .. date, "Date: " .. DATES[1] })
            raw_server.with(sending(page), function(server)
                local client = client_of(server.url)
                assert(client:list_sync_records { cluster_id = "c" })
                assert.equal(0, client:clock_skew())
            end)
        end
    end)

    -- The pauses of a call that is refused twice in this way, by a clock that only pauses move.
    local function pauses_after(headers)
        local refusal = sending(answer("429 Slow", "", headers))[1]
        local runtime, pauses = runtimes.sleepless()
        local page, err
        raw_server.with({ refusal, refusal, sending(GOOD)[1] }, function(server)
            page, err = client_of(server.url, { runtime = runtime, retries = 3, random = function() return 1 end })
                :list_sync_records { cluster_id = "c" }
        end)
        return pauses, page, err
    end

    it("to wait for does not matter when it is no time, or past", function()
        for _, value in ipairs { "-5", "-99999999999", "nan", "inf", "1e9", "0x10", "1.5", "5, 7", "", "soon", "0",
            DATES[2], DATES[3] } do
            local pauses, page, err = pauses_after { "Retry-After: " .. value }
            assert.is_truthy(page, tostring(err))
            assert.same({ 0.5, 1 }, pauses, value)
        end
    end)

    it("to wait for that lies beyond the deadline ends the call at once, a day away at most", function()
        for _, value in ipairs { "86401", "99999999999999999999", ("9"):rep(400), DATES[1] } do
            local pauses, page, err = pauses_after { "Retry-After: " .. value }
            assert.is_nil(page)
            assert.same({}, pauses)
            assert.same({ "throttled", 86400 }, { err.kind, err.retry_after })
            assert.equal("The service asks to wait 1 d.", err.hint)
        end
    end)
end)

describe("TLS that is none, or breaks", function()
    each("is an error", {
        ["plain HTTP"] = { { { { "read", "\22\3" }, { "send", "HTTP/1.1 400 Bad\r\n\r\n" } } }, { kind = "tls" },
            scheme = "https" },
        ["an alert"] = { { { { "read", "\22\3" }, { "send", "\21\3\3\0\2\2\40" } } }, { kind = "tls" },
            scheme = "https" },
        ["a warning, then nothing"] = { { { { "read", "\22\3" }, { "send", "\21\3\3\0\2\1\0" } } }, { kind = "tls" },
            scheme = "https" },
        ["a connection that closes"] = { { { { "read", "\22\3" } } }, { kind = "tls" }, scheme = "https" },
        ["bytes without a meaning"] = { { { { "read", "\22\3" }, { "send", ("\255"):rep(9999) } } }, { kind = "tls" },
            scheme = "https" },
    })
end)
