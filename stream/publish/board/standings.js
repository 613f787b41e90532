// Debtors near limits of conduct rules, as counts by team and rule.
import { debtorCount, debtorsOf } from "./debtors.js";
import { $, fill, link, make, sign } from "./make.js";
import { way } from "./people.js";
import { sorted, sortable } from "./sorting.js";
import { turn } from "./table.js";
import { language, words } from "./words.js";

const KEYS = { team: (row) => row.team, near: (row) => row.near, reached: (row) => row.reached, breached: (row) => row.breached };

// The team, and the rule without the name of its pack.
function whose(row) {
  const node = make("th", "", link(way("team", row.team), row.name ?? row.team, false), make("small", "", row.rule.split(".").at(-1)));
  node.title = row.rule;
  node.scope = "row";
  return node;
}

// How many debtors of each team are near or at the limit of a conduct rule; the panel is there where there are any.
export function standings(data) {
  debtorsOf(data);
  $("conduct").hidden = data.standings.length === 0;
  if ($("conduct").hidden) return;
  const [some, turnText] = turn(sorted("conduct", data.standings, KEYS), $("standings").parentElement, 2.75, 3.5);
  const count = (n, shade, row, state) => make("td", `value ${n ? shade : "plain"}`, n ? debtorCount(n.toLocaleString(language), row, state) : make("span", "figure", "0"));
  const states = [["near", "watch"], ["reached", "warning"], ["breached", "critical"]];
  const head = make("tr", "", sortable("conduct", "team", words.team, false), ...states.map(([state, shade]) => {
    const node = sortable("conduct", state, words[state], true, "value");
    node.prepend(sign(shade, words[state]), " ");
    return node;
  }));
  const body = some.map((row) => make("tr", "", whose(row),
    ...states.map(([state, shade]) => count(row[state], shade, row, state))));
  fill($("standings"), make("thead", "", head), make("tbody", "", ...body));
  fill($("conduct-title"), `${words.standings}${turnText}`);
}
