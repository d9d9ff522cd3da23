--- What the warehouse says: PostgreSQL, GaussDB and DWS, their JDBC drivers, and pools such as HikariCP.
-- Source of the codes: PostgreSQL's appendix "Error Codes", which GaussDB follows.
-- @module dwsync.health.causes.database
local EXISTS = { "database_role_exists", "the warehouse has a role of that name already",
    "Find out who created the role; rename the account in the directory, or drop or rename the role.",
    phrases = { "\" already exists", "role already exists", "user already exists", "duplicate_object",
        "existiert bereits", "已经存在", "已存在", "existe déjà", "すでに存在します" } }
local PRIVILEGE = { "database_privilege", "the warehouse denies the synchronisation's user a privilege",
    "Grant the synchronisation's user what the message names: CREATEROLE or SYSADMIN, or rights on that object.",
    phrases = { "permission denied", "must be superuser", "must be system admin", "must have createrole",
        "insufficient_privilege", "insufficient privilege", "must be owner of", "must have admin option",
        "keine berechtigung", "权限不够", "权限不足", "droit refusé", "権限がありません" } }
local LOGIN = { "database_login", "the warehouse refused the synchronisation's user or password",
    "Enter the user's current password where the synchronisation connects to the warehouse.",
    phrases = { "password authentication failed", "invalid username/password", "authentication failed",
        "login denied", "ldap login failed", "passwort-authentifizierung", "认证失败", "パスワード認証に失敗",
        "l'authentification par mot de passe a échoué" } }
local ADDRESS = { "database_hba", "the warehouse accepts no log-in from this address",
    "Allow the address, user and database in pg_hba.conf, or in the cluster's security settings.",
    phrases = { "pg_hba" } }
local LOCKED = { "database_account_locked", "the warehouse has locked the synchronisation's user",
    "Correct what sent a wrong password, then run ALTER USER … ACCOUNT UNLOCK as administrator.",
    phrases = { "account has been locked", "account is locked" } }
local CONNECTIONS = { "database_connections", "the warehouse has no connection left",
    "Look in pg_stat_activity for sessions that are idle, end them, or raise max_connections or the user's limit.",
    phrases = { "too many clients", "too many connections", "remaining connection slots", "connection limit exceeded",
        "too_many_connections", "连接数过多" } }
local READ_ONLY = { "database_read_only", "the warehouse is read-only",
    "Check the cluster's disk usage: DWS turns read-only when a disk is nearly full; free space, then lift it.",
    phrases = { "read-only transaction", "read only transaction", "read-only mode", "read only mode",
        "is read-only", "只读" } }
local DISK = { "database_disk_full", "the warehouse has no disk space left",
    "Free disk space in the warehouse (VACUUM FULL, old tables), or enlarge it.",
    phrases = { "no space left on device", "disk full", "disk_full", "could not extend file", "磁盘空间不足" } }
local MEMORY = { "database_memory", "the warehouse has no memory left",
    "Look for large queries at that time, move the synchronisation away from them, or enlarge the cluster.",
    phrases = { "out of memory", "memory is temporarily unavailable", "memory usage", "out_of_memory", "内存不足" } }
local DEADLOCK = { "database_deadlock", "the synchronisation and another session waited for each other",
    "Let the next run try again; keep other jobs that change roles or grants away from its time.",
    phrases = { "deadlock detected", "could not serialize", "tuple concurrently updated", "deadlock", "死锁" } }
local LOCK = { "database_lock", "another session of the warehouse held a lock for too long",
    "Find the session that holds the lock in pg_locks, and end it or move its time.",
    phrases = { "lock timeout", "lock wait timeout", "could not obtain lock", "lock_not_available" } }
local CANCELLED = { "database_statement_timeout",
    "the warehouse cancelled a statement: it took too long, or an administrator stopped it",
    "Find out what slowed the warehouse, or raise statement_timeout for the synchronisation's user.",
    phrases = { "statement timeout", "canceling statement", "query_canceled", "cancelling statement" } }
local SHUTDOWN = { "database_unavailable", "the warehouse is starting, stopping or recovering",
    "Check the cluster's state in the console; once it is available, the next run may succeed by itself.",
    phrases = { "the database system is", "administrator command", "admin_shutdown", "cannot_connect_now",
        "is in recovery", "terminating connection", "cluster is unavailable", "cluster is not available" } }
local IDLE = { "database_connection", "the warehouse closed a session that was idle",
    "Let the next run try again; raise session_timeout for the synchronisation's user if it recurs.",
    phrases = { "session unused timeout", "idle-in-transaction timeout", "idle session timeout" } }
local POLICY = { "database_password_policy", "a password does not meet the warehouse's policy",
    "Give the account a password by the policy, or change password_policy and the reuse rules of the warehouse.",
    phrases = { "password must", "password cannot be reused", "password should", "password is too short",
        "password can't", "password contain", "password cannot contain", "不符合密码" } }
