local endpoints = require "dwsync.client.endpoints"
local errors = require "dwsync.errors"

local unpack = table.unpack or unpack

local HOW_TO_WRITE = "Write it as https://host or https://host:port, without user name, spaces or query."

-- A context over an environment and files that exist only here.
local function context(fields, environment, files)
    local all = {
        getenv = function(name) return environment and environment[name] end,
        read_file = function(path)
            local text = files and files[path]
            if text then
                return text
            end
            return nil, "No such file or directory", true
        end,
    }
    for name, value in pairs(fields) do
        all[name] = value
    end
    return all
end

local function refusal(list, err)
    assert.is_nil(list)
    assert.is_true(errors.is(err))
    assert.equal("config", err.kind)
    return err.message, err.hint
end

local function words(text)
    local list = {}
    for word in text:gmatch "%S+" do
        list[#list + 1] = word
    end
    return list
end

-- As the official SDKs have them.
local DWS = {
    ["myhuaweicloud.com"] = "af-north-1 af-south-1 ae-ad-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-5 "
        .. "cn-east-2 cn-east-3 cn-east-5 cn-north-1 cn-north-2 cn-north-4 cn-north-9 cn-north-11 cn-south-1 "
        .. "cn-southwest-2 cn-southwest-3 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 "
        .. "sa-brazil-1",
    ["myhuaweicloud.cn"] = "ap-southeast-4 cn-east-4 cn-north-12 cn-south-4 tr-west-1",
    ["myhuaweicloud.eu"] = "eu-west-101",
    ["otc.t-systems.com"] = "eu-de eu-nl", -- Open Telekom Cloud's own documents
}
local IAM = "ae-ad-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 cn-east-2 cn-east-3 "
    .. "cn-east-4 cn-east-5 cn-north-1 cn-north-2 cn-north-4 cn-north-9 cn-north-12 cn-south-1 cn-south-2 "
    .. "cn-southwest-2 eu-west-0 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 "
    .. "tr-west-1"
local IAM_GLOBAL = "af-north-1 ap-southeast-5 cn-north-11 cn-south-4 cn-southwest-3"

describe("the built-in endpoints", function()
    it("of DWS are those of the SDKs", function()
        local count = 0
        for suffix, regions in pairs(DWS) do
            for _, region in ipairs(words(regions)) do
                count = count + 1
                assert.same({ ("https://dws.%s.%s"):format(region, suffix) },
                    endpoints.dws(context { region = region }))
            end
        end
        assert.equal(33, count)
    end)

    it("of IAM are those of the SDKs, and global where they have none", function()
        for _, region in ipairs(words(IAM)) do
            assert.same({ ("https://iam.%s.myhuaweicloud.com"):format(region) },
                endpoints.iam(context { region = region }))
        end
        for _, region in ipairs(words(IAM_GLOBAL)) do
            assert.same({ "https://iam.myhuaweicloud.com" }, endpoints.iam(context { region = region }))
        end
        assert.same({ "https://iam.myhuaweicloud.com" }, endpoints.iam(context {}))
    end)

    it("of IAM are right for sites of their own", function()
        assert.same({ "https://iam.eu-west-101.myhuaweicloud.eu" }, endpoints.iam(context { region = "eu-west-101" }))
        assert.same({ "https://iam.eu-de.otc.t-systems.com" }, endpoints.iam(context { region = "eu-de" }))
        assert.same({ "https://iam.eu-nl.otc.t-systems.com" }, endpoints.iam(context { region = "eu-nl" }))
    end)

    it("do not exist for a region nobody knows, and the error says what to set", function()
        local message, hint = refusal(endpoints.dws(context { region = "cn-nroth-4" }))
        assert.equal('region "cn-nroth-4" has no built-in DWS endpoint (did you mean \'cn-north-4\'?)', message)
        assert.equal("Check the spelling (for example cn-north-4), or set `endpoint` or "
            .. "HUAWEICLOUD_SDK_REGION_DWS_CN_NROTH_4.", hint)
        -- Regions with IAM but without DWS.
        for _, region in ipairs { "cn-south-2", "eu-west-0" } do
            refusal(endpoints.dws(context { region = region }))
        end
    end)

    it("are of regions in the order of their names", function()
        local names = require("dwsync.client.regions").names()
        local sorted = { unpack(names) }
        table.sort(sorted)
        assert.same(sorted, names)
        assert.is_true(#names > 30)
    end)

    it("need a region", function()
        for _, region in ipairs { false, "", "cn north 4", "cn/north", "-x", ("x"):rep(65) } do
            local message, hint = refusal(endpoints.dws(context { region = region or nil }))
            assert.equal("region is not set", message)
            assert.equal("Set `region` (for example cn-north-4) or DWSYNC_REGION, or `endpoint` and `project_id`.",
                hint)
        end
    end)
end)

describe("the order of overrides", function()
    local FILE = "DWS:\n  - id: cn-north-4\n    endpoint: https://file.example\n"
    local HOME = { HOME = "/h" }
    local FILES = { ["/h/.huaweicloud/regions.yaml"] = FILE }

    it("is option, environment, regions file, table", function()
        local environment = { HOME = "/h", HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = "https://variable.example" }
        local where = { region = "cn-north-4", endpoint = "https://option.example" }
        assert.same({ "https://option.example" }, endpoints.dws(context(where, environment, FILES)))
        where.endpoint = nil
        assert.same({ "https://variable.example" }, endpoints.dws(context(where, environment, FILES)))
        assert.same({ "https://file.example" }, endpoints.dws(context(where, HOME, FILES)))
        assert.same({ "https://dws.cn-north-4.myhuaweicloud.com" }, endpoints.dws(context(where, HOME, {})))
    end)

    it("needs no region when the endpoint is given", function()
        assert.same({ "https://option.example" }, endpoints.dws(context { endpoint = "option.example" }))
    end)

    it("takes empty variables for unset ones", function()
        local environment = { HOME = "/h", HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = "",
            HUAWEICLOUD_SDK_REGIONS_FILE = "", HUAWEICLOUD_SDK_IAM_ENDPOINT = "" }
        assert.same({ "https://file.example" }, endpoints.dws(context({ region = "cn-north-4" }, environment, FILES)))
        assert.same({ "https://iam.cn-north-4.myhuaweicloud.com" },
            endpoints.iam(context({ region = "cn-north-4" }, environment)))
    end)

    it("lets a variable make a region known", function()
        local environment = { HUAWEICLOUD_SDK_REGION_DWS_MY_OWN_1 = "dws.own.example:8443" }
        assert.same({ "https://dws.own.example:8443" }, endpoints.dws(context({ region = "my-own-1" }, environment)))
    end)

    it("is option, environment, table for IAM", function()
        local environment = { HUAWEICLOUD_SDK_IAM_ENDPOINT = "https://variable.example" }
        local where = { region = "cn-north-4", iam_endpoint = "https://option.example" }
        assert.same({ "https://option.example" }, endpoints.iam(context(where, environment)))
        where.iam_endpoint = nil
        assert.same({ "https://variable.example" }, endpoints.iam(context(where, environment)))
    end)
end)

describe("an endpoint", function()
    local function dws(endpoint, allow_http)
        return endpoints.dws(context { endpoint = endpoint, allow_http = allow_http })
    end

    it("may lack the scheme and have a port or a closing slash", function()
        assert.same({ "https://h.example" }, dws "h.example")
        assert.same({ "https://h.example:8443" }, dws "h.example:8443")
        assert.same({ "https://h.example" }, dws "https://h.example/")
        assert.same({ "https://h.example" }, dws "HTTPS://h.example")
        assert.same({ "https://[::1]:8443" }, dws "[::1]:8443")
        assert.same({ "https://h_1.example:1" }, dws "h_1.example:1")
    end)

    it("may be several, separated by commas", function()
        assert.same({ "https://a.example", "https://b.example:1" }, dws "a.example, https://b.example:1/,")
        local environment = { HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = "a.example,b.example" }
        assert.same({ "https://a.example", "https://b.example" },
            endpoints.dws(context({ region = "cn-north-4" }, environment)))
    end)

    it("is refused as a whole when one of several is wrong", function()
        assert.equal('endpoint "ftp://b" is not an https URL', (refusal(dws "a.example,ftp://b")))
    end)

    it("may be plain http for loopback only, unless that is allowed", function()
        for _, endpoint in ipairs { "http://127.0.0.1:8080", "http://localhost", "http://emulator.localhost:1",
            "http://[::1]:8080", "http://127.1.2.3", "http://127.255.255.255", "http://LOCALHOST" } do
            assert.same({ endpoint }, dws(endpoint))
        end
        for _, endpoint in ipairs { "http://h.example", "http://127.0.0.1.evil.example", "http://127.0.0.256",
            "http://127.0.256.0", "http://127.256.0.0", "http://128.0.0.1", "http://127.0.0",
            "http://localhost.example", "http://10.0.0.1", "http://notlocalhost" } do
            local message, hint = refusal(dws(endpoint))
            assert.equal(("endpoint %q is plain http: credentials would travel in the clear"):format(endpoint), message)
            assert.equal("Use https, or set `allow_http` if you must.", hint)
            assert.same({ endpoint }, dws(endpoint, true))
        end
    end)

    it("has no path", function()
        local message, hint = refusal(dws "https://h.example/v1")
        assert.equal('endpoint "https://h.example/v1" has a path', message)
        assert.equal("Write scheme and host only: dwsync adds the path.", hint)
    end)

    it("that is wrong is the option's fault, whatever is wrong with it", function()
        for _, text in ipairs { "u@h", "ftp://h", "h:0", "h/v1", "http://h", "," } do
            local _, err = dws(text)
            assert.equal("endpoint", err.option, text)
            _, err = endpoints.dws(context({ region = "my-1" }, { HUAWEICLOUD_SDK_REGION_DWS_MY_1 = text }))
            assert.equal("HUAWEICLOUD_SDK_REGION_DWS_MY_1", err.option, text)
        end
        local _, err = endpoints.dws(context {})
        assert.equal("region", err.option)
    end)

    it("of IAM may have a path, which is dropped", function()
        assert.same({ "https://iam.example" }, endpoints.iam(context { iam_endpoint = "https://iam.example/v3" }))
    end)

    it("has no user name, and the password before the @ does not show", function()
        for _, endpoint in ipairs { "https://me:hidden@h.example", "me:hidden@h.example", "ftp://me:hidden@h.example",
            "https://me:hid/hidden@h.example", "https://h.example/?a=hidden@b", "@h.example" } do
            local message, hint = refusal(dws(endpoint))
            assert.equal("endpoint contains a user name", message)
            assert.equal(HOW_TO_WRITE, hint)
        end
    end)

    it("has a scheme of the web, and no query", function()
        for _, endpoint in ipairs { "ftp://h.example", "file:///etc", "https://h.example?x=1", "https://h.example#x",
            "https://", "https:///x" } do
            local message, hint = refusal(dws(endpoint))
            assert.equal(("endpoint %q is not an https URL"):format(endpoint), message)
            assert.equal(HOW_TO_WRITE, hint)
        end
    end)

    it("names a host, and a port that exists", function()
        for _, endpoint in ipairs { ":443", "h.example:", "h.example:x", "h.example:0", "h.example:65536", "[::1",
            "[::1]x", "h!.example", "http:h", "h:1:2" } do
            local message = refusal(dws(endpoint))
            assert.equal(("endpoint %q has no host, or its port is not from 1 to 65535"):format(endpoint), message)
        end
    end)

    it("is not nothing", function()
        for _, endpoint in ipairs { ",", " ", ", ," } do
            assert.equal("endpoint is empty", (refusal(dws(endpoint))))
            local environment = { HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = endpoint }
            assert.equal("HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 is empty",
                (refusal(endpoints.dws(context({ region = "cn-north-4" }, environment)))))
        end
        assert.equal('iam_endpoint "" is not an https URL', (refusal(endpoints.iam(context { iam_endpoint = "" }))))
    end)

    it("is named by where it came from", function()
        local environment = { HUAWEICLOUD_SDK_IAM_ENDPOINT = "http://iam.example",
            HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = "ftp://x", HOME = "/h" }
        assert.equal('HUAWEICLOUD_SDK_IAM_ENDPOINT "http://iam.example" is plain http: credentials would travel in the '
            .. "clear", (refusal(endpoints.iam(context({}, environment)))))
        assert.equal('HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 "ftp://x" is not an https URL',
            (refusal(endpoints.dws(context({ region = "cn-north-4" }, environment)))))
        local files = { ["/h/.huaweicloud/regions.yaml"] = "DWS: [{id: my-1, endpoint: 'ftp://x'}]" }
        assert.equal('/h/.huaweicloud/regions.yaml "ftp://x" is not an https URL',
            (refusal(endpoints.dws(context({ region = "my-1" }, environment, files)))))
    end)
end)

describe("the regions file", function()
    local function read(text, region)
        return endpoints.dws(context({ region = region or "my-1" }, { HUAWEICLOUD_SDK_REGIONS_FILE = "/r.yaml" },
            { ["/r.yaml"] = text }))
    end

    it("may name one endpoint, several, or both ways together", function()
        assert.same({ "https://a.example" }, read "DWS:\n- id: my-1\n  endpoint: https://a.example\n")
        assert.same({ "https://a.example", "https://b.example" },
            read "DWS:\n- id: my-1\n  endpoints:\n  - https://a.example\n  - b.example\n")
        assert.same({ "https://a.example", "https://b.example" },
            read "DWS: [{id: my-1, endpoint: b.example, endpoints: [a.example]}]")
    end)

    it("may write the service's name in any case, among others", function()
        assert.same({ "https://a.example" },
            read("ECS: [{id: my-1, endpoint: no.example}]\n"
                .. "dws: [{id: x, endpoint: no.example}, {id: my-1, endpoint: a.example}]"))
    end)

    it("may have nothing to say", function()
        for _, text in ipairs { "", "{}", "[]", "just text", "DWS:", "DWS: text", "DWS: [text, 1]",
            "DWS: [{id: other}]", "DWS: [{id: cn-north-4}]", "DWS: [{id: cn-north-4, endpoints: text}]" } do
            assert.same({ "https://dws.cn-north-4.myhuaweicloud.com" }, read(text, "cn-north-4"), text)
        end
    end)

    it("is refused when it is no YAML, by its path and the parser's first line", function()
        local message, hint = refusal(read "DWS: [\n")
        assert.equal("regions file /r.yaml is not YAML: ", message:sub(1, 34))
        assert.is_nil(message:find("\n", 1, true))
        assert.equal("Correct the file, or set `endpoint` instead.", hint)
    end)

    it("cannot be read without the module that reads YAML", function()
        local loaded, preload = package.loaded.lyaml, package.preload.lyaml
        package.loaded.lyaml, package.preload.lyaml = nil, function() error "not installed" end
        local list, err = read "{}"
        package.loaded.lyaml, package.preload.lyaml = loaded, preload
        local message, hint = refusal(list, err)
        assert.equal("regions file /r.yaml cannot be read without lyaml", message)
        assert.equal("Install lyaml (Debian: lua-yaml), or set `endpoint` instead.", hint)
    end)

    it("must exist when the environment names it", function()
        local message, hint = refusal(endpoints.dws(context({ region = "cn-north-4" },
            { HUAWEICLOUD_SDK_REGIONS_FILE = "/not-there" })))
        assert.equal("regions file /not-there: No such file or directory", message)
        assert.equal("Correct HUAWEICLOUD_SDK_REGIONS_FILE, or unset it.", hint)
    end)

    it("is looked for in the home directory, if there is one", function()
        local files = { ["C:/Users/me/.huaweicloud/regions.yaml"] = "DWS: [{id: my-1, endpoint: a.example}]" }
        assert.same({ "https://a.example" },
            endpoints.dws(context({ region = "my-1" }, { USERPROFILE = "C:/Users/me" }, files)))
        refusal(endpoints.dws(context({ region = "my-1" }, {}, files)))
    end)

    it("may name plain http where that is allowed", function()
        for allowed, expected in pairs { [true] = "http://a.example", [false] = false } do
            local found, err = endpoints.dws(context({ region = "my-1", allow_http = allowed },
                { HUAWEICLOUD_SDK_REGIONS_FILE = "/r.yaml" },
                { ["/r.yaml"] = "DWS: [{id: my-1, endpoint: 'http://a.example'}]" }))
            assert.equal(expected or nil, found and found[1])
            assert.equal(not expected and "/r.yaml" or nil, err and err.option)
        end
    end)

    it("is not read when something stronger is given", function()
        local where = context({ region = "my-1", endpoint = "a.example" }, { HOME = "/h" })
        where.read_file = function() error "it was read" end
        assert.same({ "https://a.example" }, endpoints.dws(where))
    end)
end)

describe("another service", function()
    it("has an endpoint in every region, by the same order", function()
        for region, host in pairs { ["cn-north-4"] = "smn.cn-north-4.myhuaweicloud.com",
            ["eu-west-101"] = "smn.eu-west-101.myhuaweicloud.eu", ["eu-de"] = "smn.eu-de.otc.t-systems.com",
            ["xx-1"] = "smn.xx-1.myhuaweicloud.com" } do
            assert.same({ "https://" .. host }, endpoints.of("SMN", context { region = region }))
        end
        assert.same({ "https://a.example" }, endpoints.of("SMN", context({ region = "xx-1" },
            { HUAWEICLOUD_SDK_REGION_SMN_XX_1 = "a.example" })))
        assert.same({ "https://b.example" }, endpoints.of("SMN", context({ region = "xx-1" },
            { HUAWEICLOUD_SDK_REGIONS_FILE = "/r.yaml" }, { ["/r.yaml"] = "SMN: [{id: xx-1, endpoint: b.example}]" })))
    end)
end)

describe("whether a region is served", function()
    it("is known by the table, the environment and the regions file", function()
        local file = { ["/r.yaml"] = "DWS:\n- id: my-1\n  endpoint: https://a.example\n" }
        local named = { HUAWEICLOUD_SDK_REGIONS_FILE = "/r.yaml",
            HUAWEICLOUD_SDK_REGION_DWS_LAB_1 = "https://b.example" }
        for region, served in pairs { ["cn-north-4"] = true, ["my-1"] = true, ["lab-1"] = true, ["xx-1"] = false,
            MOS = false } do
            assert.equal(served, endpoints.serves(context({ region = region }, named, file)), region)
        end
    end)

    it("is not known where the place of an endpoint is damaged", function()
        local served, err = endpoints.serves(context({ region = "my-1" }, { HUAWEICLOUD_SDK_REGIONS_FILE = "/r.yaml" }))
        assert.is_nil(served)
        assert.matches("^regions file /r.yaml: No such file", err.message)
        served, err = endpoints.serves(context({ region = "my-1" }, { HUAWEICLOUD_SDK_REGION_DWS_MY_1 = "a b" }))
        assert.is_nil(served)
        assert.equal("config", err.kind)
    end)
end)
