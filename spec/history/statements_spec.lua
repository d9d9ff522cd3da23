local statements = require "dwsync.history.statements"

local NUMBER = "(SELECT cluster_no FROM dwsync_clusters WHERE cluster_id = 'c''1')"

local function exact(column)
    return "exact(" .. column .. ")"
end

describe("a statement about records", function()
    it("quotes texts; those with NUL, which only a damaged row has, byte by byte", function()
        for text, literal in pairs { [""] = "''", a = "'a'", ["it's 'x'"] = "'it''s ''x'''", ["\\"] = "'\\'",
            ["'a"] = "'''a'", ["\0"] = "CAST(x'00' AS TEXT)",
            ["a\0\255'"] = "CAST(x'6100ff27' AS TEXT)" } do
            assert.equal(literal, statements.quoted(text))
        end
    end)

    it("has rows of no more than 64 KB together, or one", function()
        local function sizes(...)
            local rows, list = {}, {}
            for i, size in ipairs { ... } do
                rows[i] = ("x"):rep(size)
            end
            for i, statement in ipairs(statements.in_chunks("(", rows, ")", ";")) do
                local inner = statement:match "^%((.*)%)$"
                list[i] = inner:gsub("x+", function(row) return #row end)
            end
            return list
        end
        assert.same({}, sizes())
        assert.same({ "65535" }, sizes(65535))
        assert.same({ "32767;32767" }, sizes(32767, 32767))
        assert.same({ "32767", "32768;5" }, sizes(32767, 32768, 5))
        assert.same({ "70000", "5;6", "65530" }, sizes(70000, 5, 6, 65530))
        assert.same({ "70000", "32767;32767" }, sizes(70000, 32767, 32767))
        assert.same({ "h1,2t" }, statements.in_chunks("h", { "1", "2" }, "t"))
    end)

    local COLUMNS = "record_id, version, saved_at, identity_source_id, identity_source_type, status, start_time, "
        .. "end_time, add_count, update_count, delete_count, failed_count, content"
    local WHOLE = { name = "n'1", version = 3, saved_at = 1747637723123, content = '{"a":"it\'s"}', record = {
        id = "x", status = "FINISHED", identity_source_id = "s'1", identity_source_type = "LDAP",
        start_time = 1747637723000, end_time = 1747637724000.5, add_count = 1, update_count = 2, delete_count = 3,
        failed_count = 4, fail_reason = "r" } }
    local ODD = { name = "n\t\\2", version = 1, saved_at = 1747637723123, content = '{"b":"\\n"}', record = {
        status = 7, identity_source_id = "s\\1\t\n\r", start_time = "x", add_count = 1 / 0 } }
    local WHOLE_ROW = "(7,'n''1',3,1747637723123,'s''1','LDAP','FINISHED',1747637723000,1747637724000.5,1,2,3,4,"
        .. "'{\"a\":\"it''s\"}')"

    it("saves each field in its column, and what is none of its kind nowhere", function()
        local head = ("INSERT INTO dwsync_records (cluster_no, %s) VALUES "):format(COLUMNS)
        assert.same({ head .. WHOLE_ROW .. ",(7,'n\t\\2',1,1747637723123,'s\\\\1\t\n\r',NULL,NULL,NULL,NULL,NULL,NULL,"
            .. "NULL,NULL,'{\"b\":\"\\n\"}')" }, statements.save(7, { WHOLE, ODD }, true))
        assert.same({ head .. WHOLE_ROW .. " ON CONFLICT (cluster_no, record_id) DO UPDATE SET "
            .. COLUMNS:gsub("^record_id, ", ""):gsub("[%w_]+", "%0 = excluded.%0") },
            statements.save(7, { WHOLE }, false))
        assert.same({ {}, {} }, { statements.save(7, {}, true), statements.archive(7, {}) })
    end)

    it("copies the same to PostgreSQL", function()
        assert.same({ ("COPY dwsync_records (cluster_no, %s) FROM STDIN"):format(COLUMNS),
            "7\tn'1\t3\t1747637723123\ts'1\tLDAP\tFINISHED\t1747637723000\t1747637724000.5\t1\t2\t3\t4\t"
            .. '{"a":"it\'s"}\n7\tn\\t\\\\2\t1\t1747637723123\ts\\\\\\\\1\\t\\n\\r' .. ("\t\\N"):rep(8)
            .. '\t{"b":"\\\\n"}\n' }, { statements.copy(7, { WHOLE, ODD }) })
    end)

    it("keeps earlier versions, and removes them with their records", function()
        assert.same({ "INSERT INTO dwsync_versions (cluster_no, record_id, version, saved_at, content) VALUES "
            .. "(7,'n''1',3,1747637723123,'{\"a\":\"it''s\"}'),(7,'n\t\\2',1,1747637723123,'{\"b\":\"\\n\"}')" },
            statements.archive(7, { WHOLE, ODD }))
        assert.same({ "SELECT count(*) FROM dwsync_versions WHERE cluster_no = 7 AND record_id IN ('a','b''')" },
            statements.earlier_counts(7, { "a", "b'" }))
        assert.same({ "DELETE FROM dwsync_versions WHERE cluster_no = 7 AND record_id IN ('a','b''')",
            "DELETE FROM dwsync_records WHERE cluster_no = 7 AND record_id IN ('a','b''')" },
            statements.remove(7, { "a", "b'" }))
    end)

    it("finds what is old by one condition", function()
        local old = "cluster_no = 7 AND coalesce(status, '') <> 'RUNNING' AND (start_time < 1500 AND start_time < "
            .. "(SELECT max(start_time) FROM dwsync_records WHERE cluster_no = 7) OR start_time IS NULL "
            .. "AND saved_at < 1500)"
        local function words(statement)
            return (statement:gsub("%s+", " "))
        end
        assert.equal("SELECT record_id FROM dwsync_records WHERE " .. old .. " LIMIT 10",
            words(statements.old(7, 1500, 10)))
        assert.equal("SELECT count(*) FROM dwsync_records WHERE " .. old, words(statements.old_count(7, 1500)))
        assert.equal("SELECT count(*) FROM dwsync_versions WHERE cluster_no = 7 AND record_id IN (SELECT record_id "
            .. "FROM dwsync_records WHERE " .. old .. ")", words(statements.old_versions(7, 1500)))
    end)

    it("knows a cluster by its number", function()
        assert.equal("INSERT INTO dwsync_clusters (cluster_id) VALUES ('c''1') ON CONFLICT (cluster_id) DO NOTHING",
            statements.add_cluster "c'1")
        assert.equal(NUMBER, "(" .. statements.cluster_number "c'1" .. ")")
        assert.equal("SELECT max(start_time) FROM dwsync_records WHERE cluster_no = " .. NUMBER,
            statements.last_start "c'1")
        assert.equal("SELECT identity_source_id, identity_source_type, count(*) FROM dwsync_records WHERE cluster_no = "
            .. NUMBER .. " AND start_time >= 1 AND start_time < 2 GROUP BY identity_source_id, identity_source_type",
            statements.counts("c'1", 1, 2))
    end)

    it("finds what is kept under names", function()
        local names = { "a", "b'" }
        assert.same({ "SELECT record_id, version, saved_at, status, content FROM dwsync_records WHERE cluster_no = 7 "
            .. "AND record_id IN ('a','b''')" }, statements.kept(7, names))
        assert.same({ "SELECT record_id, version, saved_at, content FROM dwsync_versions WHERE cluster_no = 7 "
            .. "AND record_id IN ('a','b''') ORDER BY record_id, version" }, statements.earlier(7, names))
        local of_name = "(SELECT %s FROM dwsync_records WHERE cluster_no = 7 AND record_id = v.column1)"
        assert.same({ ("SELECT v.column1, %s FROM (VALUES ('a'),('b''')) AS v WHERE %s IS NOT NULL"):format(
            of_name:format "content", of_name:format "version") }, statements.contents(7, names))
        assert.equal("SELECT record_id, content FROM dwsync_records WHERE cluster_no = 7 AND start_time >= 1 "
            .. "AND start_time <= 2 ORDER BY start_time LIMIT 9", statements.between(7, "1", "2", 9))
    end)

    it("goes on after a record, those without a start last", function()
        local function batch(criteria, after)
            local rest = statements.batch(exact, "c'1", criteria, after, 5)
            local head = "SELECT content, exact(start_time), record_id FROM dwsync_records WHERE cluster_no = "
                .. NUMBER
            assert.equal(head, rest:sub(1, #head))
            return rest:sub(#head + 1)
        end
        local order = " ORDER BY start_time DESC, record_id DESC LIMIT 5"
        assert.equal(" AND start_time IS NOT NULL" .. order, batch({}, { started = true }))
        assert.equal(" AND start_time IS NOT NULL AND start_time >= 1 AND start_time < 2 AND status IN ('A','B''') AND "
            .. "(identity_source_id IN ('x','y') OR identity_source_type IN ('x','y')) AND "
            .. "(start_time, record_id) < (12, 'n''')" .. order, batch({ since = 1, until_ = 2,
            status = { "A", "B'" }, source = { "x", "y" } }, { started = true, start = "12", name = "n'" }))
        assert.equal(" AND start_time IS NULL ORDER BY record_id DESC LIMIT 5", batch({}, { started = false }))
        assert.equal(" AND start_time IS NULL AND record_id < 'n''' ORDER BY record_id DESC LIMIT 5",
            batch({}, { started = false, name = "n'" }))
        for start, literal in pairs { ["-1.5e+10"] = "-1.5e+10", Infinity = "'Infinity'", ["1"] = "1",
            ["1;x"] = "'1;x'", ["x1"] = "'x1'", ["-"] = "'-'" } do
            assert.equal((" AND start_time IS NOT NULL AND (start_time, record_id) < (%s, 'n')%s"):format(literal,
                order), batch({}, { started = true, start = start, name = "n" }))
        end
    end)

    it("finds names, one by one or as one text", function()
        assert.equal("SELECT record_id FROM dwsync_records WHERE cluster_no = " .. NUMBER .. " AND start_time IS NOT "
            .. "NULL AND start_time >= 5 ORDER BY start_time DESC, record_id DESC LIMIT 7",
            statements.names("c'1", { since = 5 }, 7))
        assert.equal("SELECT count(*), lines(record_id) FROM (SELECT x) AS found",
            statements.in_lines("lines(%s)", "SELECT x"))
    end)

    it("asks for the traces of others, with a row for each name", function()
        assert.same({ "SELECT v.column1, (SELECT count(*) FROM dwsync_records AS r WHERE r.cluster_no = c.cluster_no "
            .. "AND start_time >= v.column3), (SELECT count(*) FROM dwsync_versions AS e WHERE e.cluster_no = "
            .. "c.cluster_no), (SELECT t), c.cluster_no, (SELECT count(*) FROM dwsync_records AS k WHERE k.cluster_no "
            .. "= c.cluster_no AND record_id = v.column4), m1, m2 FROM (VALUES (1,'c''1',5,'a'),(1,'c''1',NULL,'b'''),"
            .. "(2,'d',6,NULL)) AS v JOIN dwsync_clusters AS c ON c.cluster_id = v.column2" },
            statements.traces({ { cluster = "c'1", since = 5, names = { "a", "b'" } }, { cluster = "d", since = 6 } },
            "SELECT t", { "m1", "m2" }))
        assert.same({}, statements.traces({}, "SELECT t", {}))
    end)

    it("counts everything", function()
        assert.equal("SELECT cluster_id, count(*), min(start_time), max(start_time) FROM dwsync_runs GROUP BY "
            .. "cluster_id ORDER BY cluster_id", statements.clusters)
        assert.equal("SELECT count(*), count(DISTINCT cluster_no), min(start_time), max(start_time) "
            .. "FROM dwsync_records", statements.totals)
        assert.equal("SELECT count(*) FROM dwsync_versions", statements.versions)
    end)
end)
