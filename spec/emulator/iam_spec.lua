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
