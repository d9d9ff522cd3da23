--- What the emulator's specs share: requests through the curl command, signed by a few lines of their own.
-- dwsync's own client must not be the emulator's witness, so nothing of it is used here.

local cjson = require "cjson"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"

local PATIENCE = require("spec.support.patience").seconds

local M = {}

local function hex(bytes)
    return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

function M.quoted(text)
    return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

--- Run a shell command: its standard output and its exit status.
function M.shell(command)
    -- LuaJIT's close() does not tell the status, so the shell prints it.
    local pipe = assert(io.popen("{ " .. command .. "\n}; printf '\\n%s' $?"))
    local text = pipe:read "*a"
    pipe:close()
    local output, status = text:match "^(.*)\n(%d+)$"
    return output, tonumber(status)
end

function M.date(seconds)
    return os.date("!%Y%m%dT%H%M%SZ", seconds or os.time())
end

--- SDK-HMAC-SHA256; specs of other algorithms bring the like: `name`, `hash` (hexadecimal), `sign(request, text)`
-- (hexadecimal), and `scope(date)` when the access key comes as a credential with a scope.
M.hmac_sha256 = {
    name = "SDK-HMAC-SHA256",
    hash = function(text) return hex(digest.new("sha256"):final(text)) end,
    sign = function(request, text) return hex(hmac.new(request.sk, "sha256"):final(text)) end,
}

--- The Authorization header of a request whose path, query and header values are in canonical form already.
function M.authorization(request)
    local signer = request.signer or M.hmac_sha256
    local names, lines = {}, {}
    for name in pairs(request.headers) do
        names[#names + 1] = name
    end
    table.sort(names)
    for i, name in ipairs(names) do
        lines[i] = name .. ":" .. request.headers[name] .. "\n"
    end
    local path = request.path:gsub("/?$", "/", 1)
    local canonical = table.concat({
        request.method or "GET", path, request.query or "", table.concat(lines), table.concat(names, ";"),
        signer.hash(request.body or ""),
    }, "\n")
    local date = request.date or request.headers["x-sdk-date"]
    local to_sign, credential = { signer.name, date }, "Access=" .. request.ak
    if signer.scope then
        to_sign[3] = signer.scope(date)
        credential = "Credential=" .. request.ak .. "/" .. to_sign[3]
    end
    to_sign[#to_sign + 1] = signer.hash(canonical)
    return ("%s %s, SignedHeaders=%s, Signature=%s"):format(signer.name, credential, table.concat(names, ";"),
        signer.sign(request, table.concat(to_sign, "\n")))
end

--- A signed request: its headers as a list of curl's -H values.
function M.signed(info, request)
    local signed = { host = info.endpoint:gsub("^https://", ""), ["x-sdk-date"] = request.date or M.date() }
    for name, value in pairs(request.headers or {}) do
        signed[name] = value
    end
    local list = { "Authorization: " .. M.authorization {
        method = request.method, path = request.path, query = request.query, body = request.body, headers = signed,
        signer = request.signer, ak = request.ak or info.ak, sk = request.sk or info.sk,
    } }
    for name, value in pairs(signed) do
        list[#list + 1] = name .. ": " .. value
    end
    return list
end

local function parsed(text)
    local head, body = text:match "^(.-)\r\n\r\n(.*)$"
    while head and head:find "^HTTP/%S+ 1%d%d" do
        head, body = body:match "^(.-)\r\n\r\n(.*)$"
    end
    local response = { headers = {}, body = body or "", status = head and tonumber(head:match "^HTTP/%S+ (%d+)") }
    for name, value in (head or ""):gmatch "\r\n([^:\r\n]+): ?([^\r\n]*)" do
        response.headers[name:lower()] = value
    end
    return response
end

--- One request as given: `url` or `path` and `query` below the endpoint, `method`, `headers` (list), `body`, `curl`
-- (more options). Returns `status` (nil without an answer), `headers`, `body`, `exit` (of curl).
function M.send(info, request)
    local url = request.url or (info.endpoint .. request.path .. (request.query and "?" .. request.query or ""))
    local words = { "curl -s -i --globoff --path-as-is --max-time", PATIENCE, "--noproxy '*' --cacert",
        M.quoted(info.ca_file) }
    if request.method then
        words[#words + 1] = "-X " .. request.method
    end
    for _, header in ipairs(request.headers or {}) do
        words[#words + 1] = "-H " .. M.quoted(header)
    end
    if request.body then
        words[#words + 1] = "--data-binary " .. M.quoted(request.body)
    end
    words[#words + 1] = request.curl
    words[#words + 1] = M.quoted(url)
    local output, exit = M.shell(table.concat(words, " "))
    local response = parsed(output)
    response.exit = exit
    return response
end

--- One signed request; `response.json` is the decoded body when it is JSON.
function M.get(info, request)
    if type(request) == "string" then
        local path, query = request:match "^([^?]*)%??(.*)$"
        request = { path = path, query = query ~= "" and query or nil }
    end
    local response = M.send(info, {
        path = request.path, query = request.query, method = request.method, body = request.body, curl = request.curl,
        headers = M.signed(info, request),
    })
    local ok, value = pcall(cjson.decode, response.body)
    response.json = ok and value or nil
    return response
end

--- One request as given, the body a table or text; `response.json` is the decoded body when it is JSON.
function M.ask(info, request)
    local body = type(request.body) == "table" and cjson.encode(request.body) or request.body
    local response = M.send(info, {
        url = request.url, path = request.path, query = request.query, method = request.method,
        headers = request.headers, body = body, curl = request.curl,
    })
    local ok, value = pcall(cjson.decode, response.body)
    response.json = ok and value or nil
    return response
end

--- An order to the emulator itself.
function M.admin(info, method, what, order)
    local body = type(order) == "table" and cjson.encode(order) or order
    local response = M.send(info, { method = method, path = "/_emulator/" .. what, body = body })
    response.json = cjson.decode(response.body)
    return response
end

--- The id of the cluster that tells a story.
function M.cluster(info, story)
    for _, cluster in ipairs(info.clusters) do
        if cluster.story == story then
            return cluster.id
        end
    end
    error("no cluster tells " .. story)
end

--- The path of a story's records.
function M.records_path(info, story)
    return ("/v1/%s/clusters/%s/db-manager/sync-records"):format(info.project_id, M.cluster(info, story))
end

return M
