--- The style rules of every page: light and dark, wide and narrow, screen and paper.
-- It must not name anything outside the page: no font, no image, no address.
-- @module dwsync.report.page.stylesheet
local M = {}

-- Every pair of text and ground has a contrast of at least 4.5 : 1, in both schemes.
local COLORS = [[
:root{color-scheme:light dark;--ground:#fff;--raised:#f5f7f9;--ink:#17202a;--quiet:#55606c;--line:#d6dce2;
--link:#0b57b0;--ok:#176b34;--ok-tint:#e7f5ec;--warning:#835200;--warning-tint:#fff3d9;--critical:#b3151f;
--critical-tint:#fdeaea;--unknown:#5b3fa6;--unknown-tint:#f1edfb;--disabled:#55606c;
--disabled-tint:#eceff2;--good:#4b9b69;--updated:#3f7fc4;--deleted:#a5470f}
@media screen and (prefers-color-scheme:dark){:root{--ground:#11161c;--raised:#1a2129;--ink:#e8ecf1;--quiet:#a3adb9;
--line:#323c47;--link:#84b9ff;--ok:#6bd08c;--ok-tint:#14301f;--warning:#efb84f;--warning-tint:#352a10;
--critical:#ff8b85;--critical-tint:#401a1c;--unknown:#c0a9ff;--unknown-tint:#2a2344;--disabled:#a3adb9;
--disabled-tint:#242c35;--good:#3f9160;--updated:#5d97dc;--deleted:#f2a06b}}
]]

local TEXT = [[
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","DejaVu Sans",sans-serif;overflow-wrap:break-word}
bdi,code,.id,.message,.advice,h1,h2{overflow-wrap:anywhere}
main,header,footer{max-width:60rem;margin:0 auto;padding:0 clamp(1rem,4vw,2rem)}
header{padding-top:2.5rem}
footer{padding-top:1rem;padding-bottom:2.5rem;color:var(--quiet);font-size:.875rem}
h1{font-size:clamp(1.5rem,1.1rem + 2vw,2.125rem);line-height:1.2;margin:.25rem 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.375rem;line-height:1.25;margin:0}
h3{font-size:1rem;margin:2rem 0 .75rem}
p{margin:0 0 .5rem}
a{color:var(--link)}
a:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
code{font:.875em/1.4 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.kicker,.quiet{color:var(--quiet)}
.kicker{margin:0;font-size:.875rem}
.id{display:block;margin:0;color:var(--quiet);font-weight:400;font-size:.875rem}
.ok{--tone:var(--ok);--tint:var(--ok-tint)}
.warning{--tone:var(--warning);--tint:var(--warning-tint)}
.critical{--tone:var(--critical);--tint:var(--critical-tint)}
.unknown{--tone:var(--unknown);--tint:var(--unknown-tint)}
.disabled{--tone:var(--disabled);--tint:var(--disabled-tint)}
.icon{width:1em;height:1em;vertical-align:-.125em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;
stroke-linejoin:round;flex:none}
.badge{display:inline-flex;align-items:center;gap:.375em;color:var(--tone);background:var(--tint);font-weight:650;
font-size:.875rem;line-height:1.4;padding:.0625rem .5rem;border-radius:1rem;white-space:nowrap;
border:1px solid var(--tone)}
]]

local PARTS = [[
.census{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0 0;padding:0}
.census li{color:var(--tone);background:var(--tint);border-radius:.5rem;padding:.5rem .875rem;display:flex;
align-items:center;gap:.5rem}
.census b{font-size:1.25rem;line-height:1.2}
.cluster{border-top:1px solid var(--line);margin-top:2.5rem;padding-top:2rem}
.cluster>header{padding:0;display:flex;flex-wrap:wrap;align-items:baseline;gap:.375rem .75rem;max-width:none}
.cluster>header .id{flex-basis:100%}
.verdicts{list-style:none;margin:1.25rem 0 0;padding:0;display:grid;gap:.75rem}
.verdict{border-left:.25rem solid var(--tone);background:var(--raised);border-radius:.25rem .5rem .5rem .25rem;
padding:.75rem 1rem}
.verdict .about{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .625rem;margin:0 0 .375rem;font-size:.875rem}
.verdict .message{font-weight:600;font-size:1.0625rem;margin:0 0 .25rem}
.advice{margin:0 0 .375rem}
.label{font-weight:650}
.facts{display:flex;flex-wrap:wrap;gap:.125rem 1.25rem;margin:0;font-size:.875rem;color:var(--quiet)}
.facts dt,.facts dd{display:inline;margin:0}
.facts dt{margin-right:.375rem}
.explanation{display:grid;grid-template-columns:max-content 1fr;gap:.125rem 1rem;margin-top:.5rem}
.explanation div{display:contents}
.explanation dt{font-weight:600}
.said{margin:0 0 .375rem}
.fine{margin:.875rem 0 0;color:var(--quiet);font-size:.9375rem}
.fine .badge{margin-right:.375rem}
.reasons{list-style:none;margin:0;padding:0;display:grid;gap:1.25rem}
.reasons li{display:grid;grid-template-columns:minmax(4rem,max-content) 1fr;gap:0 1rem}
.reasons .times{white-space:nowrap;font-size:1.25rem;font-weight:650;line-height:1.3;text-align:right}
.small{margin:0;font-size:.875rem;color:var(--quiet)}
.sample{display:block;background:var(--raised);border-radius:.375rem;padding:.5rem .75rem;margin-bottom:.375rem}
figure{margin:0 0 1.25rem}
figcaption{font-weight:600;margin-bottom:.25rem}
figcaption .quiet{font-weight:400}
]]

local TABLES = [[
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
caption{text-align:left}
caption h2,caption h3{margin:2rem 0 .5rem;font-size:1rem}
th,td{text-align:left;vertical-align:top;padding:.4375rem .75rem .4375rem 0;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:.8125rem;font-weight:600;color:var(--quiet);vertical-align:bottom;line-height:1.3}
tbody th{font-weight:600;min-width:10.5rem}
td.number,th.number{text-align:right}
td.number{white-space:nowrap}
.below{display:block;color:var(--quiet);font-size:.8125rem}
td.wide{min-width:14rem}
td.instant{min-width:7.75rem}
@media screen and (max-width:44rem){
table.stack,.stack tbody,.stack tr,.stack th,.stack td{display:block}
.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack tr{border-bottom:1px solid var(--line);padding:.5rem 0}
.stack th,.stack td,.stack td.number{border:0;padding:.0625rem 0;text-align:left;white-space:normal;min-width:0}
.stack caption{display:block}
.stack td,.stack td.number{position:relative;padding-left:8.5rem;min-height:1.5rem}
.stack td::before{content:attr(data-label);color:var(--quiet);position:absolute;left:0;width:8rem}
.stack .below{display:inline}
.reasons li,.explanation{grid-template-columns:1fr}
.reasons .times{text-align:left}
}
]]

local PICTURE = [[
.tl{display:block;width:100%;height:auto;overflow:visible}
.tl-narrow{display:none}
.tl-definitions{position:absolute}
.tl text,.tl-legend{font-size:12px}
.tl text{fill:var(--quiet);font-family:inherit}
.tl .tl-label{fill:var(--ink)}
.tl-wide .tl-label{text-anchor:end}
.tl-narrow .tl-most{text-anchor:end}
.tl-tick{text-anchor:middle}
.tl-grid,.tl-base{stroke:var(--line);fill:none;shape-rendering:crispEdges}
.tl-track{fill:var(--raised)}
.tl-over path{fill:transparent}
.tl-over path:hover{fill:var(--ink);fill-opacity:.08}
.tl-ok,.tl-add_count{stroke:var(--good)}
.tl-update_count{stroke:var(--updated)}
.tl-delete_count{stroke:url(#tl-p-delete)}
.tl-failed_count{stroke:url(#tl-p-error)}
.tl-failed{stroke:var(--critical)}
.tl-partial{stroke:url(#tl-p-partial)}
.tl-running{stroke:url(#tl-p-running)}
.tl-unknown{stroke:url(#tl-p-unknown)}
.tl-mark{fill:none;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.tl-mark-failed{stroke:var(--critical)}
.tl-mark-partial{stroke:var(--warning)}
.tl-mark-running{stroke:var(--updated)}
.tl-mark-unknown{stroke:var(--unknown)}
.tl-ground{fill:var(--pattern)}
.tl-ink{stroke:var(--ground);stroke-width:1;fill:none}
.tl-p-error{--pattern:var(--critical)}
.tl-p-partial{--pattern:var(--warning)}
.tl-p-running{--pattern:var(--updated)}
.tl-p-unknown{--pattern:var(--unknown)}
.tl-p-delete{--pattern:var(--deleted)}
.tl-legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0;padding:0;color:var(--quiet)}
.tl-legend li{display:flex;align-items:center;gap:.375rem}
@media screen and (max-width:44rem){.tl-wide{display:none}svg.tl-narrow{display:block}span.tl-narrow{display:inline}}
]]

local PAPER = [[
@page{margin:15mm}
@media print{
html{font-size:10pt}
header{padding-top:0}
main,header,footer{max-width:none;padding-left:0;padding-right:0}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.verdict,.reasons li,figure,tr,.census{break-inside:avoid}
h2,h3,caption,.cluster>header{break-after:avoid}
.cluster{margin-top:1.5rem;padding-top:1rem}
.scroll{overflow:visible}
a{color:inherit;text-decoration:none}
}
]]

--- All rules, as one text.
M.css = COLORS .. TEXT .. PARTS .. TABLES .. PICTURE .. PAPER

return M
