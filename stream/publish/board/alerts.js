// Alerts: those that fire as cards, the worst first, then those that ended; silenced and muted ones are a count.
import { $, fill, isWall, make, name, px, severe, sign } from "./make.js";
import { age, figure, minute } from "./numbers.js";
import { words } from "./words.js";

const TURN_MS = 10000, GAP_REM = 0.5, WORST = ["critical", "warning", "info"];
const known = new Set();
let first = true;

const who = (alert) => (alert.level === "site" ? words.site : alert.name ?? alert.entity ?? words.agent);
const rank = (alert) => (WORST.includes(alert.severity) ? WORST.indexOf(alert.severity) : 1);
const quiet = (alert) => alert.silenced || alert.muted;

// "8.0 %" and "below 10.0 %". A rule on a target compares a share of it.
function compared(alert) {
  const of = alert.on && alert.on !== "value" ? { unit: "ratio" } : alert;
  // The value now; where nothing is published any more, the one that the alert's record has.
  const text = figure(alert.now ?? alert.v, of)?.join(" ").trim() ?? words.no_data;
  const limit = figure(alert.threshold, of).join(" ").trim();
  return [text, `${alert.above == null ? words.limit : alert.above ? words.above : words.below} ${limit}`];
}

function card(alert, data) {
  const shade = severe(alert.severity), [text, limit] = compared(alert);
  const state = alert.state === "pending" ? words.pending : words.severity[shade];
  const taken = alert.taken ? `${words.takenBy} ${alert.taken.by} ${minute(alert.taken.since, data.zone)}` : words.nobodyHas;
  const since = `${words.since} ${minute(alert.since, data.zone)} (${age(data.now_ms - Date.parse(alert.since)).replace(` ${words.ago}`, "")})`;
  const node = make("li", `card ${shade} ${alert.state}`,
    make("h3", "", sign(shade), make("b", "", who(alert)), " ", name(alert)),
    make("p", "compared", make("span", "figure", text), make("span", "limit", limit)),
    make("p", "", `${state} · ${since}`),
    make("p", alert.taken ? "taken" : "free", taken));
  node.title = [alert.rule, alert.reason, alert.taken?.note].filter(Boolean).join(" · ");
  if (data.you && ["lead", "manager"].includes(data.you.role)) node.append(acts(alert, data));
  return node;
}

// A lead takes an alert on; silences are a manager's.
function acts(alert, data) {
  const button = (action, text) => {
    const node = make("button", "", text);
    node.type = "button";
    Object.assign(node.dataset, { action, alert: alert.id });
    return node;
  };
  const silence = button("silence", words.silence);
  silence.dataset.match = JSON.stringify({ rule: alert.rule, site: data.site, level: alert.level, entity: alert.entity });
  return make("div", "acts", button(alert.taken ? "unack" : "ack", alert.taken ? words.giveBack : words.takeOn),
    data.you.role === "manager" ? silence : null);
}

function line(alert, zone) {
  const [text, limit] = compared(alert);
  const when = alert.state === "resolved" ? `${minute(alert.since, zone)} – ${minute(alert.at, zone)}` : `${words.since} ${minute(alert.since, zone)}`;
  const node = make("li", "over", make("b", "", who(alert)), " ", name(alert), " ", make("span", "", alert.state === "resolved" ? when : `${text}, ${limit} · ${when}`));
  node.title = alert.rule;
  return node;
}

// On a wall what does not fit takes turns; what has ended, and what is of nobody, is left out first.
function fit(list) {
  if (!isWall()) return "";
  const items = [...list.children], cards = items.filter((item) => item.classList.contains("card"));
  const bottom = () => Math.max(0, ...items.filter((item) => !item.hidden).map((item) => item.offsetTop + item.offsetHeight));
  const room = list.clientHeight;
  for (const item of items.toReversed()) {
    if (bottom() <= room) return "";
    if (!item.classList.contains("card") && !item.classList.contains("count")) item.hidden = true;
  }
  const gap = px(GAP_REM), pages = [[]];
  const tail = [...list.children].filter((item) => item.classList.contains("count")).reduce((sum, item) => sum + item.offsetHeight + gap, 0);
  let left = list.clientHeight - tail;
  for (const node of cards) {
    if (node.offsetHeight > left && pages.at(-1).length) {
      pages.push([]);
      left = list.clientHeight - tail;
    }
    pages.at(-1).push(node);
    left -= node.offsetHeight + gap;
  }
  const shown = Math.floor(Date.now() / TURN_MS) % pages.length;
  pages.forEach((page, i) => page.forEach((node) => { node.hidden = i !== shown; }));
  return pages.length > 1 ? ` ${shown + 1}/${pages.length}` : "";
}

// Said to who cannot see it: what began to fire since the last rendering.
function say(firing) {
  const fresh = firing.filter((alert) => alert.state === "firing" && !known.has(alert.id));
  fresh.forEach((alert) => known.add(alert.id));
  if (!first && fresh.length) {
    fill($("spoken"), fresh.map((alert) => `${words.newAlert}: ${who(alert)}, ${name(alert)}, ${compared(alert).join(", ")}`).join(". "));
  }
  first = false;
}

function hidden(data) {
  const silenced = data.alerts.filter((alert) => alert.silenced).length;
  const muted = data.alerts.filter((alert) => alert.muted && !alert.silenced).length;
  const text = [silenced && `${silenced} ${words.silenced}`, muted && `${muted} ${words.muted}`].filter(Boolean).join(" · ");
  if (!text) return [];
  const lines = data.alerts.filter(quiet).map((alert) => {
    const node = line(alert, data.zone);
    if (alert.silenced) node.append(make("small", "", `${words.until} ${minute(alert.silenced.until, data.zone)} · ${alert.silenced.by}: ${alert.silenced.why}`));
    return node;
  });
  return [make("li", "count", make("details", "", make("summary", "", text), make("ul", "", ...lines)))];
}

export function alerts(data) {
  const loud = data.alerts.filter((alert) => !alert.apart && !quiet(alert)).sort((a, b) => rank(a) - rank(b));
  const apart = data.alerts.filter((alert) => alert.apart && !quiet(alert));
  const divider = (text, list) => (list.length ? [make("li", "divider", text), ...list.map((alert) => line(alert, data.zone))] : []);
  const list = $("alerts");
  fill(list,
    ...(loud.length ? loud.map((alert) => card(alert, data)) : [make("li", "none", words.noAlerts)]),
    ...hidden(data),
    ...divider(words.recent, data.recent.filter((alert) => !quiet(alert))),
    ...divider(words.apartAlerts, apart));
  fill($("alerts-title"), `${words.alerts} · ${loud.length}${fit(list)}`);
  say(loud);
}

// Buttons of cards: what is done is written to the topic, and comes back with the next rendering.
export function act(by) {
  $("alerts").addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-action]");
    if (!button) return;
    const { action, alert: id, match } = button.dataset, name = by();
    const note = action === "silence" ? prompt(words.why) : "";
    if (name === null || note === null) return;
    const body = { action, ...(action === "silence" ? { match: JSON.parse(match), for: "1h", note } : { id }), ...(name ? { by: name } : {}) };
    button.disabled = true;
    try {
      const answer = await fetch("api/alerts", { method: "POST", body: JSON.stringify(body) });
      if (!answer.ok) alert((await answer.json()).error);
    } catch (error) {
      alert(`${words.notWritten} ${error.message}`);
    }
    button.disabled = false;
  });
}
