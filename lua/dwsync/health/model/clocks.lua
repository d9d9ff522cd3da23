--- How far the clock of the service and that of a database may lie apart: a list of accounts is read at a time by the
-- one, and a run begins and ends at times by the other.
-- @module dwsync.health.model.clocks
return {
    apart = 5 * 60000, -- milliseconds
}
