--- Who asks, and what they may see: credentials, IAM, the project, its clusters, the query for records.
-- It must not show a secret, nor send anything more with a key that the service refused.
-- @module dwsync.doctor.access
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

local function is_among(clusters, id)
    for _, cluster in ipairs(clusters) do
        if cluster.id == id then
            return true
        end
    end
    return false
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

-- What to do about a refusal, where the project was not looked up but named.
local function with_suspicion(subject, err)
    local project = subject.named_project
    if err.kind ~= "permission" or not project then
        return err.hint
    end
    return ("%s %s"):format(err.hint, SUSPECT:format(project.id, project.origin))
end

--- Which clusters are visible?
function M.clusters(subject)
    local clusters, err = subject.client:list_clusters()
    if not clusters then
        return subject.cluster_id and ONLY_THE_LIST[err.kind] and "warning" or "failed", summary(err),
            with_suspicion(subject, err)
    end
    local found = ("%d visible"):format(#clusters)
    if subject.cluster_id and not is_among(clusters, subject.cluster_id) then
        return "warning", ("%s, cluster %s is not among them"):format(found, subject.cluster_id),
            "Check the cluster id, the region and the project (dwsync clusters)."
    elseif #clusters == 0 then
        return "warning", found, "Check the region and the project."
    end
    subject.clusters = with_ids(clusters)
    subject.cluster_id = subject.cluster_id or subject.clusters[1] and subject.clusters[1].id
    return "ok", found
end

local ACTION = "Ask for the action dws:cluster:listIdentifySyncRecords."

-- This code is about the cluster, not about the caller.
local FEATURE_OFF = "DWS.5045"

--- May the records of the cluster be asked for?
function M.permission(subject)
    if not subject.cluster_id then
        return "skipped", "no cluster to ask about", "Give a CLUSTER_ID."
    end
    local page, err = subject.client:list_sync_records { cluster_id = subject.cluster_id, offset = 0, limit = M.PAGE }
    subject.page = page
    subject.feature_off = err and err.code == FEATURE_OFF and err or nil
    if page or subject.feature_off then
        return "ok", "records of cluster " .. subject.cluster_id .. " may be asked for"
    elseif err.kind == "permission" then
        local named = err.hint:find("listIdentifySyncRecords", 1, true)
        local hint = with_suspicion(subject, err)
        return "failed", summary(err), named and hint or ACTION .. " " .. hint
    end
    return "failed", summary(err), err.hint
end

return M
