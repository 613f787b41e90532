// People and what is theirs: what an id is called, the way to it, its score and its place, what it does now.
import { link, make, severe, sign } from "./make.js";
import { age } from "./numbers.js";
import { language, words } from "./words.js";

// Everything that says what is looked at closely; a link to another thing drops what does not belong to it.
export const NOWHERE = { team: null, agent: null, leader: null, queue: null, segment: null, kpi: null, currency: null, scheme: null };

// The way to a thing: { agent: "a-017" } or { team: "t-3" }; {} is the floor. An agent keeps the team one came from.
export function way(level, entity, team) {
  if (level === "site") return NOWHERE;
  return { ...NOWHERE, ...(level === "agent" && team ? { team } : {}), [level]: entity };
}

// Its name with its id, or the id alone.
export const called = (thing) => (thing.name ? `${thing.name} (${thing.entity})` : thing.entity);

// The head of a row: who it is, as a link to him. Who has opted out of being named has a place all the same.
export function who(row, level) {
  const flag = row.alert ? sign(severe(row.alert)) : "";
  const node = row.entity === null ? make("th", "withheld", make("span", "none", words.withheld))
    : make("th", "", flag, link(way(level, row.entity, row.team), row.name ?? row.entity, false));
  if (row.entity !== null) node.title = called(row);
  node.scope = "row";
  return node;
}

// "71.3 · B", and what it is of as the pointer's text; nobody's score is a dash.
export function score(row) {
  const of = row.score;
  if (!of) return make("td", "value plain", make("span", "none", "–"));
  const node = make("td", "value plain", make("span", "figure", points(of.score)),
    make("small", "aim", [of.place === null ? "" : `#${of.place}/${of.of}`, of.grade].filter(Boolean).join(" · ")));
  node.title = [of.scheme, `${of.start} – ${of.end}`, of.place === null ? "" : `${words.place_} ${of.place} ${words.of} ${of.of}`,
    of.provisional ? words.provisional : words.final, ...of.flags].filter(Boolean).join(" · ");
  return node;
}

// Exact decimals come as text, and stay as exact as a screen needs.
export function points(text) {
  if (text === null) return words.noScore;
  return Number(text).toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: 2 });
}

export const doing = (state) => words.states[state] ?? state;

// How long: "4 min", from an instant to now.
export const since = (ms, nowMs) => age(Math.max(0, nowMs - ms)).replace(` ${words.ago}`, "");
