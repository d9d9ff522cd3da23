--- What an attempt that failed says: the error with its reasons, whether the clock is to blame, or the keys' age.
-- @module dwsync.request.failures
local lazy = require "dwsync.lazy"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local refusal = lazy "dwsync.request.refusal"
local text = lazy "dwsync.text"
local timestamps = lazy "dwsync.timestamps"

local M = {}

-- How much of the gateway's reason is looked at: more than is shown, so that a secret at the cut is masked whole.
local EXAMINED = 16384

-- Says what the gateway's echo of the canonical request shows, in place of the echo.
local function explain(err, response, exchange, secrets)
    local body = err.kind == "auth" and exchange.to_sign and errors.read_body(response)
    local _, message = errors.find_code(body or {})
    local ours = message and core.canonical_request(exchange.to_sign, exchange.signer, exchange.date)
    local why = ours and refusal.explain(ours, message)
    if why then
        local said = text.beginning(refusal.without_echo(message), EXAMINED)
        err.message = ("%s; %s"):format(text.excerpt(text.redact(said, secrets)), text.redact(why, secrets))
    end
    return err
end

--- The error of an attempt.
-- @tparam dwsync.request self
-- @tparam ?dwsync.response response of another status than 2xx; or
-- @tparam ?dwsync.failure failure of the runtime
-- @tparam table exchange see dwsync.request
-- @tparam {string,...} secrets texts that must not show
-- @treturn dwsync.error
function M.of(self, response, failure, exchange, secrets)
    local now = self.runtime.now()
    if not response then
        return errors.from_core(failure, secrets, { ca_file = self.transport.ca_file, now = now })
    end
    return explain(errors.from_response(response, { secrets = secrets, now = now }), response, exchange, secrets)
end

--- Whether the only problem is an expired token, or that of a temporary key.
-- @tparam dwsync.error err
-- @treturn boolean
function M.is_expired(err)
    local code = err.code or ""
    return err.kind == "auth" and (code:find "^API[GC]W?%.0307$" ~= nil or code == "IAM.1108"
        or err.message:find "token expires" ~= nil)
end

--- Corrects the clock for a service from now on, when that explains the refusal.
-- @tparam dwsync.request self
-- @tparam dwsync.error err of kind "clock", with `server_time`; its message and hint are changed when it is too far off
-- @tparam table exchange see dwsync.request
-- @treturn boolean whether it was corrected
function M.correct_clock(self, err, exchange)
    local now = self.runtime.now()
    local _, beyond = timestamps.skew(err.server_time, now)
    if beyond then
        err.message = ("%s; its date, %s, is more than a day from this machine's, %s"):format(err.message,
            timestamps.to_iso(err.server_time * 1000), timestamps.to_iso(math.floor(now) * 1000))
        err.hint = "Set this machine's clock (NTP) if it is wrong: a difference beyond a day is not made up for."
        return false
    elseif timestamps.skew(err.server_time, now + exchange.signed_with) == 0 then
        return false
    end
    local offset = err.server_time - now
    self.clock_offsets[exchange.endpoint] = offset
    if self.emit then
        self.emit { type = "clock", skew = offset }
    end
    return true
end

return M
