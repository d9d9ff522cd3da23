/* sign.c: core.sign and its two stages; core.sha256; core.hmac_sha256.
 * It must not keep a secret: everything is borrowed from the caller's tables for one call. */
#include "arguments.h"
#include "module.h"
#include "results.h"

/***
Signing.
@submodule dwsync.core
*/

#define SIGNATURE "dwsync.signature"

typedef enum dws_status (*stage_function)(const struct dws_request *request, const struct dws_credentials *credentials,
                                          struct dws_signed_names names, struct dws_text date, struct dws_buf *out,
                                          struct dws_error *error);

struct arguments {
    struct dws_request request;
    struct dws_credentials credentials;
    struct dws_signed_names names;
    struct dws_text date;
};

static struct dws_text required(lua_State *L, int index, const char *field)
{
    struct dws_text text = dws_lua_text(L, index, field);
    if (!text.data)
        luaL_error(L, "field '%s' must be a string, got nil", field);
    return text;
}

/* request.signed_headers: an optional list of names, for a gateway that wants exactly these. */
static void read_signed_names(lua_State *L, int index, struct dws_signed_names *names)
{
    *names = (struct dws_signed_names){NULL, 0};
    dws_lua_rawfield(L, index, "signed_headers");
    if (lua_isnil(L, -1))
        return;
    int list = lua_gettop(L);
    size_t count = lua_istable(L, list) ? lua_rawlen(L, list) : 0;
    if (count == 0 || count > 1000)
        luaL_error(L, "field 'signed_headers' must be a list of header names");
    luaL_checkstack(L, (int)count + LUA_MINSTACK, "too many signed headers");
    struct dws_text *array = lua_newuserdata(L, count * sizeof *array);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, list, (int)i + 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "field 'signed_headers' must be a list of header names");
        array[i].data = lua_tolstring(L, -1, &array[i].length);
    }
    *names = (struct dws_signed_names){array, count};
}

static void read_arguments(lua_State *L, struct arguments *a)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    a->date.data = luaL_checklstring(L, 3, &a->date.length);
    lua_settop(L, 3);
    dws_lua_request(L, 1, &a->request);
    a->credentials = (struct dws_credentials){
        .ak = required(L, 2, "ak"),
        .sk = required(L, 2, "sk"),
        .security_token = dws_lua_text(L, 2, "security_token"),
        .algorithm = dws_lua_text(L, 2, "algorithm"),
        .region = dws_lua_text(L, 2, "region"),
        .service = dws_lua_text(L, 2, "service"),
    };
    read_signed_names(L, 1, &a->names);
}

static int run_stage(lua_State *L, stage_function stage)
{
    struct arguments a;
    struct dws_error error;
    read_arguments(L, &a);
    struct dws_buf *out = dws_lua_buf(L);
    if (stage(&a.request, &a.credentials, a.names, a.date, out, &error) != DWS_OK)
        return dws_lua_fail(L, &error);
    dws_lua_push_buf(L, out);
    return 1;
}

/***
The keys that a request is signed with.
@table dwsync.signing
@tfield string ak access key
@tfield string sk secret key
@tfield[opt] string security_token of temporary keys
@tfield[opt="SDK-HMAC-SHA256"] string algorithm or `SDK-HMAC-SM3`, `V11-HMAC-SHA256`, `SDK-ECDSA-P256-SHA256`,
`SDK-SM2-SM3`
@tfield[opt] string region for `V11-HMAC-SHA256`
@tfield[opt] string service for `V11-HMAC-SHA256`
*/

/***
The first stage of signing: what one compares with the service's when it refuses a signature. Takes what @{sign} takes.
@function canonical_request
@tparam dwsync.request request as for @{sign}
@tparam dwsync.signing credentials as for @{sign}
@tparam string date as for @{sign}
@treturn[1] string the canonical request
@treturn[2] nil
@treturn[2] dwsync.failure
@raise for arguments of another type
*/
static int core_canonical_request(lua_State *L)
{
    return run_stage(L, dws_canonical_request);
}

/***
The second stage of signing. Takes what @{sign} takes.
@function string_to_sign
@tparam dwsync.request request as for @{sign}
@tparam dwsync.signing credentials as for @{sign}
@tparam string date as for @{sign}
@treturn[1] string the string to sign
@treturn[2] nil
@treturn[2] dwsync.failure
@raise for arguments of another type
*/
static int core_string_to_sign(lua_State *L)
{
    return run_stage(L, dws_string_to_sign);
}

