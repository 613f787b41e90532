// The page: asks for a snapshot every second and shows it. Colours are never alone: each has a sign and a word.
import { age, clock, figure, minute, parts } from "./numbers.js";
import { language, words } from "./words.js";

const POLL_MS = 1000, LOST_MS = 5000, TURN_MS = 10000;
const SIGNS = { good: "✓", watch: "≈", info: "i", warning: "!", critical: "!!" };
const address = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

let shown = null, refused = null, offsetMs = 0, answeredMs = performance.now();

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

function link(changes, text, current) {
  const query = new URLSearchParams(address);
  for (const [name, value] of Object.entries(changes)) query.set(name, value);
  const node = make("a", current ? "current" : "", text);
  node.href = `?${query}`;
  if (current) node.setAttribute("aria-current", "true");
  return node;
}

const sign = (shade, word = words.severity[shade]) => {
  if (!(shade in SIGNS)) return null;
  const node = make("span", `sign ${shade}`, SIGNS[shade]);
  node.title = word;
  node.setAttribute("aria-label", word);
  return node;
};
const severe = (severity) => (severity in SIGNS ? severity : "warning");
const name = (thing) => thing[language] ?? thing.en;

function value(cell, column) {
  const text = cell.s === "ok" ? figure(cell.v, column) : null;
  if (text === null) return make("span", "none", words[cell.s] ?? "–");
  return make("span", "figure", text[0], make("small", "", text[1]));
}

// Where a target applies, "pace of target", or the target alone while there is no pace; else nothing.
function towards(cell, column) {
  if (!("t" in cell)) return "";
  const target = figure(cell.t, { ...column, currency: "" }).join(" ").trim();
  return cell.p === null ? `${words.target} ${target}` : `${figure(cell.p, { unit: "ratio" }).join(" ")} ${words.of} ${target}`;
}
// What a value was made of, and how it goes on towards its target: what a pointer shows.
const about = (cell, column) => [cell.s === "absent" ? "" : parts(cell, column), towards(cell, column)].filter(Boolean).join(" · ");
// A colour that no rule gives is the target's.
const word = (cell) => ("t" in cell && cell.r === null ? words.aims[cell.c] : words.severity[cell.c]) ?? "";

function tile(cell, column) {
  const made = cell.s === "absent" ? "" : parts(cell, column);
  const node = make("article", `tile ${cell.c}`,
    make("h3", "", name(column)),
    make("div", "big", value(cell, column)),
    make("p", "", sign(cell.c, word(cell)), make("span", "", [word(cell), towards(cell, column) || made].filter(Boolean).join(" · "))));
  node.title = about(cell, column);
  return node;
}

function cells(row, columns, indexes) {
  return indexes.map((i) => {
    const cell = row.cells[i];
    // The heading names the currency.
    const bare = { ...columns[i], currency: "" };
    const target = towards(cell, bare);
    const node = make("td", `value ${cell.c}`, value(cell, bare), sign(cell.c, word(cell)), target && make("small", "aim", target));
    node.title = about(cell, columns[i]);
    return node;
  });
}

// A wall cannot be scrolled: what does not fit takes turns. A phone scrolls.
function turn(rows, box, rowPx, around) {
  if (!matchMedia("(min-width: 1200px)").matches) return [rows, ""];
  const fits = Math.max(1, Math.floor(box.clientHeight / rowPx) - around), pages = Math.ceil(rows.length / fits);
  if (pages <= 1) return [rows, ""];
  const page = Math.floor(Date.now() / TURN_MS) % pages;
  return [rows.slice(page * fits, (page + 1) * fits), ` ${page + 1}/${pages}`];
}

