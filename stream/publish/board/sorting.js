// Sorting of tables that have all their rows: by the address, `sort=teams:connect_rate,conduct:-near` (`-`: greatest first).
import { address, link, make } from "./make.js";
import { words } from "./words.js";

function asked() {
  return new Map((address.get("sort") ?? "").split(",").filter(Boolean).map((each) => {
    const [table, column = ""] = [each.slice(0, each.indexOf(":")), each.slice(each.indexOf(":") + 1)];
    return [table, { column: column.replace(/^-/, ""), down: column.startsWith("-") }];
  }));
}

const COMPARE = new Intl.Collator(undefined, { numeric: true });

// The rows in the order that the address asks for; what has no value stands last, whichever way.
export function sorted(table, rows, keys) {
  const by = asked().get(table);
  if (by === undefined || !Object.hasOwn(keys, by.column)) return rows;
  const key = keys[by.column], none = (value) => value === null || value === undefined;
  return [...rows].sort((one, other) => {
    const a = key(one), b = key(other);
    if (none(a) || none(b)) return none(a) - none(b);
    const order = typeof a === "number" ? a - b : COMPARE.compare(a, b);
    return by.down ? -order : order;
  });
}

// A heading that sorts its table: by its figures from the greatest, by its words from the first; again: the other way.
export function sortable(table, column, text, figures = true, extra = "") {
  const by = asked().get(table), is = by?.column === column;
  const down = is ? !by.down : figures;
  const others = [...asked()].filter(([of]) => of !== table).map(([of, { column: at, down: way }]) => `${of}:${way ? "-" : ""}${at}`);
  const to = link({ sort: [...others, `${table}:${down ? "-" : ""}${column}`].join(",") }, text, is);
  const node = make("th", extra, to);
  node.scope = "col";
  if (is) node.setAttribute("aria-sort", by.down ? "descending" : "ascending");
  to.title = is ? words.sorted : words.sortBy;
  return node;
}
