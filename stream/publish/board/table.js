// A table of entities and KPIs: columns that fit, rows that take turns on a wall, and the row of what names nobody.
import { $, about, isWall, make, name, severe, sign, towards, value, word } from "./make.js";

const TURN_MS = 10000;

export function cells(row, columns, indexes) {
  return indexes.map((i) => {
    const cell = row.cells[i];
    // The heading names the currency.
    const bare = { ...columns[i], currency: "" };
    const target = towards(cell, bare);
    const node = make("td", `value ${cell.c}`, value(cell, bare), sign(cell.c, word(cell)), target && make("small", "aim", target));
    node.title = about(cell, columns[i]);
    return node;
  });
}

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
    $(id).replaceChildren(make("caption", "none", empty));
    return "";
  }
  const [some, turnText] = turn(rows, box, 50, apart === null ? 1 : 2.2);
  const head = make("tr", "", ...lead.head(), ...indexes.map((i) => lead.column(columns[i])));
  const body = some.map((row) => make("tr", row.alert ? `alert ${severe(row.alert)}` : "", ...lead.cells(row), ...cells(row, columns, indexes)));
  const foot = apart && make("tfoot", "", make("tr", "", ...lead.apart(apart, about), ...cells(apart, columns, indexes)));
  $(id).replaceChildren(make("thead", "", head), make("tbody", "", ...body), ...(foot ? [foot] : []));
  return turnText;
}

export const nobody = (row, about) => make("th", "", row.alert ? sign(severe(row.alert)) : "", row.entity, make("small", "", about));

export const heading = (column) => {
  const node = make("th", "value", name(column), column.currency ? ` ${column.currency}` : "");
  node.title = column.about;
  return node;
};

export function columnsThatFit(id, count, leadPx) {
  const px = $(id).parentElement.clientWidth - leadPx;
  const fit = isWall() ? Math.max(1, Math.floor(px / 126)) : count;
  return Math.min(count, fit);
}

// Shares before counts: a table compares, and counts are for the tiles.
export const byShare = (columns) => [...columns.keys()].sort((a, b) => (columns[a].direction ? 0 : 1) - (columns[b].direction ? 0 : 1));
