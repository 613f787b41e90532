// The facts behind a number: asked for when somebody wants them, since reading the events takes time.
import { $, make, name } from "./make.js";
import { words } from "./words.js";

let windows = [], offered = "";

// The panel below a number. Its buttons stay as long as there are the same windows; what they ask for is of now.
export function facts(of, data) {
  const box = $("facts");
  box.hidden = !of.number || of.number.windows.length === 0;
  if (box.hidden) return;
  windows = of.number.windows;
  const now = windows.map((each) => each.choice).join();
  if (now === offered) return;
  offered = now;
  const { column } = of.number, said = make("div", "rows");
  said.setAttribute("aria-live", "polite");
  const buttons = windows.map(({ choice, ...each }) => {
    const button = make("button", "", `${words.facts}: ${name(each)}`);
    button.type = "button";
    button.dataset.choice = choice;
    button.addEventListener("click", () => {
      const { window, from } = windows.find((one) => one.choice === choice) ?? each;
      const asked = { site: data.site, level: of.level, entity: of.entity, kpi: column.kpi, window, start: from };
      show(said, buttons, column.currency ? { ...asked, currency: column.currency } : asked);
    });
    return button;
  });
  box.replaceChildren(make("h3", "", words.factsOf), make("p", "buttons", ...buttons), said);
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
