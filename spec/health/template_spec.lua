local template = require "dwsync.health.template"

describe("the template of a reason", function()
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

    it("keeps the result codes of LDAP", function()
        assert.equal("[LDAP: error code 49 - #: LdapErr: DSID-#, comment: AcceptSecurityContext error, data 52e, v#]",
            template.of("[LDAP: error code 49 - 80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext "
                .. "error, data 52e, v4563]"))
        assert.equal("error code 4 after error code 32", template.of "error code 4 after error code 32")
    end)

    it("is the same for texts that differ only in such", function()
        local a = template.of "job 17: user 'ann' at 10.0.0.1 (CN=Ann,DC=a) 2025-05-19T06:55:23Z"
        local b = template.of "job 4711: user 'bob' at 10.20.0.1 (CN=Bob Lee,DC=b) 2026-01-02T16:05:00Z"
        assert.equal(a, b)
    end)

    it("is short, and ends with a whole character", function()
        assert.is_true(#template.of(("word "):rep(1000)) <= 200)
        local text = template.of(("ü"):rep(400))
        assert.equal(200, #text)
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
