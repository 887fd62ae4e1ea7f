"""HTML: a picture as a page that a person can move about in; one file, which asks no network for anything.

In: a `Picture`. Out: HTML. Names stand in it as text only: in the drawing as escaped markup, beside it as JSON in which
no character can end the element; the page's own program writes them by `textContent`. Nothing fails.
"""

from __future__ import annotations

import json
from typing import Any, Final

from relgraph.graph.markup import safe
from relgraph.graph.picture import Picture
from relgraph.graph.svg import to_svg

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

_STYLE: Final = """
html,body{margin:0;height:100%;overflow:hidden;font:14px system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
body{display:flex;background:var(--paper);color:var(--ink)}
main{flex:1;min-width:0;cursor:grab;touch-action:none}main.moving{cursor:grabbing}
main>svg{display:block;width:100%;height:100%}
aside{width:300px;overflow:auto;padding:14px;border-left:1px solid var(--edge);background:var(--box)}
input,button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--edge);border-radius:6px}
input{width:100%;box-sizing:border-box;padding:7px 9px}button{padding:4px 10px;margin:8px 6px 0 0;cursor:pointer}
h1{font-size:17px;margin:16px 0 2px;overflow-wrap:anywhere}h2{font-size:13px;color:var(--soft);margin:14px 0 4px}
ul{list-style:none;margin:0;padding:0}li{padding:2px 0;overflow-wrap:anywhere}li small{color:var(--soft)}
a{color:inherit;cursor:pointer;text-decoration:underline;text-underline-offset:2px}
.dim{opacity:.13}svg.graph .box{cursor:pointer}
svg.graph .chosen .frame,svg.graph .found .frame{stroke:var(--mark);stroke-width:2.5}
svg.graph .line.lit path{stroke:var(--mark);stroke-width:2}
"""

