local display = require "dwsync.text"
local episode_list = require "dwsync.report.verdicts.episode_list"
local overviews = require "spec.report.overviews"

local MINUTE = 60000
local START = 1763971200000 -- 2025-11-24T08:00:00Z

local function episode(number, more)
    local made = { from = START + number * MINUTE, till = START + (number + 30) * MINUTE, seconds = 1800,
        severity = "warning", source = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e", source_type = "ldap", rule = "slow",
        also = {}, headline = "episode " .. number }
    for name, value in pairs(more or {}) do
        made[name] = value or nil
    end
    return made
end

local function many(count)
    local list = {}
    for i = 1, count do
        list[i] = episode(i)
    end
    return list
end

local function lines(list, options)
    local parts = {}
    episode_list.lines(list, options or {}, function(text) parts[#parts + 1] = text end)
    return table.concat(parts)
end

local function markdown(list)
    local parts = {}
    episode_list.markdown(list, function(text) parts[#parts + 1] = text end)
    return table.concat(parts)
end

-- The report of one cluster with episodes.
local function rendered(format, list, options)
    local item = overviews.stuck()
    item.episodes = list
    return overviews.render(format, overviews.overview { item }, options)
end

describe("a list of episodes", function()
    it("says when, how grave and where, and below it what", function()
        assert.equal([[
FROM (UTC)        UNTIL             SEVERITY  SOURCE
2025-11-24 08:01  2025-11-24 08:31  WARNING   ldap 79d6458e
    Episode 1
2025-11-24 08:02  still open        CRITICAL  ldap 79d6458e
    473 accounts deleted within a day; with it slow, volume
]], lines { episode(1), episode(2, { till = false, severity = "critical", also = { "slow", "volume" },
            headline = "473 accounts deleted within a day" }) })
    end)

    it("is in colour where that is asked for, each word in that of its severity", function()
        for severity, color in pairs { critical = "31", warning = "33", unknown = "35", ok = "32" } do
            local text = lines({ episode(1, { severity = severity }) }, { color = true })
            assert.matches("  \27[1;" .. color .. "m" .. severity:upper() .. "\27[0m ", text, 1, true)
            assert.equal(lines { episode(1, { severity = severity }) }, (text:gsub("\27%[[%d;]*m", "")))
        end
    end)

    it("counts what is left out before the newest", function()
        for limit, last in pairs { [1] = "and 2 further episodes before\n", [2] = "and 1 further episode before\n",
            [3] = "    Episode 1\n", [4] = "    Episode 1\n" } do
            assert.equal(last, lines(many(3), { limit = limit }):match "[^\n]*\n$")
        end
    end)

    it("has no heading where it is empty, or where columns find no place", function()
        assert.equal("", lines {})
        assert.is_nil(lines({ episode(1) }, { width = 20 }):find("FROM", 1, true))
    end)

    it("fits a terminal of 80 columns", function()
        for line in lines({ episode(1, { headline = ("many words "):rep(50), also = { "slow" } }) }, { width = 80 })
            :gmatch "[^\n]+" do
            assert.is_true(display.width(line) <= 80, line)
        end
        assert.equal("2025-11-24 08:01 to\n2025-11-24 08:31,\nWARNING, ldap\n79d6458e\n    Episode 1\n",
            lines({ episode(1) }, { width = 20 }))
    end)

    it("shows the newest first, and how many there are before, where there is a limit", function()
        local text = lines(many(25), { limit = 20 })
        assert.is_truthy(text:find("Episode 25.*Episode 24.*Episode 6\n"))
        assert.is_nil(text:find("Episode 5\n", 1, true))
        assert.is_truthy(text:find("and 5 further episodes before\n", 1, true))
        assert.is_truthy(lines(many(25)):find "Episode 1\n.*Episode 25\n")
    end)

    it("shows hostile text as text, in every form", function()
        local list = { episode(1, { headline = "\27[31m<b>|`red`|\n@all", source_type = "<i>|" }) }
        for _, text in ipairs { lines(list), markdown(list), tostring(episode_list.table(list)) } do
            assert.is_nil(text:find("\27", 1, true))
        end
        assert.is_nil(tostring(episode_list.table(list)):find "<[bi]>")
        for line in markdown(list):gmatch "\n(| 2025[^\n]*)" do
            assert.equal(6, select(2, line:gsub("|", "")))
        end
    end)

    it("is part of a report that has it: on a terminal, as a page, Markdown and JSON", function()
        local list = { episode(1, { till = false, also = { "volume" } }) }
        assert.is_truthy(rendered("table", list, { width = 80 }):find("\n  " .. episode_list.TITLE
            .. "\n  FROM (UTC)        UNTIL             SEVERITY  SOURCE\n"
            .. "  2025-11-24 08:01  still open        WARNING", 1, true))
        assert.is_truthy(rendered("markdown", list):find(
            "\n| 2025-11-24 08:01 | still open | warning | ldap 79d6458e | Episode 1; with it volume |\n", 1, true))
        local page = rendered("html", list)
        assert.is_truthy(page:find(episode_list.TITLE, 1, true))
        assert.is_truthy(page:find("Episode 1; with it volume", 1, true))
        local document = assert(require("dwsync.json").decode(rendered("json", list)))
        assert.same({ "volume" }, document.clusters[1].episodes[1].also)
        assert.equal("episode 1", document.clusters[1].episodes[1].headline)
    end)

    it("says so when there were none, and is left out of what has no list", function()
        for _, format in ipairs { "table", "markdown", "html" } do
            assert.is_truthy(rendered(format, {}):find(episode_list.NOTHING, 1, true), format)
            assert.is_nil(rendered(format, nil):find("would have reported", 1, true), format)
        end
        assert.is_truthy(tostring(episode_list.table {}):find('<p class="fine">' .. episode_list.NOTHING, 1, true))
        assert.is_truthy(rendered("json", {}):find('"episodes":[]', 1, true))
        assert.is_nil(rendered("json", nil):find("episodes", 1, true))
    end)

    it("does not grow with the number of episodes", function()
        assert.is_true(#rendered("html", many(3000)) < #rendered("html", many(20)) + 500)
        assert.is_true(#rendered("markdown", many(3000)) < #rendered("markdown", many(20)) + 500)
    end)
end)
