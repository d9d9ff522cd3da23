local cjson = require "cjson"
local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

describe("the emulated IAM", function()
    local running, info

    setup(function()
        running = assert(emulator.start())
        info = running.info
    end)
    teardown(function() running:stop() end)
    before_each(function() curl.admin(info, "DELETE", "settings") end)

    local function projects(query) return curl.get(info, "/v3/projects" .. (query or "")) end

    it("finds the project of the region", function()
        local response = projects("?name=" .. info.region)
        assert.equal(200, response.status)
        assert.is_string(response.headers["x-iam-trace-id"])
        assert.equal(1, #response.json.projects)
        local project = response.json.projects[1]
        assert.same({ info.project_id, info.region }, { project.id, project.name })
        assert.same({ true, false }, { project.enabled, project.is_domain })
        assert.equal(32, #project.domain_id)
        assert.equal(info.iam_endpoint .. "/v3/projects/" .. info.project_id, project.links.self)
        assert.equal(info.iam_endpoint .. "/v3/projects", response.json.links.self)
    end)

    it("says all that the service says of a project and of the account", function()
        local function whole(path)
            local answer = curl.get(info, path).json
            local links = { self = info.iam_endpoint .. path, next = cjson.null, previous = cjson.null }
            assert.same(links, answer.links)
            return answer
        end
        local first = {
            id = info.project_id, name = info.region, domain_id = info.domain_id, parent_id = info.domain_id,
            is_domain = false, enabled = true, description = "",
            links = { self = info.iam_endpoint .. "/v3/projects/" .. info.project_id },
        }
        local all = whole("/v3/projects").projects
        assert.same({ first, 2 }, { all[1], #all })
        assert.same(all, whole("/v3/auth/projects").projects)
        assert.same(all, curl.get(info, "/v3/auth/projects?name=nothing").json.projects)
        assert.same({ {
            id = info.domain_id, name = info.domain, enabled = true, description = "",
            links = { self = info.iam_endpoint .. "/v3/domains/" .. info.domain_id },
        } }, whole("/v3/auth/domains").domains)
    end)

    it("finds nothing for another region", function()
        local response = projects "?name=cn-north-4"
        assert.same({ 200, 0 }, { response.status, #response.json.projects })
        assert.is_truthy(response.body:find('"projects":[]', 1, true))
    end)

    it("can find none or two", function()
        curl.admin(info, "POST", "settings", { projects = 0 })
        assert.equal(0, #projects("?name=" .. info.region).json.projects)
        curl.admin(info, "POST", "settings", { projects = 2 })
        local list = projects("?name=" .. info.region).json.projects
        assert.equal(2, #list)
        assert.not_equal(list[1].id, list[2].id)
    end)

    it("knows a project of another region", function()
        local list = projects("?name=emu-south-1").json.projects
        assert.equal(1, #list)
        assert.not_equal(info.project_id, list[1].id)
        assert.equal(2, #projects().json.projects)
    end)

    it("tells the account", function()
        local response = curl.get(info, "/v3/auth/domains")
        assert.is_string(response.headers["x-iam-trace-id"])
        local domain = response.json.domains[1]
        assert.same({ 1, info.domain_id, info.domain }, { #response.json.domains, domain.id, domain.name })
        assert.equal(info.iam_endpoint .. "/v3/domains/" .. info.domain_id, domain.links.self)
    end)

    it("wants a signature", function()
        assert.equal(401, curl.send(info, { path = "/v3/projects" }).status)
    end)

    it("creates no project", function()
        assert.equal(404, curl.get(info, { path = "/v3/projects", method = "POST" }).status)
    end)
end)

describe("the emulated IAM's temporary keys", function()
    local running, info, path, token

    setup(function()
        running = assert(emulator.start())
        info = running.info
        path = curl.records_path(info, "never")
        token = curl.ask(info, { method = "POST", path = "/v3/auth/tokens", body = { auth = {
            identity = { methods = { "password" }, password = { user = {
                name = info.user, password = info.password, domain = { name = info.domain },
            } } },
        } } }).headers["x-subject-token"]
    end)
    teardown(function()
        assert.equal("", running:complaints())
        running:stop()
    end)
    before_each(function() curl.admin(info, "DELETE", "settings") end)

    local function ask(identity, headers)
        return curl.ask(info, {
            method = "POST", path = "/v3.0/OS-CREDENTIAL/securitytokens", headers = headers,
            body = { auth = { identity = identity } },
        })
    end
    local function by_token(duration, headers, id)
        return ask({ methods = { "token" }, token = { duration_seconds = duration, id = id } },
            headers or { "X-Auth-Token: " .. token })
    end
    local function agency_order(duration)
        return { methods = { "assume_role" }, assume_role = {
            agency_name = info.agency, domain_name = info.domain, duration_seconds = duration,
            session_user = { name = "someone" },
        } }
    end
    local function query_with(key, offset)
        return curl.get(info, {
            path = path, ak = key.access, sk = key.secret, date = curl.date(os.time() + (offset or 0)),
            headers = { ["x-security-token"] = key.securitytoken },
        })
    end
    local function works_for(key, seconds)
        assert.equal(200, query_with(key).status)
        curl.admin(info, "POST", "settings", { clock_offset = seconds - 60 })
        assert.equal(200, query_with(key, seconds - 60).status)
        curl.admin(info, "POST", "settings", { clock_offset = seconds + 1 })
        local response = query_with(key, seconds + 1)
        assert.equal(401, response.status)
        assert.is_truthy(response.json.error_msg:find("token expires, expires_at:" .. key.expires_at, 1, true))
        curl.admin(info, "DELETE", "settings")
    end

    it("come for a token in the header, for a quarter of an hour unless told otherwise", function()
        local response = by_token()
        assert.equal(201, response.status)
        assert.is_string(response.headers["x-iam-trace-id"])
        works_for(response.json.credential, 900)
        works_for(by_token(21600).json.credential, 21600)
    end)

    it("come for a token in the body, which the header beats", function()
        assert.equal(201, by_token(nil, {}, token).status)
        assert.equal(401, by_token(nil, { "X-Auth-Token: foreign" }, token).status)
        assert.equal(201, by_token(nil, nil, "foreign").status)
        local response = by_token(nil, {})
        assert.same({ 401, "APIGW.0301" }, { response.status, response.json.error_code })
    end)

    it("differ each time", function()
        assert.not_equal(by_token().json.credential.access, by_token().json.credential.access)
    end)

    it("come for an agency, to a caller with a token or a signature", function()
        works_for(ask(agency_order(43200), { "X-Auth-Token: " .. token }).json.credential, 43200)
        local response = curl.get(info, {
            method = "POST", path = "/v3.0/OS-CREDENTIAL/securitytokens",
            body = cjson.encode { auth = { identity = agency_order() } },
        })
        assert.equal(201, response.status)
        works_for(response.json.credential, 900)
        -- What was got so may ask again.
        local key = response.json.credential
        assert.equal(201, curl.get(info, {
            method = "POST", path = "/v3.0/OS-CREDENTIAL/securitytokens", ak = key.access, sk = key.secret,
            headers = { ["x-security-token"] = key.securitytoken },
            body = cjson.encode { auth = { identity = agency_order() } },
        }).status)
        assert.equal(401, ask(agency_order(), {}).status)
    end)

    it("do not come for another agency", function()
        local order = agency_order()
        order.assume_role.agency_name = "another"
        local response = ask(order, { "X-Auth-Token: " .. token })
        assert.same({ 404, "IAM.0004" }, { response.status, response.json.error_code })
    end)

    it("live from 900 to 86400 seconds", function()
        for _, duration in ipairs { 900, 86400 } do
            assert.equal(201, by_token(duration).status)
        end
        for _, duration in ipairs { 899, 86401, 900.5, "900", 0, -1 } do
            local response = by_token(duration)
            assert.same({ 400, "IAM.0011", "duration_seconds must be an integer from 900 to 86400." },
                { response.status, response.json.error_code, response.json.error_msg }, tostring(duration))
        end
        local response = ask(agency_order(1), { "X-Auth-Token: " .. token })
        assert.equal(400, response.status)
    end)

    it("come spelled and timed as settings say", function()
        curl.admin(info, "POST", "settings", { key_spelling = "access_key_id", expiry_digits = 0 })
        local key = by_token().json.credentials
        assert.is_string(key.access_key_id and key.secret_access_key and key.security_token)
        assert.is_truthy(key.expiration:match "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$")
    end)

    it("are refused when the body makes no sense", function()
        for _, body in ipairs { "", "[]", "{}", '{"auth":{"identity":{"methods":["password"]}}}' } do
            local response = curl.ask(info, {
                method = "POST", path = "/v3.0/OS-CREDENTIAL/securitytokens", headers = { "X-Auth-Token: " .. token },
                body = body,
            })
            assert.same({ 400, "IAM.0011" }, { response.status, response.json.error_code })
        end
    end)
end)
