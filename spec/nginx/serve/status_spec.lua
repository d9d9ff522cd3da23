local served = require "spec.support.served"
local status = require "dwsync.nginx.serve.status"
local status_page = require "dwsync.report.status.page"

local NOW = 1763971200
local SETTINGS = { stale_after = 100, interval = 60 }

describe("status()", function()
    local nginx, state, own_pieces

    before_each(function()
        nginx = served.new(NOW)
        own_pieces = status_page.document_pieces
        status_page.document_pieces = function(body, about)
            state = about
            return body and { "page of ", table.concat(body) } or { "empty page" }
        end
    end)
    after_each(function()
        status_page.document_pieces = own_pieces
    end)

    local function ask(args, request)
        request = request or {}
        request.args, state = args, nil
        return nginx:answer(request, status.serve, SETTINGS, nginx.reader)
    end

    local function publish(ages, due)
        local items = {}
        for i, age in ipairs(ages) do
            items[i] = { cluster = { id = "c" .. i }, fetched_at = NOW - age, records = {}, due_at = due }
        end
        nginx:publish(items)
    end

    it("serves what the page loads, under a tag", function()
        for name, text in pairs { script = status_page.script, style = status_page.stylesheet } do
            for _ = 1, 2 do
                local said = ask { asset = name }
                assert.same({ 200, text, ('"md5-%d"'):format(#text), name == "script"
                    and "text/javascript; charset=utf-8" or "text/css; charset=utf-8" }, { said.status, said.body,
                    said.headers.ETag, said.headers["Content-Type"] })
                assert.matches("^default%-src 'none'; frame", said.headers["Content-Security-Policy"])
            end
            assert.equal(304, ask({ asset = name }, { if_none_match = ('"md5-%d"'):format(#text) }).status)
        end
        assert.same({ 400, 400, 405 }, { ask({ asset = "logo" }).status, ask({ part = "head" }).status,
            ask(nil, { method = "POST" }).status })
    end)

    it("is a page without a body before the first publication, and says why", function()
        local said = ask()
        assert.same({ 503, "empty page", 5, "unknown", nil, nil }, { said.status, said.body,
            said.headers["Retry-After"], said.headers["X-Dwsync-Age"], said.headers["X-Dwsync-Error"],
            said.headers["X-Dwsync-Outcome"] })
        assert.same({ stale = true, stale_after = 100, interval = 60 }, state)
        said = ask { part = "body" }
        assert.same({ 503, "", 5 }, { said.status, said.body, said.headers["Retry-After"] })
        nginx.store:set_state("error", "no route")
        nginx.store:set_state("outcome", "failed")
        said = ask()
        assert.same({ "no route", "failed" }, { said.headers["X-Dwsync-Error"], said.headers["X-Dwsync-Outcome"] })
        assert.same({ error = "no route", stale = true, stale_after = 100, interval = 60 }, state)
    end)

    it("is the page with what was read last, its age in whole seconds, and its part alone", function()
        publish { 200, 9.5 }
        local said = ask()
        assert.same({ 200, "text/html; charset=utf-8", status_page.policy, "9", nil }, { said.status,
            said.headers["Content-Type"], said.headers["Content-Security-Policy"], said.headers["X-Dwsync-Age"],
            said.headers["Retry-After"] })
        assert.same({ age = 9, stale = false, stale_after = 100, interval = 60 }, state)
        assert.equal(said.body, "page of " .. table.concat(nginx.reader:read().texts.page)) -- kept for the next
        local part = ask { part = "body" }
        assert.same({ 200, "page of " .. part.body, nil }, { part.status, said.body, state })
        assert.matches("^<", part.body)
        assert.same({ "9", "text/html; charset=utf-8", status_page.policy }, { part.headers["X-Dwsync-Age"],
            part.headers["Content-Type"], part.headers["Content-Security-Policy"] })
        said = ask({ part = "body" }, { if_none_match = part.headers.ETag })
        assert.same({ 304, nil, "9" }, { said.status, said.body, said.headers["X-Dwsync-Age"] })
        nginx.now = NOW - 9.5 - 1 -- a clock that was set back
        ask()
        assert.equal(0, state.age)
        nginx.now = NOW - 9.5 + 101
        ask()
        assert.same({ 101, true }, { state.age, state.stale })
    end)

    it("may be older by as much as it is due later", function()
        publish({ 10 }, NOW + 500)
        ask()
        assert.same({ 610, false }, { state.stale_after, state.stale })
    end)

    it("says what went wrong: as a note where something could be read", function()
        publish { 0 }
        for _, outcome in ipairs { "complete", "partial", "failed" } do
            nginx.store:set_state("outcome", outcome)
            nginx.store:set_state("error", "no route")
            local said = ask()
            assert.same({ outcome, "no route" }, { said.headers["X-Dwsync-Outcome"], said.headers["X-Dwsync-Error"] })
            assert.same(outcome == "failed" and { "no route" } or { nil, "no route" }, { state.error, state.note })
        end
        nginx.store.dict:delete "dwsync.3:1:document:page"
        nginx.reader.kept = nil
        local said = ask()
        assert.matches("^what was published is gone", said.headers["X-Dwsync-Error"])
        assert.same({ 503, "0" }, { said.status, said.headers["X-Dwsync-Age"] })
    end)
end)
