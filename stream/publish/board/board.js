// The page: asks for a snapshot every second and shows it. Colours are never alone: each has a sign and a word.
import { agents } from "./agents.js";
import { alerts } from "./alerts.js";
import { drill } from "./drill.js";
import { groups } from "./groups.js";
import { $, address, link, make, name } from "./make.js";
import { age, clock } from "./numbers.js";
import { queueTiles } from "./queues.js";
import { standings } from "./standings.js";
import { tile } from "./tiles.js";
import { language, words } from "./words.js";

const POLL_MS = 1000, LOST_MS = 5000;

let shown = null, refused = null, offsetMs = 0, answeredMs = performance.now();

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
  $("tiles").replaceChildren(...(queueTiles(data) ?? row.cells.map((cell, i) => tile(cell, data.columns[i]))));
  groups(data);
  standings(data);
  agents(data);
  alerts(data);
  drill(data);
  document.querySelector("main").dataset.changes = data.changes;
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
