--- The one error object: {kind, message, hint, status, code, request_id, retryable, attempts, cause}.
-- It must not contain a secret.
-- @module dwsync.errors
local lazy = require "dwsync.lazy"

-- Nothing but failures needs the other part: it is loaded with the first of them.
local wording = lazy "dwsync.errors.wording"

local M = lazy("dwsync.errors.wording", {})

local Error = { __name = "dwsync.error" }

-- Failures after which the same GET may well succeed.
local RETRYABLE = { network = true, timeout = true, throttled = true }

--- What went wrong, as every function of dwsync returns it. `tostring` makes one line of it, hint included.
-- @table dwsync.error
-- @tfield string kind "config" (wrong before the service was asked), "credentials", "auth", "clock", "permission",
-- "not_found", "throttled", "request", "service", "network", "timeout", "tls", "decode", "incomplete", "storage" or
-- "cancelled"
-- @tfield string message what happened, on one line and without secrets
-- @tfield string hint what to do about it, in one sentence
-- @tfield boolean retryable whether the same request may well succeed later
-- @tfield[opt] integer status HTTP status
-- @tfield[opt] string code the service's, or in lower case the core's
-- @tfield[opt] string operation of the service that failed, such as "ListSyncRecords"
-- @tfield[opt] string cluster_id which cluster it is about
-- @tfield[opt] string cluster its name, where that is known
-- @tfield[opt] string request_id under which the service can find the request again
-- @tfield[opt] integer attempts how often it was tried
-- @tfield[opt] dwsync.error cause an error behind this one
-- @tfield[opt] number retry_after seconds to wait, when the service says so; a day at most
-- @tfield[opt] number server_time seconds since the epoch, when the service says what time it is

--- Makes an error object.
-- @tparam table fields `kind`, `message`, and other fields of the object, which it becomes; `option`: the option that
-- is wrong, with whose name the message begins. In a hint, options of dwsync.new are put between backticks: see
-- dwsync.checks.spelled
-- @treturn dwsync.error
-- @raise for an unknown kind
function M.new(fields)
    local hint = wording.hint(fields.kind)
    fields.hint = fields.hint or hint
    if fields.retryable == nil then
        fields.retryable = RETRYABLE[fields.kind] or false
    end
    return setmetatable(fields, Error)
end

--- Whether a value is an error object.
-- @tparam any value
-- @treturn boolean
function M.is(value)
    return getmetatable(value) == Error
end

--- The failure that a body declares although the HTTP status was 200, as some DWS operations do.
-- @tparam table body decoded
-- @treturn ?string code; nil when it does not declare one
function M.declared_failure(body)
    local some = body.error_code or body.errorCode or body.errCode or body.workload_res_code
    return some and wording.declared_code(body) or nil -- as nearly never
end

function Error:__tostring()
    return ("%s %s"):format(M.summary(self), self.hint)
end

-- ---- what the other part does --------------------------------------------------------------------

--- What happened, without the hint; `tostring` has both.
-- @function summary
-- @tparam dwsync.error err
-- @tparam[opt] boolean bare leaves out operation and cluster, where the reader sees them anyway
-- @treturn string a sentence

--- The error of which a summary speaks, for those that only the summary was kept of.
-- @function from_summary
-- @tparam string summary made with `bare`
-- @treturn dwsync.error of kind "service" when the text is something else

--- Whether the service refused because identity-source synchronisation is switched off for the cluster.
-- @function is_feature_off
-- @tparam any err
-- @treturn boolean

--- The error of a cluster whose identity-source synchronisation is switched off, where no answer is at hand.
-- @function feature_off
-- @tparam {id=string,name=?string} cluster
-- @treturn dwsync.error

--- Notes what an error is about, unless that is known.
-- @function about
-- @tparam dwsync.error err changed in place; an error that is about another cluster is copied
-- @tparam table about `operation`, `cluster_id`, `cluster` (its name)
-- @treturn dwsync.error

--- Turns what dwsync.core, or a runtime, returned into an error object.
-- @function from_core
-- @tparam dwsync.failure|string err with a text, the kind is "network"
-- @tparam[opt] {string,...} secrets texts that must not show
-- @tparam[opt] table context for hints about certificates: `ca_file` of the request, `now` by this machine's clock
-- @treturn dwsync.error

--- What a service says in the body of a failing answer. Of a body that is too long to be read to its end, texts that
-- it holds as members are found all the same.
-- @function read_body
-- @tparam dwsync.response response
-- @treturn table decoded; empty when it is not JSON

--- Finds the code and the message that a service put into a decoded body, in any of the shapes seen.
-- @function find_code
-- @tparam table body
-- @treturn ?string code; nil without one
-- @treturn ?string message

--- How long Retry-After asks to wait: a number, or a date compared with the server's own clock if there is a Date.
-- @function retry_after
-- @tparam dwsync.response response
-- @tparam number now seconds since the epoch
-- @treturn ?number seconds, a day at most

--- Turns a failing answer into an error object. Its kind depends on the error code or, without a known one, the status.
-- @function from_response
-- @tparam dwsync.response response
-- @tparam table context
-- @tparam {string,...} context.secrets texts that must not show
-- @tparam number context.now seconds since the epoch, for Retry-After dates
-- @tparam[opt] table context.body the decoded body, when the caller has it
-- @treturn dwsync.error with `retry_after` when the service asks for a pause, and `server_time`

--- The id under which the service can find a request again.
-- @function request_id
-- @tparam dwsync.response response
-- @tparam {string,...} secrets texts that must not show
-- @tparam[opt] table body the decoded body, which some services put it into
-- @treturn ?string

return M
