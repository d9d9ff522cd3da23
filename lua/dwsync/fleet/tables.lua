--- The tables of a fleet, in the database of a history; what each column means.
-- A step that was ever released must not change: existing databases have taken it.
--
-- dwsync_accounts: one row an account of the inventory: its token bucket, until when it is paused, and the refusals of
-- its key, so that all collectors together send no more than one of them may; `named_at`: when a collector last said
-- that its inventory has the account; `under_way`: looks that try its key.
-- dwsync_schedule: what is looked at, and when next. `kind` is "cluster"; "account": which projects it has; "place":
-- which clusters an account has in a region. A look is leased by moving the row's own `due_at` to the end of the lease
-- and counting `epoch` up: whoever comes back with an older epoch changes nothing.
-- dwsync_verdicts: what is not ok, and what is, by cluster, source and rule.
-- dwsync_collectors: who takes part, and what each counted.
-- dwsync_current: the view for people.
-- Times are milliseconds since the epoch, by the clock of the database.
-- @module dwsync.fleet.tables
local M = {}

local STEP_1 = {
    [[CREATE TABLE dwsync_accounts (account $key PRIMARY KEY, rate $number NOT NULL, burst $number NOT NULL,
        tokens $number NOT NULL, refilled_at $number NOT NULL, paused_until $number, key_digest TEXT,
        refusals INTEGER NOT NULL, under_way INTEGER NOT NULL DEFAULT 0, proven INTEGER NOT NULL,
        blocked_until $number, error TEXT, used_at $number, state TEXT NOT NULL, named_at $number NOT NULL)]],
    [[CREATE TABLE dwsync_schedule (item_no $serial, kind TEXT NOT NULL, account $key NOT NULL, region $key NOT NULL,
        cluster_id $key NOT NULL, project_id TEXT, name TEXT, state TEXT NOT NULL, interval_ms $number NOT NULL,
        planned_at $number NOT NULL, due_at $number NOT NULL, epoch INTEGER NOT NULL, leased_by TEXT,
        looked_at $number, asked_at $number, longest_gap $number, failures INTEGER NOT NULL, error TEXT,
        page_mark TEXT, read_at $number, next_at $number, severity TEXT, seen_at $number, gone_at $number,
        UNIQUE (kind, account, region, cluster_id))]],
    "CREATE INDEX dwsync_schedule_due ON dwsync_schedule (account, due_at)",
    "CREATE INDEX dwsync_schedule_cluster ON dwsync_schedule (cluster_id)",
    [[CREATE TABLE dwsync_verdicts (cluster_id $key NOT NULL, source $key NOT NULL, rule $key NOT NULL,
        source_type TEXT, severity TEXT NOT NULL, follows TEXT, value $number, since $number, record_id TEXT,
        message TEXT, advice TEXT, judged_at $number NOT NULL, PRIMARY KEY (cluster_id, source, rule))]],
    [[CREATE TABLE dwsync_collectors (name $key PRIMARY KEY, host TEXT, pid INTEGER, version TEXT, state TEXT NOT NULL,
        started_at $number NOT NULL, seen_at $number NOT NULL, lease_ms $number NOT NULL, looks $number NOT NULL,
        changed $number NOT NULL, failed $number NOT NULL, fenced $number NOT NULL, expired $number NOT NULL,
        throttled $number NOT NULL, drain INTEGER NOT NULL)]],
    [[CREATE VIEW dwsync_current AS SELECT s.account, s.region, s.cluster_id, s.name, s.state, s.severity, v.source,
        v.source_type, v.rule, v.severity AS verdict, v.follows, v.message, v.advice, v.since, s.looked_at, s.error
        FROM dwsync_schedule s LEFT JOIN dwsync_verdicts v ON v.cluster_id = s.cluster_id AND v.severity <> 'ok'
        WHERE s.kind = 'cluster' AND s.state <> 'gone']],
}

--- A collector reports every five seconds; whose last report is older than this is gone. Milliseconds.
M.ALIVE_MS = 20000

--- The part of a history that a fleet is: see dwsync.history.schema.
M.part = { name = "fleet", steps = { STEP_1 } }

--- The part that the dead man's switch is: dwsync_heartbeat has one row. `due_at`: when the next is due, or by when it
-- must have been sent; `sent_at`: when the other side last took one; `reason`: why none is sent now; `error`: why the
-- last one did not arrive.
M.heartbeat = { name = "heartbeat", steps = { {
    [[CREATE TABLE dwsync_heartbeat (name $key PRIMARY KEY, due_at $number NOT NULL, claimed_by TEXT, sent_at $number,
        reason TEXT, error TEXT)]],
} } }

return M
