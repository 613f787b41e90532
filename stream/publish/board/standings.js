// Debtors near limits of conduct rules, as counts by team and rule.
import { $, fill, make, sign } from "./make.js";
import { turn } from "./table.js";
import { language, words } from "./words.js";

// How many debtors of each team are near or at the limit of a conduct rule; the panel is there where there are any.
export function standings(data) {
  $("conduct").hidden = data.standings.length === 0;
  if ($("conduct").hidden) return;
  const [some, turnText] = turn(data.standings, { clientHeight: innerHeight * 0.3 }, 46, 2);
  const count = (n, shade) => make("td", `value ${n ? shade : "plain"}`, make("span", "figure", n.toLocaleString(language)));
  const states = [["near", "watch"], ["reached", "warning"], ["breached", "critical"]];
  const head = make("tr", "", make("th", "", words.team), ...states.map(([state, shade]) => make("th", "value", sign(shade, words[state]), " ", words[state])));
  const body = some.map((row) => make("tr", "", make("th", "", row.team, make("small", "", row.rule)),
    ...states.map(([state, shade]) => count(row[state], shade))));
  fill($("standings"), make("thead", "", head), make("tbody", "", ...body));
  fill($("conduct-title"), `${words.standings}${turnText}`);
}
