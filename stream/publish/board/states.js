// What agents do now, and for how long.
import { $, fill, isWall, make, put } from "./make.js";
import { doing, since, who } from "./people.js";
import { released, scrolled } from "./rows.js";
import { sortable, sorted } from "./sorting.js";
import { turn } from "./table.js";
import { words } from "./words.js";

const KEYS = {
  name: (row) => row.name ?? row.entity, team: (row) => row.team, state: (row) => doing(row.state), since: (row) => -row.since_ms,
};

// How many do what, in one line.
export const counted = (states) => states.counts.map(({ state, agents }) => `${doing(state)} ${agents}`).join(" · ");

// Fills the table `id`; gives which turn it is, on a wall. `sort`: the table's name in the address.
export function stateRows(id, data, states, sort) {
  if (states.total === 0) {
    fill($(id), make("caption", "none", words.noStates));
    return "";
  }
  const line = (row) => make("tr", `state-${row.state}`, who(row, "agent"), make("td", "", row.team ?? "–"),
    make("td", "", doing(row.state), row.reason ? make("small", "", row.reason) : ""),
    make("td", "value", make("span", "figure", since(row.since_ms, data.now_ms))));
  const [some, turnText] = turn(sorted(sort, states.rows, KEYS), $(id).parentElement, 3.125, 6.5);
  const head = make("tr", "", sortable(sort, "name", words.agent, false), sortable(sort, "team", words.team, false),
    sortable(sort, "state", words.state, false), sortable(sort, "since", words.forHow, true, "value"));
  const more = states.rows.length < states.total ? ` · ${states.rows.length} ${words.of} ${states.total}` : "";
  const top = [make("caption", "", `${counted(states)}${more}`), make("thead", "", head)], node = $(id);
  if (isWall()) {
    if (node.tBodies[0]) released(node.tBodies[0]);
    fill(node, ...top, make("tbody", "", ...some.map(line)));
    return turnText;
  }
  top.forEach((part, i) => put(node, i, part));
  if (!node.tBodies[0]) node.append(make("tbody", ""));
  scrolled(node.tBodies[0], some, line, (row) => JSON.stringify([row, since(row.since_ms, data.now_ms)]));
  return turnText;
}
