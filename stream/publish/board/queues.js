// Queues at a glance: a tile for each, when the queues are what is looked at.
import { link, make, name, severe, sign, value, word } from "./make.js";
import { groupLevel } from "./groups.js";
import { way } from "./people.js";
import { words } from "./words.js";

const MOST = 10;

// The tiles of the queues, or null: others are looked at.
export function queueTiles(data) {
  const { columns, rows } = data.queue_tiles;
  if (groupLevel() !== "queue" || rows.length === 0) return null;
  return rows.slice(0, MOST).map((row) => {
    const [service, ...others] = row.cells;
    const small = others.map((cell, i) =>
      make("span", "", `${value(cell, columns[i + 1]).textContent.trim()} ${words.ofQueues[columns[i + 1].kpi]}`));
    const node = make("article", `tile queue ${row.alert ? severe(row.alert) : service.c}`,
      make("h3", "", row.alert ? sign(severe(row.alert)) : "", link(way("queue", row.entity), row.name ?? row.entity, false)),
      make("div", "big", value(service, columns[0])),
      make("p", "", sign(service.c, word(service)), ...small));
    node.title = [name(columns[0]), ...others.map((cell, i) => `${name(columns[i + 1])} ${value(cell, columns[i + 1]).textContent}`)].join(" · ");
    return node;
  });
}
