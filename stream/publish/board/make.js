// What all parts of the page share: nodes, links that keep the address, signs, and values with their words.
import { figure, parts } from "./numbers.js";
import { language, words } from "./words.js";

const SIGNS = { good: "✓", watch: "≈", info: "i", warning: "!", critical: "!!" };
export const address = new URLSearchParams(location.search);
export const $ = (id) => document.getElementById(id);
export const isWall = () => matchMedia("(min-width: 1200px)").matches;

export function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

const ways = new Map();  // what a link changes -> where it leads: a table has thousands, the same ones every second

function leads(changes) {
  const key = JSON.stringify(changes);
  if (!ways.has(key)) {
    const query = new URLSearchParams(address);
    for (const [name, value] of Object.entries(changes)) value === null ? query.delete(name) : query.set(name, value);
    ways.set(key, `?${query}`);
  }
  return ways.get(key);
}

export function link(changes, text, current) {
  const node = make("a", current ? "current" : "", text);
  node.href = leads(changes);
  if (current) node.setAttribute("aria-current", "true");
  return node;
}

export const sign = (shade, word = words.severity[shade]) => {
  if (!(shade in SIGNS)) return null;
  const node = make("span", `sign ${shade}`, SIGNS[shade]);
  node.title = word;
  node.setAttribute("aria-label", word);
  return node;
};
export const severe = (severity) => (severity in SIGNS ? severity : "warning");
export const name = (thing) => thing[language] ?? thing.en;
// What a column counts.
export const meaning = (column) => (language === "zh" && column.about_zh) || column.about;

export function value(cell, column) {
  const text = cell.s === "ok" ? figure(cell.v, column) : null;
  if (text === null) return make("span", "none", words[cell.s] ?? "–");
  return make("span", "figure", text[0], make("small", "", text[1]));
}

// Where a target applies, "pace of target", or the target alone while there is no pace; else nothing.
export function towards(cell, column) {
  if (!("t" in cell)) return "";
  const target = figure(cell.t, { ...column, currency: "" }).join(" ").trim();
  return cell.p === null ? `${words.target} ${target}` : `${figure(cell.p, { unit: "ratio" }).join(" ")} ${words.of} ${target}`;
}
// What a value was made of, and how it goes on towards its target: what a pointer shows.
export const about = (cell, column) => [["absent", "not_kept"].includes(cell.s) ? "" : parts(cell, column), towards(cell, column)].filter(Boolean).join(" · ");
// A colour that no rule gives is the target's.
export const word = (cell) => ("t" in cell && cell.r === null ? words.aims[cell.c] : words.severity[cell.c]) ?? "";

// Pixels of a length in rem: everything scales with the screen.
export const px = (rem) => rem * parseFloat(getComputedStyle(document.documentElement).fontSize);

const tag = (node) => (node.nodeType === Node.ELEMENT_NODE ? `${node.localName}#${node.id}` : node.nodeType);

// Makes `old` look as `next` does, and keeps the nodes that can stay: what is focused, selected or scrolled stays so.
function become(old, next) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  // What a person has opened stays open.
  for (const { name: key } of [...old.attributes]) if (key !== "open" && !next.hasAttribute(key)) old.removeAttribute(key);
  for (const { name: key, value: text } of next.attributes) if (old.getAttribute(key) !== text) old.setAttribute(key, text);
  fill(old, ...next.childNodes);
}

// The node's child at `i`, from now on.
export function put(node, i, next) {
  const old = node.childNodes[i];
  if (!old) node.append(next);
  else if (tag(old) === tag(next)) become(old, next);
  else old.replaceWith(next);
}

// The node's children, from now on: instead of replaceChildren. Listeners of new nodes get lost: listen at a container
// that stays.
export function fill(node, ...children) {
  const wanted = children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
  wanted.forEach((next, i) => put(node, i, next));
  while (node.childNodes.length > wanted.length) node.lastChild.remove();
}
