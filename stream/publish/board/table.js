// A table of entities and KPIs: columns that fit, rows that take turns on a wall, and the row of what names nobody.
import { $, about, fill, isWall, link, make, name, severe, sign, towards, value, word } from "./make.js";
import { way } from "./people.js";
import { sortable } from "./sorting.js";

const TURN_MS = 10000;

// `level`: whose rows these are, so that a figure leads to what it was made of; null: it leads nowhere.
export function cells(row, columns, indexes, level = null) {
  return indexes.map((i) => {
    const cell = row.cells[i];
    // The heading names the currency.
    const bare = { ...columns[i], currency: "" };
    const target = towards(cell, bare), shown = value(cell, bare);
    const there = level !== null && row.entity !== null && cell.s !== "absent";
    const node = make("td", `value ${cell.c}`, there ? numberLink(shown, columns[i], way(level, row.entity, row.team)) : shown,
      sign(cell.c, word(cell)), target && make("small", "aim", target));
    node.title = about(cell, columns[i]);
    return node;
  });
}

export function numberLink(shown, column, whose) {
  const to = link({ ...whose, kpi: column.kpi, currency: column.currency }, "", false);
  to.replaceChildren(shown);
  to.className = "number";
  return to;
}

// What gives a row's place in a table that is sorted by a column.
export const keys = (columns) => ({
  name: (row) => row.name ?? row.entity,
  score: (row) => (row.score?.score == null ? null : Number(row.score.score)),
  place: (row) => row.place ?? row.score?.place,
  ...Object.fromEntries(columns.map((column, i) => [column.id, (row) => (row.cells[i].s === "ok" ? row.cells[i].v : null)])),
});

// A wall cannot be scrolled: what does not fit takes turns. A phone scrolls.
export function turn(rows, box, rowPx, around) {
  if (!isWall()) return [rows, ""];
  const fits = Math.max(1, Math.floor(box.clientHeight / rowPx) - around), pages = Math.ceil(rows.length / fits);
  if (pages <= 1) return [rows, ""];
  const page = Math.floor(Date.now() / TURN_MS) % pages;
  return [rows.slice(page * fits, (page + 1) * fits), ` ${page + 1}/${pages}`];
}

// `apart`: the row of what names nobody, or null. It stands below, whatever the rows are ordered by.
export function table(id, rows, columns, indexes, lead, empty, apart, about) {
  const box = $(id).parentElement;
  if (rows.length === 0 && apart === null) {
    fill($(id), make("caption", "none", empty));
    return "";
  }
  const [some, turnText] = turn(rows, box, 50, apart === null ? 1 : 2.2);
  const head = make("tr", "", ...lead.head(), ...indexes.map((i) => lead.column(columns[i])));
  const body = some.map((row) => make("tr", row.alert ? `alert ${severe(row.alert)}` : "", ...lead.cells(row), ...cells(row, columns, indexes, lead.level)));
  const foot = apart && make("tfoot", "", make("tr", "", ...lead.apart(apart, about), ...cells(apart, columns, indexes, lead.level)));
  fill($(id), make("thead", "", head), make("tbody", "", ...body), ...(foot ? [foot] : []));
  return turnText;
}

export function nobody(row, about) {
  const node = make("th", "", row.alert ? sign(severe(row.alert)) : "", row.entity, make("small", "", about));
  node.scope = "row";
  return node;
}

// A column's heading, which sorts the table.
export function heading(column, table) {
  const node = sortable(table, column.id, `${name(column)}${column.currency ? ` ${column.currency}` : ""}`, true, "value");
  node.firstChild.title = `${column.about} · ${node.firstChild.title}`;
  return node;
}

export function columnsThatFit(id, count, leadPx) {
  const px = $(id).parentElement.clientWidth - leadPx;
  const fit = isWall() ? Math.max(1, Math.floor(px / 126)) : count;
  return Math.min(count, fit);
}

// Shares before counts: a table compares, and counts are for the tiles.
export const byShare = (columns) => [...columns.keys()].sort((a, b) => (columns[a].direction ? 0 : 1) - (columns[b].direction ? 0 : 1));
