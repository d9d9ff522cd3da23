--- What a fail reason most likely means, and what to do about it: first who speaks, then what was said.
-- It must not look at more than the beginning of a text, nor do work that grows faster than the text. What is known is
-- in the files beside this one, a speaker each; README.md says how.
-- @module dwsync.health.causes
local network = require "dwsync.health.causes.network"

local M = {}

local EXAMINED = 2000

-- In the order in which they are asked: what a pool or a Kerberos library says of LDAP is still said by it.
local VOICES = {
    require "dwsync.health.causes.sync",
    require "dwsync.health.causes.database",
    require "dwsync.health.causes.kerberos",
    require "dwsync.health.causes.ldap",
    require "dwsync.health.causes.oauth",
    (require "dwsync.health.causes.scim_http"), -- the module alone, without where it was found
}

-- Nobody says who is at the other end.
local UNNAMED = "the identity source"

local function explained(entry, speaker)
    return { class = entry[1], cause = entry[2], next_step = entry[3], speaker = speaker }
end

-- By entry, what callers get; made once.
local EXPLAINED = {}

local function prepare(entries, speaker)
    for _, entry in pairs(entries) do
        EXPLAINED[entry] = EXPLAINED[entry] or explained(entry, speaker)
    end
end

-- By peer, the network's entries with its name in them.
local NETWORK = {}

local function prepare_network(peer, speaker, prefix)
    NETWORK[peer] = {}
    for i, entry in ipairs(network) do
        NETWORK[peer][i] = explained({ prefix .. entry[1], entry[2]:format(peer), entry[3]:format(peer) }, speaker)
    end
end

prepare_network(UNNAMED, "network", "")
for _, voice in ipairs(VOICES) do
    prepare(voice.before, voice.speaker)
    prepare(voice.phrases, voice.speaker)
    for _, codes in ipairs(voice.codes) do
        prepare(codes.by, voice.speaker)
    end
    voice.other = { class = "other", speaker = voice.speaker, next_step = voice.next_step }
    if voice.peer then
        prepare_network(voice.peer, voice.prefix and voice.speaker or "network", voice.prefix or "")
    end
end

local function has_any(text, phrases)
    for i = 1, #phrases do
        if text:find(phrases[i], 1, true) then
            return true
        end
    end
    return false
end

local function by_phrase(text, entries)
    for i = 1, #entries do
        if has_any(text, entries[i].phrases) then
            return entries[i]
        end
    end
end

local function by_code(text, lists)
    for _, list in ipairs(lists) do
        for _, pattern in ipairs(list) do
            -- gmatch would take memory for each pattern, though most find nothing.
            local _, last, code = text:find(pattern)
            while last do
                if list.by[code] then
                    return list.by[code]
                end
                _, last, code = text:find(pattern, last + 1)
            end
        end
    end
end

local function by_network(text, peer)
    for i, entry in ipairs(network) do
        if has_any(text, entry.phrases) then
            return NETWORK[peer][i]
        end
    end
end

-- What the voices heard in a text say that names a cause; else what is vague, and who spoke first.
local function listen(text)
    local vague, first
    for _, voice in ipairs(VOICES) do
        if has_any(text, voice.marks) then
            local entry = by_phrase(text, voice.before) or by_code(text, voice.codes) or by_phrase(text, voice.phrases)
            if entry and not entry.vague then
                return EXPLAINED[entry]
            end
            vague = vague or EXPLAINED[entry]
            first = first or voice.peer and voice
        end
    end
    return nil, vague, first
end

local NO_REASON = { class = "no_reason", cause = "the service gave no reason",
    next_step = "Look for the run in the identity source's own log." }
local OTHER = { class = "other" }

--- Explains a fail reason.
-- @tparam string|nil text hostile
-- @treturn table not to be changed: `class` (one word of a fixed set; "other" when unknown), `cause` and `next_step`
-- (sentences, or nil), `speaker` ("directory", "identity provider", "warehouse", "network", "sync", or nil)
function M.explain(text)
    if not text or not text:sub(1, EXAMINED):find "%S" then
        return NO_REASON
    end
    local lower = text:sub(1, EXAMINED):lower()
    local certain, vague, first = listen(lower)
    return certain or by_network(lower, first and first.peer or UNNAMED) or vague or first and first.other or OTHER
end

return M