_PROGRAM: Final = """
'use strict';
const picture = JSON.parse(document.getElementById('picture').textContent);
const svg = document.querySelector('svg.graph'), stage = document.querySelector('main');
const panel = document.getElementById('panel'), search = document.getElementById('search');
const boxes = [...svg.querySelectorAll('.box')], lines = [...svg.querySelectorAll('.line')];
const named = new Map(boxes.map((box, place) => [box, picture.boxes[place].name]));
const ends = new Map(lines.map((line, place) => [line, picture.lines[place]]));
const whole = svg.viewBox.baseVal, start = [whole.x, whole.y, whole.width, whole.height];
let view = start.slice(), grip = null, moved = false;
const show = () => svg.setAttribute('viewBox', view.join(' '));
const scale = () => Math.max(view[2] / stage.clientWidth, view[3] / stage.clientHeight);
svg.removeAttribute('width'); svg.removeAttribute('height');

function zoom(factor, x, y) {
  const matrix = svg.getScreenCTM().inverse();
  const at = new DOMPoint(x, y).matrixTransform(matrix);
  const width = Math.min(Math.max(view[2] * factor, 60), start[2] * 8), by = width / view[2];
  view = [at.x - (at.x - view[0]) * by, at.y - (at.y - view[1]) * by, width, view[3] * by];
  show();
}
stage.addEventListener('wheel', event => {
  event.preventDefault(); zoom(Math.exp(event.deltaY * 0.0015), event.clientX, event.clientY);
}, {passive: false});
stage.addEventListener('pointerdown', event => {
  grip = [event.clientX, event.clientY, view[0], view[1]]; moved = false;
});
addEventListener('pointermove', event => {
  if (!grip) return;
  const x = event.clientX - grip[0], y = event.clientY - grip[1];
  if (Math.abs(x) + Math.abs(y) > 4) moved = true;
  if (!moved) return;
  stage.classList.add('moving');
  view[0] = grip[2] - x * scale(); view[1] = grip[3] - y * scale();
  show();
});
addEventListener('pointerup', () => { grip = null; stage.classList.remove('moving'); });
stage.addEventListener('click', event => {
  if (moved) return;
  const box = event.target.closest('.box');
  choose(box ? named.get(box) : null);
});
addEventListener('keydown', event => {
  if (event.key === 'Escape') { search.value = ''; choose(null); }
});
document.getElementById('all').addEventListener('click', () => { view = start.slice(); show(); });
document.getElementById('closer').addEventListener('click', () => middle(0.75));
document.getElementById('further').addEventListener('click', () => middle(1.33));
function middle(factor) {
  const at = stage.getBoundingClientRect();
  zoom(factor, at.left + at.width / 2, at.top + at.height / 2);
}

function element(name, text, parent) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}
function bring(name) {
  const box = boxes.find(each => named.get(each) === name);
  const at = box.getBBox(), from = box.transform.baseVal.consolidate().matrix;
  const shift = svg.querySelector('.all').transform.baseVal.consolidate().matrix;
  view[0] = from.e + shift.e + at.width / 2 - view[2] / 2;
  view[1] = from.f + shift.f + at.height / 2 - view[3] / 2;
  show();
}
function link(name, parent) {
  const made = element('a', name, parent);
  made.addEventListener('click', () => { choose(name); bring(name); });
}
function choose(name) {
  const near = new Set([name]);
  for (const line of picture.lines) {
    if (line.near === name) near.add(line.far);
    if (line.far === name) near.add(line.near);
  }
  for (const box of boxes) {
    box.classList.remove('found');
    box.classList.toggle('chosen', named.get(box) === name);
    box.classList.toggle('dim', name !== null && !near.has(named.get(box)));
  }
  for (const line of lines) {
    const lit = name !== null && (ends.get(line).near === name || ends.get(line).far === name);
    line.classList.toggle('lit', lit); line.classList.toggle('dim', name !== null && !lit);
  }
  panel.replaceChildren();
  const box = picture.boxes.find(each => each.name === name);
  if (box) describe(box); else overview();
}
function overview() {
  element('h2', picture.boxes.length + ' collections, ' + picture.lines.length + ' relations', panel);
  const list = element('ul', undefined, panel);
  for (const box of picture.boxes) link(box.name, element('li', undefined, list));
}
function describe(box) {
  element('h1', box.name, panel).id = 'chosen';
  element('small', box.kind === 'any' ? 'points at any of several' : box.kind, panel);
  element('h2', 'Fields', panel);
  const fields = element('ul', undefined, panel);
  for (const row of box.rows) {
    const item = element('li', row.name + ' ', fields);
    element('small', [row.type, row.mark, row.required ? 'required' : ''].filter(Boolean).join(' · '), item);
  }
  section('Points at', picture.lines.filter(each => each.near === box.name), 'far',
    each => each.fields.join(', ') + ' → ');
  section('Pointed at by', picture.lines.filter(each => each.far === box.name), 'near',
    each => (each.alias ? each.alias + ' ← ' : '← '));
}
function section(title, found, side, before) {
  if (!found.length) return;
  element('h2', title, panel);
  const list = element('ul', undefined, panel);
  for (const line of found) {
    const item = element('li', before(line), list);
    link(line[side], item);
    if (side === 'near') item.append('.' + line.fields.join(', '));
  }
}
search.addEventListener('input', () => {
  const text = search.value.trim().toLowerCase();
  choose(null);
  if (!text) return;
  const holds = each => each.name.toLowerCase().includes(text);
  const found = new Set(picture.boxes.filter(box => holds(box) || box.rows.some(holds)).map(box => box.name));
  for (const box of boxes) {
    box.classList.toggle('found', found.has(named.get(box)));
    box.classList.toggle('dim', !found.has(named.get(box)));
  }
  for (const line of lines) line.classList.add('dim');
  panel.replaceChildren();
  element('h2', found.size + ' found', panel).id = 'found';
  const list = element('ul', undefined, panel);
  for (const name of found) link(name, element('li', undefined, list));
});
search.addEventListener('keydown', event => {
  const first = panel.querySelector('a');
  if (event.key === 'Enter' && first) first.click();
});
choose(picture.focus);
"""


def to_html(picture: Picture, title: str = "The graph of a database") -> str:
    """Give the page.

    >>> "</script>" in to_html(Picture((), ())).split('id="picture">')[1].split("</script>")[0]
    False
    """
    return "\n".join((
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{safe(_POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{safe(title)}</title><style>{_STYLE}</style></head>",
        f"<body><main>{to_svg(picture)}</main>",
        '<aside><input id="search" type="search" placeholder="Search collections and fields" autocomplete="off">',
        '<button id="closer">+</button><button id="further">−</button><button id="all">Show all</button>',
        '<div id="panel"></div></aside>',
        f'<script type="application/json" id="picture">{_json(_told(picture))}</script>',
        f"<script>{_PROGRAM}</script></body></html>",
        "",
    ))  # fmt: skip


def _json(value: Any) -> str:
    """Give JSON that can stand in a script element, whatever it holds; names as the drawing spells them."""
    text = json.dumps(value)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _told(picture: Picture) -> dict[str, Any]:
    return {
        "focus": picture.focus,
        "boxes": [
            {
                "name": box.name,
                "kind": box.kind,
                "rows": [
                    {"name": row.name, "type": row.type, "mark": row.mark, "required": row.required} for row in box.rows
                ],
            }
            for box in picture.boxes
        ],
        "lines": [
            {"near": line.near, "far": line.far, "fields": line.fields, "kind": line.kind, "alias": line.alias}
            for line in picture.lines
        ],
    }
