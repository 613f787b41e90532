// The site's tiles: one KPI each.
import { about, make, name, sign, towards, value, word } from "./make.js";
import { way } from "./people.js";
import { numberLink } from "./table.js";
import { parts } from "./numbers.js";

export function tile(cell, column) {
  const made = cell.s === "absent" ? "" : parts(cell, column);
  const node = make("article", `tile ${cell.c}`,
    make("h3", "", numberLink(make("span", "", name(column)), column, way("site"))),
    make("div", "big", value(cell, column)),
    make("p", "", sign(cell.c, word(cell)), make("span", "", [word(cell), towards(cell, column) || made].filter(Boolean).join(" · "))));
  node.title = about(cell, column);
  return node;
}
