// What the numbers and signs mean, one key away: `?` opens it, Escape closes it.
import { $, fill, make, meaning, name, sign } from "./make.js";
import { words } from "./words.js";

let columns = [];

function open() {
  const defined = columns.flatMap((column) => [make("dt", "", name(column)), make("dd", "", meaning(column))]);
  const signs = Object.entries(words.severity).flatMap(([shade, word]) => [make("dt", "", sign(shade)), make("dd", "", word)]);
  const statuses = ["no_data", "few", "absent"].flatMap((status) => [make("dt", "none", words[status]), make("dd", "", words.statuses[status])]);
  fill($("help-title"), words.help);
  fill($("definitions"), ...defined, ...signs, ...statuses);
  $("help").showModal();
}

// The definitions of what is shown now.
export function explain(data) {
  columns = data.columns;
}

export function listen() {
  $("help-open").title = words.help;
  $("help-open").setAttribute("aria-label", words.help);
  $("help-open").addEventListener("click", open);
  $("help-close").setAttribute("aria-label", words.close);
  $("help-close").addEventListener("click", () => $("help").close());
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (event.key === "?" && !typing && columns.length) $("help").open ? $("help").close() : open();
  });
}
