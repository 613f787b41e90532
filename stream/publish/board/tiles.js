// The site's tiles: one KPI each, its value large, how it went, and what it was a day before.
import { $, about, fill, make, name, sign, towards, value, word } from "./make.js";
import { figure, parts } from "./numbers.js";
import { way } from "./people.js";
import { queueTiles } from "./queues.js";
import { spark } from "./spark.js";
import { numberLink } from "./table.js";
import { words } from "./words.js";

const NOTHING = { v: null, n: 0, d: 0, s: "absent", c: "plain" };

function then(trend, column) {
  if (!trend || trend.then === null) return null;
  return make("span", "then", `${words.dayBefore} ${figure(trend.then, column).join(" ").trim()}`);
}

function tile(cell, column, trend) {
  const made = cell.s === "absent" ? "" : parts(cell, column);
  const line = [word(cell), towards(cell, column) || made].filter(Boolean).join(" · ");
  const node = make("article", `tile ${cell.c}`,
    make("h3", "", numberLink(make("span", "", name(column)), column, way("site"))),
    make("div", "big", value(cell, column), spark(trend, column)),
    make("p", "", sign(cell.c, word(cell)), make("span", "", line), then(trend, column)));
  node.title = about(cell, column);
  return node;
}

export function tiles(data) {
  const row = data.floor ?? { cells: data.columns.map(() => NOTHING) };
  fill($("tiles"), ...(queueTiles(data) ?? row.cells.map((cell, i) => tile(cell, data.columns[i], data.trends?.floor[i]))));
}
