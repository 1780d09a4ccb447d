import Charts
import Foundation

extension ReportPage {
  /// The page around the sections, in Mustache.
  static let template = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="{{{policy}}}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{{title}}}</title>
    <style>{{{style}}}</style>
    </head>
    <body>
    <header><h1>{{{title}}}</h1><p class="note">{{{subtitle}}}</p></header>
    <nav aria-label="Sections"><ul>{{#sections}}<li><a href="#{{id}}">{{{title}}}</a></li>{{/sections}}</ul></nav>
    <main>
    {{#sections}}
    <section aria-labelledby="{{id}}"><h2 id="{{id}}">{{{title}}}</h2>
    {{#blocks}}{{{.}}}{{/blocks}}
    </section>
    {{/sections}}
    </main>
    <script>{{{script}}}</script>
    </body>
    </html>

    """

  static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  /// The style of the page and of its pictures.
  static let style =
    """
    :root{--ground:#ffffff;--text:#1f2328;--muted:#57606a;--line:#d8dee4;--soft:#f5f7f9;--link:#0067a5;--bad:#b42318}
    @media screen and (prefers-color-scheme:dark){:root{--ground:#14181d;--text:#e6e9ec;--muted:#a3abb4;\
    --line:#2b323a;--soft:#1c2229;--link:#56b4e9;--bad:#ff8a80}}
    *{box-sizing:border-box}
    html{scroll-behavior:smooth}
    body{margin:0 auto;max-width:72rem;padding:1.5rem 1rem 4rem;background:var(--ground);color:var(--text);\
    font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;overflow-wrap:break-word}
    h1{font-size:1.75rem;line-height:1.25;margin:0}
    h2{font-size:1.25rem;margin:2.75rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
    a{color:var(--link)}
    .note{color:var(--muted);font-size:.875rem;margin:.4rem 0}
    nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;margin:1rem 0 0}
    main ul{padding-left:1.2rem;margin:.5rem 0}
    main li{margin:.25rem 0}
    figure{margin:1.25rem 0 2rem}
    .scroll{overflow-x:auto;max-width:100%}
    .scroll:focus-visible,a:focus-visible,button:focus-visible,summary:focus-visible{outline:2px solid var(--link);\
    outline-offset:2px}
    svg.picture{display:block;width:100%;min-width:35rem;max-width:50rem;height:auto;margin:0 auto}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;margin:.25rem 0}
    caption{text-align:left;color:var(--muted);padding:.25rem 0}
    th,td{padding:.3rem .7rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
    th{vertical-align:bottom;line-height:1.25}
    td.number,th.number{text-align:right}
    td.number{white-space:nowrap}
    tbody tr:hover{background:var(--soft)}
    tr.failure td{color:var(--bad)}
    th button{all:unset;cursor:pointer;font:inherit;color:inherit}
    th button:focus-visible{outline:2px solid var(--link)}
    th[aria-sort=ascending] button::after{content:" \\2191"}
    th[aria-sort=descending] button::after{content:" \\2193"}
    pre{background:var(--soft);border:1px solid var(--line);border-radius:.4rem;padding:.75rem 1rem;margin:.5rem 0;\
    font-size:.8125rem;line-height:1.5;width:max-content;min-width:100%}
    summary{cursor:pointer;color:var(--link);margin:.75rem 0}
    #tip{position:fixed;z-index:1;pointer-events:none;max-width:20rem;padding:.3rem .6rem;font-size:.8125rem;\
    background:var(--text);color:var(--ground);border-radius:.3rem}
    .out{opacity:.05!important}
    .brush{fill:var(--link);opacity:.25}
    @media print{nav,#tip{display:none}body{max-width:none;padding:0;font-size:10pt}figure,tr{break-inside:avoid}\
    h2{break-after:avoid}.scroll{overflow:visible}svg.picture{min-width:0;max-width:15cm}a{color:inherit}th button{display:contents}}

    """ + Theme.css(scope: "svg.picture")

  /// Sorting, labels at the pointer, and selection on parallel coordinates. The page is complete without it.
  static let script = #"""
    "use strict";
    for (const head of document.querySelectorAll("thead th")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(head));
    }
    function sort(head) {
      const table = head.closest("table"), body = table.tBodies[0], column = head.cellIndex;
      const isDown = head.getAttribute("aria-sort") === "ascending";
      const isNumber = head.classList.contains("number");
      const value = row => {
        const text = row.cells[column].textContent;
        return isNumber ? (text === "" ? NaN : parseFloat(text)) : text;
      };
      const compare = (a, b) => {
        const x = value(a), y = value(b);
        if (!isNumber) return isDown ? y.localeCompare(x) : x.localeCompare(y);
        // Rows without a number stay last.
        if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
        return isDown ? y - x : x - y;
      };
      body.append(...Array.from(body.rows).sort(compare));
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    }
    const tip = document.createElement("div");
    tip.id = "tip";
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true");
    document.body.append(tip);
    document.addEventListener("pointermove", event => {
      const mark = event.target.closest ? event.target.closest("svg.picture *") : null;
      if (mark && !mark.tip) {
        // The browser's own label would come up as well.
        const title = Array.from(mark.children).find(child => child.nodeName === "title");
        mark.tip = title ? title.textContent : " ";
        if (title) title.remove();
      }
      tip.hidden = !mark || mark.tip === " ";
      if (tip.hidden) return;
      tip.textContent = mark.tip;
      const width = tip.offsetWidth, left = event.clientX + 14;
      tip.style.left = Math.max(0, Math.min(left, innerWidth - width - 8)) + "px";
      tip.style.top = event.clientY + 16 + "px";
    });
    for (const group of document.querySelectorAll("g.parallel")) {
      const svg = group.ownerSVGElement, data = group.dataset;
      const axes = data.axes.split(" ").map(Number), left = +data.left, width = +data.right - left;
      const lines = Array.from(group.querySelectorAll("[data-values]"));
      for (const line of lines) line.shares = line.dataset.values.split(" ").map(Number);
      const ranges = new Map(), status = document.createElement("p");
      status.className = "note";
      status.setAttribute("role", "status");
      status.textContent = "Drag along an axis to select trials; click on it to clear.";
      svg.closest("figure").append(status);
      let drag = null;
      const position = event => {
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        return { share: Math.min(1, Math.max(0, (point.x - left) / width)), y: point.y };
      };
      const show = () => {
        let count = 0;
        for (const line of lines) {
          const isIn = Array.from(ranges).every(([axis, range]) =>
            line.shares[axis] >= range.low && line.shares[axis] <= range.high);
          line.classList.toggle("out", !isIn);
          if (isIn) count++;
        }
        status.textContent = count + " of " + lines.length + " lines selected.";
      };
      svg.addEventListener("pointerdown", event => {
        const at = position(event), axis = axes.findIndex(y => Math.abs(y - at.y) < 12);
        if (axis < 0) return;
        event.preventDefault();
        svg.setPointerCapture(event.pointerId);
        if (ranges.has(axis)) ranges.get(axis).mark.remove();
        ranges.delete(axis);
        const mark = document.createElementNS(svg.namespaceURI, "rect");
        mark.setAttribute("class", "brush");
        mark.setAttribute("y", axes[axis] - 6);
        mark.setAttribute("height", 12);
        drag = { axis, start: at.share, mark };
        show();
      });
      svg.addEventListener("pointermove", event => {
        if (!drag) return;
        const share = position(event).share, low = Math.min(share, drag.start), high = Math.max(share, drag.start);
        if (high - low < 0.01) return;
        drag.mark.setAttribute("x", left + low * width);
        drag.mark.setAttribute("width", (high - low) * width);
        group.append(drag.mark);
        ranges.set(drag.axis, { low, high, mark: drag.mark });
        show();
      });
      svg.addEventListener("pointerup", () => { drag = null; });
    }

    """#
}