// `apart`: the row of what names nobody, or null. It stands below, whatever the rows are ordered by.
function table(id, rows, columns, indexes, lead, empty, apart, about) {
  const box = $(id).parentElement;
  if (rows.length === 0 && apart === null) {
    $(id).replaceChildren(make("caption", "none", empty));
    return "";
  }
  const [some, turnText] = turn(rows, box, 50, apart === null ? 1 : 2.2);
  const head = make("tr", "", ...lead.head(), ...indexes.map((i) => lead.column(columns[i])));
  const body = some.map((row) => make("tr", row.alert ? `alert ${severe(row.alert)}` : "", ...lead.cells(row), ...cells(row, columns, indexes)));
  const foot = apart && make("tfoot", "", make("tr", "", ...lead.apart(apart, about), ...cells(apart, columns, indexes)));
  $(id).replaceChildren(make("thead", "", head), make("tbody", "", ...body), ...(foot ? [foot] : []));
  return turnText;
}

const nobody = (row, about) => make("th", "", row.alert ? sign(severe(row.alert)) : "", row.entity, make("small", "", about));

const heading = (column) => {
  const node = make("th", "value", name(column), column.currency ? ` ${column.currency}` : "");
  node.title = column.about;
  return node;
};

function columnsThatFit(id, count, leadPx) {
  const px = $(id).parentElement.clientWidth - leadPx;
  const fit = matchMedia("(min-width: 1200px)").matches ? Math.max(1, Math.floor(px / 126)) : count;
  return Math.min(count, fit);
}

// Shares before counts: a table compares, and counts are for the tiles.
const byShare = (columns) => [...columns.keys()].sort((a, b) => (columns[a].direction ? 0 : 1) - (columns[b].direction ? 0 : 1));

// Teams, or what `level` in the address asks for; those that have records are offered in the title.
const GROUPS = { team: "teams", queue: "queues", segment: "segments" };

