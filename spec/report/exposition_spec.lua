local exposition = require "dwsync.report.exposition"

-- The text of one family with samples of {labels, value}.
local function written(samples, kind)
    local pieces = {}
    exposition.write({ { "dwsync_things", "Things.", function(subject, add)
        for _, sample in ipairs(subject) do
            add(sample[1], sample[2], sample[3])
        end
    end, type = kind } }, samples, function(text)
        pieces[#pieces + 1] = text
    end)
    return table.concat(pieces)
end

local HEAD = "# HELP dwsync_things Things.\n# TYPE dwsync_things gauge\n"

describe("the text exposition of a family", function()
    it("is its samples below help and type, a gauge unless it says otherwise", function()
        assert.equal(HEAD .. "dwsync_things 1\n", written { { {}, 1 } })
        assert.equal("# HELP dwsync_things Things.\n# TYPE dwsync_things counter\ndwsync_things 2\n",
            written({ { {}, 2 } }, "counter"))
    end)

    it("has its labels in a fixed order, and escapes what would end one", function()
        assert.equal(HEAD .. [[dwsync_things{cluster="a\"b\\c d",rule="r"} 1]] .. "\n",
            written { { { rule = "r", cluster = 'a"b\\c\nd' }, 1 } })
    end)

    it("knows all labels, and leaves out others", function()
        local names, labels, parts = { "cluster", "source", "type", "name", "rule", "level", "window", "outcome",
            "status", "change", "class", "account", "state", "collector", "le" }, { other = "x" }, {}
        for i, name in ipairs(names) do
            labels[name], parts[i] = i, ('%s="%d"'):format(name, i)
        end
        assert.equal(("%sdwsync_things{%s} 1\n"):format(HEAD, table.concat(parts, ",")), written { { labels, 1 } })
    end)

    it("cuts a label at 200 columns", function()
        for length, text in pairs { [200] = ("x"):rep(200), [201] = ("x"):rep(199) .. "…" } do
            assert.equal(('%sdwsync_things{rule="%s"} 1\n'):format(HEAD, text),
                written { { { rule = ("x"):rep(length) }, 1 } })
        end
    end)

    it("keeps series apart that begin alike", function()
        for length = 1, 80 do
            local same = ("x"):rep(length)
            assert.equal(('%sdwsync_things{rule="%sa"} 1\ndwsync_things{rule="%sb"} 2\n'):format(HEAD, same, same),
                written { { { rule = same .. "a" }, 1 }, { { rule = same .. "b" }, 2 }, { { rule = same .. "a" }, 3 } })
        end
    end)

    it("keeps the first sample of a series, and none that is not a finite number", function()
        assert.equal(HEAD .. 'dwsync_things{rule="a"} 3\n', written { { { rule = "a" }, 3 }, { { rule = "a" }, 4 },
            { { rule = "b" }, 0 / 0 }, { { rule = "c" }, math.huge }, { { rule = "d" }, "5" }, { { rule = "e" } } })
    end)

    it("writes whole numbers with all their digits, others with fifteen", function()
        assert.equal(HEAD .. 'dwsync_things{rule="a"} 1763971200000\ndwsync_things{rule="b"} 0.1\n',
            written { { { rule = "a" }, 1763971200000 }, { { rule = "b" }, 0.1 } })
        for text, value in pairs { ["9007199254740991"] = 2 ^ 53 - 1, ["-9007199254740991"] = 1 - 2 ^ 53, ["0"] = 0,
            ["9.00719925474099e+15"] = 2 ^ 53, ["-1.5"] = -1.5 } do
            assert.equal(HEAD .. "dwsync_things " .. text .. "\n", written { { {}, value } })
        end
    end)

    it("may have parts of a histogram below one heading", function()
        assert.equal("# HELP dwsync_things Things.\n# TYPE dwsync_things histogram\n"
            .. 'dwsync_things_bucket{le="+Inf"} 2\ndwsync_things_sum 7\ndwsync_things_count 2\n'
            .. 'dwsync_things_bucket{cluster="c",le="1"} 1\n', written({ { { le = "+Inf" }, 2, "_bucket" },
                { {}, 7, "_sum" }, { {}, 2, "_count" }, { { cluster = "c", le = "1" }, 1, "_bucket" } }, "histogram"))
    end)

    it("is nothing without samples", function()
        assert.equal("", written {})
    end)

    it("comes back to its writer also where there are no samples for long", function()
        local texts = {}
        exposition.write({ { "dwsync_none", "Nothing.", function(_, add)
            for i = 1, 1000 do
                add({ cluster = tostring(i) }, i % 2 == 0 and 0 / 0 or nil)
                add()
            end
        end } }, {}, function(text) table.insert(texts, text) end)
        assert.equal(2000 / 16, #texts)
        assert.equal("", table.concat(texts))
    end)

    it("is written sixteen lines at a time, below one heading", function()
        local pieces = {}
        exposition.write({ { "dwsync_things", "Things.", function(_, add)
            for i = 1, 33 do
                add({ rule = tostring(i) }, i)
            end
        end } }, {}, function(text) pieces[#pieces + 1] = select(2, text:gsub("\n", "")) end)
        assert.same({ 18, 0, 16, 0, 1 }, pieces)
    end)
end)
