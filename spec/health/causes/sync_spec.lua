local cases = require "spec.health.causes.cases"

local MESSAGES = {
    { class = "memory", speaker = "sync",
        cause = "the synchronisation ran out of memory",
        next_step = "Narrow the base DN or filter so that a run reads less; if it recurs, open a service ticket "
            .. "with the record's id.",
        cases = {
            "java.lang.OutOfMemoryError: Java heap space",
            { "java.lang.OutOfMemoryError: GC overhead limit exceeded at "
                .. "com.sun.jndi.ldap.LdapCtx.c_lookup(LdapCtx.java:1052)",
                "java.lang.OutOfMemoryError: GC overhead limit exceeded at "
                    .. "com.sun.jndi.ldap.LdapCtx.c_lookup(LdapCtx.java:#)" },
            "java.lang.OutOfMemoryError: unable to create new native thread",
        } },
    { class = "memory", speaker = "sync",
        cause = "the synchronisation ran out of memory",
        next_step = "Narrow the base DN or filter so that a run reads less; if it recurs, open a service ticket "
            .. "with the record's id.",
        cases = {
            "fork: Cannot allocate memory",
        } },
    { class = "sync_internal", speaker = "sync",
        cause = "the synchronisation has a fault of its own",
        next_step = "Run it again; if it recurs, open a service ticket with the record's id and this text.",
        cases = {
            { 'java.lang.NullPointerException: Cannot invoke "User.getDn()" because "user" is null',
                "java.lang.NullPointerException: Cannot invoke <name> because <name> is null" },
        } },
    { class = "sync_busy", speaker = "sync",
        cause = "another synchronisation was running",
        next_step = "Wait until that run ends, or stop it; see to it that only one schedule starts runs of this "
            .. "source.",
        cases = {
            "another synchronization task is in progress",
            { "ORA: another sync task 4711 is already running",
                "ORA: another sync task # is already running" },
        } },
}

describe("messages of the synchronisation itself", function()
    for _, expected in ipairs(MESSAGES) do
        it(cases.title(expected), function()
            cases.check(expected)
        end)
    end
end)
