// Rows of a long table that scrolls: those near the screen are there, and blank space stands for the others, so that
// neither drawing nor layout costs more the more rows there are.
import { make, put } from "./make.js";

const ALL = 100, STEP = 25, MARGIN = 25;
const held = new WeakMap();

class Rows {
  constructor(body) {
    this.body = body;
    this.rows = [];
    this.nodes = new Map();  // place -> the node there, and what it says
    [this.above, this.below] = [make("tr", "gap", make("td")), make("tr", "gap", make("td"))];
    for (const gap of [this.above, this.below]) gap.setAttribute("aria-hidden", "true");
    this.rowPx = 0;
    this.moves = () => {
      this.moving ??= requestAnimationFrame(() => {
        this.moving = null;
        this.draw();
      });
    };
    addEventListener("scroll", this.moves, { passive: true });
  }

  // `line(row)`: its node. `says(row)`: a text that is another one when the node would be.
  show(rows, line, says) {
    Object.assign(this, { rows, line, says });
    const table = this.body.parentElement;
    if (table.ariaRowCount !== String(rows.length)) table.ariaRowCount = String(rows.length);
    this.draw();
  }

  close() {
    removeEventListener("scroll", this.moves);
    cancelAnimationFrame(this.moving);
    this.body.parentElement?.removeAttribute("aria-rowcount");
  }

  // The places that are drawn: whole steps, so that scrolling a little moves nothing.
  window() {
    const many = this.rows.length;
    if (many <= ALL) return [0, many];
    if (!this.rowPx && this.nodes.size) this.rowPx = this.body.offsetHeight / this.nodes.size;
    if (!this.rowPx) return [0, Math.min(many, STEP + MARGIN)];
    const passed = Math.max(0, -this.body.getBoundingClientRect().top) / this.rowPx, seen = innerHeight / this.rowPx;
    const step = (places) => Math.floor(places / STEP) * STEP;
    const to = Math.min(many, step(passed + seen + MARGIN) + STEP);
    return [Math.max(0, Math.min(step(passed - MARGIN), to - STEP)), to];
  }

  draw() {
    if (!this.body.isConnected) return;
    const [from, to] = this.window();
    for (const [place, { node }] of this.nodes) {
      if (place >= from && place < to) continue;
      node.remove();
      this.nodes.delete(place);
    }
    const before = from > 0 || to < this.rows.length ? 1 : 0;
    this.gap(this.above, before, from, true);
    for (let place = from; place < to; place += 1) this.place(place, place - from + before);
    this.gap(this.below, before, this.rows.length - to, false);
  }

  place(place, at) {
    const row = this.rows[place], says = this.says(row), known = this.nodes.get(place);
    if (known?.says === says) return;
    const next = this.line(row);
    next.setAttribute("aria-rowindex", String(place + 1));
    if (known) put(this.body, at, next);
    else this.body.insertBefore(next, this.body.childNodes[at] ?? null);
    this.nodes.set(place, { node: this.body.childNodes[at], says });
  }

  gap(node, wanted, places, first) {
    if (!wanted) return node.remove();
    const height = `${Math.round(places * this.rowPx)}px`, cell = node.firstChild;
    if (cell.style.height !== height) cell.style.height = height;
    if (node.parentElement !== this.body) first ? this.body.prepend(node) : this.body.append(node);
  }
}

// Shows `rows` in a table's body, from now on.
export function scrolled(body, rows, line, says) {
  if (!held.has(body)) {
    body.replaceChildren();
    held.set(body, new Rows(body));
  }
  held.get(body).show(rows, line, says);
  if (rows.length > ALL && !held.get(body).settled) {
    held.get(body).settled = true;
    held.get(body).draw();  // now the height of a row is known
  }
}

// The body of a table that was a phone's: its rows are no longer kept here.
export function released(body) {
  held.get(body)?.close();
  held.delete(body);
}
