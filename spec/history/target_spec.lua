local targets = require "dwsync.history.target"

local function url(text)
    return assert(targets.read(text))
end

describe("a history's target", function()
    it("is a file unless it is a URL", function()
        local target = url "/var/lib/dwsync/history.db"
        assert.equal("sqlite", target.engine)
        assert.equal("/var/lib/dwsync/history.db", target.path)
        assert.equal("sqlite", url("C:history.db").engine)
        assert.equal("sqlite", url(":memory:").engine)
    end)

    it("is a PostgreSQL database behind postgres:// and postgresql://", function()
        for _, scheme in ipairs { "postgres", "postgresql" } do
            local target = url(scheme .. "://ann:se%20cret@db.example:5433/sync?sslmode=verify-full")
            assert.equal("postgres", target.engine)
            assert.equal("application_name='dwsync' connect_timeout='10' dbname='sync' host='db.example' "
                .. "password='se cret' port='5433' sslmode='verify-full' user='ann'", target.connection)
            assert.equal("postgres://ann@db.example:5433/sync", target.shown)
        end
    end)

    it("is shown in one line that drives no terminal, without what it leaves out", function()
        assert.equal("postgres://h/d", url("postgres://h/d").shown)
        assert.equal("postgres://ann@h/d", url("postgres://ann:secret@h/d").shown)
        local long = ("x"):rep(5000)
        for _, target in ipairs { url("postgres://h/\27[2J" .. long), url("/\27[2J" .. long) } do
            assert.is_nil(target.shown:find "%c")
            assert.is_true(#target.shown < 1000)
        end
        local _, err = targets.read(long .. "://h/d")
        assert.is_true(#err.message < 1000)
    end)

    it("takes parameters of libpq that are no secrets", function()
        for name in ([[hostaddr sslmode sslrootcert sslcert sslkey sslcrl sslsni ssl_min_protocol_version
            channel_binding gssencmode connect_timeout application_name options target_session_attrs passfile
            keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout host
            port]]):gmatch "%S+" do
            assert.is_truthy((" " .. url("postgres:///d?" .. name .. "=val").connection .. " "):find(
                (" %s='val' "):format(name), 1, true), name)
        end
        assert.is_nil((targets.read "postgres:///d?sslpassword=x"))
    end)

    it("may leave out what libpq knows from elsewhere", function()
        assert.equal("application_name='dwsync' connect_timeout='10'", url("postgres://").connection)
        assert.equal("application_name='dwsync' connect_timeout='10' dbname='d' host='/run/postgresql'",
            url("postgres:///d?host=/run/postgresql").connection)
    end)

    local function sslmode(text, variables)
        local target = assert(targets.read(text, function(name) return (variables or {})[name] end))
        local words = target.connection:match "sslmode='([^']*)'"
        assert.equal(words, target.sslmode)
        return words
    end

    it("is not asked over a line in the clear beyond this machine, unless the URL says so", function()
        for _, text in ipairs { "postgres://u:p@db.example/d", "postgres://10.0.0.1/d", "postgres://[fe80::1]/d",
            "postgres://localhost,db.example/d", "postgres:///d?host=db.example",
            "postgres://localhost/d?hostaddr=10.0.0.1", "postgres://127.0.0.1.evil.example/d",
            "postgres://localhost.example/d" } do
            assert.equal("require", sslmode(text), text)
        end
        for _, mode in ipairs { "disable", "allow", "prefer", "require", "verify-ca", "verify-full" } do
            assert.equal(mode, sslmode("postgres://db.example/d?sslmode=" .. mode))
        end
    end)

    it("is verified where there is a certificate to do it by", function()
        assert.equal("verify-full", sslmode "postgres://db.example/d?sslrootcert=/ca.pem")
        assert.equal("verify-full", sslmode("postgres://db.example/d", { PGSSLROOTCERT = "/ca.pem" }))
        local uv = require "luv"
        local home = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-home-XXXXXX"))
        assert.equal("require", sslmode("postgres://db.example/d", { HOME = home }))
        assert(uv.fs_mkdir(home .. "/.postgresql", tonumber("700", 8)))
        local root = home .. "/.postgresql/root.crt"
        assert(io.open(root, "w")):close()
        local found = sslmode("postgres://db.example/d", { HOME = home })
        os.remove(root)
        uv.fs_rmdir(home .. "/.postgresql")
        uv.fs_rmdir(home)
        assert.equal("verify-full", found)
        assert.equal("require", sslmode("postgres://db.example/d?sslmode=require&sslrootcert=/ca.pem"))
    end)

    it("keeps libpq's default on loopback and sockets, and the one that its variable names", function()
        for _, text in ipairs { "postgres://", "postgres:///d?host=/run/postgresql", "postgres://localhost/d",
            "postgres://127.0.0.1:5433,[::1]/d", "postgres:///d?hostaddr=127.0.0.2", "postgres:///d?host=%40x" } do
            assert.is_nil(sslmode(text), text)
        end
        assert.is_nil(sslmode("postgres://db.example/d", { PGSSLMODE = "verify-ca" }))
        assert.equal("require", sslmode("postgres://db.example/d", { PGSSLMODE = "" }))
        assert.equal("require", sslmode("postgres:///d", { PGHOST = "db.example" }))
        assert.equal("require", sslmode("postgres://localhost/d", { PGHOSTADDR = "10.0.0.1" }))
    end)

    it("holds its password in each spelling that a message may show", function()
        assert.same({ "s cret", "s%20cret" }, url("postgres://ann:s%20cret@db.example/d").secrets)
        assert.same({}, url("postgres://ann@db.example/d").secrets)
        assert.same({}, url("/var/lib/dwsync/history.db").secrets)
    end)

    it("takes several hosts and IPv6 addresses", function()
        local words = url("postgres://a:1,[::1]:2/d").connection
        assert.is_truthy(words:find("host='a,::1'", 1, true))
        assert.is_truthy(words:find("port='1,2'", 1, true))
    end)

    it("quotes what libpq reads as quotes, and nothing gets out of them", function()
        local words = url("postgres://u:%27%20host%3Devil%5C@h/d").connection
        assert.is_truthy(words:find([[password='\' host=evil\\']], 1, true))
    end)

    it("is refused with a message that shows nothing of it: a password may be in any part", function()
        local cases = {
            ["postgres://u:hun/ter2@h/d"] = 'has an "@" after the host: in user and password write "/" as %2F, '
                .. '"?" as %3F, "@" as %40',
            ["postgres://u:12?ter2@h/d"] = 'has an "@" after the host: in user and password write "/" as %2F, '
                .. '"?" as %3F, "@" as %40',
            ["postgres://u:hun#ter2@h/d"] = 'contains a "#"',
            ["postgres://u:hunter%2@h/d"] = "has a percent sign that does not begin a %XX",
            ["postgres://u:hunter%00@h/d"] = "has a percent sign that does not begin a %XX",
            ["postgres://%00hunter@h/d"] = "has a percent sign that does not begin a %XX",
            ["postgres://u:hunter2/d"] = "has a port that is not a number",
            ["postgres://u@h/d?password=hunter2"] = "has an unsupported parameter, or one without a value",
            ["postgres:/u:hunter2@h/d"] = "does not begin with postgres://",
            ["postgresql:u:hunter2@h/d"] = "does not begin with postgres://",
            ["jdbc:postgresql://u:hunter2@h/d"] = "does not begin with postgres://",
            ["host=h password=hunter2 dbname=d"] = "does not begin with postgres://",
            ["postgres://u@h/d?sslmode"] = "has an unsupported parameter, or one without a value",
        }
        for text, reason in pairs(cases) do
            local target, err = targets.read(text)
            assert.is_nil(target)
            assert.equal("config", err.kind)
            assert.equal("the history's URL " .. reason, err.message)
            assert.is_nil(tostring(err):find "hunter")
        end
    end)

    it("is refused when the scheme is another or the path cannot be one", function()
        local _, err = targets.read "mysql://u:hunter2@h/d"
        assert.equal("unsupported history URL scheme mysql://", err.message)
        for _, path in ipairs { "", "a\nb", "a\rb", "a\0b", "/tmp/:memory:/x" } do
            err = select(2, targets.read(path))
            assert.equal("the history's path is empty, or contains a line break, NUL or :memory:", err.message)
        end
    end)
end)
