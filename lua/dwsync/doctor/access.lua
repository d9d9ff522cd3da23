--- Who asks, and what they may see: credentials, IAM, the project, its clusters, the query for records.
-- It must not show a secret, nor send anything more with a key that the service refused.
-- @module dwsync.doctor.access
local cluster_names = require "dwsync.cluster_names"
local errors = require "dwsync.errors"
local timestamps = require "dwsync.timestamps"

local M = {}

-- Without its full stop: a finding is not a sentence, and its hint is shown apart.
local function summary(err)
    return (errors.summary(err):gsub("%.$", ""))
end
M.summary = summary

--- Records in a page: enough to distinguish page offsets from row offsets, see dwsync.doctor.content.
M.PAGE = 3

local function type_of(keys)
    if keys.token then
        return "token"
    end
    return ("%s access key %s"):format(keys.security_token and "temporary" or "permanent", keys.ak)
end

--- Are there credentials, and until when?
function M.credentials(subject)
    local client = subject.client
    local now = client:now()
    local keys, err = client:credentials()
    if not keys then
        return "failed", summary(err), err.hint
    end
    subject.keys = keys
    local found = ("%s from %s"):format(type_of(keys), keys.source)
    if not keys.expires_at then
        return "ok", found
    end
    found = ("%s, valid until %s"):format(found, timestamps.to_iso(keys.expires_at * 1000))
    if keys.expires_at <= now then
        return "failed", found, "Get new credentials: these have expired."
    end
    return "ok", found
end

local function known_project(subject)
    return subject.client:option "project_id" or subject.keys and subject.keys.project_id
end

--- Does IAM answer? It is only needed to look up a project id or to fetch credentials.
function M.iam(subject)
    local client = subject.client
    local urls, err = client:endpoints("iam", subject.keys)
    local answer
    if urls then
        answer, err = client:probe(urls[1])
    end
    local next_step = err and err.hint
    if answer and answer.status < 500 then
        return "ok", urls[1] .. " answers"
    elseif answer then
        next_step = "Try again later; with `project_id` IAM is not needed for an access key."
    end
    local found = answer and ("%s answers HTTP %d"):format(urls[1], answer.status) or summary(err)
    if known_project(subject) then
        return "warning", found, "Not needed now, since the project id is known. " .. next_step
    end
    subject.iam_failed = true
    return "failed", found, next_step
end

local LOOKED_UP = "looked up at IAM"

--- Which project?
function M.project_id(subject)
    local client = subject.client
    local origin = client:option "project_id" and "given"
        or known_project(subject) and "from " .. subject.keys.source or LOOKED_UP
    if subject.iam_failed then
        return "skipped", "not tried: it would be looked up at IAM, which failed",
            "Fix that first, or give `project_id`.", "IAM"
    end
    local id, err = client:project_id()
    if not id then
        return "failed", summary(err), err.hint
    end
    subject.named_project = origin ~= LOOKED_UP and { id = id, origin = origin } or nil
    return "ok", ("%s (%s)"):format(id, origin)
end

-- Without an id there is nothing to ask about, whatever else the service lists.
local function with_ids(clusters)
    local list = {}
    for _, cluster in ipairs(clusters) do
        if type(cluster) == "table" and cluster.id ~= nil then
            list[#list + 1] = { id = tostring(cluster.id), name = cluster.name and tostring(cluster.name) }
        end
    end
    return list
end

-- These failures to list the clusters may not affect asking for the records of one.
local ONLY_THE_LIST = { permission = true, not_found = true, service = true, decode = true }

-- The service refuses another account's project as it refuses a missing permission.
local SUSPECT = "If the user has that permission, the project id %s (%s) may be of another account or region: leave it "
    .. "out, and it is looked up at IAM."

-- To find names in it and to count it, the list is asked for once.
local LIST_SERVES = 60 -- seconds

-- What to do about a refusal, where the project was not looked up but named.
local function with_suspicion(subject, err)
    local project = subject.named_project
    if err.kind ~= "permission" or not project then
        return err.hint
    end
    return ("%s %s"):format(err.hint, SUSPECT:format(project.id, project.origin))
end

-- The clusters meant by the words, or nil and a finding.
local function find(subject)
    local found, wrong = subject.client:find_clusters { clusters = subject.words or { "*" }, exclude = subject.exclude }
    if not found then
        subject.unknown_cluster = wrong.kind == "config" and not wrong.operation -- else the list could not be had
        return nil, "failed", summary(wrong), with_suspicion(subject, wrong)
    end
    return found
end

-- The first that was named and is not in the list.
local function absent_from(listed, found)
    for _, cluster in ipairs(found) do
        if not cluster_names.named(cluster.id, listed)[1] then
            return cluster
        end
    end
end

--- Which clusters are visible, and which are meant?
function M.clusters(subject)
    local found, outcome, text, next_step = find(subject)
    if not found then
        return outcome, text, next_step
    end
    subject.clusters, subject.cluster_id = found, found[1] and found[1].id
    subject.cluster = found[1] and found[1].name
    local listed, err = subject.client:list_clusters { max_age = LIST_SERVES }
    if not listed then
        return ONLY_THE_LIST[err.kind] and "warning" or "failed", summary(err), with_suspicion(subject, err)
    end
    local visible, absent = ("%d visible"):format(#listed), absent_from(with_ids(listed), found)
    if absent then
        return "warning", ("%s, cluster %s is not among them"):format(visible, cluster_names.shown(absent)),
            "Check the cluster id, the region and the project (dwsync clusters)."
    elseif #listed == 0 then
        return "warning", visible, "Check the region and the project."
    end
    return "ok", visible
end

local ACTION = "Ask for the action dws:cluster:listIdentifySyncRecords."

--- May the records of the cluster be asked for?
function M.permission(subject)
    if not subject.cluster_id then
        return "skipped", "no cluster to ask about", "Name a CLUSTER."
    end
    local page, err = subject.client:list_sync_records { cluster_id = subject.cluster_id, offset = 0, limit = M.PAGE }
    subject.page = page
    subject.feature_off = errors.is_feature_off(err) and err or nil
    if page or subject.feature_off then
        local shown = cluster_names.shown { id = subject.cluster_id, name = subject.cluster }
        return "ok", "records of cluster " .. shown .. " may be asked for"
    elseif err.kind == "permission" then
        local named = err.hint:find("listIdentifySyncRecords", 1, true)
        local hint = with_suspicion(subject, err)
        return "failed", summary(err), named and hint or ACTION .. " " .. hint
    end
    return "failed", summary(err), err.hint
end

return M
