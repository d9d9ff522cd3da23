--- The metrics of an application, as nginx-lua-prometheus gives them: `metric_data` the lines, `collect` an answer.
-- luacheck: globals ngx
local M = {}

--- The lines. @treturn {string,...}
function M.metric_data()
    return { "# TYPE application_requests_total counter\n", "application_requests_total 7\n" }
end

--- Answers; it sets the header first, as the library does. @tparam table self
function M.collect(self)
    ngx.header.content_type = "text/plain"
    ngx.print(self:metric_data())
end

return M
