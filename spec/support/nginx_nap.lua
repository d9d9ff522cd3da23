--- What keeps a thread of nginx, and the Lua of that thread, busy without a connection.
-- It must not need `ngx`.
return { nap = require("dwsync.core").sleep }
