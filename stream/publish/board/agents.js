// The leaderboard of agents, or what they do now.
import { $, address, fill, link, make, meaning, name } from "./make.js";
import { score, who } from "./people.js";
import { stateRows } from "./states.js";
import { byShare, columnsThatFit, nobody, table } from "./table.js";
import { words } from "./words.js";

export function agents(data) {
  if (address.get("people") === "state") return states(data);
  const ranked = data.columns.findIndex((column) => column.id === data.rank_by.id), scored = data.card.agent !== null;
  const rest = byShare(data.columns).filter((i) => i !== ranked);
  const order = (ranked < 0 ? rest : [ranked, ...rest]).slice(0, columnsThatFit("agents", data.columns.length, scored ? 18 : 11));
  const lead = {
    level: "agent",
    head: () => [col("place", "#"), byName(), ...(scored ? [ranking({ kpi: "score", about: data.card.agent }, words.score, data)] : [])],
    column: (column) => ranking(column, `${name(column)}${column.currency ? ` ${column.currency}` : ""}`, data),
    cells: (row) => [make("td", "place", row.place === null ? "–" : String(row.place)), who(row, "agent"), ...(scored ? [score(row)] : [])],
    apart: (row, about) => [make("td", "place", "–"), nobody(row, about), ...(scored ? [make("td", "value", "–")] : [])],
  };
  const turned = table("agents", data.agents, data.columns, order, lead, words.noAgents, data.apart.agent, words.apartAgent);
  title(data, `${words.agents} ${name(data.rank_by)}${ordered()}${turned}`);
}

function col(className, text) {
  const node = make("th", className, text);
  node.scope = "col";
  return node;
}

// A column ranks the agents of the whole site, not the rows that are here: the best first, and again: the worst.
function ranking(column, text, data) {
  const is = column.kpi === data.rank_by.kpi, worst = address.get("order") === "worst";
  const to = link({ rank: column.kpi, order: is && !worst ? "worst" : null }, text, is);
  const node = make("th", "value", to);
  node.scope = "col";
  to.title = meaning(column);
  if (is && address.get("order") !== "name") node.setAttribute("aria-sort", worst ? "ascending" : "descending");
  return node;
}

function byName() {
  const is = address.get("order") === "name";
  const node = make("th", "", link({ order: is ? null : "name" }, words.agent, is));
  node.scope = "col";
  if (is) node.setAttribute("aria-sort", "ascending");
  return node;
}

const ordered = () => ({ worst: ` · ${words.worstFirst}`, name: ` · ${words.byName}` }[address.get("order")] ?? "");

// Both views of people are offered where agents give their states.
function title(data, text) {
  const state = address.get("people") === "state";
  if (!data.states.total && !state) return fill($("agents-title"), text);
  const other = link({ people: state ? null : "state" }, state ? words.byRank : words.agentsNow, false);
  const here = link({}, text, true);
  fill($("agents-title"), ...(state ? [other, here] : [here, other]));
}

function states(data) {
  const turned = stateRows("agents", data, data.states, "states");
  title(data, `${words.agentsNow}${turned}`);
}