static int signature_gc(lua_State *L)
{
    dws_signature_free(luaL_checkudata(L, 1, SIGNATURE));
    return 0;
}

static struct dws_signature *new_signature(lua_State *L)
{
    struct dws_signature *signature = lua_newuserdata(L, sizeof *signature);
    *signature = (struct dws_signature){{0}, {0}};
    luaL_getmetatable(L, SIGNATURE);
    lua_setmetatable(L, -2);
    return signature;
}

/***
Signs a request. Signed are Host, X-Sdk-Date, X-Security-Token when there is one, and every header of the request whose
name has no underscore; or exactly `request.signed_headers`. No I/O and no clock.
@function sign
@tparam dwsync.request request only `url`, `method`, `headers`, `body` and `signed_headers` matter
@tparam dwsync.signing credentials the keys
@tparam string date such as `20251025T104952Z`
@treturn[1] {[string]=string} the headers to add, by name
@treturn[2] nil
@treturn[2] dwsync.failure never holds a secret
@raise for arguments of another type
@usage
local headers = assert(core.sign({ url = url }, { ak = ak, sk = sk }, os.date "!%Y%m%dT%H%M%SZ"))
*/
static int core_sign(lua_State *L)
{
    struct arguments a;
    struct dws_error error;
    read_arguments(L, &a);
    struct dws_signature *signature = new_signature(L);
    if (dws_sign(&a.request, &a.credentials, a.names, a.date, signature, &error) != DWS_OK)
        return dws_lua_fail(L, &error);
    lua_createtable(L, 0, 4 + (int)a.request.header_count); /* the request's will most likely join them */
    dws_lua_push_buf(L, &signature->host);
    lua_setfield(L, -2, "Host");
    dws_lua_push_buf(L, &signature->authorization);
    lua_setfield(L, -2, "Authorization");
    lua_pushlstring(L, a.date.data, a.date.length);
    lua_setfield(L, -2, "X-Sdk-Date");
    if (a.credentials.security_token.length > 0) {
        lua_pushlstring(L, a.credentials.security_token.data, a.credentials.security_token.length);
        lua_setfield(L, -2, "X-Security-Token");
    }
    return 1;
}

/***
The SHA-256 of bytes.
@function sha256
@tparam string bytes any bytes
@treturn[1] string 64 hexadecimal digits, lower case
@treturn[2] nil
@treturn[2] dwsync.failure
*/
static int core_sha256(lua_State *L)
{
    struct dws_error error;
    struct dws_text bytes;
    bytes.data = luaL_checklstring(L, 1, &bytes.length);
    struct dws_buf *out = dws_lua_buf(L);
    if (dws_sha256(bytes, out, &error) != DWS_OK)
        return dws_lua_fail(L, &error);
    dws_lua_push_buf(L, out);
    return 1;
}

/***
The HMAC-SHA256 of bytes, as chat robots want their messages signed.
@function hmac_sha256
@tparam string key any bytes
@tparam string bytes any bytes
@treturn[1] string Base64, 44 characters
@treturn[2] nil
@treturn[2] dwsync.failure
*/
static int core_hmac_sha256(lua_State *L)
{
    struct dws_error error;
    struct dws_text key;
    struct dws_text bytes;
    key.data = luaL_checklstring(L, 1, &key.length);
    bytes.data = luaL_checklstring(L, 2, &bytes.length);
    struct dws_buf *out = dws_lua_buf(L);
    if (dws_hmac_sha256(key, bytes, out, &error) != DWS_OK)
        return dws_lua_fail(L, &error);
    dws_lua_push_buf(L, out);
    return 1;
}

void dws_lua_open_sign(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"sign", core_sign},
        {"canonical_request", core_canonical_request},
        {"string_to_sign", core_string_to_sign},
        {"sha256", core_sha256},
        {"hmac_sha256", core_hmac_sha256},
        {NULL, NULL},
    };
    static const luaL_Reg methods[] = {{"__gc", signature_gc}, {NULL, NULL}};
    dws_lua_class(L, SIGNATURE, methods);
    dws_lua_setfuncs(L, functions);
}
