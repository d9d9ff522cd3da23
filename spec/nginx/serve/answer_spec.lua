local answer = require "dwsync.nginx.serve.answer"
local served = require "spec.support.served"

describe("an answer", function()
    local nginx = served.new(1763971200)

    local HEADERS = {
        ["Content-Type"] = "text/plain", ["Cache-Control"] = "no-cache", ["X-Content-Type-Options"] = "nosniff",
        ["X-Frame-Options"] = "DENY", ["Referrer-Policy"] = "no-referrer",
        ["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ["Cross-Origin-Resource-Policy"] = "same-origin",
    }

    local function headers(more)
        local all = {}
        for name, value in pairs(HEADERS) do
            all[name] = value
        end
        for name, value in pairs(more) do
            all[name] = value ~= "" and value or nil
        end
        return all
    end

    it("has a status, a length and headers of the same kind always", function()
        local said = nginx:answer({}, answer.send, 201, "text/plain", "four")
        assert.same({ 201, "four", headers { ["Content-Length"] = 4 }, nil }, { said.status, said.body, said.headers,
            said.only_headers })
        said = nginx:answer({}, answer.send, 200, "text/html", "", "a policy")
        assert.same({ 200, "", headers { ["Content-Length"] = 0, ["Content-Type"] = "text/html",
            ["Content-Security-Policy"] = "a policy" } }, { said.status, said.body, said.headers })
        said = nginx:answer({}, answer.send_pieces, 200, "text/plain", { "one", "two", "x" }, "a policy")
        assert.same({ "onetwox", 7, "a policy" }, { said.body, said.headers["Content-Length"],
            said.headers["Content-Security-Policy"] })
        said = nginx:answer({}, answer.set_head, 200, "text/plain")
        assert.same({ 200, headers {} }, { said.status, said.headers })
    end)

    it("to HEAD has headers alone", function()
        local said = nginx:answer({ method = "HEAD" }, answer.send, 200, "text/plain", "four")
        assert.same({ nil, true, headers { ["Content-Length"] = 4 } }, { said.body, said.only_headers, said.headers })
    end)

    it("in JSON is a line, or a text that is it already", function()
        local said = nginx:answer({}, answer.send_json, 200, { a = 1 })
        assert.same({ '{"a":1}\n', "application/json" }, { said.body, said.headers["Content-Type"] })
        assert.equal("[1]", nginx:answer({}, answer.send_json, 200, "[1]").body)
        said = nginx:answer({}, answer.refuse, "so")
        assert.same({ 400, '{"error":"so"}\n' }, { said.status, said.body })
    end)

    it("before the first publication is 503, and why", function()
        local said = nginx:answer({}, answer.not_ready, nginx.reader)
        assert.same({ 503, 5, '{"error":"the first sweep has not ended yet","healthy":false}\n' }, { said.status,
            said.headers["Retry-After"], said.body })
        said = nginx:answer({}, answer.begin, {}, nginx.reader)
        assert.same({ 503, 5, {} }, { said.status, said.headers["Retry-After"], said.results })
    end)

    it("is given to GET and HEAD only", function()
        for method, is_taken in pairs { GET = true, HEAD = true, POST = false, get = false } do
            local said = nginx:answer({ method = method }, answer.accepts_method)
            assert.same({ is_taken }, said.results)
            if not is_taken then
                assert.same({ 405, "GET, HEAD", '{"error":"only GET and HEAD are allowed here"}\n' },
                    { said.status, said.headers.Allow, said.body })
                said = nginx:answer({ method = method }, answer.begin, {}, nginx.reader)
                assert.same({ 405, {} }, { said.status, said.results })
            end
        end
    end)

    it("has parameters that are known and not too many", function()
        local KINDS = { a = { kind = "string", longest = 3 }, at = { kind = "point" } }
        local function parameters(request)
            local said = nginx:answer(request, answer.parameters, KINDS)
            return said.results[1], said.body, said.status, said.asked_for
        end
        assert.same({ {} }, { parameters {} })
        assert.same({ { a = "b" }, nil, nil, 20 }, { parameters { args = { a = "b" } } })
        assert.same({ { at = 1763967600000 } }, { (parameters { args = { at = "1h" } }) })
        assert.same({ nil, '{"error":"too many parameters"}\n', 400, 20 }, { parameters { args = { a = "b" },
            are_too_many = true } })
        assert.same({ nil, '{"error":"unknown parameter \'b\'. The parameters are a, at."}\n', 400, 20 },
            { parameters { args = { b = "b" } } })
        local said = nginx:answer({ args = { b = "b" } }, answer.begin, KINDS, nginx.reader)
        assert.same({ 400, {} }, { said.status, said.results })
    end)

    it("begins with the parameters and what is published", function()
        nginx = served.new(1763971200)
        nginx:publish {}
        local results = nginx:answer({ args = { a = "b" } }, answer.begin, { a = { kind = "string" } },
            nginx.reader).results
        assert.same({ { a = "b" }, 1 }, { results[1], results[2].number })
        assert.equal(nginx.reader:read(), results[2])
    end)

    it("is 304 to those who have the entity", function()
        for header, is_known in pairs { ['"t"'] = true, ["*"] = true, ['W/"t"'] = true, ['"x", "t"'] = true,
            ['"t","x"'] = true, ['"x"'] = false, ["t"] = false, [""] = false, ['"x*"'] = false, ['""'] = false } do
            local said = nginx:answer({ if_none_match = header }, answer.is_known, "t")
            assert.same({ is_known, '"t"' }, { said.results[1], said.headers.ETag })
            if is_known then
                assert.same({ 304, true, nil, headers { ["Content-Type"] = "", ETag = '"t"' } }, { said.status,
                    said.only_headers, said.body, said.headers })
            else
                assert.same({ nil, nil }, { said.status, said.only_headers })
            end
        end
        local said = nginx:answer({}, answer.is_known, "t")
        assert.same({ false, '"t"' }, { said.results[1], said.headers.ETag })
    end)

    it("says how old it is, and what went wrong since", function()
        for _, case in ipairs { { 0, "0" }, { 1.6, "2" }, { nil, "unknown" } } do
            local said = nginx:answer({}, answer.set_age, case[1], "so")
            assert.same({ ["X-Dwsync-Age"] = case[2], ["X-Dwsync-Error"] = "so" }, said.headers)
        end
    end)

    it("pauses for a moment that nginx takes for one", function()
        assert.same({ 0.001 }, nginx:answer({}, answer.pause).pauses)
    end)
end)
