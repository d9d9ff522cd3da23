local emulator = require "dwsync.emulator"
local timestamps = require "dwsync.timestamps"
local curl = dofile "spec/emulator/curl.lua"

describe("the emulator's gateway", function()
    local running, info, path

    setup(function()
        running = assert(emulator.start())
        info = running.info
        path = curl.records_path(info, "healthy")
    end)
    teardown(function()
        assert.equal("", running:complaints())
        running:stop()
    end)
    before_each(function()
        curl.admin(info, "DELETE", "settings")
        curl.admin(info, "DELETE", "faults")
        curl.admin(info, "DELETE", "requests")
    end)

    it("puts its name, the time and an id on every answer, also on those that are nginx's", function()
        local seen = {}
        for _, response in ipairs {
            curl.get(info, path), curl.send(info, { path = path }), curl.send(info, { path = "/nothing" }),
            curl.send(info, { path = "/%" }), curl.send(info, { url = info.metadata_endpoint .. "/" }),
            curl.admin(info, "GET", "requests"),
        } do
            local headers = response.headers
            assert.equal("api-gateway", headers.server)
            assert.near(os.time(), timestamps.from_http(headers.date), 100)
            assert.matches("^" .. ("%x"):rep(32) .. "$", headers["x-request-id"])
            assert.is_nil(seen[headers["x-request-id"]])
            seen[headers["x-request-id"]] = true
            assert.is_nil(headers["x-iam-trace-id"])
        end
    end)

    it("puts IAM's own id on answers of IAM, refusals too", function()
        for _, response in ipairs {
            curl.get(info, "/v3/projects"), curl.send(info, { path = "/v3/auth/domains" }),
            curl.send(info, { path = "/v3/auth/tokens", method = "POST", body = "{}" }),
        } do
            assert.equal(("token_%s_null_%s"):format(info.region, response.headers["x-request-id"]),
                response.headers["x-iam-trace-id"])
        end
    end)

    it("finds an operation by its path as it came, and its ids whatever is escaped in them", function()
        local function status(sent)
            return curl.send(info, { path = sent, headers = curl.signed(info, { path = path }) }).status
        end
        local function escape(before, digit)
            return ("%s%%%02X"):format(before, digit:byte())
        end
        local escaped = path:gsub("^(/v1/)(.)", escape):gsub("(/clusters/)(.)", escape)
        assert.equal(#path + 4, #escaped)
        assert.equal(200, status(escaped))
        assert.equal(404, status((path:gsub("records", "record%%73"))))
        assert.equal(404, status(path .. "/"))
        assert.equal(200, curl.send(info, { path = path, headers = curl.signed(info, { path = path }),
            curl = "--request-target https://elsewhere.example:1" .. path }).status)
    end)

    it("notes paths so that they can be shown", function()
        curl.send(info, { path = "/", curl = "--request-target " .. curl.quoted "/a\195\169/~!b" })
        local noted = curl.admin(info, "GET", "requests").json.requests[1]
        assert.same({ "/a%C3%A9/~!b", "GET", 404 }, { noted.uri, noted.method, noted.status })
    end)

    it("answers with as much of an ordered answer as there is", function()
        for _, case in ipairs {
            { { headers = { ["X-A"] = "b" } }, 200, "", "b" }, { { body = "text" }, 200, "text" },
            { { status = 418 }, 418, "" }, { { status = 204, headers = { ["X-A"] = "c" } }, 204, "", "c" },
            { { status = 500, body = "" }, 500, "" }, { { body_base64 = "" }, 200, "" },
            { { refuse = "some tail" }, 401, nil },
        } do
            curl.admin(info, "POST", "faults", { action = case[1] })
            local response = curl.send(info, { path = path })
            assert.equal(case[2], response.status)
            assert.equal(case[4], response.headers["x-a"])
            if case[3] then
                assert.equal(case[3], response.body)
            else
                assert.truthy(response.body:find("information: some tail", 1, true))
            end
        end
    end)
end)