local PASSWORD_EXPIRED = { "database_password_expired", "the password of the synchronisation's user has expired",
    "Set a new password for the user in the warehouse, and enter it where the synchronisation connects.",
    phrases = { "password has expired", "password expired", "account is expired", "the password has been expired" } }
local MISSING = { "database_role_missing", "the warehouse does not have the role or object that the message names",
    "Find out who dropped it; a full synchronisation creates roles anew.",
    phrases = { "does not exist", "duplicate key violates", "existiert nicht", "不存在", "n'existe pas", "存在しません" } }
local DEPENDS = { "database_role_in_use", "a role cannot be dropped: objects or grants depend on it",
    "Give its objects to another role (REASSIGN OWNED, DROP OWNED in each database), then synchronise again.",
    phrases = { "cannot be dropped because some objects depend", "other objects depend on it", "is being used by" } }
local NAME = { "database_name", "the warehouse does not accept a name or statement",
    "Correct the account's name at its source: at most 63 bytes, not reserved, no unusual characters.",
    phrases = { "identifier too long", "is reserved", "invalid name", "syntax error", "value too long",
        "name_too_long" } }
local DATABASE = { "database_missing", "the database that the synchronisation connects to does not exist",
    "Correct the database's name where the synchronisation connects to the warehouse.",
    phrases = {} }
local DUPLICATE = { "database_duplicate", "a row with that key exists in the warehouse already",
    "Find the two accounts with the same key, and correct one of them.",
    phrases = { "duplicate key value" } }
local BROKEN = { "database_connection", "the connection to the warehouse failed",
    "Check that the cluster is available, and address, port and security group on the way to it.",
    vague = true, phrases = { "connection attempt failed", "i/o error occurred", "an i/o error", "pooler",
        "this connection has been closed", "communications link failure" } }

return {
    speaker = "warehouse",
    peer = "the warehouse",
    prefix = "database_",
    marks = { "postgres", "jdbc", "hikari", "gauss", "gsql", "sqlstate", "sql state", "pg::", "pq: ", "psycopg",
        "pgconn", "fatal: ", "sqlexception", "sqltransient", "pg_hba", "druid", "sqlalchemy", "error: role",
        "error:  ", "role \"", "role '", "warehouse", "error: permission denied", "fehler:", "错误:", "erreur:",
        "erreur :", "致命的エラー", "数据库", "statement timeout", "read-only transaction", "deadlock",
        "error: cannot execute", "canceling statement", "could not extend file", "error: disk full", "lock timeout",
        "lock wait timeout" },
    next_step = "Look for the time of the run in the warehouse's log.",
    before = { ADDRESS, LOCKED, PASSWORD_EXPIRED, READ_ONLY,
        { LOGIN[1], "the warehouse does not know the synchronisation's user", LOGIN[3],
            phrases = { "fatal: role \"", "fatal:  role \"" } } },
    codes = {
        { by = {
            ["42710"] = EXISTS, ["28p01"] = LOGIN, ["28000"] = LOGIN, ["42501"] = PRIVILEGE, ["53300"] = CONNECTIONS,
            ["25006"] = READ_ONLY, ["53100"] = DISK, ["53200"] = MEMORY, ["40p01"] = DEADLOCK, ["40001"] = DEADLOCK,
            ["57014"] = CANCELLED, ["55p03"] = LOCK, ["57p01"] = SHUTDOWN, ["57p02"] = SHUTDOWN, ["57p03"] = SHUTDOWN,
            ["42704"] = MISSING, ["2bp01"] = DEPENDS, ["23505"] = DUPLICATE, ["22001"] = NAME, ["42601"] = NAME,
            ["42602"] = NAME, ["42622"] = NAME, ["42939"] = NAME, ["3d000"] = DATABASE, ["08000"] = BROKEN,
            ["08001"] = BROKEN, ["08003"] = BROKEN, ["08004"] = BROKEN, ["08006"] = BROKEN,
        }, "sql ?state[\"']?[%s:=%[%(\"']*(%w%w%w%w%w)%f[%W]", "%[(%w%w%w%w%w)%]", "error:? +(%w%w%w%w%w):" },
    },
    phrases = { DUPLICATE, EXISTS, LOGIN, CONNECTIONS, DISK, MEMORY, DEADLOCK, LOCK, CANCELLED, POLICY, IDLE, SHUTDOWN,
        DEPENDS, PRIVILEGE, NAME,
        { "database_missing", DATABASE[2], DATABASE[3], phrases = { "fatal: database", "fatal:  database" } },
        MISSING,
        { "database_pool", "the pool of connections to the warehouse was exhausted",
            "Look for statements that hold connections for long; raise the pool's size or the time it waits.",
            phrases = { "connection is not available, request timed out", "pool exhausted", "poolexhausted",
                "gettimeoutexception", "queuepool limit", "timeout waiting for idle object" } },
        BROKEN },
}
