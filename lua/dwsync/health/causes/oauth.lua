--- What identity providers say of tokens: OAuth 2.0 and OpenID Connect.
-- Sources: RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, OpenID Connect Core 3.1.2.6; codes that begin with
-- AADSTS are those of Microsoft Entra ID, E00000 those of Okta.
-- @module dwsync.health.causes.oauth
local CLIENT = { "oauth_invalid_client", "the identity provider refused the client's id or secret",
    "Compare client id and secret in the identity source with those of the application, and enter the current secret.",
    phrases = { "invalid_client", "invalid client secret", "client authentication failed" } }
local SECRET_EXPIRED = { "oauth_secret_expired", "the client's secret or certificate has expired",
    "Create a new secret for the application, enter it in the identity source, and note when it expires.",
    phrases = { "client secret keys are expired", "client secret has expired", "client secret expired" } }
local APPLICATION = { "oauth_client_unknown", "the identity provider does not know the application",
    "Check the client id and the tenant in the identity source; the application may have been deleted.",
    phrases = { "application not found", "client not found", "unknown client" } }
local TENANT = { "oauth_tenant", "the identity provider does not know the tenant or realm",
    "Check the tenant or realm in the identity source's token address.",
    phrases = { "realm does not exist", "realm not found", "tenant not found", "invalid_tenant" } }
local PASSWORD = { "oauth_credentials", "the identity provider refused the user's name or password",
    "Enter the service user's current password in the identity source.",
    phrases = { "invalid user credentials", "invalid username or password" } }
local LOCKED = { "oauth_account", "the identity provider has locked or disabled the service user",
    "Find out why, unlock or enable the user, and correct what sent a wrong password.",
    phrases = { "account is not fully set up", "account disabled", "user is disabled", "user account is locked" } }
local EXPIRED = { "oauth_password_expired", "the service user's password has expired",
    "Set a new password for the service user, and enter it in the identity source.", phrases = {} }
local INTERACTION = { "oauth_interaction",
    "the identity provider wants a person to act: consent, a second factor or a log-in",
    "Use an application with its own permissions (client credentials), or exempt the service user from the policy.",
    phrases = { "interaction_required", "login_required", "consent_required", "mfa required" } }
local CONSENT = { "oauth_consent", "no administrator has consented to the application's permissions",
    "Have an administrator of the identity provider grant consent to the application.", phrases = {} }
local GRANT_EXPIRED = { "oauth_token_expired", "the refresh token has expired or was revoked",
    "Authorise the identity source anew at the identity provider; rotate the token before it expires.",
    phrases = { "refresh token has expired", "refresh token is expired", "refresh token expired",
        "refresh token is invalid, expired or revoked", "token has been expired or revoked",
        "session not active", "invalid refresh token" } }
local TOKEN = { "oauth_token_expired", "the access token has expired",
    "Create a new token, enter it in the identity source, and note when it expires.",
    phrases = { "token expired", "token is expired", "token has expired", "jwt expired", "expired_token",
        "tokenexpired", "expiredsignature", "expired jwt", "令牌已过期", "access token expired",
        "expiredauthenticationtoken" } }
local BUSY = { "oauth_unavailable", "the identity provider could not issue a token for now",
    "Wait for the next run; if it lasts, look at the identity provider's status page.",
    phrases = { "temporarily_unavailable", "server_error" } }
local SCOPE = { "oauth_scope", "the identity provider refused the scope or the resource asked for",
    "Correct the scope in the identity source, and grant it to the application.",
    phrases = { "invalid_scope", "insufficient_scope", "invalid_resource", "invalid_target" } }

return {
    speaker = "identity provider",
    peer = "the identity provider",
    marks = { "oauth", "openid", "oidc", "aadsts", "okta", "keycloak", "entra", "invalid_", "unauthorized_client",
        "access_denied", "token", "jwt", "jwk", "client_id", "\"error\"", "_required", "temporarily_unavailable",
        "e00000", "insufficient_scope", "well-known", "unsupported_grant_type", "令牌" },
    next_step = "Look for the time of the run in the identity provider's log.",
    before = {},
    codes = {
        { by = {
            ["7000215"] = CLIENT, ["7000222"] = SECRET_EXPIRED, ["700016"] = APPLICATION, ["90002"] = TENANT,
            ["50126"] = PASSWORD, ["50034"] = PASSWORD, ["50053"] = LOCKED, ["50057"] = LOCKED, ["50055"] = EXPIRED,
            ["50076"] = INTERACTION, ["50079"] = INTERACTION, ["53003"] = INTERACTION, ["50158"] = INTERACTION,
            ["65001"] = CONSENT, ["90094"] = CONSENT, ["50173"] = GRANT_EXPIRED, ["70008"] = GRANT_EXPIRED,
            ["700082"] = GRANT_EXPIRED, ["70043"] = GRANT_EXPIRED, ["700027"] = SECRET_EXPIRED,
            ["500011"] = SCOPE, ["70011"] = SCOPE, ["50196"] = BUSY, ["90033"] = BUSY, ["90006"] = BUSY,
        }, "aadsts(%d+)", '"error_codes":%[(%d+)' },
        { by = { e0000011 = { "oauth_invalid_token", "the identity provider does not accept the token",
            "Create a new token, and enter it in the identity source." }, e0000006 = { "http_forbidden",
            "the identity provider denies what was asked: no permission (E0000006)",
            "Grant the application or token read access to users and groups." }, e0000047 = { "http_rate_limited",
            "the identity provider limits the number of requests (E0000047)",
            "Spread the runs, or ask for a higher limit." }, e0000004 = PASSWORD }, "(e00000%d%d)" },
    },
    phrases = {
        SECRET_EXPIRED, GRANT_EXPIRED, TOKEN, LOCKED, PASSWORD, APPLICATION, TENANT, CLIENT,
        { "oauth_unauthorized_client", "the application may not use this way to get a token",
            "Enable the grant type for the application at the identity provider.",
            phrases = { "unauthorized_client", "unsupported_grant_type", "unsupported_response_type" } },
        { "oauth_invalid_grant", "the identity provider refused the grant: code, password, assertion or refresh token",
            "Authorise the identity source anew; check the user's password, the clock, and the redirect address.",
            phrases = { "invalid_grant" } },
        SCOPE,
        { "oauth_invalid_token", "the identity provider does not accept the token",
            "Check issuer, audience and signature key of the token, or enter a new one in the identity source.",
            phrases = { "invalid_token", "invalid token", "invalidauthenticationtoken", "invalid bearer token",
                "invalid signature", "signature verification failed", "unable to find a signing key",
                "no matching key", "invalid issuer", "issuer did not match", "invalid audience", "audience is invalid",
                "issued by a different provider", "failed to verify id token", "invalid_id_token", "jwk" } },
        INTERACTION,
        { "oauth_access_denied", "the identity provider denied access",
            "Assign the application or service user to what it has to read at the identity provider.",
            phrases = { "access_denied" } },
        { "oauth_invalid_request", "the identity provider did not understand the request for a token",
            "Check the token address, the redirect address and the client settings of the identity source.",
            phrases = { "invalid_request", "redirect_uri" } },
        BUSY,
        { "oauth_discovery", "the identity provider's OpenID configuration could not be read",
            "Open the issuer's /.well-known/openid-configuration from the cluster's network, and correct the issuer.",
            vague = true, phrases = { "openid-configuration", "openid configuration" } },
    },
}
