// The table beside the leaderboard: teams, or queues or segments.
import { $, address, fill, link, make, name } from "./make.js";
import { score, who } from "./people.js";
import { sortable, sorted } from "./sorting.js";
import { spark } from "./spark.js";
import { byShare, columnsThatFit, heading, keys, nobody, table } from "./table.js";
import { words } from "./words.js";

// Teams, or what `level` in the address asks for; those that have records are offered in the title.
const SOME_TEAMS = 3;
const GROUPS = { team: "teams", leader: "leaders", queue: "queues", segment: "segments" };

export const groupLevel = () => (Object.hasOwn(GROUPS, address.get("level") ?? "") ? address.get("level") : "team");

export function groups(data) {
  const level = groupLevel(), scored = level === "leader" || (level === "team" && data.card.team !== null);
  // Queues have numbers of their own, unless the address says which.
  const { columns, rows } = level === "queue" && !address.has("kpis") ? data.queue_tiles : { columns: level === "leader" ? [] : data.columns, rows: data[GROUPS[level]] };
  const trends = level === "team" ? data.trends : null;
  const order = byShare(columns).slice(0, columnsThatFit("teams", columns.length, (scored ? 18 : 10) + (trends ? 7 : 0))).sort((a, b) => a - b);
  const lead = {
    level,
    head: () => [sortable("teams", "name", words[level], false), ...(scored ? [sortable("teams", "score", words.score, true, "value")] : []),
      ...(level === "leader" ? [sortable("teams", "teams", words.teams, false)] : [])],
    column: (column) => heading(column, "teams"),
    cells: (row) => [who(row, level), ...(scored ? [score(row)] : []), ...(level === "leader" ? [led(row)] : [])],
    tail: trends && {
      head: () => [trendHeading(data, trends)],
      cells: (row) => [make("td", "value", spark(trends.teams[row.entity], trendColumn(data, trends)))],
    },
    apart: (row, about) => [nobody(row, about), ...(scored ? [make("td", "value", "–")] : [])],
  };
  const apart = level === "team" ? data.apart.team : null;
  const turned = table("teams", sorted("teams", rows, { ...keys(columns), teams: (row) => row.teams?.join() }), columns, order, lead, words.noTeams, apart, words.apartTeam, (row) => trends?.teams[row.entity]);
  const offered = Object.keys(GROUPS).filter((each) => each === level || each === "team" || data[GROUPS[each]].length);
  fill($("teams-title"),
    ...(offered.length === 1 ? [words.teams] : offered.map((each) => link({ level: each }, words[GROUPS[each]], each === level))),
    turned);
}

// The teams that count for a leader: as many as a wall has room for, all of them as the pointer's text.
function led(row) {
  const more = row.teams.length - SOME_TEAMS;
  const node = make("td", "", row.teams.slice(0, SOME_TEAMS).join(", "), more > 0 ? ` +${more}` : "");
  node.title = row.teams.join(", ");
  return node;
}

// The KPI whose way is drawn: the one by which agents are ranked.
const trendColumn = (data, trends) => [data.rank_by, ...data.columns].find((column) => column.id === trends.by);

function trendHeading(data, trends) {
  const node = make("th", "value", `${name(trendColumn(data, trends))}, ${words.lastHours}`);
  node.scope = "col";
  return node;
}
