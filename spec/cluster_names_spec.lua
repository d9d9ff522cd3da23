local cluster_names = require "dwsync.cluster_names"

local A = "aaaaaaaa-0000-4000-8000-00000000000a"
local B = "bbbbbbbb-0000-4000-8000-00000000000b"

local function never()
    error "asked"
end

-- A source that counts how often it is read.
local function service(list)
    local source = { place = "at the service", reads = 0 }
    function source.read()
        source.reads = source.reads + 1
        return list
    end
    return source
end

local LIST = { { id = A, name = "dws-prod" }, { id = B, name = "dws-dev" }, { id = "c" } }

describe("a name of a cluster", function()
    it("is nothing to look up when it is a UUID, in small letters or capitals", function()
        for _, id in ipairs { A, A:upper() } do
            assert.same({ id = id }, cluster_names.one(id, { { place = "", read = never } }))
        end
        assert.is_false(cluster_names.is_uuid(A .. "0"))
        assert.is_false(cluster_names.is_uuid((A:gsub("-", "+"))))
    end)

    it("comes with a UUID when a source at hand knows it", function()
        assert.same({ id = A, name = "prod" }, cluster_names.one(A, cluster_names.sources({ prod = A },
            { place = "", read = never })))
    end)

    it("is looked for among names and ids, in the configuration before the service", function()
        local last = service(LIST)
        local sources = cluster_names.sources({ prod = B }, last)
        assert.same({ id = B, name = "prod" }, cluster_names.one("prod", sources))
        assert.equal(0, last.reads)
        assert.same({ id = A, name = "dws-prod" }, cluster_names.one("dws-prod", sources))
        assert.same({ id = "c" }, cluster_names.one("c", sources))
        assert.equal(1, last.reads)
    end)

    it("means the configuration's cluster when the service gives it to another", function()
        assert.same({ id = B, name = "dws-prod" }, cluster_names.one("dws-prod",
            cluster_names.sources({ ["dws-prod"] = B }, service(LIST))))
    end)

    it("that is unknown is answered with where it was looked for, what may be meant, and what there is", function()
        local found, problem = cluster_names.one("dws-prd", cluster_names.sources({ x = "y" }, service(LIST)))
        assert.is_nil(found)
        assert.same({ kind = "config", message = "unknown cluster 'dws-prd', looked for in the configuration and at "
            .. "the service (did you mean 'dws-prod'?)", hint = "The clusters are c, dws-dev, dws-prod, x." }, problem)
        problem = select(2, cluster_names.one("DWS-PROD", { service(LIST) }))
        assert.matches("did you mean 'dws-prod'?", problem.message, 1, true)
        problem = select(2, cluster_names.one("x", { service {} }))
        assert.same({ "unknown cluster 'x', looked for at the service", "There are no clusters there." },
            { problem.message, problem.hint })
        local twins = { { id = A, name = "twin" }, { id = B, name = "twin" } }
        problem = select(2, cluster_names.one("x", { service(twins) }))
        assert.equal("The clusters are twin.", problem.hint)
    end)

    it("that is unknown is answered with few enough names to read, and none that drives a terminal", function()
        local many = {}
        for i = 1, 500 do
            many[i] = { id = "i" .. i, name = ("n%03d\27[31m"):format(i) }
        end
        local _, problem = cluster_names.one("zzz", { service(many) })
        assert.matches("n010[^,]* and 490 more%.$", problem.hint)
        assert.is_nil(problem.hint:find "\27")
        local cut = ("w"):rep(63) .. "…"
        for word, message in pairs { [("w"):rep(70)] = "unknown cluster '" .. cut .. "', looked for at the service",
            ["*" .. ("w"):rep(70)] = "no cluster matches '*" .. ("w"):rep(62) .. "…' at the service" } do
            problem = select(2, cluster_names.listed(word, { place = "at the service", list = {} }))
            assert.equal(message, problem.message)
        end
        local long = { id = A, name = ("w"):rep(70) }
        problem = select(2, cluster_names.listed(long.name, { place = "here", list = { long, { id = B,
            name = long.name } } }))
        assert.equal(("2 clusters are called '%s' here: %s (%s), %s (%s)"):format(cut, cut, A, cut, B),
            problem.message)
        problem = select(2, cluster_names.listed("a", { place = "here", list = { long } }))
        assert.equal("The clusters are " .. cut .. ".", problem.hint)
        for count, more in pairs { [10] = "", [11] = " and 1 more" } do
            local list = {}
            for i = 1, count do
                list[i] = { id = ("i%02d"):format(i) }
            end
            problem = select(2, cluster_names.listed("a", { place = "here", list = list }))
            assert.matches("i09, i10" .. more .. "%.$", problem.hint)
        end
    end)

    it("that two clusters have is ambiguous, and answered with their ids", function()
        local _, problem = cluster_names.one("twin",
            { service { { id = A, name = "twin" }, { id = B, name = "twin" } } })
        assert.same({ kind = "config", message = ("2 clusters are called 'twin' at the service: twin (%s), twin (%s)")
            :format(A, B), hint = "Name the one that is meant by its id." }, problem)
        assert.same({ id = A, name = "twin" }, cluster_names.one("twin",
            { service { { id = A, name = "twin" }, { id = A, name = "twin" } } }))
    end)

    it("is unknown because a source fails, and then no other is asked", function()
        local _, err = cluster_names.one("x", { { place = "", read = function(word) return nil, "no " .. word end },
            { place = "", read = never } })
        assert.equal("no x", err)
    end)

    it("is shown with its id, made harmless", function()
        assert.equal("dws-prod (c)", cluster_names.shown { id = "c", name = "dws-prod" })
        assert.equal("c", cluster_names.shown { id = "c" })
        assert.equal("c", cluster_names.shown { id = "c", name = "c" })
        assert.equal("c", cluster_names.shown { id = "c", name = "" })
        assert.equal(("%s… (%s…)"):format(("n"):rep(63), ("i"):rep(63)),
            cluster_names.shown { id = ("i"):rep(65), name = ("n"):rep(65) })
        assert.is_nil(cluster_names.shown({ id = "c", name = "a\27[31m\nb" }):find "[\27\n]")
    end)

    it("must be in the list where only what is there counts, a UUID too", function()
        local source = { place = "here", list = { { id = "c", name = "x" } } }
        assert.equal(source.list[1], cluster_names.listed("x", source))
        assert.equal(("unknown cluster '%s', looked for here"):format(A),
            select(2, cluster_names.listed(A, source)).message)
    end)
end)

