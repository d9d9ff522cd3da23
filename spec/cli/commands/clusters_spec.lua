local cli = require "dwsync.cli"

local ENVIRONMENT = {
    DWSYNC_REGION = "cn-north-4",
    HUAWEICLOUD_SDK_AK = "AKEXAMPLE",
    HUAWEICLOUD_SDK_SK = "hidden-sk",
    HUAWEICLOUD_SDK_PROJECT_ID = "p1",
}

-- Runs the command against one answer. Returns status, stdout, stderr and the URLs asked for.
local function run(arguments, status, body)
    local out, err, urls = "", "", {}
    local exit = cli.main(arguments, {
        stdout = { write = function(_, text) out = out .. text return true end, flush = function() return true end },
        stderr = { write = function(_, text) err = err .. text end },
        getenv = function(name) return ENVIRONMENT[name] end,
        read_file = function() return nil, "No such file or directory", true end,
        is_terminal = function() return false end,
        runtime = {
            now = function() return 1747637723 end,
            sleep = function() end,
            perform = function(request)
                urls[#urls + 1] = request.url
                return { status = status, headers = {}, body = body }
            end,
        },
    })
    return exit, out, err, urls
end

local TWO = '{"count":"2","clusters":[{"id":"c1","name":"one","status":"AVAILABLE","version":"9.1","number_of_node":3},'
    .. '{"id":"c2","name":"two","status":"ACTIVE"}]}'

describe("dwsync clusters", function()
    it("lists the clusters of the project", function()
        local status, out, err, urls = run({ "clusters" }, 200, TWO)
        assert.equal(0, status)
        assert.equal(table.concat({
            "ID  NAME  STATUS     VERSION",
            "c1  one   AVAILABLE  9.1",
            "c2  two   ACTIVE",
            "",
        }, "\n"), out)
        assert.equal("", err)
        assert.same({ "https://dws.cn-north-4.myhuaweicloud.com/v1.0/p1/clusters" }, urls)
    end)

    it("asks for one enterprise project on request", function()
        local _, _, _, urls = run({ "clusters", "--enterprise-project-id", "all_granted_eps" }, 200, TWO)
        assert.equal("https://dws.cn-north-4.myhuaweicloud.com/v1.0/p1/clusters?enterprise_project_id=all_granted_eps",
            urls[1])
    end)

    it("shows the columns asked for, in any format", function()
        local _, out = run({ "clusters", "--columns", "id,name", "-o", "tsv" }, 200, TWO)
        assert.equal("id\tname\nc1\tone\nc2\ttwo\n", out)
        _, out = run({ "clusters", "-o", "json", "--columns=id" }, 200, TWO)
        assert.equal('{"count":2,"clusters":[\n{"id":"c1"},\n{"id":"c2"}\n]}\n', out)
    end)

    it("does not let a cluster's name drive the terminal", function()
        local _, out = run({ "clusters", "--columns", "name" }, 200, '{"clusters":[{"name":"\\u001b[2J\\u009b\155x"}]}')
        assert.equal("NAME\n?[2J??x\n", out)
    end)

    it("notes on stderr when there is none", function()
        local status, out, err = run({ "clusters" }, 200, '{"clusters":[],"count":0}')
        assert.equal(0, status)
        assert.equal("ID  NAME  STATUS  VERSION\n", out)
        assert.equal("dwsync: this project has no clusters; is it the right region and project?\n", err)
    end)

    it("fails with status 1, a reason, and nothing on stdout", function()
        local status, out, err = run({ "clusters" }, 403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}')
        assert.equal(1, status)
        assert.equal("", out)
        assert.equal("dwsync: permission: ListClusters: not allowed (APIGW.0302, HTTP 403).\n"
            .. "        This IAM user is not allowed to call the API: ask an administrator.\n", err)
        status, out, err = run({ "clusters" }, 200, "<html>")
        assert.equal(1, status)
        assert.equal("", out)
        assert.is_truthy(err:find("dwsync: decode: ListClusters: the response is not a list of clusters", 1, true))
    end)

    it("refuses an enterprise project that is no id, with status 2 and without asking", function()
        local status, _, err, urls = run({ "clusters", "--enterprise-project-id", "a b" }, 200, TWO)
        assert.equal(2, status)
        assert.is_truthy(err:find('enterprise_project_id is "a b"', 1, true))
        assert.same({}, urls)
    end)
end)
