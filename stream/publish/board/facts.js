// The facts behind a number: asked for when somebody wants them, since reading the events takes time.
import { make, name } from "./make.js";
import { words } from "./words.js";

export function factsOf(of, data) {
  const { column, windows } = of.number;
  const box = make("section", "panel facts", make("h3", "", words.factsOf)), said = make("div", "rows");
  said.setAttribute("aria-live", "polite");
  const buttons = windows.map((each) => {
    const button = make("button", "", `${words.facts}: ${name(each)}`);
    button.type = "button";
    button.addEventListener("click", () => show(said, buttons, {
      site: data.site, level: of.level, entity: of.entity, kpi: column.kpi, window: each.window, start: each.from,
      ...(column.currency ? { currency: column.currency } : {}),
    }));
    return button;
  });
  box.append(make("p", "buttons", ...buttons), said);
  return box;
}

async function show(said, buttons, question) {
  for (const button of buttons) button.disabled = true;
  said.replaceChildren(make("p", "none", words.reading));
  try {
    const answer = await fetch(`api/facts?${new URLSearchParams(question)}`, { cache: "no-store" });
    const data = await answer.json();
    said.replaceChildren(...(answer.ok ? found(data) : refused(answer.status, data)));
  } catch (error) {
    said.replaceChildren(make("p", "none", `${words.lost}: ${error.message}`));
  }
  for (const button of buttons) button.disabled = false;
}

const found = (data) => [
  make("pre", "", data.lines.join("\n")),
  ...(data.left_out ? [make("p", "none", `${data.left_out} ${words.leftOut}`)] : []),
  make("code", "", data.command),
];

const refused = (status, data) => [
  make("p", "none", status === 404 ? words.factsElsewhere : data.error),
  ...(data.command ? [make("code", "", data.command)] : []),
];
