// What is looked at closely: a team, an agent, a queue, a segment; one of its numbers; its scores. The address says which.
import { facts } from "./facts.js";
import { $, address, fill, link, make, meaning, name, severe, sign, value } from "./make.js";
import { clock, figure, minute } from "./numbers.js";
import { number } from "./number.js";
import { called, doing, NOWHERE, score, since, way, who } from "./people.js";
import { scores } from "./scores.js";
import { sorted, sortable } from "./sorting.js";
import { stateRows } from "./states.js";
import { byShare, cells, heading, keys, numberLink } from "./table.js";
import { words } from "./words.js";

export function drill(data) {
  const of = data.detail, box = $("drill");
  box.dataset.view = of === null ? "floor" : of.number ? "number" : of.level;
  document.querySelector("main").hidden = of !== null;
  box.hidden = of === null;
  if (of === null) return;
  document.title = `${called(of)} · ${data.site} · ${words.title}`;
  fill($("looked-at"), ...(of.number ? number(of, data) : entity(of, data)));
  if (!of.number && of.states?.total) stateRows("team-states", data, of.states, "states");
  facts(of, data);
}

// One step up: from a number to whose it is, from an agent to the team, from a team to the floor.
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || $("drill").hidden || document.querySelector("dialog[open]")) return;
  [...document.querySelectorAll(".crumbs a")].at(-1)?.click();
});

// Floor › team › agent › number, each but the last a link.
export function crumbs(of, data) {
  const steps = [link(NOWHERE, data.called ?? data.site, false)];
  const team = of.level === "agent" ? of.team ?? address.get("team") : null;
  if (team) steps.push(link(way("team", team), of.team_name ?? team, false));
  if (of.level !== "site") steps.push(of.number ? link(way(of.level, of.entity, team), called(of), false) : make("span", "", called(of)));
  if (of.number) steps.push(make("span", "", name(of.number.column)));
  const node = make("nav", "crumbs", ...steps.flatMap((step, i) => (i ? [" › ", step] : [step])));
  steps.at(-1).setAttribute("aria-current", "page");
  return node;
}

function entity(of, data) {
  const parts = [of.place ? `${words.place_} ${of.place} ${words.of} ${of.of} (${name(data.rank_by)})` : "",
    of.state ? `${words.nowIn} ${doing(of.state.state)}, ${since(of.state.since_ms, data.now_ms)}` : ""];
  return [
    crumbs(of, data),
    make("h2", "", of.level === "site" ? called(of) : `${words[of.level]} ${called(of)}`),
    make("p", "about", parts.filter(Boolean).join(" · ")),
    ...(of.level === "leader" ? [scored(of, data)]  // KPIs have no such level
      : address.has("scheme") ? [scored(of, data), panel(words.sideBySide, across(of, data))] : [panel(words.sideBySide, across(of, data)), scored(of, data)]),
    ...(of.members ? [panel(words.members, members(of, data))] : []),
    ...(of.states?.total ? [panel(words.agentsNow, identified("team-states", make("table", "")))] : []),
    ...alertsOf(of, data),
  ];
}

const scored = (of, data) => (of.scores.length || data.card[of.level] ? panel(words.scoresOf, scores(of)) : "");

function identified(id, node) {
  node.id = id;
  return node;
}

const panel = (title, ...children) => make("section", "panel", make("h3", "", title), make("div", "rows", ...children));

// One row a KPI, one column a window: now, the last half hour, the day, the month.
function across(of, data) {
  const windows = of.across.filter((each) => each.cells !== null);
  if (windows.length === 0) return make("p", "none", words.noNumber);
  const head = make("tr", "", sortable("across", "name", words.kpi, false), ...windows.map((each) => {
    const node = sortable("across", each.choice, name(each), true, "value");
    node.title = `${clock(Date.parse(each.from), data.zone, data.now_ms)} – ${clock(Date.parse(each.to), data.zone, data.now_ms)}`;
    return node;
  }));
  const known = ({ s, v }) => (s === "ok" ? v : null);
  const by = { name: ([column]) => name(column), ...Object.fromEntries(windows.map((each) => [each.choice, ([, i]) => known(each.cells[i])])) };
  const body = sorted("across", data.columns.map((column, i) => [column, i]), by).map(([column, i]) => {
    const title = make("th", "", numberLink(make("span", "", `${name(column)}${column.currency ? ` ${column.currency}` : ""}`), column, way(of.level, of.entity, of.team)));
    title.scope = "row";
    title.title = meaning(column);
    return make("tr", "", title, ...windows.flatMap((each) => cells({ ...each, entity: of.entity, team: of.team }, data.columns, [i], of.level)));
  });
  return make("table", "across", make("thead", "", head), make("tbody", "", ...body));
}

function members(of, data) {
  if (of.members.length === 0) return make("p", "none", words.noMembers);
  const order = byShare(data.columns), card = data.card.agent !== null;
  const head = make("tr", "", sortable("members", "place", "#", false, "place"), sortable("members", "name", words.agent, false),
    ...(card ? [sortable("members", "score", words.score, true, "value")] : []), ...order.map((i) => heading(data.columns[i], "members")));
  const rows = sorted("members", of.members, keys(data.columns)).map((row) => make("tr", row.alert ? `alert ${severe(row.alert)}` : "",
    make("td", "place", row.place === null ? "–" : String(row.place)), who(row, "agent"), ...(card ? [score(row)] : []),
    ...cells(row, data.columns, order, "agent")));
  return make("table", "", make("thead", "", head), make("tbody", "", ...rows));
}

function alertsOf(of, data) {
  const mine = data.alerts.filter((alert) => alert.level === of.level && alert.entity === of.entity);
  if (mine.length === 0) return [];
  return [panel(words.alertsOf, ...mine.map((alert) => make("p", "",
    sign(severe(alert.severity)), " ", name(alert), " ", value({ s: alert.v === null ? "no_data" : "ok", v: alert.v }, alert),
    ` · ${words.limit} ${figure(alert.threshold, alert).join(" ").trim()} · ${words.since} ${minute(alert.since, data.zone)}`)))];
}
