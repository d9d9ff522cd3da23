local access = require "dwsync.doctor.access"
local errors = require "dwsync.errors"

local C9 = "c9c9c9c9-0000-4000-8000-000000000009"

-- A client that answers as `answers` say, each a function or a list of results; notes what it was asked.
local function client_of(answers)
    local asked = {}
    local client = setmetatable({}, { __index = function(_, name)
        return function(_, ...)
            asked[#asked + 1] = { name, ... }
            local answer = answers[name]
            if type(answer) == "table" then
                return answer[1], answer[2]
            end
            return answer
        end
    end })
    return client, asked
end

local function failing(kind, more)
    local fields = { kind = kind, message = "went wrong.", hint = "Mend it." }
    for name, value in pairs(more or {}) do
        fields[name] = value
    end
    return errors.new(fields)
end

local function summary(kind)
    return access.summary(failing(kind))
end

describe("the doctor of access", function()
    it("says when credentials end, and that they have in the moment when they do", function()
        for _, case in ipairs { { 10, "failed", "Get new credentials: these have expired." }, { 11, "ok" } } do
            local subject = { client = client_of { now = 10, credentials = { { ak = "AK", source = "there",
                expires_at = case[1] } } } }
            assert.same({ case[2], ("permanent access key AK from there, valid until 1970-01-01T00:00:%d.000Z")
                :format(case[1]), case[3] }, { access.credentials(subject) })
            assert.equal("AK", subject.keys.ak)
        end
        local subject = { client = client_of { now = 10, credentials = { nil, failing "auth" } } }
        assert.same({ "failed", summary "auth", "Mend it." }, { access.credentials(subject) })
        assert.is_nil(summary("auth"):find "%.$")
    end)

    it("asks the IAM of the keys, and needs it only for a project id", function()
        local LATER = "Try again later; with `project_id` IAM is not needed for an access key."
        local NEEDLESS = "Not needed now, since the project id is known. "
        for _, case in ipairs {
            { { status = 499 }, nil, "ok", "https://i answers" },
            { { status = 500 }, nil, "failed", "https://i answers HTTP 500", LATER, true },
            { { status = 500 }, "p", "warning", "https://i answers HTTP 500", NEEDLESS .. LATER },
            { nil, nil, "failed", summary "network", "Mend it.", true },
            { nil, "p", "warning", summary "network", NEEDLESS .. "Mend it." },
        } do
            for _, of_keys in ipairs { true, false } do
                local keys = { project_id = of_keys and case[2] or nil }
                local client, asked = client_of { endpoints = { { "https://i", "https://j" } },
                    probe = { case[1], not case[1] and failing "network" or nil },
                    option = not of_keys and case[2] or nil }
                local subject = { client = client, keys = keys }
                assert.same({ case[3], case[4], case[5] }, { access.iam(subject) })
                assert.equal(case[6], subject.iam_failed)
                assert.same({ { "endpoints", "iam", keys }, { "probe", "https://i" } }, { asked[1], asked[2] })
            end
        end
        local subject = { client = client_of { endpoints = { nil, failing "config" } } }
        assert.same({ "failed", summary "config", "Mend it." }, { access.iam(subject) })
    end)

    it("says where the project is from, and does not look it up at an IAM that failed", function()
        for _, case in ipairs { { "p", nil, "p (given)", { id = "p", origin = "given" } },
            { nil, "p", "p (from there)", { id = "p", origin = "from there" } },
            { nil, nil, "p (looked up at IAM)" } } do
            local subject = { client = client_of { option = case[1], project_id = "p" },
                keys = { project_id = case[2], source = "there" } }
            assert.same({ "ok", case[3] }, { access.project_id(subject) })
            assert.same(case[4], subject.named_project)
        end
        assert.same({ "skipped", "not tried: it would be looked up at IAM, which failed",
            "Fix that first, or give `project_id`.", "IAM" }, { access.project_id { client = client_of {},
            iam_failed = true } })
        assert.same({ "failed", summary "auth", "Mend it." }, { access.project_id {
            client = client_of { project_id = { nil, failing "auth" } } } })
    end)

    it("looks for the words that were given, else for the first of all", function()
        for _, words in ipairs { { "a", "b" }, false } do
            local client, asked = client_of { find_clusters = { { { id = "c1", name = "one" }, { id = "c2" } } },
                list_clusters = { { { id = "c1", name = "one" }, { id = "c2" } } } }
            local subject = { client = client, words = words or nil, exclude = { "x" } }
            assert.same({ "ok", "2 visible" }, { access.clusters(subject) })
            assert.same({ { "find_clusters", { clusters = words or { "*" }, exclude = { "x" } } },
                { "list_clusters", { max_age = 60 } } }, asked)
            assert.same({ "c1", "one", 2 }, { subject.cluster_id, subject.cluster, #subject.clusters })
        end
    end)

    it("tells a word that means no cluster from a list that could not be had", function()
        for _, case in ipairs { { true, "config" }, { false, "config", "list_clusters" }, { false, "network" },
            { false, "network", "list_clusters" } } do
            local err = failing(case[2], { operation = case[3] })
            local subject = { client = client_of { find_clusters = { nil, err } } }
            local outcome, _, hint = access.clusters(subject)
            assert.same({ "failed", "Mend it.", case[1] }, { outcome, hint, subject.unknown_cluster })
        end
    end)

    it("warns of a list that cannot be had though all else may be, and suspects a project that was named", function()
        local PROJECT = { id = "p", origin = "given" }
        local SUSPECT = "Mend it. If the user has that permission, the project id p (given) may be of another account "
            .. "or region: leave it out, and it is looked up at IAM."
        for kind, outcome in pairs { permission = "warning", not_found = "warning", service = "warning",
            decode = "warning", network = "failed", auth = "failed", throttled = "failed" } do
            for _, project in ipairs { PROJECT, false } do
                local subject = { named_project = project or nil,
                    client = client_of { find_clusters = { {} }, list_clusters = { nil, failing(kind) } } }
                assert.same({ outcome, summary(kind), kind == "permission" and project and SUSPECT or "Mend it." },
                    { access.clusters(subject) })
            end
        end
    end)

    it("says which cluster of those that are meant is not listed, beside what has no id", function()
        local function clusters(found, listed)
            return access.clusters { client = client_of { find_clusters = { found }, list_clusters = { listed } } }
        end
        local outcome, found, hint = clusters({ { id = "c1" }, { id = C9, name = "gone" } },
            { { id = "c1" }, "odd", { name = "odd" }, { id = 7 } })
        assert.same({ "warning", ("4 visible, cluster gone (%s) is not among them"):format(C9),
            "Check the cluster id, the region and the project (dwsync clusters)." }, { outcome, found, hint })
        for _, listed in ipairs { { id = 7 }, { id = "x", name = 7 }, { id = "7", name = "y" } } do
            assert.same({ "ok", "1 visible" }, { clusters({ { id = "7" } }, { listed }) })
        end
        for _, listed in ipairs { { name = "odd" }, { id = "x" }, "nil" } do
            outcome, found = clusters({ { id = "nil" } }, { listed })
            assert.same({ "warning", "1 visible, cluster nil is not among them" }, { outcome, found })
        end
        assert.same({ "warning", "0 visible", "Check the region and the project." }, { clusters({}, {}) })
    end)

    it("asks for the first three records, and for what is needed to see them", function()
        local client, asked = client_of { list_sync_records = { { sync_records = {} } } }
        local subject = { client = client, cluster_id = "c1", cluster = "one" }
        assert.same({ "ok", "records of cluster one (c1) may be asked for" }, { access.permission(subject) })
        assert.same({ { "list_sync_records", { cluster_id = "c1", offset = 0, limit = 3 } } }, asked)
        assert.same({ "skipped", "no cluster to ask about", "Name a CLUSTER." }, { access.permission {} })
        local ACTION = "Ask for the action dws:cluster:listIdentifySyncRecords."
        for _, case in ipairs { { "permission", "Mend it.", ACTION .. " Mend it." }, { "permission", ACTION, ACTION },
            { "permission", "listIdentifySyncRecords it is.", "listIdentifySyncRecords it is." },
            { "service", "Mend it.", "Mend it." } } do
            assert.same({ "failed", summary(case[1]), case[3] }, { access.permission { cluster_id = "c1",
                client = client_of { list_sync_records = { nil, failing(case[1], { hint = case[2] }) } } } })
        end
    end)
end)
