local errors = require "dwsync.errors"
local project = require "dwsync.client.project"

local LIMITS = { deadline = 60, timeout = 5 }

-- A client whose api has the keys and finds the project "p-" and a number, one more at each lookup.
local function client_of(keys, settings, variable)
    local client = { settings = settings or { region = "cn-north-4" }, projects = {}, project_variable = variable,
        lookups = 0, sent = {} }
    client.api = { resolve_credentials = function(_, limits)
        assert.equal(LIMITS, limits)
        return client.keys, client.err
    end, get = function(_, service, _, options)
        assert.same({ "iam", client.keys, LIMITS.deadline, LIMITS.timeout },
            { service, options.keys, options.deadline, options.timeout })
        client.lookups = client.lookups + 1
        return { status = 200, headers = {}, body = ('{"projects":[{"id":"p-%d","name":"cn-north-4"}]}'):format(
            client.lookups) }
    end, send = function(_, ...)
        client.sent = { ... }
        return { status = 200 }, nil, client.keys
    end }
    client.keys = keys
    return client
end

local function id_of(client)
    return (select(2, project.keys_and_id(client, LIMITS)))
end

describe("the project of a client", function()
    it("is the one given, else that of the credentials, else the environment's, and then not looked up", function()
        for _, case in ipairs {
            { "given", { ak = "a", project_id = "theirs" }, { project_id = "given" }, "variable" },
            { "theirs", { ak = "a", project_id = "theirs" }, {}, "variable" },
            { "variable", { ak = "a" }, {}, "variable" },
        } do
            local client = client_of(case[2], case[3], case[4])
            assert.same({ case[1], 0 }, { id_of(client), client.lookups })
        end
    end)

    it("is looked up once for an identity, an access key or a token, and each IAM endpoint", function()
        local client = client_of { ak = "one" }
        local function of(keys)
            client.keys = keys
            return id_of(client)
        end
        assert.same({ "p-1", "p-1" }, { of { ak = "one" }, of { ak = "one" } })
        assert.equal("p-2", of { ak = "two" })
        assert.equal("p-3", of { ak = "one", iam_endpoint = "https://iam.example" })
        assert.equal("p-4", of { token = "t" })
        assert.equal("p-5", of { ak = "three", identity = "agency" })
        assert.same({ "p-1", "p-2", "p-3", "p-4", "p-5" }, { of { ak = "one" }, of { ak = "two" },
            of { ak = "one", iam_endpoint = "https://iam.example" }, of { token = "t" },
            of { ak = "four", identity = "agency" } })
    end)

    it("is refused by the name of where it came from, each time", function()
        for _, case in ipairs {
            { "^HUAWEICLOUD_SDK_PROJECT_ID is", { ak = "a" }, {}, "a/b" },
            { "^project_id is", { ak = "a", project_id = "a/b" }, {} },
            { "^project_id is", { ak = "a" }, { project_id = "a/b" }, "a/b" },
        } do
            local client = client_of(case[2], case[3], case[4])
            for _ = 1, 2 do
                local keys, err = project.keys_and_id(client, LIMITS)
                assert.is_nil(keys)
                assert.matches(case[1], err.message)
            end
        end
    end)

    it("is not asked for where there are no credentials", function()
        local client = client_of()
        client.err = errors.new { kind = "credentials", message = "none" }
        assert.same({ nil, client.err }, { project.send(client, "GET", "v1", "/x", LIMITS) })
        assert.same({ 0, {} }, { client.lookups, client.sent })
    end)

    it("is in the address and the head of a request", function()
        local keys = { ak = "a" }
        local client = client_of(keys, { project_id = "p" })
        assert.equal(keys, (select(3, project.send(client, "POST", "v2", "/x?y", LIMITS, { body = "b", decode = 1 }))))
        assert.same({ "POST", "dws", "/v2/p/x?y", { keys = keys, headers = { ["X-Project-Id"] = "p" }, body = "b",
            decode = 1, deadline = 60, timeout = 5 } }, client.sent)
        project.send(client, "GET", "v1", "", LIMITS)
        assert.same({ keys = keys, headers = { ["X-Project-Id"] = "p" }, deadline = 60, timeout = 5 }, client.sent[4])
    end)
end)
