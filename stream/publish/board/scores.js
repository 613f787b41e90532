// The scores of an entity: what it has by each scheme, and the arithmetic line by line, as `kpi-stream scores show` prints it.
import { link, make } from "./make.js";
import { exactAmount } from "./numbers.js";
import { points } from "./people.js";
import { language, words } from "./words.js";

export function scores(of) {
  if (of.scores.length === 0) return make("p", "none", words.noScores);
  return make("div", "scores", ...of.scores.map((one) => make("article", "score",
    make("h4", "", link({ scheme: one.scheme }, one.scheme, false), make("small", "", period(one))),
    make("p", "big", worth(one)),
    make("p", "", told(one)),
    one.lines === null ? "" : make("pre", "", one.lines[language].join("\n")),
    one.whole ? "" : make("p", "", `${words.payNeeds} `, make("code", "", command(one, of))))));
}

const period = (one) => `v${one.version} · ${one.period} ${one.start} – ${one.end}`;

const worth = (one) => (one.amount_minor === null ? points(one.score) : exactAmount(one.amount_minor, one.digits, one.currency));

const told = (one) => [
  one.place === null ? "" : `${words.place_} ${one.place} ${words.of} ${one.of}`,
  one.grade === null ? "" : `${words.grade} ${one.grade}`,
  ...one.flags, one.trial ? words.trial : "", one.provisional ? words.provisional : words.final,
].filter(Boolean).join(" · ");

const command = (one, of) => `kpi-stream scores show ${one.scheme} --entity ${of.entity} --period ${one.named}`;
