// Rows of a long table that scrolls: a node for each place. What is not near the screen waits until it comes there, so
// that an update costs what changes before somebody's eyes, however many rows there are.
import { put } from "./make.js";

const SLICE = 25;
const held = new WeakMap();

class Rows {
  constructor(body) {
    this.body = body;
    this.rows = [];
    this.places = new Map();  // node -> its place, and what it says
    this.near = new Set();
    this.observer = new IntersectionObserver((seen) => this.moved(seen), { rootMargin: "100% 0%" });
  }

  // `line(row)`: its node. `says(row)`: a text that is another one when the node would be.
  show(rows, line, says) {
    Object.assign(this, { rows, line, says });
    while (this.body.rows.length > rows.length) this.drop(this.body.lastChild);
    for (const node of this.near) this.draw(node);
    cancelAnimationFrame(this.growing);
    this.grow();
  }

  drop(node) {
    this.observer.unobserve(node);
    this.places.delete(node);
    this.near.delete(node);
    node.remove();
  }

  draw(node) {
    const place = this.places.get(node), row = this.rows[place?.at];
    if (row === undefined) return;
    const says = this.says(row);
    if (place.says === says) return;
    place.says = says;
    put(this.body, place.at, this.line(row));
  }

  // Some at a time, a frame each, so that a finger that scrolls does not wait for them.
  grow() {
    const from = this.body.rows.length, to = Math.min(from + SLICE, this.rows.length);
    for (let at = from; at < to; at += 1) {
      const node = this.line(this.rows[at]);
      this.places.set(node, { at, says: this.says(this.rows[at]) });
      this.body.append(node);
      this.observer.observe(node);
    }
    if (to < this.rows.length) this.growing = requestAnimationFrame(() => this.grow());
  }

  moved(seen) {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) this.near.delete(target);
      else if (this.places.has(target)) {
        this.near.add(target);
        this.draw(target);
      }
    }
  }
}

// Shows `rows` in a table's body, from now on.
export function scrolled(body, rows, line, says) {
  if (!held.has(body)) {
    body.replaceChildren();
    held.set(body, new Rows(body));
  }
  held.get(body).show(rows, line, says);
}

// The body of a table that was a wall's: its rows are no longer kept here.
export function released(body) {
  if (!held.has(body)) return;
  held.get(body).observer.disconnect();
  cancelAnimationFrame(held.get(body).growing);
  held.delete(body);
}
