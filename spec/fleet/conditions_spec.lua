local conditions = require "dwsync.fleet.conditions"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local NOW = 1790000000000

local function account(changes)
    local one = { account = "hq", rate = 1, clusters = 10, disabled = 0, failing = 0, late = 0, interval = 60,
        paced = 60, state = "active", refusals = 0 }
    for name, value in pairs(changes or {}) do
        one[name] = value
    end
    return one
end

local function sum_of(changes)
    local sum = { now = NOW, alive = 1, late = 0, accounts = { account() }, latest = {}, failures = {},
        messages = { unsent = 0, oldest = 0, given_up = 0, lost = 0 },
        collectors = { { name = "a", state = "running", alive = true, seen_at = NOW } } }
    for name, value in pairs(changes or {}) do
        sum[name] = value
    end
    return sum
end

local function texts(changes)
    local list = {}
    for i, condition in ipairs(conditions.of(sum_of(changes))) do
        list[i] = (condition.attention and "! " or "") .. condition.text
    end
    return list
end

describe("the conditions of a fleet", function()
    it("are none while all is well", function()
        assert.same({}, texts())
    end)

    it("name what is late, by how much, and the command that says why", function()
        local late = { late = 2, latest = { { name = "dws-1", cluster_id = "c1", account = "hq", overdue = 250 } } }
        assert.same({ "! 2 clusters are late, most of all dws-1 of account hq, by 4 min" }, texts(late))
        assert.equal("dwsync fleet explain c1 says why.", conditions.of(sum_of(late))[1].hint)
        late.latest[1].name = ("n"):rep(61)
        assert.same({ "! 2 clusters are late, most of all " .. ("n"):rep(59) .. "… of account hq, by 4 min" },
            texts(late))
    end)

    it("say that nobody collects, and who is gone; one that ended in order is not", function()
        local gone = { name = "a", host = "m1", pid = 7, state = "running", alive = false, seen_at = NOW - 90000 }
        assert.same({ "! no collector is running: nothing is looked at",
            "collector a is gone, last seen 1 min ago" }, texts { alive = 0, collectors = { gone } })
        local hint = "Its looks went to the others. Read its log on %s (process %s)."
        assert.equal(hint:format("m1", 7), conditions.of(sum_of { collectors = { gone } })[1].hint)
        gone.host = ("h"):rep(61)
        assert.equal(hint:format(("h"):rep(59) .. "…", 7), conditions.of(sum_of { collectors = { gone } })[1].hint)
        gone.host, gone.pid, gone.name = nil, nil, ("n"):rep(61)
        local condition = conditions.of(sum_of { collectors = { gone } })[1]
        local name = ("n"):rep(59) .. "…"
        assert.equal(hint:format("its machine", "unknown"), condition.hint)
        assert.same({ ("collector %s is gone, last seen 1 min ago"):format(name),
            ("collector %s is back"):format(name) }, { condition.text, condition.over })
        gone.state = "ended"
        assert.same({}, texts { collectors = { gone } })
    end)

    it("say until when an account is left alone, and why", function()
        assert.same({ "! account hq: its key was refused 3 times, nothing is sent until 2026-09-21T14:18:20Z: "
            .. "auth: no." }, texts { accounts = { account { state = "blocked", refusals = 3, error = "auth: no.",
                blocked_until = NOW + 300000 } } })
        assert.same({ "! account hq: its key was refused: auth: no." },
            texts { accounts = { account { state = "refused", refusals = 1, error = "auth: no." } } })
        assert.same({ "account hq: the service asked for a pause, until 2026-09-21T14:13:25Z" },
            texts { accounts = { account { state = "throttled", paused_until = NOW + 5000 } } })
    end)

    it("say that messages cannot be sent, once that lasts", function()
        local function after(messages)
            return texts { messages = messages }
        end
        assert.same({}, after { unsent = 2, oldest = 60000, lost = 0 })
        assert.same({ "! 2 messages could not be sent, the oldest for 5 min" },
            after { unsent = 2, oldest = 300000, lost = 0 })
        assert.same({ "! 1 message was refused for good in the last day, and nobody was told instead" },
            after { unsent = 0, oldest = 0, lost = 1 })
    end)

    it("say why the dead man's switch gets no heartbeat, or does not take it", function()
        assert.same({}, texts { heartbeat = { sent_at = NOW } })
        assert.same({ "no heartbeat is sent: 1 cluster was not looked at for three intervals" },
            texts { heartbeat = { reason = "1 cluster was not looked at for three intervals" } })
        assert.same({ "! heartbeats do not arrive: answered HTTP 404" },
            texts { heartbeat = { sent_at = NOW, error = "answered HTTP 404" } })
    end)

    it("say that a rate is too small, and what it takes instead", function()
        assert.same({ "account hq: at 1 request a second 190 clusters take 3 min 10 s, not 1 min" },
            texts { accounts = { account { clusters = 200, disabled = 10, paced = 190 } } })
        assert.same({}, texts { accounts = { account { interval = false } } })
    end)

    it("put the same failure of many together, and lists that cannot be had by what they list", function()
        assert.same({ "account hq: 3 clusters, dws-1 among them, cannot be read: network: no route.",
            "account hq: the clusters of cn-north-4 cannot be listed: permission: no.",
            "account hq: its projects cannot be listed: auth: no.",
            "account hq: dws-2 cannot be read: service: no." }, texts { failures = {
            { account = "hq", kind = "cluster", error = "network: no route.", items = 3, example = "dws-1" },
            { account = "hq", kind = "place", error = "permission: no.", items = 1, example = "cn-north-4" },
            { account = "hq", kind = "account", error = "auth: no.", items = 1, example = "" },
            { account = "hq", kind = "cluster", error = "service: no.", items = 1, example = "dws-2" } } })
    end)

    it("say why a key is refused once, whatever failed by that", function()
        local failures = { { account = "hq", kind = "place", error = "auth: no.", items = 1, example = "cn-north-4" },
            { account = "hq", kind = "cluster", error = "network: no.", items = 1, example = "dws-1" } }
        assert.same({ "! account hq: its key was refused: auth: no.",
            "account hq: dws-1 cannot be read: network: no." }, texts { failures = failures,
                accounts = { account { state = "refused", refusals = 1, error = "auth: no." } } })
        assert.same({ "! account hq: its key was refused", "! account shop: its key was refused 3 times, nothing is "
            .. "sent until 2026-09-21T14:20:00Z" }, texts { accounts = { account { state = "refused", refusals = 1 },
                account { account = "shop", state = "blocked", refusals = 3, blocked_until = NOW + 400000 } } })
    end)

    it("want somebody to act where a list fails and no cluster is known", function()
        local failed = { failures = { { account = "hq", kind = "place", error = "network: no.", items = 1,
            example = "cn-north-4" } }, accounts = { account() } }
        local words = "account hq: the clusters of cn-north-4 cannot be listed: network: no."
        assert.same({ words }, texts(failed))
        failed.accounts[1].clusters = 1
        assert.same({ words }, texts(failed))
        failed.accounts[1].account = "other" -- of which nothing is known at all
        assert.same({ words }, texts(failed))
        failed.accounts[1].account, failed.accounts[1].clusters = "hq", 0
        assert.same({ "! account hq: the clusters of cn-north-4 cannot be listed: network: no." }, texts(failed))
        assert.equal("None of its clusters is known yet, so none is looked at.", conditions.of(sum_of(failed))[1].hint)
    end)

    local LONG = ("l"):rep(201)
    local CUT = ("l"):rep(199) .. "…"
    local EACH = {
        { { alive = 0 }, { key = "nobody", attention = true, text = "no collector is running: nothing is looked at",
            hint = "Start dwsync collect on one machine or more.", over = "a collector is running again" } },
        { { collectors = { { name = "b", pid = 7, state = "running", alive = false, seen_at = NOW - 1000 } } },
            { key = "gone\0b", text = "collector b is gone, last seen 1 s ago", over = "collector b is back",
                hint = "Its looks went to the others. Read its log on its machine (process 7)." } },
        { { accounts = { account { state = "blocked", refusals = 1, error = LONG, blocked_until = NOW + 120000 } } },
            { key = "blocked\0hq", attention = true, text = "account hq: its key was refused 1 time, nothing is sent "
                .. "until 2026-09-21T14:15:20Z: " .. CUT, hint = "More would lock the key. Correct the credentials "
                .. "of accounts.hq; the next try is in 2 min.", over = "account hq is asked again" } },
        { { accounts = { account { state = "refused", error = LONG } } },
            { key = "refused\0hq", attention = true, text = "account hq: its key was refused: " .. CUT,
                hint = "Correct the credentials of accounts.hq; it is tried again by itself.",
                over = "account hq: its key is accepted again" } },
        { { accounts = { account { state = "throttled", rate = 2.5, paused_until = NOW } } },
            { key = "throttled\0hq", text = "account hq: the service asked for a pause, until 2026-09-21T14:13:20Z",
                hint = "If that happens often, lower accounts.hq.rate (now 2.5 a second).",
                over = "account hq: the pause is over" } },
        { { accounts = { account { paced = 61 } } },
            { key = "stretched\0hq", text = "account hq: at 1 request a second 10 clusters take 1 min 1 s, not 1 min",
                hint = "Raise accounts.hq.rate, if the service allows that, or its interval.",
                over = "account hq: its rate holds its interval again" } },
        { { late = 1, latest = { { cluster_id = ("c"):rep(61), account = "hq", overdue = 60 } } },
            { key = "late", attention = true, text = "1 cluster is late, most of all " .. ("c"):rep(59)
                .. "… of account hq, by 1 min", hint = "dwsync fleet explain " .. ("c"):rep(59) .. "… says why.",
                over = "no cluster is late any more" } },
        { { failures = { { account = "hq", kind = "cluster", error = LONG, items = 2, example = ("e"):rep(61) } } },
            { key = "failure\0hq\0cluster\0" .. LONG, text = "account hq: 2 clusters, " .. ("e"):rep(59)
                .. "… among them, cannot be read: " .. CUT, over = "account hq: over: " .. CUT } },
        { { failures = { { account = "hq", kind = "account", error = "no", items = 1 } } },
            { key = "failure\0hq\0account\0no", text = "account hq: its projects cannot be listed: no",
                hint = "Clusters that are known already are looked at all the same.",
                over = "account hq: over: no" } },
        { { failures = { { account = "hq", kind = "users", error = "no", items = 1, example = "c", hint = LONG,
            next_at = NOW + 60000 } } },
            { key = "failure\0hq\0users\0no", text = "account hq: who is in the database of c cannot be listed: no",
                hint = CUT .. " The next try is in 1 min.", over = "account hq: over: no" } },
        { { failures = { { account = "hq", kind = "users", error = "no", items = 1, example = "c",
            next_at = NOW + 60000 } } },
            { key = "failure\0hq\0users\0no", text = "account hq: who is in the database of c cannot be listed: no",
                hint = "The next try is in 1 min.", over = "account hq: over: no" } },
        { { messages = { unsent = 1, oldest = 60001, lost = 0 } },
            { key = "unsent", attention = true, text = "1 message could not be sent, the oldest for 1 min",
                hint = "dwsync alerts list says to whom, and why; dwsync alerts test CHANNEL tries it.",
                over = "all messages are sent" } },
        { { messages = { unsent = 0, oldest = 0, lost = 2 } },
            { key = "lost", attention = true, text = "2 messages were refused for good in the last day, and nobody "
                .. "was told instead", hint = "dwsync alerts list says which channel, and why.",
                over = "no message is lost any more" } },
        { { heartbeat = { reason = LONG } },
            { key = "heartbeat", text = "no heartbeat is sent: " .. CUT,
                hint = "That is what it is for: who waits for it calls you.", over = "heartbeats are sent again" } },
        { { heartbeat = { error = LONG } },
            { key = "heartbeat", attention = true, text = "heartbeats do not arrive: " .. CUT,
                hint = "Correct alerts.heartbeat, or the way to it.", over = "heartbeats arrive again" } },
    }

    for _, case in ipairs(EACH) do
        it(("say under one key what to do next and what ends them: %s"):format(case[2].key:gsub("%z.*", "")), function()
            assert.same({ case[2] }, conditions.of(sum_of(case[1])))
        end)
    end

    it("come when a border is passed, not at it", function()
        for _, changes in ipairs {
            { latest = { { cluster_id = "c", account = "hq", overdue = 0 } } },
            { late = 1 },
            { accounts = { account { interval = 100, paced = 101 } } },
            { accounts = { account { state = "blocked", error = "no", refusals = 1, blocked_until = NOW } },
                alive = 1, failures = { { account = "hq", kind = "cluster", error = "no", items = 1 } },
                expected = 1 },
            { failures = { { account = "other", kind = "cluster", error = "no", items = 1 } }, expected = 1 },
        } do
            assert.equal(changes.expected or 0, #texts(changes))
        end
    end)

    it("say of no failure to read a cluster that nothing is known", function()
        local failed = conditions.of(sum_of { accounts = { account { clusters = 0 } }, failures = {
            { account = "hq", kind = "cluster", error = "no", items = 1, example = "c" } } })
        assert.same({ {}, {} }, { { failed[1].hint }, { failed[1].attention } })
    end)

    it("come worst first, and else in the order in which one follows from the other", function()
        local all = { accounts = { account { state = "throttled", paused_until = NOW, paced = 200 } } }
        for _, place in ipairs { 1, 2, 7, 8, 12, 13, 14 } do
            for name, value in pairs(EACH[place][1]) do
                all[name] = value
            end
        end
        all.messages = { unsent = 1, oldest = 60001, lost = 1 }
        local keys = {}
        for i, condition in ipairs(conditions.of(sum_of(all))) do
            keys[i] = condition.key:gsub("%z.*", "")
        end
        assert.same({ "nobody", "late", "unsent", "lost", "gone", "throttled", "stretched", "failure", "heartbeat" },
            keys)
    end)

    it("let no name drive the terminal", function()
        local late = { { name = "a\27[2Jb", cluster_id = "c", account = "hq", overdue = 250 } }
        local text = texts { late = 1, latest = late }[1]
        assert.is_nil(text:find "\27")
    end)
end)

describe("the news of a fleet", function()
    it("is what began and what ended, once", function()
        local before = {}
        local function news(...)
            local began, ended = conditions.news(before, { ... })
            local keys = {}
            for _, condition in ipairs(began) do keys[#keys + 1] = "+" .. condition.key end
            for _, condition in ipairs(ended) do keys[#keys + 1] = "-" .. condition.key end
            return table.concat(keys, " ")
        end
        assert.equal("+a +b", news({ key = "a" }, { key = "b" }))
        assert.equal("", news({ key = "a" }, { key = "b" }))
        assert.equal("+c -a", news({ key = "b" }, { key = "c" }))
        assert.equal("-b -c", news())
        assert.equal("+a", news { key = "a" })
        local many = {}
        for letter in ("zyxwvutsrq"):gmatch "." do
            many[#many + 1] = { key = letter }
        end
        news(unpack(many))
        assert.equal("-q -r -s -t -u -v -w -x -y -z", news())
    end)
end)
