--- The style rules that the status page adds to those of every page.
-- It must not name anything outside the page, nor say anything by colour alone.
-- @module dwsync.report.status.style
local M = {}

local FRAME = [[
html{font-size:clamp(100%,.78rem + .3vw,150%);scroll-padding-top:4rem}
.bar,main,footer{max-width:120rem;padding-left:clamp(.75rem,2vw,2rem);padding-right:clamp(.75rem,2vw,2rem)}
main{display:block;outline:0}
[hidden]{display:none!important}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-100vw}
.skip:focus{left:.5rem;top:.5rem;z-index:3;background:var(--ground);padding:.5rem .75rem}
.bar{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;
gap:.25rem 1.5rem;padding-top:.5rem;padding-bottom:.5rem;background:var(--ground);border-bottom:1px solid var(--line)}
#freshness{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .625rem;font-size:.875rem;
font-variant-numeric:tabular-nums}
#age{margin-right:.25rem}
button,noscript a{font:inherit;color:var(--ink);background:var(--raised);border:1px solid var(--edge);
border-radius:.375rem;padding:.1875rem .75rem;min-height:1.875rem;cursor:pointer;text-decoration:none}
button:hover{border-color:var(--ink)}
button[aria-pressed=true]{background:var(--ink);color:var(--ground);border-color:var(--ink)}
:is(button,summary,noscript a,.line a):focus-visible{outline:3px solid var(--link);outline-offset:2px}
.trouble{display:flex;gap:.625rem;align-items:baseline;background:var(--trouble);color:var(--on-trouble);
padding:.625rem clamp(.75rem,2vw,2rem);position:sticky;top:2.9rem;z-index:2}
.trouble p{margin:0;overflow-wrap:anywhere}
.trouble .icon{transform:translateY(.125em)}
.news:empty{display:none}
.news{margin:0 auto;max-width:120rem;padding:.375rem clamp(.75rem,2vw,2rem) 0;color:var(--quiet);font-size:.875rem}
:root{--edge:#8a95a1;--trouble:#835200;--on-trouble:#fff}
@media screen and (prefers-color-scheme:dark){:root{--edge:#67727e;--trouble:#efb84f;--on-trouble:#17202a}}
[data-trouble] .grid{filter:saturate(.45)}
.head{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.5rem;margin:1rem 0 .25rem}
.head h1{color:var(--tone);margin:0;display:flex;align-items:center;gap:.4em;flex:1 1 20rem}
.head .census{margin:0}
.waiting{padding:3rem 0;text-align:center}
]]

local TILES = [[
.group{margin-top:1.25rem}
.group>h2{font-size:1rem;margin:0 0 .5rem}
.group>h2 .quiet{font-weight:400}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(22rem,100%),1fr));gap:.75rem;
grid-auto-flow:dense}
.tile{display:flex;flex-direction:column;justify-content:space-between}
.group:is(.ok,.disabled) .grid{grid-template-columns:repeat(auto-fill,minmax(min(17rem,100%),1fr));gap:.5rem;
align-items:start}
.tile{background:var(--tint);border:1px solid var(--line);border-left:.375rem solid var(--tone);border-radius:.5rem;
min-width:0}
.tile:is(.ok,.disabled){background:var(--raised);border-left-width:.25rem}
.tile:has(>details[open]){grid-column:1/-1;background:var(--ground)}
.tile>details>summary,.tile>.summary{padding:.625rem .875rem .5rem;display:flex;flex-wrap:wrap;align-items:center;
gap:.125rem .625rem}
summary{cursor:pointer;list-style:none;border-radius:.375rem}
summary::-webkit-details-marker{display:none}
summary>:is(h3,h4)::before{content:"";display:inline-block;width:.4em;height:.4em;margin:0 .5em .12em .1em;
border:solid var(--quiet);border-width:0 .15em .15em 0;transform:rotate(-45deg)}
details[open]>summary>:is(h3,h4)::before{transform:rotate(45deg);margin-bottom:.2em}
summary:hover :is(h3,h4){text-decoration:underline;text-underline-offset:.2em}
.tile h3{margin:0;font-size:1.125rem;flex:1 1 0;min-width:min(9rem,100%);overflow-wrap:anywhere}
.tile:is(.ok,.disabled) h3{font-size:1rem}
.tile .message{flex-basis:100%;font-weight:500}
.tile .message .quiet{font-weight:400}
.tile .before{flex-basis:100%;display:flex;gap:.4em;align-items:baseline;font-size:.875rem}
.tile .before .icon{color:var(--unknown);transform:translateY(.125em)}
.tile:is(.ok,.disabled)>details:not([open]) .badge{border:0;background:none;padding:0}
.lines{list-style:none;margin:0;padding:0 .5rem .5rem;display:grid;
grid-template-columns:max-content fit-content(11rem) minmax(3rem,1fr) max-content;column-gap:.5rem}
details[open]+.lines{display:none}
.lines>*,.line>*{grid-column:1/-1}
.line,.line>*{display:grid;grid-template-columns:subgrid}
.line>*{align-items:center;color:inherit;text-decoration:none;padding:.1875rem .375rem;border-radius:.375rem;
min-height:1.75rem;font-size:.875rem}
.line a:hover{background:var(--ground)}
.line a:hover .name{text-decoration:underline}
.line .icon{color:var(--tone)}
.line .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.line .when{color:var(--quiet);text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.lines .fine{margin:.25rem .375rem}
.tile.ok .line>*{font-size:.8125rem}
.group.ok .lines{grid-template-columns:0 fit-content(11rem) minmax(2rem,1fr) max-content;column-gap:.375rem}
.group.ok .line .icon{display:none}
.line .icon{grid-column:1}
.line .name{grid-column:2}
.line .strip{grid-column:3}
.line .when{grid-column:4}
.strip{width:100%;height:1.375rem;display:block;transform:translateY(-.25rem)}
.strip .tl-mark{vector-effect:non-scaling-stroke;stroke-width:1.25}
.tile[data-changed]{outline:3px solid var(--tone);outline-offset:1px}
details[open]>summary .message{display:none}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;color:var(--quiet);font-size:.8125rem;
margin-top:1.25rem}
.key p{margin:0}
]]

