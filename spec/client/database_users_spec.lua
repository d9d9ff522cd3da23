local cjson = require "cjson"
local dwsync = require "dwsync"
local emulators = require "spec.support.emulator"

describe("the accounts of a database", function()
    local service, mass_delete

    setup(function()
        service = emulators.start()
        mass_delete = service:cluster "mass_delete"
    end)
    teardown(function()
        service:stop()
    end)
    before_each(function()
        service:reset()
    end)

    local function names_of(list)
        local names = {}
        for _, account in ipairs(list) do
            assert.is_nil(names[account.name .. "/" .. account.user_type])
            names[account.name .. "/" .. account.user_type] = true
        end
        return names
    end

    -- What there is, in one page.
    local function truth(cluster)
        service:set { paging = cjson.null, max_limit = cjson.null }
        service:admin("DELETE", "faults")
        return assert(service:client():list_database_users { cluster_id = cluster, limit = 1000000 }).users
    end

    for _, paging in ipairs { "page", "row" } do
        for _, cap in ipairs { 70, cjson.null } do
            it(("are whole when offset counts a %s and pages are%s capped"):format(paging, cap == cjson.null and " not"
                or ""), function()
                service:set { paging = paging, max_limit = cap }
                local list = assert(service:client():all_database_users { cluster_id = mass_delete, page_size = 100 })
                assert.is_true(list.complete)
                assert.equal(paging == "page" and "readings" or nil, list.rests_on)
                assert.equal(#truth(mass_delete), list.count)
                assert.same(names_of(truth(mass_delete)), names_of(list))
            end)
        end
    end

    it("say that they rest on one page where offset is ignored", function()
        service:set { paging = "ignore" }
        local list = assert(service:client():all_database_users { cluster_id = mass_delete })
        assert.equal("page", list.rests_on)
        assert.equal(#truth(mass_delete), list.count)
        service:set { paging = "ignore", max_limit = 100 }
        local _, err = service:client():all_database_users { cluster_id = mass_delete, page_size = 100 }
        assert.equal("incomplete", err.kind)
    end)

    it("rest on its readings where each leaves out the same account, and say so", function()
        local one, two = '{"name":"a"},{"name":"b"},{"name":"c"}', '{"name":"e"}'
        for offset, rows in pairs { [0] = one, two } do
            service:admin("POST", "faults", { match = { path = "/users", query = { offset = tostring(offset) } },
                times = 99, action = { status = 200, body = '{"users":[' .. rows .. "]}" } })
        end
        local list = assert(service:client():all_database_users { cluster_id = mass_delete, page_size = 3 })
        assert.same({ 4, "readings" }, { #list, list.rests_on })
    end)

    it("are whole while the list shrinks and grows under the reader", function()
        local before = truth(mass_delete)
        for skip = 1, 4 do
            service:reset()
            service:admin("POST", "faults", { match = { path = "/users" }, skip = skip, action = {
                remove_users = { before[2].name }, add_users = { { name = "000 first" } } } })
            local list = assert(service:client():all_database_users { cluster_id = mass_delete, page_size = 150 })
            local found = names_of(list)
            for _, account in ipairs(truth(mass_delete)) do
                local key = account.name .. "/" .. account.user_type
                assert.is_true(found[key] or account.name == "000 first", key)
            end
        end
    end)

    it("lose nobody when one before the next page goes", function()
        for _, paging in ipairs { "page", "row" } do
            for skip = 1, 3 do
                service:reset()
                local gone = truth(mass_delete)[2]
                service:set { paging = paging }
                service:admin("POST", "faults", { match = { path = "/users" }, skip = skip, action = {
                    remove_users = { gone.name } } })
                local found = names_of(assert(service:client():all_database_users { cluster_id = mass_delete,
                    page_size = 150 }))
                for _, account in ipairs(truth(mass_delete)) do
                    assert.is_true(found[account.name .. "/" .. account.user_type], account.name)
                end
            end
        end
    end)

    it("are filtered by the service, and by the decoder", function()
        local client, partial = service:client(), service:cluster "partial"
        local function count(more)
            more.cluster_id = partial
            return assert(client:all_database_users(more)).count
        end
        local all = count {}
        assert.equal(all, count { type = "USER" } + count { type = "ROLE" })
        assert.equal(count { type = "ROLE" }, count { where = { login = false } })
        assert.equal(count { user_type = "OneAccess" },
            count { where = { user_type = "OneAccess" }, fields = { "name" } })
        assert.equal(0, count { user_type = "IAM" })
        local list = assert(client:all_database_users { cluster_id = partial, fields = { "name" }, type = "ROLE" })
        assert.same({ { name = "role_finance" }, { name = "role_readonly" } }, { list[1], list[2] })
        local uris = service:journal().requests
        assert.matches("/db%-manager/users%?limit=1000&offset=0&type=ROLE$", uris[#uris].uri)
    end)

    it("may have every character that PostgreSQL allows, and one name in two types", function()
        local names = { 'a "quoted" name', "dots.and spaces", "李娜", ("语"):rep(21), "it's", "back\\slash", "tab\there",
            "<b>&amp;</b>", "Ünï cödé", "$1 %s {}" }
        local add = { { name = "twice", user_type = "IAM" }, { name = "twice", user_type = "COMMON" } }
        for _, name in ipairs(names) do
            add[#add + 1] = { name = name, user_type = "OneAccess" }
        end
        service:admin("POST", "accounts", { cluster = service:cluster "never", add = add })
        local found = names_of(assert(service:client():all_database_users {
            cluster_id = service:cluster "never", page_size = 3 }))
        for _, account in ipairs(add) do
            assert.is_true(found[account.name .. "/" .. account.user_type], account.name)
        end
    end)

    it("name the action when they are refused, and the operation in every error", function()
        service:set { list_users = false }
        local list, err = service:client():all_database_users { cluster_id = mass_delete }
        assert.is_nil(list)
        assert.equal("ListDatabaseUsers", err.operation)
        assert.matches("Listing accounts needs the action dws:cluster:listDatabaseUser%.$", err.hint)
        service:admin("POST", "faults", { match = { path = "/users" }, action = { status = 403,
            body = [[{"error_code":"APIGW.0306","error_msg":"Access denied"}]] } })
        err = select(2, service:client():list_database_users { cluster_id = mass_delete })
        assert.equal("permission", err.kind)
        assert.equal("Listing accounts needs the action dws:cluster:listDatabaseUser.", err.hint)
        service:admin("POST", "faults", { match = { path = "/users" }, action = { status = 404 } })
        err = select(2, service:client():list_database_users { cluster_id = mass_delete })
        assert.equal("not_found", err.kind)
        assert.is_true(dwsync.is_error(err))
    end)

    it("are no list when the service writes null in its place", function()
        for body, expected in pairs { ['{"users":null}'] = "users is null, expected an array",
            ['{"users":null,"x":1}'] = "users is null, expected an array" } do
            service:admin("POST", "faults", { match = { path = "/users" }, action = { status = 200, body = body } })
            local _, err = service:client():list_database_users { cluster_id = mass_delete }
            assert.equal("decode", err.kind)
            assert.matches(expected, err.message, 1, true)
        end
        local body = '{"users":[{"name":"canary"},{"name":7}]}'
        service:admin("POST", "faults", { match = { path = "/users" }, action = { status = 200, body = body } })
        local _, err = service:client():list_database_users { cluster_id = mass_delete }
        assert.equal("the response is not a page of accounts: users[1].name is a number, expected a string",
            err.message)
        service:admin("POST", "faults", { match = { path = "/users" }, action = { status = 200,
            body = "<html>log in" } })
        err = select(2, service:client():list_database_users { cluster_id = mass_delete })
        assert.matches("it begins: <html>log in", err.message, 1, true)
    end)

    it("are asked for with parameters in their range", function()
        local client = service:client()
        local function refusal(parameters)
            local list, err = client:all_database_users(parameters)
            assert.is_nil(list)
            assert.equal("config", err.kind)
            return err.message
        end
        assert.matches("cluster_id", refusal {})
        assert.matches("type", refusal { cluster_id = mass_delete, type = "user" })
        assert.matches("user_type", refusal { cluster_id = mass_delete, user_type = "LDAP" })
        assert.equal("where: an account has no field 'nmae' (did you mean 'name'?)",
            refusal { cluster_id = mass_delete, where = { nmae = "x" } })
        assert.has_error(function() client:all_database_users { cluster_id = mass_delete, since = "1d" } end)
        assert.equal(0, service:asked())
    end)
end)
