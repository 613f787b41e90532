// The site's tiles: one KPI each.
import { $, about, fill, make, name, sign, towards, value, word } from "./make.js";
import { parts } from "./numbers.js";
import { way } from "./people.js";
import { queueTiles } from "./queues.js";
import { numberLink } from "./table.js";

function tile(cell, column) {
  const made = ["absent", "not_kept"].includes(cell.s) ? "" : parts(cell, column);
  const node = make("article", `tile ${cell.c}`,
    make("h3", "", numberLink(make("span", "", name(column)), column, way("site"))),
    make("div", "big", value(cell, column)),
    make("p", "", sign(cell.c, word(cell)), make("span", "", [word(cell), towards(cell, column) || made].filter(Boolean).join(" · "))));
  node.title = about(cell, column);
  return node;
}

const NOTHING = { v: null, n: 0, d: 0, s: "absent", c: "plain" };

export function tiles(data) {
  const row = data.floor ?? { cells: data.columns.map(() => NOTHING) };
  fill($("tiles"), ...(queueTiles(data) ?? row.cells.map((cell, i) => tile(cell, data.columns[i]))));
}
