--- `dwsync clusters`: the clusters of the project, to find a cluster id.
-- @module dwsync.cli.commands.clusters
local columns = require "dwsync.report.rows.columns"
local connection = require "dwsync.cli.connection"
local failure = require "dwsync.cli.failure"
local output = require "dwsync.cli.output"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "List the clusters of the project."
    command:description "Lists the DWS clusters of the project, to find the id that the other commands take."
    command:epilog "Example: dwsync clusters --region cn-north-4 --columns id,name -o tsv"
    command:option("--enterprise-project-id", "Only this enterprise project, or all_granted_eps.")
        :argname "<id>"
    connection.configure(command)
    output.configure(command)
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local client, err, progress = connection.open(args, context)
    if not client then
        return failure.report(err, context)
    end
    local list, list_err = client:list_clusters { enterprise_project_id = args.enterprise_project_id }
    progress.clear()
    if not list then
        return failure.report(list_err, context)
    end
    local status = output.write("clusters", list, columns.clusters, args, context)
    if #list == 0 then
        context:note "this project has no clusters; is it the right region and project?"
    end
    return status
end

return M
