--- Where others report to: topics of SMN and events of Cloud Eye. What came is kept for tests to look at.
-- Handlers take the service and a request, and return a response, or nil and a refusal.
-- @module dwsync.emulator.notices
local cjson = require "cjson"
local dws = require "dwsync.emulator.dws"
local refusals = require "dwsync.emulator.refusals"

local M = {}

local KEPT = 1000
local MOST_SUBJECT, MOST_MESSAGE = 512, 262144 -- bytes
local HOUR, TEN_MINUTES = 3600000, 600000 -- milliseconds
local STATES = { normal = true, warning = true, incident = true }
local LEVELS = { Critical = true, Major = true, Minor = true, Info = true }

local function decoded(request)
    local ok, value = pcall(cjson.decode, request.body or "")
    return ok and type(value) == "table" and value or nil
end

local function keep(service, kind, request, value)
    local list = service.notices
    if #list == KEPT then
        table.remove(list, 1)
    end
    list[#list + 1] = { kind = kind, path = request.path, body = value, by = request.by }
end

local function is_text(value, most)
    return type(value) == "string" and #value > 0 and #value <= most
end

--- SMN's PublishMessage.
function M.publish(service, request, project_id, topic)
    local place, refusal = dws.find_place(service, request, project_id)
    if not place then
        return nil, refusal
    end
    local region, project = topic:match "^urn:smn:([%w-]+):(%x+):[%w_-]+$"
    local value = decoded(request)
    if region ~= place.region or project ~= project_id then
        return nil, refusals.make "SMN.0002"
    elseif not (value and is_text(value.message, MOST_MESSAGE))
        or value.subject ~= nil and not is_text(value.subject, MOST_SUBJECT) then
        return nil, refusals.make "SMN.0001"
    end
    keep(service, "smn", request, value)
    return { status = 200, headers = {}, body = cjson.encode { request_id = request.id,
        message_id = ("%032x"):format(#service.notices) } }
end

local function is_event(event, now)
    local detail = type(event) == "table" and event.detail
    return type(detail) == "table" and is_text(event.event_name, 64) and event.event_name:find "^%a[%w_]*$"
        and is_text(event.event_source, 65) and event.event_source:find "^%a[%w_][%w_]+%.%a[%w_][%w_]+$"
        and type(event.time) == "number" and event.time > now - HOUR and event.time < now + TEN_MINUTES
        and is_text(detail.content or "-", 4096) and STATES[detail.event_state] and LEVELS[detail.event_level]
        and is_text(detail.resource_id or "-", 128) and is_text(detail.resource_name or "-", 128)
end

--- Cloud Eye's CreateEvents.
function M.report_events(service, request, project_id)
    local place, refusal = dws.find_place(service, request, project_id)
    if not place then
        return nil, refusal
    end
    local events, answers = decoded(request), {}
    for i, event in ipairs(events or {}) do
        if not is_event(event, service:now() * 1000) then
            return nil, refusals.make "CES.0001"
        end
        answers[i] = { event_id = ("ev%016d"):format(i), event_name = event.event_name }
    end
    if #answers == 0 then
        return nil, refusals.make "CES.0001"
    end
    for _, event in ipairs(events) do
        keep(service, "ces", request, event)
    end
    return { status = 201, headers = {}, body = cjson.encode(answers) }
end

return M
