--- The way to DWS: its name, TCP, TLS with the certificate, and both clocks, all from one request.
-- It must not send a secret: the host may be the wrong one.
-- @module dwsync.doctor.connection
local quantities = require "dwsync.quantities"
local timestamps = require "dwsync.timestamps"

local M = {}

local DAY = 86400
local EXPIRES_SOON = 14 * DAY

-- Seconds: a clock set by NTP stays below the first; the gateway refuses requests that are off by more than the second.
local SKEW_NOTED, SKEW_REFUSED = 60, 900

-- After these failures another endpoint of the list may work.
local NEXT_ENDPOINT = { resolve = true, handshake = true, certificate = true }

-- Asks DWS once; every check here looks at the same answer.
local function answer_of(subject)
    if subject.answer or subject.failure then
        return subject.answer, subject.failure
    end
    for _, url in ipairs(subject.client:endpoints "dws") do
        subject.url = url
        subject.answer, subject.failure = subject.client:probe(url)
        subject.asked_at = subject.client:now()
        if subject.answer or not NEXT_ENDPOINT[subject.failure.code] then
            break
        end
    end
    return subject.answer, subject.failure
end

local function host_of(subject)
    return subject.url:match "^%a+://(.*)$"
end

-- Which step before TLS a failure belongs to, if any.
local function step_of(failure)
    if failure.code == "resolve" or failure.message:find "[Rr]esolving timed out" then
        return "resolution"
    elseif failure.code ~= "certificate" and failure.code ~= "handshake" and not failure.message:find "SSL" then
        return "tcp"
    end
end

--- Does the endpoint's name have an address?
function M.resolution(subject)
    local _, failure = answer_of(subject)
    if failure and step_of(failure) == "resolution" then
        return "failed", failure.message, "Check the region and the endpoint's name, and that DNS works here: "
            .. "the region may have another host (`endpoint`)."
    end
    return "ok", host_of(subject) .. " has an address"
end

--- Does it accept a connection?
function M.tcp(subject)
    local _, failure = answer_of(subject)
    if failure and step_of(failure) == "tcp" then
        return "failed", failure.message, failure.hint
    end
    return "ok", host_of(subject) .. " accepts connections"
end

local function describe_certificate(certificate, now)
    local ends = timestamps.from_certificate(certificate.not_after or "")
    local names = ("certificate of %s, issued by %s"):format(certificate.subject or "?", certificate.issuer or "?")
    if not ends then
        return names .. ", expiry unknown"
    end
    local left = ends - now
    return ("%s, valid until %s (%s)"):format(names, os.date("!%Y-%m-%d", ends), quantities.duration(left)),
        left < EXPIRES_SOON
end

--- Is the certificate good, and for how long?
function M.tls(subject)
    local answer, failure = answer_of(subject)
    if failure then
        return "failed", failure.message, failure.hint
    elseif subject.url:find "^http:" then
        return "skipped", "the endpoint is plain http", "Use https, unless this is a trial on this machine."
    elseif not answer.certificate then
        return "ok", "the certificate is trusted; its expiry date is not known here"
    end
    local found, soon = describe_certificate(answer.certificate, subject.asked_at)
    if soon then
        return "warning", found, "Inform the endpoint's operator that the certificate expires soon."
    end
    return "ok", found
end

--- Is this machine's clock near the service's?
function M.clock(subject)
    local theirs = timestamps.from_http(subject.answer.headers.date or "")
    if not theirs then
        return "warning", "the answer has no Date to compare with", "Check that this machine's clock is set by NTP."
    end
    local skew = theirs - subject.asked_at
    local size = math.floor(math.abs(skew) + 0.5)
    local found = size < 2 and "this machine's clock agrees with the service's"
        or ("this machine's clock is %s %s"):format(quantities.duration(size), skew > 0 and "slow" or "fast")
    if size < SKEW_NOTED then
        return "ok", found
    end
    return size < SKEW_REFUSED and "warning" or "failed", found,
        "Set this machine's clock (NTP): requests more than 15 minutes off are refused."
end

return M
