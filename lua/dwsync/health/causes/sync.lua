--- What the synchronisation says of itself: it ran out of memory, was stopped, or has a fault.
-- @module dwsync.health.causes.sync
local MEMORY, NEXT = "the synchronisation ran out of memory",
    "Narrow the base DN or filter so that a run reads less; if it recurs, open a service ticket with the record's id."

return {
    speaker = "sync",
    marks = { "memory", "heap", "thread", "gc overhead", "exception", "cancel", "interrupt", "in progress", "another",
        "already running", "bad_alloc", "oom", "内存", "任务" },
    before = {
        { "memory", MEMORY, NEXT,
            phrases = { "outofmemoryerror", "java heap space", "gc overhead limit",
                "unable to create new native thread",
                "unable to create native thread", "oom-kill", "oomkilled" } },
    },
    codes = {},
    phrases = {
        { "memory", MEMORY, NEXT,
            phrases = { "cannot allocate memory", "not enough memory", "memoryerror", "bad_alloc" } },
        { "memory", MEMORY, NEXT, -- unless the warehouse says so of itself
            vague = true, phrases = { "out of memory", "内存不足" } },
        { "sync_busy", "another synchronisation was running",
            "Wait until that run ends, or stop it; see to it that only one schedule starts runs of this source.",
            phrases = { "another sync", "already running", "is in progress", "already in progress", "任务正在" } },
        { "sync_stopped", "the synchronisation was stopped",
            "Find out who or what stopped the run, then start it again.",
            phrases = { "interruptedexception", "task interrupted", "task was cancelled", "task was canceled",
                "cancelled by user", "canceled by user", "cancellationexception", "任务被取消" } },
        { "sync_internal", "the synchronisation has a fault of its own",
            "Run it again; if it recurs, open a service ticket with the record's id and this text.",
            phrases = { "nullpointerexception", "indexoutofbounds", "classcastexception", "illegalstateexception",
                "illegalargumentexception", "concurrentmodification", "stackoverflowerror", "noclassdeffounderror" } },
    },
}
