// How a KPI went in the last two hours, and a day before at the same time: a line each, on one scale.
import { figure } from "./numbers.js";
import { words } from "./words.js";

const WIDTH = 120, HEIGHT = 36, EDGE = 4;

function drawn(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, text] of Object.entries(attributes)) node.setAttribute(key, text);
  return node;
}

// The pieces of a line through the values; where there is none, it is broken.
function path(values, x, y) {
  let d = "", pen = false;
  values.forEach((value, i) => {
    if (value !== null) d += `${pen ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = value !== null;
  });
  return d;
}

// `trend`: {now, before}, the latest last; null where there is too little to draw a line of.
export function spark(trend, column) {
  if (!trend || trend.now.filter((value) => value !== null).length < 2) return null;
  const all = [...trend.now, ...trend.before].filter((value) => value !== null);
  const low = Math.min(...all), high = Math.max(...all), n = trend.now.length;
  const x = (i) => EDGE + (i * (WIDTH - 2 * EDGE)) / (n - 1);
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - EDGE - ((value - low) * (HEIGHT - 2 * EDGE)) / (high - low));
  const text = (values) => values.map((value) => (value === null ? "–" : figure(value, column).join(" ").trim())).join(", ");
  const label = `${words.lastHours}: ${text(trend.now)}. ${words.dayBefore}: ${text(trend.before)}`;
  const node = drawn("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  const title = drawn("title", {});
  title.textContent = label;
  node.append(title, drawn("path", { class: "before", d: path(trend.before, x, y) }), drawn("path", { class: "now", d: path(trend.now, x, y) }));
  const last = trend.now.findLastIndex((value) => value !== null);
  if (last >= 0) node.append(drawn("circle", { class: "last", cx: x(last).toFixed(1), cy: y(trend.now[last]).toFixed(1), r: 3 }));
  return node;
}
