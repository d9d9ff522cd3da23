local borders = require "spec.support.borders"
local cjson = require "cjson"
local faults = require "dwsync.emulator.faults"
local settings = require "dwsync.emulator.settings"

describe("the settings of the emulator", function()
    it("have defaults", function()
        local values = settings.defaults()
        assert.equal(5, #values.algorithms)
        values.algorithms = nil
        assert.same({
            paging = "page", count = "total", spaced = false, list_users = true, clock_offset = 0,
            lock = true, lock_seconds = 300, expired_token = "APIGW.0301", projects = 1,
            token_life = 86400, token_bytes = 5000, id_token = "emulator-id-token", expiry_digits = 6,
            metadata_token = "optional", metadata_agency = true, metadata_answer = "normal",
            pod_token = "emulator-pod-token", key_life = 3600,
        }, values)
    end)

    it("are taken up to their borders", function()
        borders.of_numbers({ max_limit = { 1 }, lock_seconds = { 0 }, token_life = { 1 }, key_life = { 1 },
            token_bytes = { 64, 30000 } }, function(name, value)
            local changed = settings.changed(settings.defaults(), { [name] = value })
            assert.is_true(not changed or changed[name] == value)
            return changed
        end)
        borders.of_numbers({ limit = { 0 }, window = { 0.001, nil, 0.001 } }, function(name, value)
            local throttle = { limit = 1, window = 1 }
            throttle[name] = value
            return (settings.changed(settings.defaults(), { throttle = throttle }))
        end)
    end)

    it("are one of what they allow", function()
        for name, values in pairs {
            paging = { "page", "row", "ignore" }, count = { "total", "page", "absent" },
            expired_token = { "APIGW.0301", "APIGW.0307" }, projects = { 0, 1, 2 }, expiry_digits = { 0, 3, 6, 9 },
            metadata_token = { "optional", "required", 404, 405, 503 }, metadata_answer = { "normal", "hang", "html" },
            key_spelling = { "access", "accessKeyId", "access_key_id" },
        } do
            for _, value in ipairs(values) do
                assert.equal(value, assert(settings.changed(settings.defaults(), { [name] = value }))[name])
            end
        end
    end)

    it("say what is wrong with them", function()
        for _, case in ipairs {
            { { throttle = { limit = 1 } }, "throttle.window is missing, expected a number of seconds above 0" },
            { { throttle = { window = 1 } }, "throttle.limit is missing, expected an integer of 0 or more" },
            { { throttle = 5 }, "throttle is a number, expected an object" },
            { { totp = 5 }, "totp is 5, expected a non-empty text without line breaks" },
            { { v11_region = {} }, "v11_region is a table, expected a non-empty text without line breaks" },
        } do
            assert.same({ nil, case[2] }, { settings.changed(settings.defaults(), case[1]) })
        end
        assert.matches("unknown setting 'pagng'. Did you mean 'paging'?",
            select(2, settings.changed(settings.defaults(), { pagng = "row" })), 1, true)
        for _, retry_after in ipairs { 0, 1, 7, "soon", "", -1 } do
            assert.equal(retry_after, assert(settings.changed(settings.defaults(), { throttle = { limit = 1, window = 1,
                retry_after = retry_after } })).throttle.retry_after)
        end
        for _, retry_after in ipairs { 1.5, "a\nb", true, {} } do
            local values, wrong = settings.changed(settings.defaults(), { throttle = { limit = 1, window = 1,
                retry_after = retry_after } })
            assert.is_nil(values)
            assert.matches("^throttle.retry_after is .*, expected an integer or a text without line breaks$", wrong)
        end
    end)

    it("keep those that are not changed, and are put back one by one", function()
        local once = assert(settings.changed(settings.defaults(), { paging = "row", key_life = 5 }))
        local twice = assert(settings.changed(once, { key_life = cjson.null }))
        assert.same({ "row", 5, "row", 3600 }, { once.paging, once.key_life, twice.paging, twice.key_life })
        assert.is_nil((settings.changed(once, { key_life = 0 })))
        assert.equal(5, once.key_life)
    end)
end)

describe("an order of a fault", function()
    it("is taken up to its borders", function()
        borders.of_numbers({ status = { 200, 599 }, delay = { 0, 3600 }, truncate = { 0 }, content_length = { 0 },
            add_records = { 1 }, remove_records = { 1 }, list_part = { 0, 1 } }, function(name, value)
            return (faults.new():add { action = { [name] = value } })
        end)
        borders.of_numbers({ skip = { 0 }, times = { 1 } }, function(name, value)
            return (faults.new():add { action = { status = 500 }, [name] = value })
        end)
        borders.of_numbers({ bytes = { 1 }, interval = { 0, 3600 } }, function(name, value)
            local drip = { bytes = 1, interval = 1 }
            drip[name] = value
            return (faults.new():add { action = { drip = drip } })
        end)
        borders.of_numbers({ times = { 1 } }, function(name, value)
            return (faults.new():add { action = { repeat_body = { text = "x", [name] = value } } })
        end)
    end)
end)
