local accounts = require "dwsync.emulator.accounts"
local borders = require "spec.support.borders"
local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

describe("the emulator's accounts", function()
    local function made(seed, ...)
        return accounts.list { seed = seed, accounts = { ... } }
    end
    local function entry(name, more)
        local values = { name = name, ak = name .. "-ak", sk = name .. "-sk", regions = { "emu-north-1" },
            clusters = 0, stories = true }
        for key, value in pairs(more or {}) do
            values[key] = value
        end
        return values
    end
    local function names(list)
        local found = {}
        for i, project in ipairs(list) do
            found[i] = project.name
        end
        return found
    end

    it("have names of their own and ids that follow from the seed", function()
        local one, same, two = made(1, entry "emulator")[1], made(1, entry "emulator")[1], made(2, entry "emulator")[1]
        assert.equal("emulator-user", one.user)
        assert.equal(one.user, two.user)
        assert.equal(one.user_id, same.user_id)
        assert.not_equal(one.user_id, two.user_id)
        for _, name in ipairs { "user_id", "domain_id", "agency_id" } do
            assert.is_truthy(one[name]:match("^" .. ("%x"):rep(32) .. "$"), name)
        end
    end)

    it("have as many projects in the first region as wanted, and one elsewhere", function()
        local account = made(1, entry("emulator", { elsewhere = true }))[1]
        for count = 0, 2 do
            local expected = {}
            for i = 1, count do
                expected[i] = "emu-north-1"
            end
            expected[count + 1] = accounts.OTHER_REGION
            assert.same(expected, names(account:projects(count)))
        end
        assert.equal(account.places[1].id, account:projects(1)[1].id)
    end)

    it("have one project in each further region", function()
        local account = made(1, entry("hq", { regions = { "north", "south", "west" } }))[1]
        assert.same({ "south", "west" }, names(account:projects(0)))
        assert.same({ "north", "south", "west" }, names(account:projects(1)))
        assert.same({ "north", "north", "south", "west" }, names(account:projects(2)))
    end)

    it("share no id: of projects, users, or clusters", function()
        local seen = {}
        local function once(id)
            assert.is_nil(seen[id])
            seen[id] = true
        end
        local regions = { "emu-north-1", "south" }
        local one, two = entry("emulator", { regions = regions }), entry("hq", { regions = regions })
        for _, account in ipairs(made(1, one, two)) do
            once(account.user_id)
            once(account.domain_id)
            for _, project in ipairs(account:projects(2)) do
                once(project.id)
            end
            for _, place in ipairs(account.places) do
                assert.equal(9, #place:list())
                for _, cluster in ipairs(place:list()) do
                    once(cluster.id)
                end
            end
        end
    end)

    it("fit a domain by id and name, as far as they are given", function()
        local account = made(1, entry("hq"))[1]
        local id, name = account.domain_id, account.domain
        for _, case in ipairs { { true }, { true, id }, { true, nil, name }, { true, id, name }, { false, "x" },
            { false, nil, "x" }, { false, "x", name }, { false, id, "x" } } do
            assert.equal(case[1], account:is_domain(case[2], case[3]))
        end
    end)


    it("find a project by name, or by id whatever the name", function()
        local list = made(1, entry("emulator", { elsewhere = true }))[1]:projects(2)
        assert.equal(list[1], accounts.find_project(list, nil, "emu-north-1"))
        assert.equal(list[2], accounts.find_project(list, list[2].id, accounts.OTHER_REGION))
        assert.is_nil(accounts.find_project(list, "another", "emu-north-1"))
        assert.is_nil(accounts.find_project(list, nil, "another"))
    end)
end)

describe("an emulator of several accounts", function()
    local running, info, hq, shop, slow

    setup(function()
        running = assert(emulator.start { accounts = {
            { name = "hq", regions = { "north", "south" }, clusters = 3, stories = true },
            { name = "shop", regions = { "north" }, clusters = 2 },
            { name = "slow", clusters = 1, rate = 0.001, burst = 2 },
        } })
        info = running.info
        hq, shop, slow = info.accounts[1], info.accounts[2], info.accounts[3]
    end)
    teardown(function()
        assert.equal("", running:complaints())
        running:stop()
    end)
    before_each(function()
        curl.admin(info, "DELETE", "settings")
        curl.admin(info, "DELETE", "requests")
    end)

    local function get(account, path, headers)
        return curl.get(info, { path = path, ak = account.ak, sk = account.sk, headers = headers })
    end
    local function records_path(account, region)
        local cluster = running:clusters(account.name, region)[1]
        return ("/v1/%s/clusters/%s/db-manager/sync-records"):format(account.projects[region], cluster.id)
    end
    local function outcome(response) return { response.status, response.json and response.json.error_code } end
    local DENIED = { 403, "APIGW.0306" }

    it("says who they are and where: keys, projects, how many clusters", function()
        local east = "emu-north-1"
        assert.same({ "hq", "shop", "slow" }, { hq.name, shop.name, slow.name })
        assert.same({ 24, 2, 1 }, { hq.clusters, shop.clusters, slow.clusters })
        assert.same({ "hq-domain", "shop-domain" }, { hq.domain, shop.domain })
        assert.same({ hq.ak, hq.sk, hq.projects.north, "north" }, { info.ak, info.sk, info.project_id, info.region })
        assert.same({ north = info.endpoint, south = info.endpoint, [east] = info.endpoint }, info.regions)
        assert.equal(12, #info.clusters)
        for _, case in ipairs { { "shop", "south" }, { "shop", nil }, { "nobody", "north" }, { nil, "north" } } do
            local good, err = pcall(function()
                local list = running:clusters(case[1], case[2])
                return #list
            end)
            if case[1] == "shop" and not case[2] then
                assert.same({ true, 2 }, { good, err })
            else
                assert.matches(("accounts_spec.lua:%%d+: no account %s in a region %s$"):format(tostring(case[1]),
                    tostring(case[2])), err)
            end
        end
    end)

    it("shows each its own clusters in each of its regions", function()
        local function ids(account, region)
            local list = {}
            for i, cluster in ipairs(get(account, "/v1.0/" .. account.projects[region] .. "/clusters").json.clusters) do
                list[i] = cluster.id
            end
            return list
        end
        for _, case in ipairs { { hq, "north", 12 }, { hq, "south", 12 }, { shop, "north", 2 } } do
            local expected = {}
            for i, cluster in ipairs(running:clusters(case[1].name, case[2])) do
                expected[i] = cluster.id
            end
            assert.equal(case[3], #expected)
            assert.same(expected, ids(case[1], case[2]))
        end
        assert.equal(200, get(shop, records_path(shop, "north")).status)
        local south = running:clusters("hq", "south")[1]
        assert.same({ 403, "DWS.0015" }, outcome(get(hq, ("/v1/%s/clusters/%s/db-manager/sync-records"):format(
            hq.projects.north, south.id))))
    end)

    it("refuses the key of one on another's project", function()
        assert.same(DENIED, outcome(get(shop, records_path(hq, "north"))))
        assert.same(DENIED, outcome(get(hq, records_path(shop, "north"))))
        assert.same(DENIED, outcome(get(shop, "/v1.0/" .. hq.projects.south .. "/clusters")))
        assert.same(DENIED, outcome(get(shop, "/v2/" .. hq.projects.north .. "/clusters")))
    end)

    it("lists the projects and the account of whose key it is", function()
        local function projects(account, path)
            local found = {}
            for _, project in ipairs(get(account, path).json.projects) do
                found[project.name] = project.id
            end
            return found
        end
        for _, account in ipairs { hq, shop } do
            assert.same(account.projects, projects(account, "/v3/auth/projects"))
            assert.same(account.projects, projects(account, "/v3/projects"))
            assert.equal(account.domain, get(account, "/v3/auth/domains").json.domains[1].name)
        end
        local named = curl.get(info, { path = "/v3/projects", query = "name=south", ak = hq.ak, sk = hq.sk }).json
        assert.same({ 1, hq.projects.south }, { #named.projects, named.projects[1].id })
    end)

    local function sign_in(account, password, scope)
        return curl.ask(info, { method = "POST", path = "/v3/auth/tokens", body = { auth = {
            identity = { methods = { "password" }, password = { user = {
                name = account.user, password = password, domain = { name = account.domain },
            } } }, scope = scope,
        } } })
    end
    local function with_token(token, path)
        return outcome(curl.ask(info, { path = path, headers = { "X-Auth-Token: " .. token } }))
    end

    it("gives tokens for the user's own account and region", function()
        local reply = sign_in(shop, shop.password, { project = { name = "north" } })
        assert.same({ 201, shop.projects.north }, { reply.status, reply.json.token.project.id })
        local token = reply.headers["x-subject-token"]
        assert.same({ 200 }, with_token(token, records_path(shop, "north")))
        assert.same(DENIED, with_token(token, records_path(hq, "north")))
        assert.equal(401, sign_in(shop, hq.password).status)
        local south = { project = { name = "south" } }
        assert.same({ 400, "IAM.1109" }, outcome(sign_in(shop, shop.password, south)))
        token = sign_in(hq, hq.password, south).headers["x-subject-token"]
        assert.same({ 200 }, with_token(token, records_path(hq, "south")))
        assert.same(DENIED, with_token(token, records_path(hq, "north")))
    end)

    it("lets one act as the agency of another, for a token and for a temporary key", function()
        local function order(path, more)
            local body = require("cjson").encode { auth = {
                identity = { methods = { "assume_role" }, assume_role = {
                    agency_name = "hq-agency", domain_name = "hq-domain",
                } }, scope = more,
            } }
            return curl.get(info, { path = path, method = "POST", body = body, ak = shop.ak, sk = shop.sk })
        end
        local reply = order("/v3/auth/tokens", { project = { name = "south" } })
        assert.same({ 201, hq.projects.south, "shop-user" },
            { reply.status, reply.json.token.project.id, reply.json.token.assumed_by.user.name })
        assert.same({ 200 }, with_token(reply.headers["x-subject-token"], records_path(hq, "south")))
        local key = order("/v3.0/OS-CREDENTIAL/securitytokens").json.credential
        local temporary, header = { ak = key.access, sk = key.secret }, { ["x-security-token"] = key.securitytoken }
        assert.equal(200, get(temporary, records_path(hq, "north"), header).status)
        assert.same(DENIED, outcome(get(temporary, records_path(shop, "north"), header)))
    end)

    it("throttles each by its own rate, in the gateway's words, and counts it", function()
        local path = records_path(slow, "emu-north-1")
        local statuses = {}
        for i = 1, 3 do
            statuses[i] = get(slow, path).status
        end
        assert.same({ 200, 200, 429 }, statuses)
        local refused = get(slow, path)
        assert.same({ "APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit,"
            .. "limit:1,time:1 minute" }, { refused.json.error_code, refused.json.error_msg })
        local seconds = tonumber(refused.headers["retry-after"])
        assert.is_true(seconds > 0 and seconds <= 1000)
        for _ = 1, 4 do
            assert.equal(200, get(shop, records_path(shop, "north")).status)
        end
        -- A further page of the same look.
        assert.equal(200, curl.get(info, {
            path = records_path(shop, "north"), query = "offset=1", ak = shop.ak, sk = shop.sk,
        }).status)
        assert.equal(200, get(slow, "/v3/auth/projects").status)
        assert.equal(401, curl.get(info, { path = path, ak = "NOBODYsKEY", sk = "x" }).status)
        assert.equal(401, curl.get(info, { path = "/v3/projects", ak = "NOBODYsKEY", sk = "x" }).status)
        assert.equal(403, get(shop, path).status)

        local counts = curl.admin(info, "GET", "counts?clusters").json
        local function numbers(entry) return { entry.requests, entry.throttled, entry.refused } end
        assert.same({ 6, 2, 1 }, numbers(counts.accounts.slow))
        assert.same({ 6, 0, 1 }, numbers(counts.accounts.shop))
        assert.same({ 1, 0, 1 }, numbers(counts.strangers))
        assert.same({ 6, 2 }, { counts.looks, counts.clusters_asked })
        assert.same({ 6, 2, 2 }, numbers(counts.clusters[running:clusters("slow")[1].id]))
        assert.is_true(counts.smallest_gap.seconds > 0 and counts.smallest_gap.seconds <= counts.largest_gap.seconds)
        assert.is_nil(curl.admin(info, "GET", "counts").json.clusters)
        curl.admin(info, "DELETE", "requests")
        assert.equal(0, curl.admin(info, "GET", "counts").json.looks)
        curl.admin(info, "DELETE", "settings")
        assert.equal(200, get(slow, path).status)
    end)

    it("locks the key of one, not the others", function()
        local path = records_path(shop, "north")
        for _ = 1, 6 do
            curl.get(info, { path = path, ak = shop.ak, sk = "wrong" })
        end
        assert.equal(401, get(shop, path).status)
        assert.equal(200, get(hq, records_path(hq, "north")).status)
    end)
end)

describe("accounts that cannot be", function()
    it("raise", function()
        for message, list in pairs {
            ["start: accounts is a table, expected a list that is not empty"] = {},
            ["start: accounts[1].name is missing, expected up to 24 small letters, digits and -"] = { {} },
            ['start: accounts[1].name is "A", expected up to 24 small letters, digits and -'] = { { name = "A" } },
            ["start: accounts[2].name is there twice"] = { { name = "a" }, { name = "a" } },
            ["start: accounts[2].ak is there twice"] = { { name = "a", ak = "K" }, { name = "b", ak = "K" } },
            ["start: accounts[1].regions[2] is there twice"] = { { name = "a", regions = { "x", "x" } } },
            ["start: accounts[1].rate is 0, expected a number of requests a second above 0"] = {
                { name = "a", rate = 0 },
            },
            ["start: accounts have 2 regions and 120000 clusters together, expected at most 200 and 100000"] = {
                { name = "a", clusters = 60000 }, { name = "b", clusters = 60000 },
            },
        } do
            local ok, err = pcall(function()
                emulator.start { accounts = list }
            end)
            assert.is_false(ok)
            assert.is_truthy(err:find(message, 1, true), err)
            assert.matches("accounts_spec.lua:%d+: start: ", err)
        end
    end)

    -- Whether options are taken: then what is missing is an nginx.
    local function is_taken(options)
        options.nginx = "/nonexistent/nginx"
        local ok, running, err = pcall(emulator.start, options)
        assert.equal(ok and "/nonexistent/nginx is not a program that can be run" or nil, ok and err or nil)
        return ok and not running
    end

    it("are told from those that can at the borders of each option", function()
        borders.of_numbers({ port = { 0, 65535 }, http_port = { 0, 65535 }, seed = { 0, 2147483647 },
            records = { 0, 10000000 }, clusters = { 0, 100000 }, new_runs = { 0.01, nil, 0.001 } },
            function(name, value)
                return is_taken { [name] = value }
            end)
        borders.of_numbers({ clusters = { 0, 100000 }, burst = { 1 }, rate = { 0.001, nil, 0.001 } },
            function(name, value)
                return is_taken { accounts = { { name = "a", [name] = value } } }
            end)
        borders.of_texts({ name = 24, regions = 24 }, function(name, value)
            local one = { name = "a" }
            one[name] = name == "regions" and { "south", value } or value
            return is_taken { accounts = { one } }
        end)
        assert.is_false(is_taken { accounts = { { name = "a", regions = {} } } })
        for name, taken in pairs { a = true, ["a-1"] = true, ["1a"] = false, ["-a"] = false, [""] = false,
            ["a b"] = false } do
            assert.equal(taken, is_taken { accounts = { { name = name } } }, name)
        end
    end)

    it("are those that are too many together", function()
        local function regions(count)
            local list = {}
            for i = 1, count do
                list[i] = "r" .. i
            end
            return list
        end
        for _, case in ipairs { { true, 200, 500 }, { false, 200, 501 }, { false, 201, 0 } } do
            local half = math.floor(case[2] / 2)
            assert.equal(case[1], is_taken { clusters = case[3], accounts = { { name = "a", regions = regions(half) },
                { name = "b", regions = regions(case[2] - half) } } }, table.concat({ case[2], case[3] }, " "))
        end
    end)

    it("are none that only lack a key or share a region", function()
        assert.is_true(is_taken { accounts = { { name = "a" }, { name = "b" }, { name = "c", ak = "nil" },
            { name = "d" } } })
        assert.is_false(is_taken { ak = "K", accounts = { { name = "a" }, { name = "b", ak = "K" } } })
        assert.is_true(is_taken { ak = "K", accounts = { { name = "a", ak = "L" }, { name = "b", ak = "K" } } })
    end)
end)
