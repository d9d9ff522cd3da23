local answers = require "dwsync.client.answers"
local core = require "dwsync.core"

local CLIENT = { runtime = { now = function() return 0 end } }
local KEYS = { ak = "AK", sk = "hidden" }

local function response_of(body, more)
    local made = { status = 200, headers = { ["x-request-id"] = "r-1" }, body = body }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

local function page_of(body, more, choice)
    return answers.page(CLIENT, response_of(body, more), KEYS, choice or {})
end

describe("an answer with records", function()
    it("is decoded here, unless the runtime did that", function()
        local body = '{"count":1,"sync_records":[{"id":"a","status":"FINISHED"}]}'
        assert.equal("a", page_of(body).sync_records[1].id)
        local page, place = core.decode_page(body, {})
        assert.same({ page, place }, { page_of(nil, { page = page, place = place }) })
        local _, wrong = core.decode_page("[", {})
        local found, err = page_of("[", { page_error = wrong })
        assert.is_nil(found)
        assert.same({ "decode", 200, "r-1" }, { err.kind, err.status, err.request_id })
    end)

    it("may be a failure that only its body says, without the secrets in it", function()
        local body = '{"error_code":"DWS.0001","error_msg":"hidden is wrong"}'
        for _, read in ipairs { answers.page, answers.clusters } do
            local found, err = read(CLIENT, response_of(body), KEYS, {})
            assert.is_nil(found)
            assert.same({ "DWS.0001", 200, "r-1" }, { err.code, err.status, err.request_id })
            assert.is_nil(tostring(err):find("hidden", 1, true))
        end
    end)

    it("shows no secret that a header gives back, whatever is wrong with it", function()
        for _, body in ipairs { "[", "<html>", '{"error_code":"DWS.0001","error_msg":"no"}' } do
            for _, read in ipairs { answers.page, answers.clusters } do
                local _, err = read(CLIENT, response_of(body, { headers = { ["x-request-id"] = "r-hidden" } }), KEYS,
                    {})
                assert.matches("^r%-", err.request_id)
                assert.equal(200, err.status)
                assert.is_nil(err.request_id:find("hidden", 1, true))
            end
        end
    end)

    it("that is none is quoted without the secrets in it", function()
        local _, err = page_of("<html>hidden")
        assert.matches("it begins: <html>", err.message, 1, true)
        assert.is_nil(tostring(err):find("hidden", 1, true))
    end)

    it("that is none is quoted, but not where it may hold names of people", function()
        local function message(body, kind)
            return (select(2, page_of(body, nil, { kind = kind }))).message
        end
        assert.matches("<html>login", message("<html>login", "accounts"), 1, true)
        for _, beginning in ipairs { "{", " [", "\n{" } do
            assert.is_nil(message(beginning .. "ann", "accounts"):find("ann", 1, true))
            assert.matches("ann", message(beginning .. "ann"), 1, true)
        end
    end)
end)

describe("an answer with clusters", function()
    it("is counted, whatever count it names", function()
        for _, count in ipairs { "", '"count":"7",', '"count":7,' } do
            local body = ('{%s"clusters":[{"id":"a"},{"id":"b"}]}'):format(count)
            local list = assert(answers.clusters(CLIENT, response_of(body), KEYS))
            assert.same({ 2, "b", 2 }, { #list, list[2].id, list.count })
        end
        assert.equal(0, assert(answers.clusters(CLIENT, response_of '{"clusters":[]}', KEYS)).count)
    end)

    it("says why it is no list", function()
        for body, reason in pairs { ["{}"] = "it has no clusters", ['{"clusters":{"a":1}}'] = "it has no clusters",
            ['{"clusters":"a"}'] = "it has no clusters", ["<html>"] = "" } do
            local list, err = answers.clusters(CLIENT, response_of(body), KEYS)
            assert.is_nil(list)
            assert.matches("the response is not a list of clusters: " .. reason, err.message, 1, true)
            assert.same({ "decode", 200, "r-1" }, { err.kind, err.status, err.request_id })
        end
    end)
end)
