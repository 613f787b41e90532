// Which debtors a count is of: asked for when a manager clicks it, and shown to him alone.
import { $, fill, make } from "./make.js";
import { clock } from "./numbers.js";
import { words } from "./words.js";

let site = "", zone = "UTC", may = false;

// A count of debtors, as a button where the role may know who they are.
export function debtorCount(text, row, state) {
  if (!may) return make("span", "figure", text);
  const node = make("button", "figure who-are", text);
  node.type = "button";
  node.title = words.whoAre;
  Object.assign(node.dataset, { team: row.team, rule: row.rule, state });
  return node;
}

export function debtorsOf(data) {
  [site, zone, may] = [data.site, data.zone, data.you?.role === "manager"];
}

async function ask({ team, rule, state }) {
  const list = $("debtor-list");
  fill($("debtors-title"), `${words.standings} · ${team} · ${rule} · ${words[state]}`);
  fill(list, make("p", "none", words.loading));
  $("debtors").showModal();
  try {
    const answer = await fetch(`api/debtors?${new URLSearchParams({ site, team, rule, state })}`, { cache: "no-store" });
    const data = await answer.json();
    fill(list, ...(answer.ok ? shown(data) : [make("p", "none", data.error)]));
  } catch (error) {
    fill(list, make("p", "none", `${words.lost}: ${error.message}`));
  }
}

const shown = ({ debtors, left_out: left }) => [
  make("ul", "", ...debtors.map((each) => make("li", "", each.debtor, make("small", "", `${words.until} ${clock(Date.parse(each.clears_at), zone, Date.now())}`)))),
  ...(debtors.length ? [] : [make("p", "none", words.nobodyNow)]),
  ...(left ? [make("p", "none", `${left} ${words.leftOut}`)] : []),
];

// Buttons come and go with the rows: the table listens. What was shown goes with the dialog.
export function listenForDebtors() {
  $("standings").addEventListener("click", (event) => {
    const button = event.target.closest("button.who-are");
    if (button) ask(button.dataset);
  });
  $("debtors-close").setAttribute("aria-label", words.close);
  $("debtors-close").addEventListener("click", () => $("debtors").close());
  $("debtors").addEventListener("close", () => fill($("debtor-list")));
}