describe("words and patterns", function()
    local function ids(words, exclude, given)
        local list, problem = cluster_names.choose(words, cluster_names.sources(given or {}, service(LIST)), exclude)
        local found = {}
        for i, cluster in ipairs(list or {}) do
            found[i] = cluster.name or cluster.id
        end
        return list and table.concat(found, " ") or problem.message, problem
    end

    it("mean each cluster once, in the order of the words", function()
        assert.equal("dws-dev dws-prod c", ids { "dws-dev", "dws-*", "*", B })
        assert.equal("dws-dev", ids { "*-d?v" })
    end)

    it("have no other special letters", function()
        assert.equal("no cluster matches 'd.*' at the service", ids { "d.*" })
        assert.equal("no cluster matches '[%a]*' at the service", ids { "[%a]*" })
    end)

    it("match names of the configuration, but only for clusters that are there", function()
        assert.equal("dws-prod", ids({ "w*" }, nil, { warehouse = A, wrong = "gone" }))
        assert.equal("lost", ids({ "l*" }, nil, { lost = "c" }))
    end)

    it("must mean something, all of them", function()
        local message, problem = ids { "dws-dev", "test-*" }
        assert.equal("no cluster matches 'test-*' at the service", message)
        assert.equal("The clusters are c, dws-dev, dws-prod.", problem.hint)
        assert.same({}, (cluster_names.choose({ "*" }, { service {} })))
    end)

    it("leave out what is excluded, and give the words that excluded nothing", function()
        local left, idle = ids({ "*" }, { "*-dev", A, "tset" })
        assert.equal("c", left)
        assert.same({ "tset" }, idle)
        assert.equal("dws-dev c", ids({ "*" }, { "warehouse" }, { warehouse = A }))
        assert.same({ nil, { kind = "config", message = "all clusters that were named are excluded, too",
            hint = "Name fewer to exclude." } }, { cluster_names.choose({ "dws-*" }, { service(LIST) }, { "*" }) })
    end)

    it("mean nothing where a source fails, which is asked for what they are", function()
        assert.same({ nil, "no a*" }, { cluster_names.choose({ "a*" }, { { place = "here", list = LIST },
            { place = "", read = function(word) return nil, "no " .. word end }, { place = "", read = never } }) })
    end)

    it("stand for a cluster by its id and by its name", function()
        local cluster = { id = A, name = "dws-prod" }
        for word, expected in pairs { [A] = true, ["dws-prod"] = true, ["dws-*"] = true, ["aaaaaaaa-*"] = true,
            ["dws-pro?"] = true, [B] = false, ["dws-dev"] = false, ["dws-?"] = false, ["nil"] = false } do
            assert.equal(expected, cluster_names.matches(word, cluster), word)
        end
        assert.is_true(cluster_names.matches("c", { id = "c" }))
        for _, word in ipairs { "d", "ni*", "nil" } do
            assert.is_false(cluster_names.matches(word, { id = "c" }))
        end
    end)

    it("take no longer for many asterisks", function()
        local list = { { id = "1", name = ("a"):rep(64) } }
        assert.is_nil((cluster_names.choose({ ("*"):rep(100) .. "b" }, { service(list) })))
    end)
end)
