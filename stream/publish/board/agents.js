// The leaderboard of agents.
import { $, link, make, name, severe, sign } from "./make.js";
import { byShare, columnsThatFit, heading, nobody, table } from "./table.js";
import { words } from "./words.js";

export function agents(data) {
  const ranked = data.columns.findIndex((column) => column.id === data.rank_by.id);
  const rest = byShare(data.columns).filter((i) => i !== ranked);
  const order = (ranked < 0 ? rest : [ranked, ...rest]).slice(0, columnsThatFit("agents", data.columns.length, 150));
  const lead = {
    head: () => [make("th", "place", "#"), make("th", "", words.agent)],
    column: (column) => {
      const node = heading(column);
      node.replaceChildren(link({ rank: column.kpi }, node.textContent, column.kpi === data.rank_by.kpi));
      return node;
    },
    cells: (row) => [make("td", "place", row.place === null ? "–" : String(row.place)),
      make("th", "", row.alert ? sign(severe(row.alert)) : "", row.entity)],
    apart: (row, about) => [make("td", "place", "–"), nobody(row, about)],
  };
  const turned = table("agents", data.agents, data.columns, order, lead, words.noAgents, data.apart.agent, words.apartAgent);
  $("agents-title").textContent = `${words.agents} ${name(data.rank_by)}${turned}`;
}