function groups(data) {
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

function agents(data) {
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

// `quiet`: it has ended, or is of nobody.
function alertItem(alert, zone, quiet) {
  const text = figure(alert.v, alert)?.join(" ").trim() ?? words.no_data;
  const limit = figure(alert.threshold, alert).join(" ").trim();
  const who = alert.level === "site" ? words.site : alert.entity;
  const state = alert.state === "pending" ? ` · ${words.pending}` : "";
  return make("li", quiet ? "over" : `firing ${severe(alert.severity)}`,
    make("div", "", quiet ? null : sign(severe(alert.severity)), make("b", "", who), make("span", "", name(alert))),
    make("p", "", alert.state === "resolved" ? `${words.since} ${minute(alert.since, zone)} – ${minute(alert.at, zone)}`
      : `${text}, ${words.limit} ${limit} · ${words.severity[severe(alert.severity)]}${state} · ${words.since} ${minute(alert.since, zone)}`));
}

function alerts(data) {
  const items = (alerts, quiet) => alerts.map((alert) => alertItem(alert, data.zone, quiet));
  const firing = data.alerts.filter((alert) => !alert.apart), apart = data.alerts.filter((alert) => alert.apart);
  $("alerts-title").textContent = `${words.alerts} · ${firing.length}`;
  $("alerts").replaceChildren(
    ...(firing.length ? items(firing, false) : [make("li", "none", words.noAlerts)]),
    ...(data.recent.length ? [make("li", "divider", words.recent), ...items(data.recent, true)] : []),
    ...(apart.length ? [make("li", "divider", words.apartAlerts), ...items(apart, true)] : []));
}

// How many debtors of each team are near or at the limit of a conduct rule; the panel is there where there are any.
function standings(data) {
  $("conduct").hidden = data.standings.length === 0;
  if ($("conduct").hidden) return;
  const [some, turnText] = turn(data.standings, { clientHeight: innerHeight * 0.3 }, 46, 2);
  const count = (n, shade) => make("td", `value ${n ? shade : "plain"}`, make("span", "figure", n.toLocaleString(language)));
  const states = [["near", "watch"], ["reached", "warning"], ["breached", "critical"]];
  const head = make("tr", "", make("th", "", words.team), ...states.map(([state, shade]) => make("th", "value", sign(shade, words[state]), " ", words[state])));
  const body = some.map((row) => make("tr", "", make("th", "", row.team, make("small", "", row.rule)),
    ...states.map(([state, shade]) => count(row[state], shade))));
  $("standings").replaceChildren(make("thead", "", head), make("tbody", "", ...body));
  $("conduct-title").textContent = `${words.standings}${turnText}`;
}

// Why there is no record of this window.
function emptyText(data) {
  if (data.empty?.why === "begins") return `${words.begins} ${clock(data.empty.at_ms, data.zone, data.now_ms).slice(0, -3)}`;
  if (data.empty?.why === "not_here") return words.notHere;
  return data.as_of_ms === null ? words.noneYet : words.nothingYet;
}

function show(data) {
  document.title = `${data.site} · ${words.title}`;
  $("site").textContent = data.site;
  const sites = data.sites.length > 1 ? data.sites.filter((s) => s !== data.site).map((s) => link({ site: s }, s, false)) : [];
  $("sites").replaceChildren(...sites);
  $("choices").replaceChildren(...data.choices.map((c) => link({ window: c.id }, name(c), c.id === data.choice)));
  const day = (text) => clock(Date.parse(text), data.zone, data.now_ms).slice(0, -3);
  $("span").textContent = data.from === null ? emptyText(data)
    : `${day(data.from)} – ${day(data.to)} · ${data.final ? words.final : words.soFar}`;
  const row = data.floor ?? { cells: data.columns.map(() => ({ v: null, n: 0, d: 0, s: "absent", c: "plain" })) };
  $("tiles").replaceChildren(...row.cells.map((cell, i) => tile(cell, data.columns[i])));
  groups(data);
  standings(data);
  agents(data);
  alerts(data);
}

function state() {
  const silentMs = performance.now() - answeredMs;
  const nowMs = Date.now() + offsetMs;
  const oldMs = shown?.as_of_ms == null ? null : nowMs - shown.as_of_ms;
  const cut = shown?.problem && shown.trouble !== "starting";
  const is = silentMs > LOST_MS ? "lost" : refused ? "wrong" : cut ? "cut" : shown === null || shown.loading ? "loading"
    : oldMs === null || oldMs > shown.limit_ms ? "stale" : "live";
  document.body.className = is;
  $("state").textContent = is === "wrong" && refused.busy ? words.busy : words[is];
  $("age").textContent = oldMs === null ? "" : age(oldMs);
  const text = oldMs === null ? "--:--:--" : clock(shown.as_of_ms, shown.zone, nowMs);
  $("as-of").textContent = text;
  const problem = shown?.problem ? words.trouble[shown.trouble] ?? shown.problem : "";
  const upTo = oldMs === null ? "" : ` · ${words.countedUpTo} ${text}, ${age(oldMs)}`;
  $("banner").hidden = is === "live";
  $("banner").textContent = {
    live: "",
    lost: `${words.lostLong} ${age(silentMs)}`,
    wrong: refused?.busy ? refused.text : `${words.wrongLong} ${refused?.text}`,
    cut: `${words.cutLong} ${problem}${upTo}`,
    loading: [words.loadingLong, problem].filter(Boolean).join(" · "),
    stale: oldMs === null ? shown && emptyText(shown) : `${words.staleLong} ${text}, ${age(oldMs)}`,
  }[is];
  if (is === "wrong" && !refused.busy) {
    const back = make("a", "", words.back);
    back.href = address.has("lang") ? `?lang=${language}` : "?";
    $("banner").append(back);
  }
}

async function poll() {
  try {
    const answer = await fetch(`api/floor?${address}`, { signal: AbortSignal.timeout(4000), cache: "no-store" });
    const data = await answer.json();
    answeredMs = performance.now();
    refused = answer.ok ? null : { text: data.error, busy: answer.status === 503 };
    if (answer.ok) {
      offsetMs = data.now_ms - Date.now();
      shown = data;
      show(data);
    }
  } catch (error) {
    console.warn("no snapshot:", error);
  }
  state();
}

document.documentElement.lang = language;
$("clock").title = words.asOf;
setInterval(poll, POLL_MS);
addEventListener("resize", () => shown && show(shown));
poll();
