local cases = require "spec.health.causes.cases"

local MESSAGES = {
    { class = "oauth_invalid_client", speaker = "identity provider",
        cause = "the identity provider refused the client's id or secret",
        next_step = "Compare client id and secret in the identity source with those of the application, and "
            .. "enter the current secret.",
        cases = {
            { '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret '
                .. "provided. Ensure the secret being sent in the request is the client secret value. Trace "
                .. "ID: 0f3c5a51-6b42-4be5-9d1c-0c11d8b5a300 Correlation ID: "
                .. "6e1a0ea1-9f1d-44c8-b1b5-fb4b4a6a64c1 Timestamp: 2025-05-19 "
                .. '06:55:23Z","error_codes":[7000215],"timestamp":"2025-05-19 06:55:23Z"}',
                '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret '
                    .. "provided. Ensure the secret being sent in the request is the client secret value. "
                    .. "Trace ID: <id> Correlation ID: <id" },
            "[invalid_client] Client authentication failed",
        } },
    { class = "oauth_secret_expired", speaker = "identity provider",
        cause = "the client's secret or certificate has expired",
        next_step = "Create a new secret for the application, enter it in the identity source, and note when it "
            .. "expires.",
        cases = {
            { "AADSTS7000222: The provided client secret keys are expired. Trace ID: "
                .. "0f3c5a51-6b42-4be5-9d1c-0c11d8b5a300",
                "AADSTS7000222: The provided client secret keys are expired. Trace ID: <id>" },
        } },
    { class = "oauth_credentials", speaker = "identity provider",
        cause = "the identity provider refused the user's name or password",
        next_step = "Enter the service user's current password in the identity source.",
        cases = {
            "AADSTS50126: Error validating credentials due to invalid username or password.",
            '{"error":"invalid_grant","error_description":"Invalid user credentials"}',
        } },
    { class = "oauth_client_unknown", speaker = "identity provider",
        cause = "the identity provider does not know the application",
        next_step = "Check the client id and the tenant in the identity source; the application may have been "
            .. "deleted.",
        cases = {
            { "AADSTS700016: Application with identifier 'b7d0' was not found in the directory 'contoso'.",
                "AADSTS700016: Application with identifier <name> was not found in the directory <name>." },
        } },
    { class = "oauth_tenant", speaker = "identity provider",
        cause = "the identity provider does not know the tenant or realm",
        next_step = "Check the tenant or realm in the identity source's token address.",
        cases = {
            { "AADSTS90002: Tenant 'contoso.example' not found.",
                "AADSTS90002: Tenant <name> not found." },
        } },
    { class = "oauth_account", speaker = "identity provider",
        cause = "the identity provider has locked or disabled the service user",
        next_step = "Find out why, unlock or enable the user, and correct what sent a wrong password.",
        cases = {
            "AADSTS50053: The account is locked, you've tried to sign in too many times.",
        } },
    { class = "oauth_password_expired", speaker = "identity provider",
        cause = "the service user's password has expired",
        next_step = "Set a new password for the service user, and enter it in the identity source.",
        cases = {
            "AADSTS50055: The password is expired.",
        } },
    { class = "oauth_interaction", speaker = "identity provider",
        cause = "the identity provider wants a person to act: consent, a second factor or a log-in",
        next_step = "Use an application with its own permissions (client credentials), or exempt the service "
            .. "user from the policy.",
        cases = {
            { "AADSTS50076: Due to a configuration change you must use multi-factor authentication to "
                .. "access '00000003-0000-0000-c000-000000000000'.",
                "AADSTS50076: Due to a configuration change you must use multi-factor authentication "
                    .. "to access <name>." },
            "AADSTS53003: Access has been blocked by Conditional Access policies.",
            '{"error":"interaction_required"}',
        } },
    { class = "oauth_consent", speaker = "identity provider",
        cause = "no administrator has consented to the application's permissions",
        next_step = "Have an administrator of the identity provider grant consent to the application.",
        cases = {
            { "AADSTS65001: The user or administrator has not consented to use the application with ID 'b7d0'.",
                "AADSTS65001: The user or administrator has not consented to use the application with ID <name>." },
        } },
    { class = "oauth_token_expired", speaker = "identity provider",
        cause = "the refresh token has expired or was revoked",
        next_step = "Authorise the identity source anew at the identity provider; rotate the token before it "
            .. "expires.",
        cases = {
            "AADSTS700082: The refresh token has expired due to inactivity.",
            '{"error":"invalid_grant","error_description":"Token has been expired or revoked."}',
            '{"error":"invalid_grant","error_description":"Session not active"}',
        } },
    { class = "oauth_invalid_grant", speaker = "identity provider",
        cause = "the identity provider refused the grant: code, password, assertion or refresh token",
        next_step = "Authorise the identity source anew; check the user's password, the clock, and the redirect "
            .. "address.",
        cases = {
            '{"error":"invalid_grant"}',
        } },
    { class = "oauth_unauthorized_client", speaker = "identity provider",
        cause = "the application may not use this way to get a token",
        next_step = "Enable the grant type for the application at the identity provider.",
        cases = {
            '{"error":"unauthorized_client","error_description":"Client not enabled to retrieve service account"}',
            '{"error":"unsupported_grant_type"}',
        } },
    { class = "oauth_scope", speaker = "identity provider",
        cause = "the identity provider refused the scope or the resource asked for",
        next_step = "Correct the scope in the identity source, and grant it to the application.",
        cases = {
            { [=[{"error":"invalid_scope","error_description":"The scope 'users.read' is unknown"}]=],
                '{"error":"invalid_scope","error_description":"The scope <name> is unknown"}' },
            { "AADSTS500011: The resource principal named https://graph.example.com was not found in "
                .. "the tenant named Contoso.",
                "AADSTS500011: The resource principal named <address> was not found in the tenant named Contoso." },
        } },
    { class = "oauth_access_denied", speaker = "identity provider",
        cause = "the identity provider denied access",
        next_step = "Assign the application or service user to what it has to read at the identity provider.",
        cases = {
            '{"error":"access_denied"}',
        } },
    { class = "oauth_token_expired", speaker = "identity provider",
        cause = "the access token has expired",
        next_step = "Create a new token, enter it in the identity source, and note when it expires.",
        cases = {
            { 'WWW-Authenticate: Bearer realm="scim", error="invalid_token", error_description="The '
                .. 'access token expired"',
                'WWW-Authenticate: Bearer realm=<name>, error="invalid_token", '
                    .. 'error_description="The access token expired"' },
            { "failed to verify id token: oidc: token is expired (Token Expiry: 2025-05-19 06:55:23 +0000 UTC)",
                "failed to verify id token: oidc: token is expired (Token Expiry: <time>)" },
            { "io.jsonwebtoken.ExpiredJwtException: JWT expired at 2025-05-19T06:55:23Z. Current time: "
                .. "2025-05-19T07:55:23Z",
                "io.jsonwebtoken.ExpiredJwtException: JWT expired at <time>. Current time: <time>" },
        } },
    { class = "oauth_invalid_token", speaker = "identity provider",
        cause = "the identity provider does not accept the token",
        next_step = "Check issuer, audience and signature key of the token, or enter a new one in the identity "
            .. "source.",
        cases = {
            { "oidc: id token issued by a different provider, expected "
                .. '"https://idp.example.com/realms/a" got "https://idp.example.com/realms/b"',
                "oidc: id token issued by a different provider, expected <name> got <name>" },
            "failed to verify signature: failed to verify id token signature; jwks has no matching key",
        } },
    { class = "oauth_invalid_token", speaker = "identity provider",
        cause = "the identity provider does not accept the token",
        next_step = "Create a new token, and enter it in the identity source.",
        cases = {
            { '{"errorCode":"E0000011","errorSummary":"Invalid token '
                .. 'provided","errorLink":"E0000011","errorId":"oaeXk29sLqSTlSEbV8QmA1","errorCauses":[]}',
                '{"errorCode":"E0000011","errorSummary":"Invalid token '
                    .. 'provided","errorLink":<name>,"errorId":<name>,"errorCauses":[]}' },
        } },
    { class = "http_forbidden", speaker = "identity provider",
        cause = "the identity provider denies what was asked: no permission (E0000006)",
        next_step = "Grant the application or token read access to users and groups.",
        cases = {
            { '{"errorCode":"E0000006","errorSummary":"You do not have permission to perform the '
                .. 'requested action","errorId":"oae1"}',
                '{"errorCode":"E0000006","errorSummary":"You do not have permission to perform the '
                    .. 'requested action","errorId":<name>}' },
        } },
    { class = "http_rate_limited", speaker = "identity provider",
        cause = "the identity provider limits the number of requests (E0000047)",
        next_step = "Spread the runs, or ask for a higher limit.",
        cases = {
            '{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}',
        } },
    { class = "oauth_unavailable", speaker = "identity provider",
        cause = "the identity provider could not issue a token for now",
        next_step = "Wait for the next run; if it lasts, look at the identity provider's status page.",
        cases = {
            '{"error":"temporarily_unavailable"}',
        } },
}

describe("messages of OAuth and OpenID Connect", function()
    for _, expected in ipairs(MESSAGES) do
        it(cases.title(expected), function()
            cases.check(expected)
        end)
    end
end)
