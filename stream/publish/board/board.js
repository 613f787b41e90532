// The page: shows what the server pushes, and says how current it is. Colours are never alone: each has a sign and a
// word.
import { agents } from "./agents.js";
import { act, alerts } from "./alerts.js";
import { listenForDebtors } from "./debtors.js";
import { drill } from "./drill.js";
import { groups } from "./groups.js";
import { explain, listen } from "./help.js";
import { $, address, fill, isWall, link, make, name } from "./make.js";
import { age, clock } from "./numbers.js";
import { standings } from "./standings.js";
import { tiles } from "./tiles.js";
import { follow } from "./transport.js";
import { language, words } from "./words.js";

const LOST_MS = 5000, TICK_MS = 1000, TURN_MS = 10000;

let you = null, shown = null, clocks = null, refused = null, polled = false, offsetMs = 0, heardMs = performance.now();

const nowMs = () => Date.now() + offsetMs;

// Why there is no record of this window.
function emptyText(data) {
  if (data.empty?.why === "begins") return `${words.begins} ${clock(data.empty.at_ms, data.zone, nowMs()).slice(0, -3)}`;
  if (data.empty?.why === "not_here") return words.notHere;
  return data.as_of_ms === null ? words.noneYet : words.nothingYet;
}

function show(data) {
  data.now_ms = nowMs();
  data.you = you;
  document.title = `${data.site} · ${words.title}`;
  fill($("site"), data.called ?? data.site);
  const sites = data.sites.length > 1 ? data.sites.filter((s) => s !== data.site).map((s) => link({ site: s }, s, false)) : [];
  fill($("sites"), ...sites);
  fill($("choices"), ...data.choices.map((c) => link({ window: c.id }, name(c), c.id === data.choice)));
  const day = (text) => clock(Date.parse(text), data.zone, nowMs()).slice(0, -3);
  fill($("span"), data.from === null ? emptyText(data) : `${day(data.from)} – ${day(data.to)} · ${data.final ? words.final : words.soFar}`);
  tiles(data);
  groups(data);
  standings(data);
  agents(data);
  alerts(data);
  drill(data);
  explain(data);
  document.querySelector("main").dataset.changes = data.changes;
}

// How current the page is: one word, the colour of the page, and where it is not current a sentence.
function howCurrent() {
  const silentMs = performance.now() - heardMs;
  const oldMs = shown?.as_of_ms == null ? null : nowMs() - shown.as_of_ms;
  const cut = clocks?.problem && clocks.trouble !== "starting";
  const is = silentMs > LOST_MS ? "lost" : refused ? "wrong" : cut ? "cut" : shown === null || clocks === null || clocks.loading ? "loading"
    : oldMs === null || oldMs > clocks.limit_ms ? "stale" : "live";
  return { is, silentMs, oldMs };
}

function sentence(is, silentMs, oldMs, asOf) {
  const problem = clocks?.problem ? words.trouble[clocks.trouble] ?? clocks.problem : "";
  const upTo = oldMs === null ? "" : ` · ${words.countedUpTo} ${asOf}, ${age(oldMs)}`;
  return {
    live: () => "",
    lost: () => `${words.lostLong} ${age(silentMs)}`,
    wrong: () => (refused.busy ? refused.text : `${words.wrongLong} ${refused.text}`),
    cut: () => `${words.cutLong} ${problem}${upTo}`,
    loading: () => [words.loadingLong, problem].filter(Boolean).join(" · "),
    stale: () => (oldMs === null ? shown && emptyText(shown) : `${words.staleLong} ${asOf}, ${age(oldMs)}`),
  }[is]() ?? "";
}

function state() {
  const { is, silentMs, oldMs } = howCurrent();
  document.body.className = is;
  fill($("state"), is === "wrong" && refused.busy ? words.busy : is === "live" && polled ? words.polled : words[is]);
  fill($("age"), oldMs === null ? "" : age(oldMs));
  const asOf = oldMs === null ? "--:--:--" : clock(shown.as_of_ms, shown.zone, nowMs());
  fill($("as-of"), asOf);
  $("banner").hidden = is === "live";
  const back = make("a", "", words.back);
  back.href = address.has("lang") ? `?lang=${language}` : "?";
  fill($("banner"), sentence(is, silentMs, oldMs, asOf), ...(is === "wrong" && !refused.busy ? [back] : []));
}

// Draws what is shown, and rests four times as long as it took: a slow phone skips some, and stays smooth.
let drawnMs = 0, tookMs = 0, due = null;

function draw() {
  if (due !== null) return;
  due = setTimeout(() => {
    const begin = performance.now();
    due = null;
    state();
    show(shown);
    performance.measure("show", { start: begin });
    drawnMs = performance.now();
    tookMs = drawnMs - begin;
  }, Math.max(0, drawnMs + 4 * tookMs - performance.now()));
}

const heard = () => { heardMs = performance.now(); };

follow(address, {
  now(told) {
    heard();
    clocks = told;
    offsetMs = told.now_ms - Date.now();
    state();
  },
  floor(data) {
    heard();
    refused = null;
    shown = data;
    draw();
  },
  you(told) {
    you = told;
    if (shown) show(shown);
  },
  refused(why) {
    heard();
    refused = why;
    state();
  },
  polled(asks) {
    polled = asks;
    state();
  },
});

document.documentElement.lang = language;
listen();
listenForDebtors();
// Where nobody has signed in, who takes an alert on says who he is.
let myName = null;
act(() => (you?.name ? "" : (myName ??= prompt(words.yourName))));
$("clock").title = words.asOf;
const turn = () => Math.floor(Date.now() / TURN_MS);
let turned = turn();
setInterval(() => {
  if (shown && turned !== turn()) show(shown);  // rows that do not fit take turns
  turned = turn();
  state();
}, TICK_MS);
// What fits depends on the room that the header and the banner leave.
const redraw = () => shown && show(shown);
addEventListener("resize", redraw);
new ResizeObserver(() => isWall() && redraw()).observe(document.querySelector("main"));
state();
