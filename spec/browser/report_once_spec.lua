local cjson = require "cjson"
local uv = require "luv"
local display = require "dwsync.text"
local overviews = require "spec.report.overviews"
local processes = require "spec.support.processes"
local report = require "dwsync.report"

-- What each page is, and in which views it is looked at. One browser sees them all, since it takes a second to begin.
local function rows_page(text)
    local parts = {}
    report.render("html", { name = "sync_records", columns = { "start_time", "status", "identity_source_id",
        "add_count", "fail_reason", text }, rows = { { start_time = overviews.NOW * 1000, status = text,
        identity_source_id = text, add_count = 3, fail_reason = text, [text] = text } } }, function(piece)
        parts[#parts + 1] = piece
    end)
    return table.concat(parts)
end

local function without_policy(html)
    return (html:gsub("<meta[^>]*Content%-Security%-Policy[^>]*>", "", 1))
end

local HARMLESS = "harmless"
local PAGES = {
    stories = { views = { "light", "dark", "phone" }, html = function()
        return overviews.render("html", overviews.stories())
    end },
    hostile = { views = { "light", "phone" }, html = function()
        return overviews.render("html", overviews.hostile())
    end },
    status = { views = { "light", "dark", "phone" }, html = function()
        return overviews.render("status", overviews.stories())
    end },
    bare = { views = { "light" }, html = function()
        return without_policy(overviews.render("html", overviews.hostile()))
    end },
    harmless = { views = { "light" }, html = function()
        return overviews.render("html", overviews.hostile(HARMLESS))
    end },
    rows = { views = { "light", "dark", "phone" }, html = function()
        return rows_page(overviews.HOSTILE)
    end },
    bare_rows = { views = { "light" }, html = function()
        return without_policy(rows_page(overviews.HOSTILE))
    end },
    harmless_rows = { views = { "light" }, html = function()
        return rows_page(HARMLESS)
    end },
    -- What the hostile text would do if it were let through: the browser's eyes must not be closed.
    control = { views = { "phone" }, html = function()
        return "<!DOCTYPE html><title>x</title><body><p style='color:#ccc;width:900px'>faint</p>" .. overviews.HOSTILE
            .. "<img src='http://127.0.0.1:9/leak.png'>"
    end },
}

local function write_file(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

describe("a report in a browser", function()
    local seen, home = {}

    setup(function()
        home = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-browser-XXXXXX"))
        local names, orders = {}, {}
        for name, page in pairs(PAGES) do
            local file = ("%s/%s.html"):format(home, name)
            write_file(file, page.html())
            names[#names + 1] = name
            orders[#orders + 1] = { file = file, views = page.views }
        end
        write_file(home .. "/orders", cjson.encode(orders))
        local output, status = processes.run(("HOME=%s TMPDIR=%s node spec/browser/report.js < %s/orders"):format(
            processes.quoted(home), processes.quoted(home), processes.quoted(home)))
        assert(status == 0, "report.js failed; is it installed? (npm ci --prefix spec/browser)")
        for i, views in ipairs(cjson.decode(output)) do
            seen[names[i]] = views
        end
    end)
    teardown(function()
        processes.run("rm -rf " .. processes.quoted(home))
    end)

    local function each_view(name)
        local views = {}
        for view, what in pairs(seen[name]) do
            views[#views + 1] = { name = name .. " " .. view, what = what }
        end
        return ipairs(views)
    end

    it("would be seen if it did what hostile text asks for", function()
        local control = seen.control.phone
        assert.is_true(control.dialogs > 0)
        assert.is_true(#control.requests > 0)
        assert.is_true(control.width > 320)
        assert.is_true(#control.wide > 0)
        assert.is_true(#control.faint > 0)
        assert.is_true(#control.handlers > 0)
    end)

    it("opens no dialog, asks for nothing and has no handler, with its policy and without", function()
        for _, page in ipairs { "stories", "hostile", "status", "bare", "rows", "bare_rows" } do
            for _, view in each_view(page) do
                assert.same({ view.name, 0, {}, {} }, { view.name, view.what.dialogs, view.what.requests,
                    view.what.handlers })
            end
        end
    end)

    it("has the very same elements whatever the text says", function()
        assert.same(seen.harmless.light.tags, seen.hostile.light.tags)
        assert.same(seen.harmless_rows.light.tags, seen.rows.light.tags)
    end)

    it("forbids everything but its own style", function()
        for _, page in ipairs { "stories", "hostile", "status", "rows" } do
            assert.equal("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
                seen[page].light.policy)
        end
        assert.equal("", seen.bare.light.policy)
    end)

    it("fits on a phone of 320 pixels", function()
        for _, page in ipairs { "stories", "hostile", "status", "rows" } do
            assert.same({ page, 320, {} }, { page, seen[page].phone.width, seen[page].phone.wide })
        end
    end)

    it("is dark where that is preferred, light otherwise and on paper", function()
        for _, page in ipairs { "stories", "status", "rows" } do
            assert.equal("rgb(255, 255, 255)", seen[page].light.ground)
            assert.equal("rgb(17, 22, 28)", seen[page].dark.ground)
            assert.equal("rgb(255, 255, 255)", seen[page].dark.paper)
        end
    end)

    it("has a contrast of at least 4.5 : 1 in every text", function()
        for _, page in ipairs { "stories", "hostile", "status", "rows" } do
            for _, view in each_view(page) do
                assert.same({ view.name, {} }, { view.name, view.what.faint })
            end
        end
    end)

    it("shows every verdict that is not ok and its advice, on a phone too", function()
        local shown = 0
        for _, item in ipairs(overviews.stories().clusters) do
            for _, verdict in ipairs(item.evaluation and item.evaluation.verdicts or {}) do
                for _, text in ipairs(verdict.severity ~= "ok" and { verdict.message, verdict.advice } or {}) do
                    shown = shown + 1
                    for _, view in each_view "stories" do
                        assert.is_truthy(view.what.text:find(text, 1, true), view.name .. ": " .. text)
                    end
                end
            end
        end
        assert.is_true(shown > 8)
    end)

    it("shows hostile text as the text it is", function()
        local wanted = display.safe(overviews.HOSTILE):gsub("%s+", " ")
        for _, view in each_view "hostile" do
            assert.is_truthy(view.what.text:gsub("%s+", " "):find(wanted, 1, true), view.name)
        end
    end)

    it("names its pictures for those who do not see them", function()
        assert.is_true(seen.stories.light.pictures >= 10)
        assert.equal(0, seen.stories.light.unnamed)
        assert.equal(0, seen.hostile.light.unnamed)
    end)
end)
