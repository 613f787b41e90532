// What agents do now, and for how long.
import { $, fill, make } from "./make.js";
import { doing, since, who } from "./people.js";
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
  const [some, turnText] = turn(sorted(sort, states.rows, KEYS), $(id).parentElement, 3.125, 6.5);
  const head = make("tr", "", sortable(sort, "name", words.agent, false), sortable(sort, "team", words.team, false),
    sortable(sort, "state", words.state, false), sortable(sort, "since", words.forHow, true, "value"));
  const body = some.map((row) => make("tr", `state-${row.state}`, who(row, "agent"), make("td", "", row.team ?? "–"),
    make("td", "", doing(row.state), row.reason ? make("small", "", row.reason) : ""),
    make("td", "value", make("span", "figure", since(row.since_ms, data.now_ms)))));
  const more = states.rows.length < states.total ? ` · ${states.rows.length} ${words.of} ${states.total}` : "";
  fill($(id), make("caption", "", `${counted(states)}${more}`), make("thead", "", head), make("tbody", "", ...body));
  return turnText;
}
