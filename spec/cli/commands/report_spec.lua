local command = require "spec.support.command"
local run = command.run
local uv = require "luv"

local WORLD = { service = command.service { c1 = command.healthy(), c2 = 403 } }

describe("dwsync report", function()
    local folder
    before_each(function() folder = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-report-XXXXXX")) end)
    after_each(function()
        for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
            uv.fs_unlink(folder .. "/" .. name)
        end
        assert(uv.fs_rmdir(folder))
    end)

    local function content(name)
        local file = io.open(folder .. "/" .. name)
        local text = file and file:read "*a"
        return text, file and file:close()
    end

    local function names()
        local list = {}
        for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
            list[#list + 1] = name
        end
        return table.concat(list, " ")
    end

    it("is a page, on stdout", function()
        local status, out, err = run({ "report", "c1" }, WORLD)
        assert.equal(0, status)
        assert.equal("", err)
        assert.matches("^<![Dd][Oo][Cc][Tt][Yy][Pp][Ee] html>", out)
    end)

    it("shows what the rules would have reported in the last 30 days", function()
        local list = command.healthy()
        for i = 10, 14 do
            list[i].status, list[i].fail_reason = "FAILED", "timeout"
        end
        local world = { service = command.service { c1 = list, c2 = command.healthy() } }
        for _, format in ipairs { "html", "markdown", "table", "json" } do
            local _, out = run({ "report", "c1", "-o", format }, world)
            assert.is_truthy(out:lower():find("the last 4 runs failed: the identity source did not", 1, true), format)
            _, out = run({ "report", "c2", "-o", format }, world)
            assert.is_truthy(out:find("would have reported nothing", 1, true)
                or out:find('"episodes":[]', 1, true), format)
            _, out = run({ "health", "c1", "-o", format }, world)
            assert.is_nil(out:find("would have reported", 1, true) or out:find("episodes", 1, true), format)
        end
    end)

    it("fits the terminal's width as a table, and a file's is its own", function()
        local function widest(text)
            local most = 0
            for line in text:gsub("\27%[[%d;]*m", ""):gmatch "[^\n]+" do
                most = math.max(most, #line)
            end
            return most
        end
        local world = { service = WORLD.service, terminal = { stdout = true } }
        local _, out = run({ "report", "c1", "-o", "table" }, world)
        run({ "report", "c1", "-o", "table", "--file", folder .. "/t" }, world)
        assert.is_true(widest(out) <= 81, out) -- 80 columns, one of which has two bytes
        assert.is_true(widest(content "t") > 81, content "t")
    end)

    it("may be the status page, with pictures of the runs", function()
        assert.equal(0, (run({ "report", "c1", "-o", "status", "--file", folder .. "/s.html" }, WORLD)))
        local html = content "s.html"
        assert.is_truthy(html:find('data-dwsync="status"', 1, true))
        assert.is_truthy(html:find("<figure", 1, true))
    end)

    it("goes to a file, in the format that its name tells", function()
        for name, begin in pairs { ["a.html"] = "<!", ["a.md"] = "#", ["a.json"] = "{", ["a.prom"] = "# HELP",
            ["a.htm"] = "<!", ["a.ndjson"] = '{"cluster', ["a.csv"] = "cluster_id,", ["a.tsv"] = "cluster_id\t",
            ["a.txt"] = "1 ok", ["a"] = "<!" } do
            local status, out = run({ "report", "c1", "--file", folder .. "/" .. name }, WORLD)
            assert.equal(0, status)
            assert.equal("", out)
            assert.equal(begin, content(name):sub(1, #begin))
        end
        run({ "report", "c1", "--file", folder .. "/b.html", "-o", "csv" }, WORLD)
        assert.is_nil(content("b.html"):find "<")
        assert.is_nil(names():find(".tmp", 1, true))
    end)

    it("replaces a file, keeps its mode and follows a link", function()
        local file = assert(io.open(folder .. "/real.html", "w"))
        file:write "old"
        file:close()
        uv.fs_chmod(folder .. "/real.html", tonumber("640", 8))
        uv.fs_symlink("real.html", folder .. "/link.html")
        assert.equal(0, (run({ "report", "c1", "--file", folder .. "/link.html" }, WORLD)))
        assert.equal("<!", content("real.html"):sub(1, 2))
        assert.equal(tonumber("640", 8), uv.fs_stat(folder .. "/real.html").mode % 512)
        assert.equal("link", uv.fs_lstat(folder .. "/link.html").type)
    end)

    it("makes the file that a link leads to, and refuses links that lead round", function()
        uv.fs_symlink("second.html", folder .. "/link.html")
        uv.fs_symlink(folder .. "/real.html", folder .. "/second.html")
        assert.equal(0, (run({ "report", "c1", "--file", folder .. "/link.html" }, WORLD)))
        assert.equal("<!", content("real.html"):sub(1, 2))
        assert.equal("file", uv.fs_lstat(folder .. "/real.html").type)
        uv.fs_symlink("round.html", folder .. "/round.html")
        local status, _, err = run({ "report", "c1", "--file", folder .. "/round.html" }, WORLD)
        assert.equal(1, status)
        assert.matches("round.html: too many symbolic links\n", err, 1, true)
    end)

    it("follows no link that somebody else laid", function()
        if uv.getuid() ~= 0 then
            return pending "only root can lay a link for somebody else"
        end
        local victim, link = folder .. "/victim", folder .. "/laid.html"
        assert(io.open(victim, "w")):close()
        uv.fs_symlink(victim, link)
        assert(uv.fs_lchown(link, 65534, 65534))
        local status, _, err = run({ "report", "c1", "--file", link }, WORLD)
        assert.equal(1, status)
        assert.matches("laid.html: it is a link made by another user\n", err, 1, true)
        uv.fs_symlink("laid.html", folder .. "/own.html")
        assert.equal(1, (run({ "report", "c1", "--file", folder .. "/own.html" }, WORLD)))
        assert.equal("", content "victim")
        assert(uv.fs_lchown(folder, 65534, 65534)) -- whoever owns the folder may put into it what they like
        assert.equal(0, (run({ "report", "c1", "--file", link }, WORLD)))
        assert(uv.fs_lchown(folder, 0, 0))
        assert.equal("<!", content("victim"):sub(1, 2))
    end)

    it("refuses a file whose name promises what it cannot write, before it asks", function()
        local status, out, err = run({ "report", "c1", "--file", folder .. "/a.pdf" }, WORLD)
        assert.equal(2, status)
        assert.equal("", out)
        assert.equal("dwsync: --file: unknown file extension .pdf; choose the format with --output\n"
            .. "        See dwsync report --help.\n", err)
        assert.equal(0, (run({ "report", "c1", "--file", folder .. "/a.pdf", "--output", "html" }, WORLD)))
        assert.equal("a.pdf", names())
        os.remove(folder .. "/a.pdf")
    end)

    it("refuses the same in any script", function()
        local status, _, err = run({ "report", "c1", "--file", folder .. "/页.格式" }, WORLD)
        assert.equal(2, status)
        assert.is_truthy(err:find(".格式", 1, true))
        assert.equal("", names())
    end)

    it("says what it cannot write, leaves nothing behind, and ends with 1", function()
        local status, out, err = run({ "report", "c1", "--file", folder .. "/no/a.html" }, WORLD)
        assert.equal(1, status)
        assert.equal("", out)
        assert.equal(("dwsync: cannot write %s/no/a.html: no such file or directory\n"):format(folder)
            .. "        Leave --file out to write to standard output.\n", err)
        err = select(3, run({ "report", "c1", "--file", "no-folder/a.html" }, WORLD))
        assert.matches("^dwsync: cannot write no%-folder/a%.html: no such file or directory\n", err)
        status, out, err = run({ "report", "c1", "--file", folder }, WORLD)
        assert.equal(1, status)
        assert.equal("", out)
        assert.matches(folder .. ": not a regular file\n", err, 1, true)
        status = run({ "report", "c1", "--file", "/dev/null" }, WORLD)
        assert.equal(1, status)
        assert.equal("char", uv.fs_stat("/dev/null").type)
        assert.equal("", names())
    end)

    it("is written although a cluster cannot be asked, and ends with 1", function()
        local status, _, err = run({ "report", "--all-clusters", "--file", folder .. "/a.html" }, WORLD)
        assert.equal(1, status)
        assert.matches("^dwsync: name%-c2: not_found: ", err)
        assert.matches("name-c1", content "a.html", 1, true)
        assert.matches("name-c2", content "a.html", 1, true)
    end)

    it("is not written when nothing could be asked", function()
        local status = run({ "report", "c1", "--file", folder .. "/a.html", "--config", "/nope" }, WORLD)
        assert.equal(2, status)
        assert.equal("", names())
    end)
end)
