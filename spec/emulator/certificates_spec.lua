local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

local CERTIFICATE_PROBLEM = 60 -- curl's exit status

describe("the emulator's certificates", function()
    local running, info, port

    setup(function()
        running = assert(emulator.start())
        info = running.info
        port = info.endpoint:match ":(%d+)$"
    end)
    teardown(function() running:stop() end)

    local function visit(host, more)
        return curl.send(info, {
            url = ("https://%s:%s/v3/projects"):format(host, port),
            curl = ("--resolve %s:%s:127.0.0.1 %s"):format(host, port, more or ""),
        })
    end
    -- OpenSSL's verdict, a number of its X509_V_ERR_ list; 0 is good.
    local function verdict(options)
        local text = curl.shell(("openssl s_client -connect 127.0.0.1:%s -CAfile %s %s </dev/null 2>&1")
            :format(port, curl.quoted(info.ca_file), options))
        return text:match "Verify return code: (%d+)"
    end
    local function verdict_on(host)
        return verdict(("-servername %s -verify_hostname %s"):format(host, host))
    end

    it("are good for the names and addresses of this machine", function()
        assert.equal(401, visit("127.0.0.1").status)
        assert.equal(401, visit("localhost").status)
        assert.equal("0", verdict_on "localhost")
    end)

    it("satisfy a strict verifier", function()
        assert.equal("0", verdict "-x509_strict -verify_ip 127.0.0.1")
    end)

    it("may be used for what they are for, and for nothing else", function()
        local function uses(command)
            return curl.shell(command .. " | openssl x509 -noout -ext keyUsage,extendedKeyUsage,basicConstraints")
        end
        local leaf = uses(("openssl s_client -connect 127.0.0.1:%s </dev/null 2>/dev/null"):format(port))
        for _, text in ipairs { "Basic Constraints: critical\n *CA:FALSE",
            "Key Usage: critical\n *Digital Signature *\n",
            "Extended Key Usage: *\n *TLS Web Server Authentication *\n" } do
            assert.matches(text, leaf)
        end
        local authority = uses("cat " .. curl.quoted(info.ca_file))
        assert.matches("Basic Constraints: critical\n *CA:TRUE, pathlen:0", authority)
        assert.matches("Key Usage: critical\n *Certificate Sign, CRL Sign *\n", authority)
    end)

    local REASONS = { ["expired.localhost"] = "10", ["future.localhost"] = "9", ["wronghost.localhost"] = "62",
        ["unknown.localhost"] = "21" }
    for host, code in pairs(REASONS) do
        it(host .. " is refused by a client that verifies, for the reason in its name", function()
            local response = visit(host)
            assert.same({ CERTIFICATE_PROBLEM, nil }, { response.exit, response.status })
            assert.equal(code, verdict_on(host))
            assert.equal(401, visit(host, "--insecure").status)
        end)
    end

    it("belong to one run: another emulator's authority is a stranger", function()
        local other = assert(emulator.start())
        local response = curl.send({ endpoint = info.endpoint, ca_file = other.info.ca_file },
            { path = "/v3/projects" })
        other:stop()
        assert.equal(CERTIFICATE_PROBLEM, response.exit)
    end)

    it("are not used below TLS 1.2", function()
        local response = visit("localhost", "--tls-max 1.1 --tlsv1.0 --ciphers DEFAULT@SECLEVEL=0")
        assert.equal(35, response.exit)
    end)
end)

describe("the emulator's certificates by themselves", function()
    it("have the names, lifetimes, authorities and key identifiers that their files say", function()
        local certificates = require "dwsync.emulator.certificates"
        local x509 = require "openssl.x509"
        local NOW, DAY = 1761389392, 86400
        local made = certificates.generate(NOW + 0.9)
        local CA, OTHER = "dwsync emulator CA", "dwsync emulator, an untrusted CA"
        local function common_name(name)
            for _, part in ipairs(name:all()) do
                if part.sn == "CN" then
                    return part.blob
                end
            end
        end
        local serials = {}
        for file, case in pairs {
            ["ca.pem"] = { CA, CA, -DAY, 30 * DAY },
            ["good.pem"] = { "localhost", CA, -DAY, 30 * DAY,
                "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1" },
            ["expired.pem"] = { "expired.localhost", CA, -30 * DAY, -DAY, "DNS:expired.localhost" },
            ["future.pem"] = { "future.localhost", CA, DAY, 30 * DAY, "DNS:future.localhost" },
            ["wronghost.pem"] = { "somewhere-else.example.com", CA, -DAY, 30 * DAY,
                "DNS:somewhere-else.example.com" },
            ["unknown.pem"] = { "unknown.localhost", OTHER, -DAY, 30 * DAY, "DNS:unknown.localhost" },
        } do
            local certificate = x509.new(made[file])
            local from, till = certificate:getLifetime()
            local names = certificate:getExtension "subjectAltName"
            assert.same(case, { common_name(certificate:getSubject()), common_name(certificate:getIssuer()),
                from - NOW, till - NOW, names and names:text() }, file)
            assert.equal("dwsync emulator", certificate:getSubject():all()[1].blob)
            assert.equal(3, certificate:getVersion())
            assert.is_truthy(certificate:getExtension "subjectKeyIdentifier", file)
            assert.equal(file ~= "ca.pem", certificate:getExtension "authorityKeyIdentifier" ~= nil, file)
            local serial = tostring(certificate:getSerial())
            assert.is_nil(serials[serial])
            serials[serial] = true
        end
        assert.matches("PRIVATE KEY", made["leaf.key"])
    end)
end)
