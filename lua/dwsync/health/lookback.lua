--- How far back records matter to a verdict: one constant for everything that keeps records to be judged.
--
-- `seconds`: the models compare with four weeks, and with the same days of the month before. `rare_seconds`: a source
-- that runs once a month needs four runs, so one with no more than `rare_runs` in that time is looked at for so long.
-- `records`: more than this of a cluster are not worth their time; five minutes apart they are ten weeks.
-- @module dwsync.health.lookback
local DAY = 86400

return { seconds = 35 * DAY, rare_seconds = 126 * DAY, rare_runs = 60, records = 20000 }
