// One number: what it is, what it is made of in every window, what judges it, and the facts behind it.
import { crumbs } from "./drill.js";
import { make, meaning, name, sign, towards, value, word } from "./make.js";
import { clock, exactAmount, figure, parts, SHARES_OF_TIME } from "./numbers.js";
import { called } from "./people.js";
import { sortable, sorted } from "./sorting.js";
import { language, words } from "./words.js";

export function number(of, data) {
  const { column } = of.number;
  return [
    crumbs(of, data),
    make("h2", "", `${name(column)}${column.currency ? ` ${column.currency}` : ""} · ${called(of)}`),
    make("section", "panel", make("h3", "", words.numberIs), definition(of.number)),
    make("section", "panel", make("h3", "", words.sideBySide), make("div", "rows", windows(of.number, data))),
  ];
}

function definition(number) {
  const row = (term, text) => (text ? [make("dt", "", term), make("dd", "", text)] : []);
  const { column } = number, says = number.says[language], sum = (ids, words) => (ids ? `${words} (${ids.join(" + ")})` : "");
  return make("dl", "",
    ...row(column.kpi, `${meaning(column)}${column.direction ? ` (${words.direction[column.direction]})` : ""}`),
    ...row(words.made, sum(number.numerator, says.numerator)),
    ...row(words.over, sum(number.denominator, says.denominator)),
    ...row(words.notCounted, says.not_counted),
    ...row(words.unknownIs, says.unknown),
    ...row(words.rollingShows, says.rolling),
    ...row(words.definition, `${column.kpi} ${number.version} · ${words.catalogue} ${number.catalogue}`));
}

function windows(number, data) {
  if (number.windows.length === 0) return make("p", "none", words.noNumber);
  const { column } = number, at = (text) => clock(Date.parse(text), data.zone, data.now_ms);
  const judges = (each) => each.rules.map((rule) => judged(rule, column)).join("; ");
  const titles = [["window", words.window, false], ["value", words.value, true], ["parts", words.parts, true], ["target", words.target, true],
    ["judges", words.judges, false], ["counted", words.counted, true]].map(([id, text, figures]) => sortable("windows", id, text, figures));
  const by = {
    window: (each) => name(each), value: ({ cell }) => (cell.s === "ok" ? cell.v : null), parts: ({ cell }) => cell.n,
    target: ({ cell }) => cell.t ?? null, judges: (each) => judges(each) || null, counted: (each) => Date.parse(each.as_of),
  };
  const rows = sorted("windows", number.windows, by).map((each) => {
    const { cell } = each, head = make("th", "", name(each), make("small", "", `${at(each.from)} – ${at(each.to)}`));
    head.scope = "row";
    return make("tr", "", head,
      make("td", `value ${cell.c}`, value(cell, column), sign(cell.c, word(cell)), word(cell) && make("small", "aim", word(cell))),
      make("td", "", madeOf(cell, column, number)),
      make("td", "", towards(cell, column) || "–"),
      make("td", "", judges(each) || words.nobodyJudges),
      make("td", "", at(each.as_of), make("small", "", `${words.revision} ${each.revision} · ${each.final ? words.final : words.soFar}`)));
  });
  return make("table", "", make("thead", "", make("tr", "", ...titles)), make("tbody", "", ...rows));
}

// Numerator and denominator to the last digit: what the value can be computed from. Amounts are in major units.
function madeOf(cell, column, number) {
  const told = (n, money) => (money ? exactAmount(n, column.digits, column.currency) : n.toLocaleString(language));
  const exact = cell.d === null ? told(cell.n, column.currency) : `${told(cell.n, column.currency)} / ${told(cell.d, number.over_money)}`;
  const read = String(column.unit).includes("ms") || SHARES_OF_TIME.includes(column.kpi) ? parts(cell, column) : "";
  return read ? `${exact} (${read})` : exact;
}

const judged = (rule, column) =>
  `${rule.rule}: ${rule.above ? words.above : words.below} ${figure(rule.threshold, column).join(" ").trim()} (${words.severity[rule.severity] ?? rule.severity})`;
