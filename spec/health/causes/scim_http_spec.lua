local cases = require "spec.health.causes.cases"

local MESSAGES = {
    { class = "scim_uniqueness", speaker = "identity provider",
        cause = "a unique value, such as a user name, is taken already (SCIM uniqueness)",
        next_step = "Find the other account with the same user name or mail address, and rename or remove one of "
            .. "the two.",
        cases = {
            { '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"uniqueness","deta'
                .. [=[il":"userName \"ann\" is taken","status":"409"}]=],
                '{"schemas":[<name>],"scimType":"uniqueness","detail":"userName <name> is taken","status":"409"}' },
        } },
    { class = "scim_filter", speaker = "identity provider",
        cause = "the filter is malformed or not supported (SCIM invalidFilter)",
        next_step = "Simplify the filter of the identity source to what the provider supports, such as userName eq.",
        cases = {
            { '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidFilter","s'
                .. 'tatus":"400","detail":"bad filter"}',
                '{"schemas":[<name>],"scimType":"invalidFilter","status":"400","detail":"bad filter"}' },
        } },
    { class = "scim_too_many", speaker = "identity provider",
        cause = "the filter matches more accounts than the provider returns (SCIM tooMany)",
        next_step = "Narrow the filter, or lower the page size of the identity source.",
        cases = {
            { '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"tooMany","status":"400"}',
                '{"schemas":[<name>],"scimType":"tooMany","status":"400"}' },
        } },
    { class = "scim_value", speaker = "identity provider",
        cause = "an attribute that must not change would be changed (SCIM mutability)",
        next_step = "Take the attribute out of the mapping, or create the account anew.",
        cases = {
            { '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"mutability","status":"400"}',
                '{"schemas":[<name>],"scimType":"mutability","status":"400"}' },
        } },
    { class = "scim_value", speaker = "identity provider",
        cause = "a value is missing or not allowed (SCIM invalidValue)",
        next_step = "Correct the account at the identity provider, or the attribute mapping.",
        cases = {
            { '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidValue","status":"400"}',
                '{"schemas":[<name>],"scimType":"invalidValue","status":"400"}' },
        } },
    { class = "http_not_found", speaker = "identity provider",
        cause = "the identity provider has nothing at this address (HTTP 404)",
        next_step = "Check the address in the identity source, its version and tenant; a group or user may have "
            .. "been deleted.",
        cases = {
            { '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Resource '
                .. '2819c223-7f76-453a-919d-413861904646 not found","status":"404"}',
                '{"schemas":[<name>],"detail":"Resource <id> not found","status":"404"}' },
            { "Server returned HTTP response code: 404 for URL: https://idp.example.com/scim/v2/Group",
                "Server returned HTTP response code: 404 for URL: <address>" },
        } },
    { class = "http_unauthorized", speaker = "identity provider",
        cause = "the identity provider does not accept the token or password (HTTP 401)",
        next_step = "Enter a current token or secret in the identity source, and note when it expires.",
        cases = {
            "HTTP/1.1 401 Unauthorized",
            { "401 Client Error: Unauthorized for url: https://idp.example.com/scim/v2/Users?startIndex=101",
                "401 Client Error: Unauthorized for url: <address>" },
        } },
    { class = "http_forbidden", speaker = "identity provider",
        cause = "the identity provider denies what was asked: no permission (HTTP 403)",
        next_step = "Grant the application or token read access to users and groups.",
        cases = {
            { "org.springframework.web.client.HttpClientErrorException$Forbidden: 403 Forbidden: "
                .. '"{"message":"Insufficient rights"}"',
                "org.springframework.web.client.HttpClientErrorException$Forbidden: 403 Forbidden: <name>" },
            "Request failed with status code 403",
        } },
    { class = "http_conflict", speaker = "identity provider",
        cause = "an account or group of that name exists already (HTTP 409)",
        next_step = "Find the other account or group with the same name or mail address, and rename or remove "
            .. "one of the two.",
        cases = {
            { "feign.FeignException$Conflict: [409 Conflict] during [POST] to [http://idp/users]",
                "feign.FeignException$Conflict: [409 Conflict] during [POST] to <address>" },
        } },
    { class = "http_rate_limited", speaker = "identity provider",
        cause = "the identity provider limits the number of requests (HTTP 429)",
        next_step = "Spread the runs, enlarge the page size, or ask for a higher limit.",
        cases = {
            { "Request failed with status code 429, retry after 30 s",
                "Request failed with status code 429, retry after # s" },
            "429 Too Many Requests",
        } },
    { class = "http_server_error", speaker = "identity provider",
        cause = "the identity provider failed (HTTP 500)",
        next_step = "Look for the time of the run in the identity provider's log; the next run may succeed by "
            .. "itself.",
        cases = {
            "OneAccess answered status 500",
        } },
    { class = "http_server_error", speaker = "identity provider",
        cause = "a gateway got no proper answer from the identity provider (HTTP 502)",
        next_step = "Check the identity provider behind its gateway; the next run may succeed by itself.",
        cases = {
            "502 Bad Gateway",
        } },
    { class = "http_server_error", speaker = "identity provider",
        cause = "the identity provider is overloaded or under maintenance (HTTP 503)",
        next_step = "Look at the identity provider's status and load; the next run may succeed by itself.",
        cases = {
            "<html><head><title>503 Service Temporarily Unavailable</title></head></html> status 503",
        } },
    { class = "http_server_error", speaker = "identity provider",
        cause = "a gateway waited too long for the identity provider (HTTP 504)",
        next_step = "Check the load of the identity provider behind its gateway; a smaller page size may help.",
        cases = {
            "504 Gateway Time-out",
        } },
    { class = "http_bad_request", speaker = "identity provider",
        cause = "the identity provider did not understand the request (HTTP 400)",
        next_step = "Read the rest of the message; check filter, attribute mapping and page size of the identity "
            .. "source.",
        cases = {
            "SCIM: HTTP 400: malformed filter",
        } },
    { class = "http_proxy", speaker = "identity provider",
        cause = "a proxy on the way wants a log-in (HTTP 407)",
        next_step = "Enter the proxy's user and password, or let the synchronisation pass without the proxy.",
        cases = {
            'Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 Proxy Authentication Required"',
        } },
    { class = "http_format", speaker = "identity provider",
        cause = "the answer is not what the identity provider should send, perhaps a log-in page",
        next_step = "Open the address of the identity source from the cluster's network, and see what answers.",
        cases = {
            { "invalid character '<' looking for beginning of value in the SCIM answer",
                "invalid character <name> looking for beginning of value in the SCIM answer" },
        } },
    { class = "http_server_error", speaker = "identity provider",
        cause = "the identity provider is not available",
        next_step = "Look at the identity provider's status and load; the next run may succeed by itself.",
        cases = {
            "unexpected status 599 from SCIM endpoint",
        } },
}

describe("messages of SCIM and HTTP", function()
    for _, expected in ipairs(MESSAGES) do
        it(cases.title(expected), function()
            cases.check(expected)
        end)
    end
end)
