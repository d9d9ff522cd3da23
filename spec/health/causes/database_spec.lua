local cases = require "spec.health.causes.cases"

local MESSAGES = {
    { class = "database_role_exists", speaker = "warehouse",
        cause = "the warehouse has a role of that name already",
        next_step = "Find out who created the role; rename the account in the directory, or drop or rename the "
            .. "role.",
        cases = {
            { 'ERROR: role "ann_lee" already exists',
                "ERROR: role <name> already exists" },
            { 'org.postgresql.util.PSQLException: ERROR: role "ann_lee" already exists',
                "org.postgresql.util.PSQLException: ERROR: role <name> already exists" },
            { 'pq: role "ann_lee" already exists',
                "pq: role <name> already exists" },
            { 'ERROR: 42710: role "ann" already exists',
                "ERROR: 42710: role <name> already exists" },
            { '错误: 角色 "ann" 已经存在',
                "错误: 角色 <name> 已经存在" },
            { "FEHLER:  Rolle »ann« existiert bereits",
                "FEHLER: Rolle <name> existiert bereits" },
            { "ERREUR: le rôle « ann » existe déjà",
                "ERREUR: le rôle <name> existe déjà" },
            { 'ロール"ann"はすでに存在します (SQLSTATE 42710)',
                "ロール<name>はすでに存在します (SQLSTATE 42710)" },
        } },
    { class = "database_privilege", speaker = "warehouse",
        cause = "the warehouse denies the synchronisation's user a privilege",
        next_step = "Grant the synchronisation's user what the message names: CREATEROLE or SYSADMIN, or rights "
            .. "on that object.",
        cases = {
            "ERROR: permission denied to create role (SQLSTATE 42501)",
            "org.postgresql.util.PSQLException: ERROR: Permission denied to create role.",
            { "ERROR:  must be system admin to drop system admins",
                "ERROR: must be system admin to drop system admins" },
        } },
    { class = "database_login", speaker = "warehouse",
        cause = "the warehouse refused the synchronisation's user or password",
        next_step = "Enter the user's current password where the synchronisation connects to the warehouse.",
        cases = {
            { 'FATAL: password authentication failed for user "sync"',
                "FATAL: password authentication failed for user <name>" },
            { "org.postgresql.util.PSQLException: [10.0.0.9:53212/10.0.0.5:8000] FATAL: Invalid "
                .. "username/password,login denied.",
                "org.postgresql.util.PSQLException: [<address>/<address>] FATAL: Invalid "
                    .. "username/password,login denied." },
            { "failed to connect to `host=10.0.0.5 user=sync database=gaussdb`: server error (FATAL: "
                .. 'password authentication failed for user "sync" (SQLSTATE 28P01))',
                "failed to connect to <name>: server error (FATAL: password authentication failed "
                    .. "for user <name> (SQLSTATE 28P01))" },
            { '致命错误: 用户 "sync" Password 认证失败',
                "致命错误: 用户 <name> Password 认证失败" },
            { "FATAL:  Passwort-Authentifizierung für Benutzer »sync« fehlgeschlagen",
                "FATAL: Passwort-Authentifizierung für Benutzer <name> fehlgeschlagen" },
            { 'FATAL: LDAP authentication failed for user "sync"',
                "FATAL: LDAP authentication failed for user <name>" },
            { "com.zaxxer.hikari.pool.HikariPool$PoolInitializationException: Failed to initialize "
                .. 'pool: FATAL: password authentication failed for user "sync"',
                "com.zaxxer.hikari.pool.HikariPool$PoolInitializationException: Failed to initialize "
                    .. "pool: FATAL: password authentication failed for user <name>" },
        } },
    { class = "database_account_locked", speaker = "warehouse",
        cause = "the warehouse has locked the synchronisation's user",
        next_step = "Correct what sent a wrong password, then run ALTER USER … ACCOUNT UNLOCK as administrator.",
        cases = {
            "FATAL: The account has been locked.",
        } },
    { class = "database_hba", speaker = "warehouse",
        cause = "the warehouse accepts no log-in from this address",
        next_step = "Allow the address, user and database in pg_hba.conf, or in the cluster's security settings.",
        cases = {
            { 'FATAL: no pg_hba.conf entry for host "10.0.0.9", user "sync", database "postgres", SSL off',
                "FATAL: no pg_hba.conf entry for host <name>, user <name>, database <name>, SSL off" },
        } },
    { class = "database_connections", speaker = "warehouse",
        cause = "the warehouse has no connection left",
        next_step = "Look in pg_stat_activity for sessions that are idle, end them, or raise max_connections or "
            .. "the user's limit.",
        cases = {
            "FATAL: sorry, too many clients already",
            { "FATAL: Already too many clients, active/non-active/reserved: 5/508/3.",
                "FATAL: Already too many clients, active/non-active/reserved: #/#/#." },
            "FATAL: remaining connection slots are reserved for non-replication superuser connections",
            { 'FATAL:  too many connections for role "sync"',
                "FATAL: too many connections for role <name>" },
        } },
    { class = "database_read_only", speaker = "warehouse",
        cause = "the warehouse is read-only",
        next_step = "Check the cluster's disk usage: DWS turns read-only when a disk is nearly full; free space, "
            .. "then lift it.",
        cases = {
            "ERROR: cannot execute CREATE ROLE in a read-only transaction",
        } },
    { class = "database_disk_full", speaker = "warehouse",
        cause = "the warehouse has no disk space left",
        next_step = "Free disk space in the warehouse (VACUUM FULL, old tables), or enlarge it.",
        cases = {
            { 'ERROR: could not extend file "base/16384/2619": No space left on device',
                "ERROR: could not extend file <name>: No space left on device" },
            "[53100] ERROR: disk full",
        } },
    { class = "database_memory", speaker = "warehouse",
        cause = "the warehouse has no memory left",
        next_step = "Look for large queries at that time, move the synchronisation away from them, or enlarge "
            .. "the cluster.",
        cases = {
            "org.postgresql.util.PSQLException: ERROR: out of memory",
            { "ERROR: memory is temporarily unavailable DETAIL: Failed on request of size 1024 bytes "
                .. "under queryid 72339069014638610 in gaussdb",
                "ERROR: memory is temporarily unavailable DETAIL: Failed on request of size # bytes "
                    .. "under queryid # in gaussdb" },
            { "ERROR:  memory usage reach the max_dynamic_memory, gaussdb",
                "ERROR: memory usage reach the max_dynamic_memory, gaussdb" },
        } },
    { class = "database_password_policy", speaker = "warehouse",
        cause = "a password does not meet the warehouse's policy",
        next_step = "Give the account a password by the policy, or change password_policy and the reuse rules of "
            .. "the warehouse.",
        cases = {
            "ERROR: Password must contain at least three kinds of characters. GaussDB",
            "org.postgresql.util.PSQLException: ERROR: The password cannot be reused.",
        } },
    { class = "database_deadlock", speaker = "warehouse",
        cause = "the synchronisation and another session waited for each other",
        next_step = "Let the next run try again; keep other jobs that change roles or grants away from its time.",
        cases = {
            { "ERROR: deadlock detected Detail: Process 3021 waits for ShareLock on transaction 8811; "
                .. "blocked by process 3040.",
                "ERROR: deadlock detected Detail: Process # waits for ShareLock on transaction #; "
                    .. "blocked by process #." },
        } },
    { class = "database_lock", speaker = "warehouse",
        cause = "another session of the warehouse held a lock for too long",
        next_step = "Find the session that holds the lock in pg_locks, and end it or move its time.",
        cases = {
            { "com.huawei.gauss200.jdbc.util.PSQLException: ERROR: Lock wait timeout: thread 139782 on "
                .. "node cn_5001 waiting for AccessShareLock on relation 2619 of database 16384 after "
                .. "1200000.123 ms",
                "com.huawei.gauss#.jdbc.util.PSQLException: ERROR: Lock wait timeout: thread # on "
                    .. "node cn_# waiting for AccessShareLock on relation # of database # after # ms" },
            "ERROR: canceling statement due to lock timeout",
        } },
    { class = "database_statement_timeout", speaker = "warehouse",
        cause = "the warehouse cancelled a statement: it took too long, or an administrator stopped it",
        next_step = "Find out what slowed the warehouse, or raise statement_timeout for the synchronisation's user.",
        cases = {
            "ERROR: canceling statement due to statement timeout",
            "psycopg2.errors.QueryCanceled: canceling statement due to user request",
        } },
    { class = "database_unavailable", speaker = "warehouse",
        cause = "the warehouse is starting, stopping or recovering",
        next_step = "Check the cluster's state in the console; once it is available, the next run may succeed by "
            .. "itself.",
        cases = {
            "FATAL: the database system is starting up",
            "FATAL: terminating connection due to administrator command",
        } },
    { class = "database_connection", speaker = "warehouse",
        cause = "the warehouse refused the connection",
        next_step = "Check that the warehouse is up and listening on that port, and that no firewall rejects the "
            .. "connection.",
        cases = {
            { "psycopg2.OperationalError: could not connect to server: Connection refused Is the "
                .. 'server running on host "10.0.0.5" and accepting TCP/IP connections on port 8000?',
                "psycopg2.OperationalError: could not connect to server: Connection refused Is the "
                    .. "server running on host <name> and accepting TCP/IP connections on port #?" },
            { "org.postgresql.util.PSQLException: Connection to 10.0.0.5:8000 refused. Check that the "
                .. "hostname and port are correct",
                "org.postgresql.util.PSQLException: Connection to <address> refused. Check that the "
                    .. "hostname and port are correct" },
        } },
    { class = "database_connection", speaker = "warehouse",
        cause = "the connection to the warehouse failed",
        next_step = "Check that the cluster is available, and address, port and security group on the way to it.",
        cases = {
            "org.postgresql.util.PSQLException: The connection attempt failed. SQLState: 08001",
        } },
    { class = "database_pool", speaker = "warehouse",
        cause = "the pool of connections to the warehouse was exhausted",
        next_step = "Look for statements that hold connections for long; raise the pool's size or the time it "
            .. "waits.",
        cases = {
            { "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, "
                .. "request timed out after 30000ms (total=10, active=10, idle=0, waiting=3)",
                "java.sql.SQLTransientConnectionException: HikariPool-# - Connection is not "
                    .. "available, request timed out after #s (total=#, active=#, idle=#, waiting=#)" },
            "java.sql.SQLException: Cannot get a connection, pool exhausted (DBCP, jdbc)",
        } },
    { class = "database_name_resolution", speaker = "warehouse",
        cause = "the host name of the warehouse could not be resolved",
        next_step = "Check the host name of the warehouse where it is configured, and the DNS servers of the "
            .. "cluster's network.",
        cases = {
            { "HikariPool-2 - Exception during pool initialization. Caused by: "
                .. "java.net.UnknownHostException: dws-cn.example.com",
                "HikariPool-# - Exception during pool initialization. Caused by: "
                    .. "java.net.UnknownHostException: <address>" },
        } },
    { class = "database_role_missing", speaker = "warehouse",
        cause = "the warehouse does not have the role or object that the message names",
        next_step = "Find out who dropped it; a full synchronisation creates roles anew.",
        cases = {
            { 'ERROR: role "ann" does not exist',
                "ERROR: role <name> does not exist" },
        } },
    { class = "database_role_in_use", speaker = "warehouse",
        cause = "a role cannot be dropped: objects or grants depend on it",
        next_step = "Give its objects to another role (REASSIGN OWNED, DROP OWNED in each database), then "
            .. "synchronise again.",
        cases = {
            { 'ERROR: role "ann" cannot be dropped because some objects depend on it Detail: 3 objects '
                .. "in database postgres",
                "ERROR: role <name> cannot be dropped because some objects depend on it Detail: # "
                    .. "objects in database postgres" },
        } },
    { class = "database_duplicate", speaker = "warehouse",
        cause = "a row with that key exists in the warehouse already",
        next_step = "Find the two accounts with the same key, and correct one of them.",
        cases = {
            { 'ERROR: duplicate key value violates unique constraint "pg_authid_rolname_index" Detail: '
                .. "Key (rolname)=(ann) already exists. SQLSTATE: 23505",
                "ERROR: duplicate key value violates unique constraint <name> Detail: Key "
                    .. "(rolname)=(<name>) already exists. SQLSTATE: 23505" },
        } },
    { class = "database_missing", speaker = "warehouse",
        cause = "the database that the synchronisation connects to does not exist",
        next_step = "Correct the database's name where the synchronisation connects to the warehouse.",
        cases = {
            { 'FATAL: database "dwh" does not exist',
                "FATAL: database <name> does not exist" },
        } },
    { class = "database_name", speaker = "warehouse",
        cause = "the warehouse does not accept a name or statement",
        next_step = "Correct the account's name at its source: at most 63 bytes, not reserved, no unusual "
            .. "characters.",
        cases = {
            { 'ERROR: syntax error at or near "-" Position: 13 (SQLSTATE 42601)',
                "ERROR: syntax error at or near <name> Position: # (SQLSTATE 42601)" },
        } },
    { class = "other", speaker = "warehouse",
        next_step = "Look for the time of the run in the warehouse's log.",
        cases = {
            { "org.postgresql.util.PSQLException: ERROR: unheard-of condition 17",
                "org.postgresql.util.PSQLException: ERROR: unheard-of condition #" },
            { 'ERROR:  unrecognized role option "x"',
                "ERROR: unrecognized role option <name>" },
        } },
    { class = "database_login", speaker = "warehouse",
        cause = "the warehouse does not know the synchronisation's user",
        next_step = "Enter the user's current password where the synchronisation connects to the warehouse.",
        cases = {
            { 'FATAL:  role "sync" does not exist',
                "FATAL: role <name> does not exist" },
        } },
    { class = "database_connection", speaker = "warehouse",
        cause = "the warehouse closed a session that was idle",
        next_step = "Let the next run try again; raise session_timeout for the synchronisation's user if it recurs.",
        cases = {
            "FATAL: terminating connection due to session unused timeout",
        } },
    { class = "database_certificate", speaker = "warehouse",
        cause = "the certificate of the warehouse was issued by an authority that is not trusted",
        next_step = "Import the certificate of the authority, and any between, into the trust store for the "
            .. "warehouse.",
        cases = {
            "org.postgresql.util.PSQLException: SSL error: PKIX path building failed: unable to find "
                .. "valid certification path to requested target",
        } },
    { class = "database_tls", speaker = "warehouse",
        cause = "the port of the warehouse does not speak TLS",
        next_step = "Use the port for TLS (636 for ldaps://, 443 for https://), or StartTLS, to reach the "
            .. "warehouse.",
        cases = {
            "org.postgresql.util.PSQLException: The server does not support SSL.",
        } },
}

describe("messages of the warehouse, its drivers and pools", function()
    for _, expected in ipairs(MESSAGES) do
        it(cases.title(expected), function()
            cases.check(expected)
        end)
    end
end)
