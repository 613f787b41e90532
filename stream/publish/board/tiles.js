// The site's tiles: one KPI each, its value large, how it went, and what it was a day before.
import { $, about, fill, isWall, make, name, sign, towards, value, word } from "./make.js";
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

// Below the value: what judges it, what it was made of or is meant to be, and what it was a day before.
function small(cell, column, trend) {
  const made = ["absent", "not_kept"].includes(cell.s) ? "" : towards(cell, column) || parts(cell, column);
  return make("p", "", sign(cell.c, word(cell)), word(cell) && make("span", "word", word(cell)), made && make("span", "made", made), then(trend, column));
}

function tile(cell, column, trend) {
  // The caption of an amount names its currency; that of an amount an hour is long enough.
  const named = column.currency && column.unit === "minor", bare = named ? { ...column, currency: "" } : column;
  const title = make("span", "", name(column), named ? ` ${column.currency}` : "");
  const node = make("article", `tile ${cell.c}`,
    make("h3", "", numberLink(title, column, way("site"))),
    make("div", "big", value(cell, bare), spark(trend, column)),
    small(cell, bare, trend));
  node.title = about(cell, column);
  return node;
}

// What has no room below a value is left out: first what it was made of, which its own page says, then the day before.
function fit(tiles) {
  for (const part of [".made", ".then", ".word"]) {
    const full = [...tiles.querySelectorAll("p")].filter((line) => line.scrollWidth > line.clientWidth);
    full.forEach((line) => line.querySelector(part)?.remove());
  }
}

export function tiles(data) {
  const row = data.floor ?? { cells: data.columns.map(() => NOTHING) };
  fill($("tiles"), ...(queueTiles(data) ?? row.cells.map((cell, i) => tile(cell, data.columns[i], data.trends?.floor[i]))));
  if (isWall()) fit($("tiles"));
}
