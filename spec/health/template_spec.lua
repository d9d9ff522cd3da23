local template = require "dwsync.health.template"

local runs = require "spec.health.runs"

-- What differs from run to run: for each kind, how one is made from random numbers.
local NAMES = { "ann", "Bob Lee", "研发部", "Jürgen Größe", "O'Neil", "svc_etl", "田中 太郎", "ann.lee-2", "x" }
local VOLATILE = {
    n = function(random) return tostring(random(random(3) == 1 and 9 or 99999)) end,
    size = function(random) return ("%d,%03d"):format(random(99), random(999)) end,
    ms = function(random) return (random(2) == 1 and "%.0fms" or "%.2fs"):format(random(9000)) end,
    ip = function(random) return ("10.%d.%d.%d:%d"):format(random(255), random(255), random(255), random(65535)) end,
    ip6 = function(random) return ("fe80::%x:%x"):format(random(65535), random(65535)) end,
    host = function(random) return ("dc%d.%s.example.com"):format(random(99), ({ "eu", "cn-north-4" })[random(2)]) end,
    url = function(random) return ("ldaps://dc%d.example.com:%d/x?y=%d"):format(random(9), random(99), random(9)) end,
    mail = function(random) return ("a.n+%d@mail%d.example.com"):format(random(99), random(9)) end,
    dn = function(random)
        return ({ "CN=Ann Lee,OU=Staff,DC=example,DC=com", "uid=ann,ou=研发,dc=example", "ou=x,dc=y" })[random(3)]
    end,
    name = function(random) return '"' .. NAMES[random(#NAMES)] .. '"' end,
    escaped = function(random) return '\\"' .. NAMES[random(#NAMES)] .. '\\"' end,
    names = function(random)
        local list = {}
        for i = 1, random(5) do
            list[i] = '"' .. NAMES[random(#NAMES)] .. '"'
        end
        return table.concat(list, ", ")
    end,
    wide = function(random) return "“" .. NAMES[random(#NAMES)] .. "”" end,
    corner = function(random) return "「" .. NAMES[random(#NAMES)] .. "」" end,
    german = function(random) return "„" .. NAMES[random(#NAMES)] .. "“" end,
    french = function(random) return "« " .. NAMES[random(#NAMES)] .. " »" end,
    uuid = function(random)
        return ("%08x-%04x-4%03x-a%03x-%012x"):format(random(2 ^ 30), random(65535), random(4095), random(4095),
            random(2 ^ 30))
    end,
    hex = function(random) return ("0x%X"):format(random(2 ^ 30)) end,
    time = function(random)
        local hour, minute, day = random(23), random(59), random(28)
        return ({ ("2025-05-%02dT%02d:%02d:07Z"):format(day, hour, minute),
            ("2025-05-%02d %02d:%02d:07.%03d"):format(day, hour, minute, random(999)),
            ("2025-05-%02dT%02d:%02d:07+08:00"):format(day, hour, minute),
            ("Mon May %02d %02d:%02d:07 CST 2025"):format(day, hour, minute),
            ("Mon, %02d May 2025 %02d:%02d:07 GMT"):format(day, hour, minute) })[random(5)]
    end,
    filter = function(random)
        return ("(&(objectClass=user)(|(uid=%s)(mail=%d*)))"):format(NAMES[random(4)], random(99))
    end,
    dsid = function(random) return ("DSID-0C09%04X"):format(random(65535)) end,
}

-- Messages with places for what differs, and after them a list of codes for {code}, if they have one.
local FORMS = {
    { "LdapErr: {dsid}, comment: AcceptSecurityContext error, data {code}, v4563",
        { "525", "52e", "530", "531", "532", "533", "701", "773", "775" } },
    { "[LDAP: error code {code} - no more]; remaining name '{dn}'", { "1", "3", "4", "32", "49", "50", "51" } },
    { 'LDAP Result Code {code} "Error": dial {ip}', { "49", "50", "200" } },
    { "LDAPNoResult - {code} - none - {dn} - None", { "32", "49", "51" } },
    { "ldap_search: it failed ({code}) below {dn}", { "3", "4", "32", "-1", "-7" } },
    { "{'msgid': {n}, 'result': {code}, 'desc': 'no', 'info': 'at {time}'}", { "32", "49", "51" } },
    { "Request {uuid} failed with status code {code} after {ms}", { "401", "403", "404", "429", "500", "503" } },
    { "HTTP/1.1 {code} from {url}", { "401", "403", "404", "429", "500", "503" } },
    { '{"error":"{code}","error_description":"for {mail}","trace_id":"{uuid}"}',
        { "invalid_client", "invalid_grant", "access_denied" } },
    { '{"status":"{code}","detail":"user {escaped} at {time}","schemas":["a:{n}"]}', { "400", "404", "409" } },
    { '{"scimType":"{code}","detail":"{n} of {n}"}', { "uniqueness", "tooMany", "invalidFilter" } },
    { "AADSTS{code}: no. Trace ID: {uuid} Timestamp: {time}", { "50126", "50034", "7000215", "7000222" } },
    { "ERROR: it failed for {name} (SQLSTATE {code})", { "28P01", "42501", "42710", "53300", "57014" } },
    { "[{code}] ERROR: it failed for {names}", { "28P01", "42501", "42710" } },
    { "SQLState: {code}, host {host}", { "08001", "08006", "28P01" } },
    { "[GAUSS-{code}] thread {n} at {hex}", { "51400", "51401" } },
    { "KrbException: it failed ({code}) for {mail}", { "6", "7", "24", "37" } },
    { "error:{code}:SSL routines::failed at {ip}", { "0A000086", "0A00010B" } },
    { "{n} of {size} accounts skipped: {names}" },
    { "角色{wide}已存在，用户{corner}（{n}）在 {time}" },
    { "Rolle {german} besteht, {french} fehlt seit {time}" },
    { "ロール{corner}は{ip}で失敗しました" },
    { "search {filter} below {dn} took {ms} at {host}" },
    { "no answer from {ip6} or {url}, asked at {time}" },
}

local function filled(form, random, code)
    return (form:gsub("{(%l+%d?)}", function(kind)
        return kind == "code" and code or VOLATILE[kind] and VOLATILE[kind](random) or nil
    end))
end

describe("the template of a reason", function()
    it("is the same for messages that differ only in what changes from run to run", function()
        local random = runs.random(14)
        for _, form in ipairs(FORMS) do
            local code = form[2] and form[2][1]
            local expected = template.of(filled(form[1], random, code))
            for _ = 1, 40 do
                local text = filled(form[1], random, code)
                assert.equal(expected, template.of(text), text)
            end
        end
    end)

    it("differs for messages that differ in their code, wherever it is", function()
        local random = runs.random(41)
        for _, before in ipairs { "", ("caused by what is above: "):rep(20) } do
            for _, form in ipairs(FORMS) do
                local seen = {}
                for _, code in ipairs(form[2] or {}) do
                    local text = before .. filled(form[1], random, code)
                    local found = template.of(text)
                    assert.is_nil(seen[found], text)
                    seen[found] = true
                    assert.is_true(#found <= 200)
                end
            end
        end
    end)

    it("tells ids, numbers and addresses from words by their length and letters", function()
        for text, expected in pairs {
            x1y2z3ww = "<id>", x1y2z3w = "x#y#z#w", wwwwwww1 = "wwwwwww#", ["1wwwwww2"] = "<id>",
            abc1 = "#", ab1 = "ab#", abcd = "abcd", ["123"] = "#",
            ["aa:bb:cc:dd:ee:ff"] = "<address>", ["aa:bb:cc:dd:ee"] = "aa:bb:cc:dd:ee", ["::1"] = "<address>",
            ["fe80::"] = "<address>", ["::"] = "::",
            ["dc.example.com"] = "<address>", ["dc.example.Com"] = "dc.example.Com", ["1.5ms"] = "#s",
            ["dc.example.c0"] = "dc.example.c#", ["ldap://a.b/c."] = "<address>.", ["ldap://a.b/c:"] = "<address>:",
        } do
            assert.equal("at " .. expected .. " now", template.of("at " .. text .. " now"), text)
        end
    end)

    it("begins with the first letter of a text", function()
        for text, expected in pairs {
            ["eyJhbGciOi.eyJzdWIi failed"] = "<id> failed", ["UnknownHostException: db1"] =
                "UnknownHostException: <address>", ["lookup db1: no such host"] = "lookup <address>: no such host",
            ["resolve host: db1"] = "resolve host: <address>", ["rc=12 x"] = "rc=12 x", ["HTTP 503 x"] = "HTTP 503 x",
            ["GAUSS-51400 x"] = "GAUSS-51400 x", ["[28P01] FATAL"] = "[28P01] FATAL",
            ['{"error":"down_4"}'] = '{"error":"down_4"}', ["(a=b) x"] = "<filter> x", ["#7"] = "#",
        } do
            assert.equal(expected, template.of(text))
        end
    end)

    it("masks what is in quotation marks of any language, and keeps other punctuation", function()
        for _, marks in ipairs { { "‘", "’" }, { "“", "”" }, { "„", "“" }, { "«", "»" }, { "「", "」" }, { "『", "』" },
            { "《", "》" }, { "`", "'" }, { "'", "'" }, { '"', '"' } } do
            local text = ("user %sann%s refused"):format(marks[1], marks[2])
            assert.equal("user <name> refused", template.of(text), text)
            assert.equal("lost " .. marks[1], template.of("lost " .. marks[1]))
        end
        assert.equal("甲，乙；丙：（丁）。戊、己", template.of "甲，乙；丙：（丁）。戊、己")
        assert.equal("it’s late", template.of "it’s late")
    end)

    it("keeps each kind of code, and masks the same number where nothing says that it is one", function()
        for _, case in ipairs {
            { 'LDAP Result Code 49 "Invalid Credentials" x', 'LDAP Result Code # <name> x', "Code", "Kode" },
            { "error code -7 x", "error kode -# x", "code", "kode" }, { "result code=32 x", nil, "code", "kode" },
            { "ResultCode: 32 x", nil, "Code", "Kode" }, { "LDAPNoSuchObjectResult - 32 - x", nil, "Result", "Risult" },
            { "err=-5 x", "arr=-# x", "err", "arr" }, { "rc=12 x", nil, "rc=", "rx=" },
            { "ldap: failed (-7) x", "ldop: failed (-#) x", "ldap", "ldop" },
            { "krb: failed (24) x", nil, "krb", "krp" }, { "Kerberos: failed (24) x", nil, "Kerb", "Kerp" },
            { "GSS: failed (24) x", nil, "GSS", "GSX" }, { "bind, data 773 x", nil, "data", "date" },
            { "problem 2001 x", nil, "problem", "problim" }, { "80090308: LdapErr: x", "80090308: ldapErr: x" },
            { "status 503 x", nil, "status", "stotus" }, { "Status code: 503 x", nil, "Status code", "Stotus kode" },
            { "statusCode=503 x", nil, "statusCode", "stotuskode" }, { "STATUS 503 x", nil, "STATUS", "STOTUS" },
            { "HTTP/1.1 503 x", nil, "HTTP", "HTTX" }, { "HTTP error 503 x", nil, "HTTP error", "HTTX oops" },
            { "response code 503 x", nil, "response code", "responze kode" },
            { "SomeException: 503 x", nil, "Exception", "Exxeption" }, { "503 Service x", nil, "Service", "Sirvice" },
            { "error=no_way x", nil }, { "AADSTS50126 x", nil, "AADSTS", "AADXTS" }, { "E0000011 x", nil },
            { "SQLSTATE 28P01 x", nil, "SQLSTATE", "SQLSTOTE" }, { "SQL: [28P01] x", nil, "SQL", "SQX" },
            { "FATAL [28P01] x", nil, "FATAL", "FOTAL" }, { "ERROR: 28P01: x", nil, "ERROR: ", "ERRER: " },
            { "GAUSS-51400 x", nil, "GAUSS", "GOUSS" }, { "error:0A000086: x", nil, "error", "errer" },
            { "error:num=5 x", nil, "error", "errer" }, { "alert number 40 x", nil, "number", "numbre" },
            { "KRB-ERROR (24) x", nil, "KRB", "KRX" }, { "errno: -5 x", nil, "errno", "ernno" },
            { "Error: 5 x", nil, "Error", "Errer" }, { "code 5 x", nil, "code", "kode" },
            { "curl: (28) x", nil, "curl", "kurl" }, { "0x80070005 x", nil }, { "TLSv1.2 x", nil, "TLS", "TLX" },
            { "TLS 1.2 x", nil, "TLS", "TLX" }, { "SSLv3 x", nil, "SSL", "SSX" }, { "APIGW.0301 x", nil },
        } do
            local text = "said " .. case[1]
            assert.equal(text, template.of(text))
            if case[3] then
                local other = text:gsub(case[3], case[4])
                assert.not_equal(other, text)
                assert.matches("#", template.of(other), 1, true)
            end
        end
    end)

    it("keeps words of any language", function()
        assert.equal("目录 <dn> 不存在", template.of "目录 ou=研发 不存在")
        assert.equal("角色<name>已存在，共 # 个", template.of "角色“研发”已存在，共 17 个")
        assert.not_equal(template.of "用户 ann 已锁定", template.of "用户 ann 不存在")
    end)

    it("masks what differs from run to run", function()
        for text, expected in pairs {
            ["2 of 41 accounts skipped"] = "# of # accounts skipped",
            ["took 1,234.5 ms"] = "took # ms",
            ['user "ann" refused'] = "user <name> refused",
            ["user 'ann' refused"] = "user <name> refused",
            ["role `svc' exists"] = "role <name> exists",
            ["can't and won't"] = "can't and won't",
            ["no entry CN=Ann Lee,OU=Staff,DC=example,DC=com found"] = "no entry <dn> found",
            ["uid=ann, ou=people, dc=example gone"] = "<dn> gone",
            ["mode=fast, level=3"] = "mode=fast, level=#",
            ["mail to ann.lee+x@example.com failed"] = "mail to <name> failed",
            ["task 05cea375-4b7a-4ebd-a2dc-035043dec3d3 failed"] = "task <id> failed",
            ["host 10.0.0.17:636 silent"] = "host <address> silent",
            ["host fe80::1:2 silent"] = "host <address> silent",
            ["Read timed out: ldaps://directory.example.com:636"] = "Read timed out: <address>",
            ["host directory.example.com:636 silent"] = "host <address> silent",
            ["at 0xDEADBEEF or 7f3a9c"] = "at # or #",
            ["java.net.SocketException: reset"] = "java.net.SocketException: reset",
            ["  two\n\nlines\t "] = "two lines",
        } do
            assert.equal(expected, template.of(text), text)
        end
    end)

    it("knows techniques, files, attributes and members by name, in any case", function()
        local techniques = "x509 krb5 ldap3 ldapv2 ldapv3 oauth2 saml2 sha1 sha256 sha384 sha512 md5 utf8 ipv4 ipv6 "
            .. "http2 sslv2 sslv3 tls1 aes128 aes256 rc4 base64 psycopg2"
        local members = "error code errorcode error_code scimtype status statuscode status_code suberror result "
            .. "description error_subcode sqlstate severity"
        local prose = "message msg detail details error_description errorsummary title desc info reason comment text "
            .. "errormessage error_msg diagnosticmessage hint cause"
        for _, case in ipairs {
            { techniques, "no * of 17", "no * of #" },
            { "x krb sha", "no *9 of 17", "no *# of #" },
            { "conf crt pem jks keytab log so dll exe java xml json py go lua cc cpp properties csv yml yaml",
                "open etc/server.*: gone", "open etc/server.*: gone" },
            { "local corp host", "open etc/server.*: gone", "open etc/<address>: gone" },
            { "cn ou dc uid o c l st street sn mail samaccountname userprincipalname member memberof",
                "no *=ann here", "no <dn> here" },
            { "mode level xuid", "no *=ann here", "no *=ann here" },
            { members, '{"*":"down_now"}', '{"*":"down_now"}' },
            { members, '{"*":42}', '{"*":42}' },
            { members, '*="down_42"', '*="down_42"' },
            { prose, '{"*":"4 are down"}', '{"*":"# are down"}' },
            { prose, '*="4 are down"', '*="# are down"' },
            { "user errors", '{"*":"4 are down"}', '{"*":<name>}' },
            { "user errors", '{"*":42}', '{"*":#}' },
            { "user errors", '*="4 are down"', "*=<name>" },
            { "Unauthorized Forbidden Not Conflict Too Internal Bad Service Gateway Client Server Gone Method Proxy "
                .. "Request Unprocessable Precondition Payload", "got 451 * here", "got 451 * here" },
            { "Accounts Nothing", "got 451 * here", "got # * here" },
        } do
            for word in case[1]:gmatch "%S+" do
                for _, written in ipairs { word, not case[2]:find "^%a+ [e4]" and word:upper() or nil } do
                    assert.equal((case[3]:gsub("%*", written)), template.of((case[2]:gsub("%*", written))))
                end
            end
        end
    end)

    it("masks a bare name before what names are followed by, but no word that goes on with the sentence", function()
        local kept = "not is does already name account was has cannot can id with or and object entry dn for in of to "
            .. "from mapping password could did also names login group role user search base memory attribute"
        for _, noun in ipairs { "user", "User", "role", "group", "account" } do
            for word in ("already not does is was has cannot could did exists skipped rejected refused failed")
                :gmatch "%a+" do
                assert.equal(noun .. " <name> " .. word, template.of(noun .. " ann " .. word))
            end
            assert.equal(noun .. " ann sleeps", template.of(noun .. " ann sleeps"))
        end
        for word in kept:gmatch "%a+" do
            for _, written in ipairs { word, word:upper() } do
                local text = ("user %s failed"):format(written)
                assert.equal(text, template.of(text))
            end
        end
    end)

    it("keeps the result codes of LDAP", function()
        assert.equal("[LDAP: error code 49 - 80090308: LdapErr: DSID-#, comment: AcceptSecurityContext error, data "
                .. "52e, v#]",
            template.of("[LDAP: error code 49 - 80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext "
                .. "error, data 52e, v4563]"))
        assert.equal("error code 4 after error code 32", template.of "error code 4 after error code 32")
    end)

    it("is the same for texts that differ only in such", function()
        local a = template.of "job 17: user 'ann' at 10.0.0.1 (CN=Ann,DC=a) 2025-05-19T06:55:23Z"
        local b = template.of "job 4711: user 'bob' at 10.20.0.1 (CN=Bob Lee,DC=b) 2026-01-02T16:05:00Z"
        assert.equal(a, b)
    end)

    it("adds the codes beyond its end, not those that it begins with", function()
        local long = ("word "):rep(60)
        assert.matches("^DWS%.5045 word .* … DWS%.5046$", template.of("DWS.5045 " .. long .. "DWS.5045 DWS.5046"))
    end)

    it("adds codes up to a third of what it shows, each with the blank behind it", function()
        local long = ("word "):rep(60)
        local function code_of(length, letter)
            return '"error":"' .. letter:rep(length - 10) .. '"'
        end
        for length, is_shown in pairs { [65] = true, [66] = true, [67] = false } do
            local code = code_of(length, "x")
            local found = template.of(long .. "{" .. code .. "}")
            assert.equal(is_shown, found:find(" … " .. code, 1, true) ~= nil, length)
            assert.equal(200, #found)
        end
        for length, is_shown in pairs { [31] = true, [32] = true, [33] = false } do
            local first, second = code_of(33, "x"), code_of(length, "y")
            local found = template.of(("%s{%s,%s}"):format(long, first, second))
            assert.equal(is_shown, found:find(" … " .. first .. " " .. second, 1, true) ~= nil, length)
        end
    end)

    it("is short, and ends with a whole character", function()
        assert.is_true(#template.of(("word "):rep(1000)) <= 200)
        local text = template.of(("ü"):rep(400))
        assert.equal(200, #text)
    end)

    it("takes a member's text for a code only up to sixty characters", function()
        for length, is_code in pairs { [59] = true, [60] = true, [61] = false } do
            local code = ("x"):rep(length)
            assert.equal(is_code, template.of(('{"error":"%s"}'):format(code)):find(code, 1, true) ~= nil, length)
        end
    end)

    it("has no control characters, even where the text has marks of its own", function()
        assert.equal("a b c", template.of "a\1\2\3b\0c")
    end)

    it("costs no more than the beginning of a text, whatever stands in it", function()
        local million = 1000000
        for _, piece in ipairs { "1", "1.", "a", "a=", "a,", "'", '"', "@", "cn=", "cn=a,", ":", "f:", "a.b", "://",
            "-", "0x", "`", "<address>", " ", "\0", "\255", "a1", "#." } do
            local made = 0
            local text = piece:rep(math.floor(million / #piece))
            debug.sethook(function() made = made + 1 end, "", 1000)
            local masked = template.of(text)
            debug.sethook()
            assert.is_true(#masked <= 200)
            assert.is_true(made < 100, piece .. " took " .. made)
        end
    end)
end)
