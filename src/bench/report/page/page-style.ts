/** The page's style: one width that fits A4, colours that survive paper, no font but the reader's own. */
export const PAGE_STYLE = `
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 980px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0 0 .2em; } h2 { font-size: 1.15em; margin: 1.8em 0 .3em; } h3 { font-size: 1em; margin: .6em 0 .1em; font-weight: 600; }
p { margin: .3em 0 .7em; } .about { color: #555; }
.verdict { border-left: 5px solid #0072b2; background: #f3f7fb; padding: .7em 1em; margin: 1em 0; }
.verdict.provisional { border-color: #e69f00; background: #fdf8ec; } .verdict.none { border-color: #7a7a7a; background: #f5f5f5; }
.verdict strong { font-size: 1.15em; } .verdict ul { margin: .4em 0 0; padding-left: 1.2em; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .8em; }
th, td { padding: .28em .4em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th { color: #555; font-weight: 600; } th:first-child, td:first-child, td.left, th.left { text-align: left; }
td.sentence { white-space: normal; min-width: 20em; }
tr.first td { border-top: 2px solid #bbb; } .swatch { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .2em 1.2em; } .pair > div { min-width: 0; break-inside: avoid; }
.legend { display: flex; flex-wrap: wrap; gap: .2em 1.2em; font-size: .87em; color: #444; margin: .2em 0 .6em; }
svg { width: 100%; height: auto; display: block; } .wide svg { min-width: 760px; } svg text { font: 10px system-ui, sans-serif; fill: #444; } svg text.mark { paint-order: stroke; stroke: #fff; stroke-width: 3px; stroke-linejoin: round; }
.band { fill: #e6f1e9; } .grid { stroke: #e2e2e2; fill: none; } .axis { stroke: #888; fill: none; } .empty { fill: none; stroke: #ddd; stroke-dasharray: 2 2; }
.dot { display: inline-block; width: .6em; height: .6em; border-radius: 50%; margin-right: .4em; }
@media (max-width: 640px) { .pair { grid-template-columns: 1fr; } }
@media print { @page { size: A4; margin: 12mm; } body { margin: 0; padding: 0; max-width: none; font-size: 11px; } h2, h3, .about, .legend { break-after: avoid; } .scroll { overflow: visible; } .wide svg { min-width: 0; } section { break-inside: avoid-page; } section.long { break-inside: auto; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
