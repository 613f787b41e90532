// A table of entities and KPIs: columns that fit, rows that take turns on a wall, and the row of what names nobody.
import { $, about, fill, isWall, link, make, meaning, name, px, severe, sign, towards, value, word } from "./make.js";
import { way } from "./people.js";
import { released, scrolled } from "./rows.js";
import { sortable } from "./sorting.js";

const TURN_MS = 10000, ROW_REM = 3.125, COLUMN_REM = 6;

// `level`: whose rows these are, so that a figure leads to what it was made of; null: it leads nowhere.
export function cells(row, columns, indexes, level = null) {
  return indexes.map((i) => {
    const cell = row.cells[i];
    // The heading names the currency.
    const bare = { ...columns[i], currency: "" };
    const target = towards(cell, bare), shown = value(cell, bare);
    const there = level !== null && row.entity !== null && !["absent", "not_kept"].includes(cell.s);
    // The sign first: figures stand below each other, with and without one.
    const node = make("td", `value ${cell.c}`, sign(cell.c, word(cell)),
      there ? numberLink(shown, columns[i], way(level, row.entity, row.team)) : shown, target && make("small", "aim", target));
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

// A wall cannot be scrolled: what does not fit takes turns. A phone scrolls. `aroundRem`: what stands above and below.
export function turn(rows, box, rowRem, aroundRem) {
  if (!isWall()) return [rows, ""];
  const fits = Math.max(1, Math.floor((box.clientHeight - px(aroundRem)) / px(rowRem))), pages = Math.ceil(rows.length / fits);
  if (pages <= 1) return [rows, ""];
  const page = Math.floor(Date.now() / TURN_MS) % pages;
  return [rows.slice(page * fits, (page + 1) * fits), ` ${page + 1}/${pages}`];
}

// `apart`: the row of what names nobody, or null. It stands below, whatever the rows are ordered by. Columns that the
// box has no room for are left out, the last first. `look(row)`: what its looks depend on beside it and the columns.
export function table(id, rows, columns, indexes, lead, empty, apart, about, look = () => null) {
  const node = $(id), box = node.parentElement;
  if (rows.length === 0 && apart === null) {
    fill(node, make("caption", "none", empty));
    return "";
  }
  const head = () => make("thead", "", make("tr", "", ...lead.head(), ...indexes.map((i) => lead.column(columns[i])), ...(lead.tail?.head() ?? [])));
  const row = (of, first, className) => make("tr", className, ...first, ...cells(of, columns, indexes, lead.level), ...(lead.tail?.cells(of) ?? []));
  const line = (of) => row(of, lead.cells(of), of.alert ? `alert ${severe(of.alert)}` : "");
  const foot = () => (apart ? [make("tfoot", "", row(apart, lead.apart(apart, about), ""))] : []);
  const draw = (some) => fill(node, head(), make("tbody", "", ...some.map(line)), ...foot());
  if (!isWall()) {
    if (!node.tBodies[0] || Boolean(node.tFoot) !== Boolean(apart)) {
      if (node.tBodies[0]) released(node.tBodies[0]);
      draw([]);
    }
    fill(node.tHead, ...head().childNodes);
    if (apart) fill(node.tFoot, ...foot()[0].childNodes);
    const shape = JSON.stringify([indexes.map((i) => columns[i]), lead.head().length]);
    scrolled(node.tBodies[0], rows, line, (of) => `${shape} ${JSON.stringify([of, look(of)])}`);
    return "";
  }
  if (node.tBodies[0]) released(node.tBodies[0]);
  const around = () => ((node.tHead?.offsetHeight ?? 0) + (node.tFoot?.offsetHeight ?? 0)) / px(1) + 0.25;
  const turned = () => turn(rows, box, ROW_REM, around());
  if (!node.tHead) draw(rows.slice(0, 1));
  let [some, text] = turned();
  draw(some);
  while (indexes.length > 1 && node.offsetWidth > box.clientWidth) {
    indexes = indexes.slice(0, -1);
    draw(some);
  }
  const before = some.length;
  [some, text] = turned();  // what is above and below has another height now
  if (some.length !== before) draw(some);
  return text;
}

export function nobody(row, about) {
  const node = make("th", "", row.alert ? sign(severe(row.alert)) : "", row.entity, make("small", "", about));
  node.scope = "row";
  return node;
}

// A column's heading, which sorts the table.
export function heading(column, table) {
  const node = sortable(table, column.id, `${name(column)}${column.currency ? ` ${column.currency}` : ""}`, true, "value");
  node.firstChild.title = `${meaning(column)} · ${node.firstChild.title}`;
  return node;
}

export function columnsThatFit(id, count, leadRem) {
  const room = $(id).parentElement.clientWidth - px(leadRem);
  return isWall() ? Math.min(count, Math.max(1, Math.floor(room / px(COLUMN_REM)))) : count;
}

// Shares before counts: a table compares, and counts are for the tiles.
export const byShare = (columns) => [...columns.keys()].sort((a, b) => (columns[a].direction ? 0 : 1) - (columns[b].direction ? 0 : 1));
