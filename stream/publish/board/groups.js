// The table beside the leaderboard: teams, or queues or segments.
import { $, address, link, make, severe, sign } from "./make.js";
import { byShare, columnsThatFit, heading, nobody, table } from "./table.js";
import { words } from "./words.js";

// Teams, or what `level` in the address asks for; those that have records are offered in the title.
const GROUPS = { team: "teams", queue: "queues", segment: "segments" };

export function groups(data) {
  const level = Object.hasOwn(GROUPS, address.get("level") ?? "") ? address.get("level") : "team";
  const order = byShare(data.columns).slice(0, columnsThatFit("teams", data.columns.length, 150)).sort((a, b) => a - b);
  const lead = {
    head: () => [make("th", "", words[level])],
    column: heading,
    cells: (row) => [make("th", "", row.alert ? sign(severe(row.alert)) : "", row.entity)],
    apart: (row, about) => [nobody(row, about)],
  };
  const apart = level === "team" ? data.apart.team : null;
  const turned = table("teams", data[GROUPS[level]], data.columns, order, lead, words.noTeams, apart, words.apartTeam);
  const offered = Object.keys(GROUPS).filter((each) => each === level || each === "team" || data[GROUPS[each]].length);
  $("teams-title").replaceChildren(
    ...(offered.length === 1 ? [words.teams] : offered.map((each) => link({ level: each }, words[GROUPS[each]], each === level))),
    turned);
}
