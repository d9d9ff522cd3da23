local emulator = require "dwsync.emulator"
local timestamps = require "dwsync.timestamps"
local curl = dofile "spec/emulator/curl.lua"

local REGION, ELSEWHERE = "emu-north-1", "emu-south-1"

describe("the emulated IAM's tokens", function()
    local running, info

    setup(function()
        running = assert(emulator.start())
        info = running.info
    end)
    teardown(function()
        assert.equal("", running:complaints())
        running:stop()
    end)
    before_each(function()
        curl.admin(info, "DELETE", "settings")
        curl.admin(info, "DELETE", "faults")
    end)

    local function set(changes) curl.admin(info, "POST", "settings", changes) end

    local function ask(auth, options)
        options = options or {}
        return curl.ask(info, {
            method = "POST", path = options.path or "/v3/auth/tokens", query = options.query,
            headers = options.headers, body = options.body or { auth = auth },
        })
    end

    -- An order by password; `changes` go into its user.
    local function password(scope, changes)
        local user = { name = info.user, password = info.password, domain = { name = info.domain } }
        for name, value in pairs(changes or {}) do
            user[name] = value
        end
        return { identity = { methods = { "password" }, password = { user = user } }, scope = scope }
    end

    local function refused(status, code, message, response)
        local body = response.json
        if type(code) == "number" then -- in Keystone's form
            assert.same({ code, message }, { body.error.code, body.error.message })
        else
            assert.same({ code, message }, { body.error_code, body.error_msg })
        end
        assert.equal(status, response.status)
        assert.is_string(response.headers["x-iam-trace-id"])
        assert.is_nil(response.headers["x-subject-token"])
    end
    local function malformed(response) refused(400, "IAM.0011", "The request body is invalid.", response) end

    describe("for a password", function()
        it("come in a header, with who and for what in the body", function()
            local response = ask(password { project = { name = REGION } })
            assert.equal(201, response.status)
            assert.equal(5000, #response.headers["x-subject-token"])
            local token = response.json.token
            assert.same({ { "password" }, info.project_id, REGION, info.domain_id },
                { token.methods, token.project.id, token.project.name, token.project.domain.id })
            assert.same({ info.user_id, info.user, { id = info.domain_id, name = info.domain } },
                { token.user.id, token.user.name, token.user.domain })
            assert.is_nil(token.domain)
            assert.is_nil(token.mfa_authn_at)
            assert.equal("dws", token.catalog[2].type)
            assert.is_true(#token.roles > 0)
            assert.is_string(response.headers["x-iam-trace-id"])
        end)

        it("are for a project by id, for one elsewhere, or for the domain", function()
            local function scope(order) return ask(password(order)).json.token end
            assert.equal(REGION, scope { project = { id = info.project_id } }.project.name)
            assert.equal(ELSEWHERE, scope { project = { name = ELSEWHERE } }.project.name)
            for _, order in ipairs {
                { domain = { name = info.domain } }, { domain = { id = info.domain_id } }, false,
            } do
                local token = scope(order or nil)
                assert.same({ info.domain_id, nil }, { token.domain.id, token.project })
            end
            -- A project wins over a domain.
            assert.equal(REGION, scope { project = { name = REGION }, domain = { name = info.domain } }.project.name)
        end)

        it("have no catalog when none is wanted", function()
            for query, entries in pairs { ["nocatalog=true"] = 0, ["nocatalog="] = 2, ["nocatalog"] = 2 } do
                local response = ask(password { project = { name = REGION } }, { query = query })
                assert.equal(entries, #response.json.token.catalog, query)
            end
            local response = ask(password(), { query = "nocatalog=1" })
            assert.is_truthy(response.body:find('"catalog":[]', 1, true))
        end)

        it("are as long and live as long as settings say, in the wanted form", function()
            set { token_bytes = 8192, token_life = 3600 }
            assert.equal(8192, #ask(password()).headers["x-subject-token"])
            for digits, fraction in pairs { [0] = "", [3] = ".575", [6] = ".575000", [9] = ".575000000" } do
                set { expiry_digits = digits }
                local token = ask(password()).json.token
                for _, name in ipairs { "expires_at", "issued_at" } do
                    assert.equal(fraction .. "Z", token[name]:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d(.*)$")
                end
                local hour = tonumber(token.issued_at:match "T(%d%d)")
                assert.equal((hour + 1) % 24, tonumber(token.expires_at:match "T(%d%d)"))
            end
        end)

        it("may name the domain by id, and the user by id with or without a domain", function()
            for _, user in ipairs {
                { name = info.user, domain = { id = info.domain_id } },
                { name = info.user, domain = { id = info.domain_id, name = info.domain } },
                { id = info.user_id }, { id = info.user_id, domain = { id = info.domain_id } },
            } do
                user.password = info.password
                local response = ask { identity = { methods = { "password" }, password = { user = user } } }
                assert.same({ 201, info.user }, { response.status, response.json.token.user.name })
            end
        end)

        it("are refused when anything of it is wrong", function()
            for _, changes in ipairs {
                { name = "nobody" }, { password = "wrong" }, { domain = { name = "elsewhere" } },
                { domain = { id = "elsewhere" } }, { domain = { id = "elsewhere", name = info.domain } },
                { id = "nobody" },
            } do
                refused(401, 401, "The username or password is wrong.", ask(password(nil, changes)))
            end
        end)

        it("are refused for projects and domains that do not exist", function()
            for _, project in ipairs { { name = "cn-north-4" }, { id = ("0"):rep(32) } } do
                refused(400, "IAM.1109", "The project does not exist.", ask(password { project = project }))
            end
            refused(401, 401, "The domain does not exist.", ask(password { domain = { name = "elsewhere" } }))
            set { projects = 0 }
            refused(400, "IAM.1109", "The project does not exist.", ask(password { project = { name = REGION } }))
        end)

        it("want a passcode when the user has a virtual MFA device, and only then", function()
            local function with_code(code, id)
                local order = password { project = { name = REGION } }
                order.identity.methods = { "password", "totp" }
                order.identity.totp = { user = { id = id or info.user_id, passcode = code } }
                return ask(order)
            end
            refused(401, 401, "The verification code is wrong.", with_code "123456")
            set { totp = "123456" }
            refused(401, 401, "The verification code of the virtual MFA device is needed.", ask(password()))
            refused(401, 401, "The verification code is wrong.", with_code "654321")
            refused(401, 401, "The verification code is wrong.", with_code("123456", "another"))
            malformed(with_code(nil))
            local token = with_code("123456").json.token
            assert.same({ "password", "totp" }, token.methods)
            assert.is_string(token.mfa_authn_at)
        end)

        it("are refused when the body makes no sense", function()
            for _, body in ipairs {
                "", "{", "[]", '"x"', "{}", '{"auth":1}', '{"auth":{"identity":{"methods":"password"}}}',
                '{"auth":{"identity":{"methods":["password"],"password":null}}}',
                '{"auth":{"identity":{"methods":["token"]}}}', '{"auth":{"identity":{"methods":[{}]}}}',
            } do
                malformed(ask(nil, { body = body }))
            end
            malformed(ask(password(nil, { name = 1 })))
            malformed(ask(password(nil, { domain = {} })))
            malformed(ask(password(nil, { domain = { id = 1 } })))
            malformed(ask(password(nil, { password = 1 })))
            for _, scope in ipairs {
                "x", {}, { project = {} }, { project = 1 }, { domain = {} }, { project = { name = {} } },
            } do
                malformed(ask(password(scope)))
            end
        end)

        it("are throttled in IAM's own words when a fault says so", function()
            curl.admin(info, "POST", "faults", { match = { path = "/v3/auth/tokens" }, action = { status = 429 } })
            local response = ask(password())
            assert.same({ 429, "IAM.0012" }, { response.status, response.json.error_code })
            assert.equal(201, ask(password()).status)
        end)
    end)

    describe("in whole", function()
        -- The description of the token in an answer; its times are compared apart.
        local function described(response)
            assert.equal(201, response.status)
            local token = response.json.token
            assert.equal("token_" .. REGION .. "_null_" .. response.headers["x-request-id"],
                response.headers["x-iam-trace-id"])
            local issued, ends = timestamps.from_iso(token.issued_at), timestamps.from_iso(token.expires_at)
            assert.equal(86400, ends - issued)
            assert.near(os.time(), issued, 100)
            if token.mfa_authn_at then
                assert.near(os.time(), timestamps.from_iso(token.mfa_authn_at), 100)
            end
            token.issued_at, token.expires_at, token.mfa_authn_at = nil, nil, nil
            return token
        end
        local function domain() return { id = info.domain_id, name = info.domain } end
        local function user() return { id = info.user_id, name = info.user, domain = domain(),
            password_expires_at = "" } end
        local ROLES = { { id = "0", name = "readonly" }, { id = "0", name = "op_gated_dws" } }
        local function catalog()
            local list = {}
            for i, entry in ipairs { { "iam", "/v3.0" }, { "dws", "/v1.0/" .. info.project_id } } do
                list[i] = { type = entry[1], name = entry[1], id = info.user_id, endpoints = { { id = info.domain_id,
                    interface = "public", region = REGION, region_id = REGION, url = info.iam_endpoint .. entry[2] } } }
            end
            return list
        end

        it("they say who, for what, as what and where", function()
            local project = { id = info.project_id, name = REGION, domain = domain() }
            assert.same({ methods = { "password" }, user = user(), project = project, roles = ROLES,
                catalog = catalog() }, described(ask(password { project = { name = REGION } })))
            assert.same({ methods = { "password" }, user = user(), domain = domain(), roles = ROLES,
                catalog = catalog() }, described(ask(password())))
        end)

        it("they say which agency, and who took it", function()
            local agency = { id = running.accounts[1].agency_id, name = info.domain .. "/" .. info.agency,
                domain = domain() }
            local response = ask({ identity = { methods = { "assume_role" }, assume_role = {
                agency_name = info.agency, domain_id = info.domain_id, domain_name = info.domain } } },
                { headers = { "X-Auth-Token: " .. ask(password()).headers["x-subject-token"] } })
            assert.same({ methods = { "assume_role" }, user = agency, assumed_by = { user = user() },
                domain = domain(), roles = ROLES, catalog = catalog() }, described(response))
        end)

        it("they say which provider vouched for whom", function()
            local mapped = user()
            mapped["OS-FEDERATION"] = { identity_provider = { id = info.idp_id }, protocol = { id = "oidc" } }
            local response = ask({ id_token = { id = "emulator-id-token" } }, { path = "/v3.0/OS-AUTH/id-token/tokens",
                headers = { "X-Idp-Id: " .. info.idp_id } })
            assert.same({ methods = { "mapped" }, user = mapped }, described(response))
            response = ask({}, { headers = { "Authorization: Bearer emulator-id-token" },
                path = "/v3/OS-FEDERATION/identity_providers/" .. info.idp_id .. "/protocols/oidc/auth" })
            assert.same({ methods = { "mapped" }, user = mapped }, described(response))
        end)

        it("they say when a passcode was shown", function()
            set { totp = "123456" }
            local order = password()
            order.identity.methods, order.identity.totp = { "password", "totp" }, { user = { id = info.user_id,
                passcode = "123456" } }
            local response = ask(order)
            assert.is_string(response.json.token.mfa_authn_at)
            assert.same({ "password", "totp" }, described(response).methods)
        end)
    end)

    describe("for an agency", function()
        local function role(changes, scope)
            local order = { agency_name = info.agency, domain_name = info.domain }
            for name, value in pairs(changes or {}) do
                order[name] = value or nil
            end
            return { identity = { methods = { "assume_role" }, assume_role = order }, scope = scope }
        end
        local function by_token(auth)
            local token = ask(password()).headers["x-subject-token"]
            return ask(auth, { headers = { "X-Auth-Token: " .. token } })
        end

        it("are given to a caller with a token, and name the agency", function()
            local response = by_token(role({}, { project = { name = REGION } }))
            assert.equal(201, response.status)
            local token = response.json.token
            assert.same({ { "assume_role" }, info.project_id, info.domain .. "/" .. info.agency, info.user },
                { token.methods, token.project.id, token.user.name, token.assumed_by.user.name })
            local path = curl.records_path(info, "never")
            local headers = { "X-Auth-Token: " .. response.headers["x-subject-token"] }
            assert.equal(200, curl.send(info, { path = path, headers = headers }).status)
        end)

        it("are given to a caller with a signature", function()
            local body = require("cjson").encode { auth = role() }
            local response = curl.get(info, { method = "POST", path = "/v3/auth/tokens", body = body })
            assert.same({ 201, info.domain_id }, { response.status, response.json.token.domain.id })
        end)

        it("may name the domain by id and the agency in the older way", function()
            assert.equal(201, by_token(role { domain_name = false, domain_id = info.domain_id }).status)
            assert.equal(201, by_token(role { agency_name = false, xrole_name = info.agency }).status)
        end)

        it("are refused to a stranger", function()
            local response = ask(role())
            assert.same({ 401, "APIGW.0301" }, { response.status, response.json.error_code })
        end)

        it("are refused when there is no such agency", function()
            for _, changes in ipairs {
                { agency_name = "another" }, { domain_name = "elsewhere" }, { domain_id = "x" },
            } do
                refused(404, "IAM.0004", "The agency does not exist.", by_token(role(changes)))
            end
            malformed(by_token(role { agency_name = false }))
            malformed(by_token(role { domain_name = false }))
        end)
    end)

    describe("for an identity provider's token", function()
        local function federated(id, scope, provider)
            return ask({ id_token = { id = id }, scope = scope }, {
                path = "/v3.0/OS-AUTH/id-token/tokens", headers = { "X-Idp-Id: " .. (provider or info.idp_id) },
            })
        end

        it("are for nothing in particular without a scope", function()
            local response = federated "emulator-id-token"
            assert.equal(201, response.status)
            local token = response.json.token
            assert.same({ { "mapped" }, nil, nil, nil }, { token.methods, token.project, token.domain, token.catalog })
            assert.equal(info.idp_id, token.user["OS-FEDERATION"].identity_provider.id)
            local refusal = curl.ask(info, {
                path = curl.records_path(info, "never"),
                headers = { "X-Auth-Token: " .. response.headers["x-subject-token"] },
            })
            assert.same({ 403, "APIGW.0306" }, { refusal.status, refusal.json.error_code })
        end)

        it("are for what the scope says", function()
            local response = federated("emulator-id-token", { project = { name = REGION } })
            assert.equal(info.project_id, response.json.token.project.id)
        end)

        it("accept what a setting says and nothing else", function()
            set { id_token = "eyJhbGciOi.eyJzdWIiOi.c2ln" }
            assert.equal(201, federated("eyJhbGciOi.eyJzdWIiOi.c2ln").status)
            refused(401, 401, "The ID token is invalid.", federated "emulator-id-token")
            malformed(federated(nil))
            malformed(federated(7))
        end)

        it("are refused for another identity provider", function()
            local message = "The identity provider does not exist."
            refused(404, 404, message, federated("emulator-id-token", nil, "another"))
            refused(404, 404, message, ask({}, { path = "/v3.0/OS-AUTH/id-token/tokens" }))
        end)

        it("are for nothing in particular when the official SDKs ask", function()
            local function unscoped(id, provider)
                return ask({}, {
                    path = "/v3/OS-FEDERATION/identity_providers/" .. (provider or info.idp_id)
                        .. "/protocols/oidc/auth",
                    headers = { "Authorization: Bearer " .. id },
                })
            end
            local response = unscoped "emulator-id-token"
            assert.equal(201, response.status)
            assert.is_string(response.headers["x-subject-token"])
            assert.is_nil(response.json.token.project)
            refused(401, 401, "The ID token is invalid.", unscoped "another")
            refused(404, 404, "The identity provider does not exist.", unscoped("emulator-id-token", "another"))
        end)
    end)
end)
