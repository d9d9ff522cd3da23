local lyaml = require "lyaml"
local yaml = require "dwsync.alerts.yaml"

local function read(value)
    return lyaml.load(yaml.write(value))
end

describe("YAML of the alert rules", function()
    local TEXTS = { "", " ", "a", "dwsync", "yes", "no", "on", "off", "true", "false", "null", "Null", "~", "y", "n",
        "1", "1e3", "0x1f", "1_000", "12:30:45", "2025-10-25", ".inf", "-", "- a", "? a", ": a", "a: b", "a #b", "# a",
        "[a]", "{a: b}", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`", "'", '"', "'a'", '"a"', [[it's "so"]], "a\\b",
        "\\", '\\"', "a\nb", "a\n", "\na", "\n", "\n\n", " a\nb", "a\n b", "a \nb", "a\nb ", "a\n\nb", "a\n# b\n- c: d",
        "a\tb", "\ta", "a\rb", "a\r\nb", "a\1", "a\27[31mb", "\127", "a\n\tb", "---", "...", "a\n---\nb",
        "a\n...\nb", "<<", "=", "{{ $labels.cluster }}", '{{ with printf `a{b=%q}` $x | query }}"{{ end }}' }

    it("gives every text back as that text, alone, in lists and in maps", function()
        for _, text in ipairs(TEXTS) do
            assert.same({ a = text }, read { { "a", text } }, text)
            assert.same({ a = { { b = text, c = text }, text } }, read { { "a", { list = {
                { { "b", text }, { "c", text } }, text } } } }, text)
            assert.same({ a = { b = { c = text } } }, read { { "a", { { "b", { { "c", text } } } } } }, text)
        end
    end)

    it("takes nothing beyond ASCII, which the files need not have", function()
        assert.has_error(function() yaml.write { { "a", "\195\164" } } end, "text beyond ASCII")
        assert.equal('a: "\\x00"\n', yaml.write { { "a", "\0" } })
    end)

    it("keeps the order of maps, and shows lines as lines", function()
        assert.equal([[
groups:
  - name: watcher
    rules:
      - expr: 'up{job="a"} == 0'
        for: "5m"
      - expr: |-
          one
          or two
]], yaml.write { { "groups", { list = { { { "name", "watcher" }, { "rules", { list = {
            { { "expr", 'up{job="a"} == 0' }, { "for", "5m" } },
            { { "expr", "one\nor two" } },
        } } } } } } } })
    end)
end)
