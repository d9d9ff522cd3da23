--- The IAM operations that issue tokens: for a password, for an agency, for an identity provider's token.
-- Handlers check their callers themselves, who have no token yet.
-- @module dwsync.emulator.iam_tokens
local cjson = require "cjson"
local accounts = require "dwsync.emulator.accounts"
local authentication = require "dwsync.emulator.authentication"
local json_order = require "dwsync.emulator.json_order"
local refusals = require "dwsync.emulator.refusals"

local M = {}

local at, text = json_order.at, json_order.text

local function malformed()
    return nil, refusals.make "IAM.0011"
end

local function unauthorized(message)
    return nil, refusals.keystone(401, message)
end

-- What the token is for. A project wins over a domain, as documented.
local function scope_of(service, account, order, otherwise)
    local scope = at(order, "auth", "scope")
    if scope == nil then
        return { account = account, kind = otherwise }
    end
    local project, domain = at(scope, "project"), at(scope, "domain")
    if project ~= nil then
        local id, name = text(project, "id"), text(project, "name")
        if not (id or name) then
            return malformed()
        end
        local found = accounts.find_project(service:projects(account), id, name)
        if not found then
            return nil, refusals.make "IAM.1109"
        end
        return { account = account, kind = "project", project = found }
    end
    local id, name = text(domain, "id"), text(domain, "name")
    if not (id or name) then
        return malformed()
    end
    if not account:is_domain(id, name) then
        return unauthorized "The domain does not exist."
    end
    return { account = account, kind = "domain" }
end

local function domain_of(account)
    return { id = account.domain_id, name = account.domain }
end

local function user_of(account)
    return { id = account.user_id, name = account.user, domain = domain_of(account), password_expires_at = "" }
end

local function catalog_json(service, request, scope)
    local account = scope.account
    local place = scope.project and service.places[scope.project.id] or account.places[1]
    local unwanted = request.query.nocatalog -- true for a name without a value
    if type(unwanted) == "string" and unwanted ~= "" then
        return "[]"
    end
    local url = "https://" .. tostring(request.headers.host)
    local function entry(kind, path)
        return { type = kind, name = kind, id = account.user_id, endpoints = { {
            id = account.domain_id, interface = "public", region = place.region, region_id = place.region,
            url = url .. path,
        } } }
    end
    return cjson.encode { entry("iam", "/v3.0"), entry("dws", "/v1.0/" .. place.id) }
end

-- Issues a token of an account for the scope that an order asks for. `description` holds methods and user; times,
-- scope and catalog are added.
local function issue(service, account, request, order, otherwise, description)
    local scope, refusal = scope_of(service, account, order, otherwise)
    if not scope then
        return nil, refusal
    end
    local settings = service.settings
    local token = service.keyring:issue_token(scope, service:now(), settings.token_life, settings.token_bytes)
    description.issued_at, description.expires_at = service:iso(token.issued_at), service:iso(token.expires_at)
    local project = scope.project
    if project then
        description.project = { id = project.id, name = project.name, domain = domain_of(account) }
    elseif scope.kind == "domain" then
        description.domain = domain_of(account)
    end
    local catalog = ""
    if scope.kind ~= "unscoped" then
        description.roles = { { id = "0", name = "readonly" }, { id = "0", name = "op_gated_dws" } }
        catalog = ',"catalog":' .. catalog_json(service, request, scope)
    end
    return {
        status = 201, headers = { ["X-Subject-Token"] = token.text },
        body = ('{"token":%s%s}}'):format(cjson.encode(description):sub(1, -2), catalog),
    }
end

-- The virtual MFA device: its code is required if the user has one, and wrong otherwise.
local function check_passcode(service, account, order, methods)
    local expected = service.settings.totp
    if not methods.totp and expected == nil then
        return true
    end
    if not methods.totp then
        return unauthorized "The verification code of the virtual MFA device is needed."
    end
    local user = at(order, "auth", "identity", "totp", "user")
    local id, passcode = text(user, "id"), text(user, "passcode")
    if not (id and passcode) then
        return malformed()
    end
    if id ~= account.user_id or passcode ~= expected then
        return unauthorized "The verification code is wrong."
    end
    return true
end

-- A user is named by an id, or by a name within a domain, which has a name and an id.
local function is_user(account, user)
    local domain = at(user, "domain")
    return (text(user, "id") or account.user_id) == account.user_id
        and (text(user, "name") or account.user) == account.user
        and account:is_domain(text(domain, "id"), text(domain, "name"))
        and text(user, "password") == account.password
end

local function by_password(service, request, order, methods)
    local user = at(order, "auth", "identity", "password", "user")
    local has_domain = text(user, "domain", "id") or text(user, "domain", "name")
    if not (text(user, "id") or text(user, "name") and has_domain) or not text(user, "password") then
        return malformed()
    end
    local account = service:find_account(function(one) return is_user(one, user) end)
    if not account then
        return unauthorized "The username or password is wrong."
    end
    local ok, refusal = check_passcode(service, account, order, methods)
    if not ok then
        return nil, refusal
    end
    local names = { "password", methods.totp and "totp" or nil }
    local description = { methods = names, user = user_of(account) }
    if methods.totp then
        description.mfa_authn_at = service:iso(service:now())
    end
    return issue(service, account, request, order, "domain", description)
end

local function by_agency(service, request, order)
    local agency, refusal = authentication.check_agency(service, request, order)
    if not agency then
        return nil, refusal
    end
    local account = agency.account
    return issue(service, account, request, order, "domain", {
        methods = { "assume_role" },
        user = { id = account.agency_id, name = account.domain .. "/" .. account.agency, domain = domain_of(account) },
        assumed_by = { user = user_of(request.account) },
    })
end

--- Answers `POST /v3/auth/tokens`.
function M.create_token(service, request)
    local order = json_order.decode(request.body)
    local methods = json_order.methods(order)
    if methods.assume_role then
        return by_agency(service, request, order)
    end
    if methods.password then
        return by_password(service, request, order, methods)
    end
    return malformed()
end

local function issue_federated(service, account, request, order)
    local user = user_of(account)
    user["OS-FEDERATION"] = { identity_provider = { id = account.idp_id }, protocol = { id = "oidc" } }
    return issue(service, account, request, order, "unscoped", { methods = { "mapped" }, user = user })
end

local function account_of_provider(service, provider)
    local account = service:find_account(function(one) return one.idp_id == provider end)
    if account then
        return account
    end
    return nil, refusals.keystone(404, "The identity provider does not exist.")
end

--- Answers `POST /v3.0/OS-AUTH/id-token/tokens`.
function M.create_federated_token(service, request)
    local account, refusal = account_of_provider(service, request.headers["x-idp-id"])
    if not account then
        return nil, refusal
    end
    local order = json_order.decode(request.body)
    local id_token = text(order, "auth", "id_token", "id")
    if not id_token then
        return malformed()
    end
    if id_token ~= service.settings.id_token then
        return unauthorized "The ID token is invalid."
    end
    return issue_federated(service, account, request, order)
end

--- Answers `POST /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/oidc/auth`, which the official SDKs use.
-- There is no scope to ask for, and the identity provider's token is in the Authorization header.
function M.create_unscoped_token(service, request, provider)
    local account, refusal = account_of_provider(service, provider)
    if not account then
        return nil, refusal
    end
    if request.headers["authorization"] ~= "Bearer " .. service.settings.id_token then
        return unauthorized "The ID token is invalid."
    end
    return issue_federated(service, account, request)
end

return M
