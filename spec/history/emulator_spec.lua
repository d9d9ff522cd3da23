-- A history filled by the client, from the service.
local emulator = require "spec.support.emulator"
local history = require "dwsync.history"

describe("a history of the service's records", function()
    local running, store, client
    setup(function()
        running = emulator.start()
        client = running:client()
        store = assert(history.open ":memory:")
    end)
    teardown(function()
        store:close()
        running:stop()
    end)

    it("holds after a pull what the service has, and a second pull finds nothing new", function()
        for _, cluster in ipairs(assert(client:list_clusters())) do
            local list, err = client:all_sync_records { cluster_id = cluster.id }
            if list then
                local query = { cluster_id = cluster.id }
                assert.equal(#list, assert(store:pull(cluster.id, client:sync_records(query), 7)).inserted)
                assert.equal(#list, assert(store:pull(cluster.id, client:sync_records(query))).unchanged)
                local by_id = {}
                for record in store:each(query) do
                    by_id[record.id] = record
                end
                for _, record in ipairs(list) do
                    assert.same(record, by_id[record.id])
                end
            else
                local summary, reason = store:pull(cluster.id, client:sync_records { cluster_id = cluster.id })
                assert.is_nil(summary)
                assert.equal(err.kind, reason.kind)
            end
        end
        assert.is_true(store:stats().records > 1000)
    end)
end)
