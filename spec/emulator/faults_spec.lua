local cjson = require "cjson"
local emulator = require "dwsync.emulator"
local faults = require "dwsync.emulator.faults"
local curl = dofile "spec/emulator/curl.lua"

-- curl's exit statuses for what the faults do to it.
local PARTIAL_FILE, EMPTY_REPLY, RECV_ERROR = 18, 52, 56
local NO_ANSWER = { [EMPTY_REPLY] = true, [RECV_ERROR] = true }
local CUT_SHORT = { [PARTIAL_FILE] = true, [RECV_ERROR] = true }

describe("ordered faults", function()
    local running, info, path

    setup(function()
        running = assert(emulator.start())
        info = running.info
        path = curl.records_path(info, "healthy")
    end)
    teardown(function() running:stop() end)
    before_each(function()
        curl.admin(info, "DELETE", "settings")
        curl.admin(info, "DELETE", "faults")
    end)

    local function order(action, more)
        local body = { match = { path = "sync-records" }, action = action }
        for name, value in pairs(more or {}) do
            body[name] = value
        end
        local response = curl.admin(info, "POST", "faults", body)
        assert.equal(200, response.status, response.body)
    end

    local function get(query) return curl.get(info, path .. (query or "?limit=10")) end

    it("cut a list of clusters short, or fail it", function()
        local list = "/v1.0/" .. info.project_id .. "/clusters"
        local function listed()
            local answer = curl.get(info, list)
            return { answer.status, answer.json.count, answer.json.clusters and #answer.json.clusters }
        end
        local only = { match = { path = "/clusters" } }
        order({ list_part = 0.5 }, only)
        assert.same({ 200, 9, 5 }, listed())
        assert.same({ 200, 9, 9 }, listed())
        order({ list_part = 0 }, only)
        assert.same({ 200, 9, 0 }, listed())
        order({ status = 500 }, only)
        assert.same({ 500 }, listed())
    end)

    it("answer with a status, headers and a body, once, and then the service is itself again", function()
        order { status = 429, headers = { ["Retry-After"] = "1" }, body = "slow down" }
        local response = get()
        assert.equal(429, response.status)
        assert.equal("1", response.headers["retry-after"])
        assert.equal("slow down", response.body)
        assert.equal(200, get().status)
    end)

    it("fill in the usual body of a status when none is given", function()
        for status, code in pairs {
            [400] = "DWS.0001", [403] = "DWS.0015", [404] = "APIGW.0101", [417] = "DWS.9999", [429] = "APIGW.0308",
            [500] = "DWS.0005", [502] = "APIGW.0202", [503] = "APIGW.0613", [504] = "APIGW.0203",
        } do
            order { status = status }
            local response = get()
            assert.same({ status, code }, { response.status, response.json.error_code })
        end
    end)

    it("send raw bytes given in base64", function()
        order { body_base64 = "AP+A" }
        assert.equal("\0\255\128", get().body)
    end)

    it("skip as many matching requests as ordered, hit as often as ordered", function()
        order({ status = 500 }, { skip = 1, times = 2 })
        local statuses = {}
        for i = 1, 4 do
            statuses[i] = get().status
        end
        assert.same({ 200, 500, 500, 200 }, statuses)
    end)

    it("stay until cleared when times is null", function()
        order({ status = 500 }, { times = cjson.null })
        for _ = 1, 3 do
            assert.equal(500, get().status)
        end
        curl.admin(info, "DELETE", "faults")
        assert.equal(200, get().status)
    end)

    it("queue up, and hit only what they match", function()
        local failing = curl.records_path(info, "failing")
        order { status = 500 }
        order { status = 503 }
        order({ status = 502 }, { match = { cluster = curl.cluster(info, "failing") } })
        assert.equal(200, curl.get(info, "/v2/" .. info.project_id .. "/clusters").status)
        assert.equal(500, get().status)
        assert.equal(503, get().status)
        assert.equal(200, get().status)
        assert.equal(502, curl.get(info, failing).status)
    end)

    it("delay the normal answer", function()
        order { delay = 0.2 }
        local response = curl.get(info, { path = path, query = "limit=1", curl = "-w '\\n%{time_starttransfer}'" })
        assert.equal(200, response.status)
        assert.is_true(tonumber(response.body:match "\n([%d.]+)$") >= 0.2)
    end)

    it("close without an answer", function()
        order { reset = "before" }
        local response = get()
        assert.is_nil(response.status)
        assert.is_truthy(NO_ANSWER[response.exit], response.exit)
        assert.equal(200, get().status)
    end)

    it("close in the middle of a body whose full length was announced", function()
        local whole = get()
        order { reset = "body" }
        local response = get()
        assert.equal(#whole.body, tonumber(response.headers["content-length"]))
        assert.equal(math.floor(#whole.body / 2), #response.body)
        assert.is_truthy(CUT_SHORT[response.exit], response.exit)
    end)

    it("cut the JSON inside well-formed HTTP", function()
        order { truncate = 100 }
        local response = get()
        assert.same({ 0, 100, "100" }, { response.exit, #response.body, response.headers["content-length"] })
        assert.is_nil(response.json)
    end)

    it("announce a wrong length, too long or too short", function()
        order { content_length = 100000 }
        local response = get()
        assert.is_truthy(CUT_SHORT[response.exit], response.exit)
        assert.equal("100000", response.headers["content-length"])
        order { content_length = 50 }
        response = get()
        assert.equal(50, #response.body)
    end)

    it("drip the body", function()
        local whole = get "?limit=1"
        order { drip = { bytes = 64, interval = 0.02 } }
        local response = curl.get(info, { path = path, query = "limit=1", curl = "-w '\\n%{time_total}'" })
        local body, seconds = response.body:match "^(.*)\n([%d.]+)$"
        assert.equal(#whole.body, #body)
        assert.is_true(tonumber(seconds) >= 0.02 * math.floor(#body / 64))
    end)

    it("stream a huge body of which nobody said the length", function()
        order { repeat_body = { text = "ab", times = 8 * 1024 * 1024 + 1 } }
        local signed = curl.signed(info, { path = path })
        for i, header in ipairs(signed) do
            signed[i] = "-H " .. curl.quoted(header)
        end
        local size = curl.shell(("curl -s --noproxy '*' --cacert %s %s -o /dev/null -w '%%{size_download}' %s"):format(
            curl.quoted(info.ca_file), table.concat(signed, " "), curl.quoted(info.endpoint .. path)))
        assert.equal(tostring(2 * (8 * 1024 * 1024 + 1)), size)
    end)

    it("let records arrive and vanish before the answer", function()
        local before = get().json
        order { add_records = 3 }
        local after = get().json
        assert.equal(before.count + 3, after.count)
        assert.equal(before.sync_records[1].id, after.sync_records[4].id)
        assert.equal(before.sync_records[1].identity_source_id, after.sync_records[1].identity_source_id)
        assert.is_true(after.sync_records[1].start_time > after.sync_records[2].start_time)
        order { remove_records = 4, from = "front" }
        assert.equal(before.sync_records[2].id, get().json.sync_records[1].id)
        order { remove_records = 2, from = "back" }
        local last = get().json
        assert.equal(before.count - 3, last.count)
        assert.equal(before.sync_records[2].id, last.sync_records[1].id)
        order { remove_records = 1000 }
        assert.equal(0, get().json.count)
        curl.admin(info, "DELETE", "settings")
        assert.equal(before.sync_records[1].id, get().json.sync_records[1].id)
    end)

    it("refuse with any of the gateway's texts", function()
        order { refuse = "token expires, expires_at:2025-10-25T10:49:52.000000Z" }
        local response = get()
        assert.same({ 401, "APIGW.0301",
            "Incorrect IAM authentication information: token expires, expires_at:2025-10-25T10:49:52.000000Z" },
            { response.status, response.json.error_code, response.json.error_msg })
    end)

    it("combine: a late, cut refusal", function()
        order { delay = 0.1, status = 500, truncate = 5 }
        local response = get()
        assert.same({ 500, 5 }, { response.status, #response.body })
    end)

    it("reach the metadata service too", function()
        order({ status = 401, body = "Please configure Cloud Service Agency first" },
            { match = { path = "securitykey" } })
        local response = curl.send(info, { url = info.metadata_endpoint .. "/openstack/latest/securitykey" })
        assert.same({ 401, "Please configure Cloud Service Agency first" }, { response.status, response.body })
    end)

    describe("orders that make no sense are refused with the reason:", function()
        for reason, wrong in pairs {
            ["action is missing, expected an object"] = {},
            ["action is a string, expected an object"] = { action = "reset" },
            ["action is empty: say what to do"] = { action = {} },
            ["unknown field 'actoin'. Did you mean 'action'? The fields are action, match, skip, times."] =
                { actoin = {}, action = { status = 200 } },
            ["unknown field 'action.drip.byte'. Did you mean 'bytes'? The fields are bytes, interval."] =
                { action = { drip = { byte = 1 } } },
            ["action.status is 99, expected an integer from 200 to 599"] = { action = { status = 99 } },
            ["action.delay is -1, expected a number of seconds from 0 to 3600"] = { action = { delay = -1 } },
            ['action.reset is "now", expected before or body'] = { action = { reset = "now" } },
            ["action.drip.bytes is 0, expected an integer of 1 or more"] =
                { action = { drip = { bytes = 0, interval = 1 } } },
            ["action.drip.interval is missing, expected a number of seconds from 0 to 3600"] =
                { action = { drip = { bytes = 1 } } },
            ["action.headers is a table, expected an object of header names and one-line strings"] =
                { action = { headers = { ["X-A"] = "1\r\nX-B: 2" } } },
            ["body and body_base64 exclude each other"] = { action = { body = "", body_base64 = "" } },
            ['action.body_base64 is "%%%", expected base64'] = { action = { body_base64 = "%%%" } },
            ["times is 0, expected an integer of 1 or more"] = { times = 0, action = { status = 200 } },
            ["skip is -1, expected an integer of 0 or more"] = { skip = -1, action = { status = 200 } },
            ["match.path is 1, expected a text"] = { match = { path = 1 }, action = { status = 200 } },
        } do
            it(reason, function()
                local response = curl.admin(info, "POST", "faults", cjson.encode(wrong))
                assert.same({ 400, reason }, { response.status, response.json.error })
                assert.equal(200, get().status)
            end)
        end
    end)

    it("have fields of these kinds", function()
        local function problem(given)
            return select(2, faults.new():add(given))
        end
        local QUERY = "an object of parameters and their values, which are texts"
        local USERS = "a list of accounts, each with a name"
        for name, case in pairs { cluster = { 1, "a text" }, method = { 1, "a text" }, query = { "a=b", QUERY } } do
            assert.matches("match." .. name .. " is ", problem { match = { [name] = case[1] }, action = { delay = 1 } },
                1, true)
            assert.matches(", expected " .. case[2] .. "$", problem { match = { [name] = case[1] },
                action = { delay = 1 } })
        end
        for name, case in pairs {
            body = { 1, "a text" }, refuse = { 1, "a text" }, add_users = { { { login = true } }, USERS },
            remove_users = { "a", "a list" }, list_part = { 2, "a share from 0 to 1" },
            from = { "top", "front or back" }, content_length = { -1, "an integer of 0 or more" },
            truncate = { -1, "an integer of 0 or more" }, add_records = { 0, "an integer of 1 or more" },
            remove_records = { 0, "an integer of 1 or more" }, repeat_body = { "x", "an object" },
            drip = { "x", "an object" },
        } do
            local said = problem { action = { [name] = case[1] } }
            assert.matches("^action." .. name .. " is ", said)
            assert.matches(", expected " .. case[2], said, 1, true)
        end
        for name, given in pairs { text = { times = 1 }, times = { text = "x" } } do
            assert.matches("^action.repeat_body." .. name .. " is missing, expected ",
                problem { action = { repeat_body = given } })
        end
        assert.matches("body and body_base64 exclude", problem { action = { body = "x", body_base64 = "eA==" } })
        for _, good in ipairs { { add_users = { { name = "a", login = false } } }, { remove_users = { "a" } },
            { from = "back", remove_records = 1 }, { from = "front", remove_records = 1 }, { body_base64 = "eA==" },
            { headers = { ["X-A"] = "" } } } do
            assert.is_nil(problem { action = good })
        end
        local queue, users = faults.new(), { { name = "a" }, { name = "b", login = false } }
        assert.equal(1, queue:add { action = { add_users = users, body = "two\nlines" } })
        assert.same({ add_users = users, body = "two\nlines" }, queue:take("GET", "/"))
        for _, wrong in ipairs { "eA=", "e===", "eA==x", "a b=" } do
            assert.matches("expected base64", problem { action = { body_base64 = wrong } })
        end
        for _, wrong in ipairs { { [""] = "x" }, { ["X A"] = "x" }, { ["X-A"] = 1 }, { "x" }, { ["X:"] = "x" } } do
            assert.matches("header names and one%-line strings", problem { action = { headers = wrong } })
        end
    end)

    it("hit requests by their parameters", function()
        local queue = faults.new()
        assert.equal(1, queue:add { match = { query = { offset = "1", type = "USER" } }, action = { status = 500 } })
        assert.is_nil(queue:take("GET", "/x"))
        assert.is_nil(queue:take("GET", "/x", { offset = "1" }))
        assert.is_nil(queue:take("GET", "/x", { offset = "2", type = "USER" }))
        assert.same({ status = 500 }, queue:take("GET", "/x", { offset = "1", type = "USER", limit = "9" }))
        local added, problem = queue:add { match = { query = { offset = 1 } }, action = { status = 500 } }
        assert.is_nil(added)
        assert.matches("parameters and their values", problem)
    end)

    it("take an explicit null for what is left out", function()
        local queue = faults.new()
        local nulls = { match = cjson.null, skip = cjson.null, action = { status = 500, body = cjson.null } }
        assert.equal(1, queue:add(nulls))
        assert.same({ status = 500 }, queue:take("GET", "/x"))
        assert.is_nil(queue:take("GET", "/x"))
    end)
end)