-- Many clusters that are ok: each is a name and its strip, so that a wall screen shows them all.
local DENSE = [[
@media screen{
.dense:is(.ok,.disabled) .grid{grid-template-columns:repeat(auto-fill,minmax(min(13rem,100%),1fr));gap:.25rem}
.dense:is(.ok,.disabled) .tile:not(:has(>details[open])){flex-direction:row;align-items:center}
.dense:is(.ok,.disabled) .tile>:is(details:not([open]),.summary){flex:1;min-width:0}
.dense:is(.ok,.disabled) :is(.tile>details:not([open])>summary,.tile>.summary){padding:.125rem .25rem .125rem .5rem;
flex-wrap:nowrap}
.dense:is(.ok,.disabled) :is(details:not([open])>summary,.summary)>h3{font-size:.9375rem;font-weight:500;min-width:0;
overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.dense.ok .lines{display:block;padding:0 .375rem 0 0;flex:none;width:4rem}
.dense.ok .line:nth-child(n+3),.dense.ok .lines .fine{display:none}
.dense:is(.ok,.disabled) :is(details:not([open])>summary,.summary)>.badge,.dense.ok .line :is(.name,.when){
position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.dense.ok :is(.line,.line>*){display:block;padding:0;min-height:0}
.dense.ok .line .icon{display:none}
.dense.ok .strip{height:1rem}
.dense.ok .line:not(:only-child) .strip{height:.75rem}
}
]]

local INSIDE = [[
.inside{scroll-margin-top:3.5rem}
.tile>details>.inside{padding:0 .875rem .875rem}
.source{border:1px solid var(--line);border-radius:.5rem;margin-top:.75rem}
.source>details>summary{padding:.5rem .875rem;display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .75rem}
.source>details>.inside{padding:0 .875rem .875rem}
.source h4{margin:0;font-size:1rem;overflow-wrap:anywhere}
.source h4 code{font-weight:400;color:var(--quiet)}
h5{font-size:1rem;margin:1.25rem 0 .5rem}
caption h5{margin:0 0 .25rem}
.source .verdicts{margin-top:.25rem}
.source figure{margin:1.25rem 0;max-width:75rem}
.source .fine{margin:.625rem 0 0}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(11rem,100%),1fr));gap:.5rem 1rem;
margin:1.25rem 0 0;font-variant-numeric:tabular-nums}
.figures dt{color:var(--quiet);font-size:.8125rem}
.figures dd{margin:0;font-weight:600}
.figures .below{font-weight:400}
@media screen and (min-width:60rem){.source .instant{white-space:nowrap}}
.outcome{display:inline-flex;align-items:center;gap:.375em;color:var(--tone);font-weight:600}
]]

local VIEWS = [[
@media (max-width:44rem){
.bar{position:static}
.trouble{top:0}
.lines{grid-template-columns:max-content minmax(0,1fr) 0 max-content}
.group.ok .lines{grid-template-columns:0 minmax(0,1fr) 0 max-content}
.line .strip{grid-column:1/-1;grid-row:2;height:1.25rem;transform:none;margin-bottom:.125rem}
.source{border-width:1px 0 0;border-radius:0}
.source>details>:is(.inside,summary){padding-left:0;padding-right:0}
.figures{grid-template-columns:repeat(auto-fill,minmax(min(7.5rem,100%),1fr))}
.source .stack :is(th,td,td.number){display:inline-block;padding:0;margin-right:.75rem;min-height:0}
.source .stack :is(.wide,.number)::before{position:static;width:auto;margin-right:.25em}
.source .stack td:not(.number,.wide)::before{content:none}
.source .stack td.wide{display:block;overflow:hidden;max-height:3em}
.source .stack td.wide::before{content:none}
}
@media (prefers-reduced-motion:no-preference){
.tile[data-changed]{animation:changed 1.2s ease-out 3}
}
@keyframes changed{50%{outline-color:transparent}}
@media print{
button,.skip,.news,.key{display:none}
.bar,.trouble{position:static}
.tile{break-inside:avoid}
.tile:has(>details[open]){break-inside:auto}
}
@media (forced-colors:active){.tile,.verdict{border-left-color:CanvasText}}
]]

--- All rules, as one text.
M.css = FRAME .. TILES .. DENSE .. INSIDE .. VIEWS

return M
