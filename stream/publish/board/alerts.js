// Alerts: those that fire as cards, those that ended as lines, those of nobody last.
import { $, fill, make, name, severe, sign } from "./make.js";
import { figure, minute } from "./numbers.js";
import { words } from "./words.js";

// `quiet`: it has ended, or is of nobody.
function alertItem(alert, zone, quiet) {
  const text = figure(alert.v, alert)?.join(" ").trim() ?? words.no_data;
  const limit = figure(alert.threshold, alert).join(" ").trim();
  const who = alert.level === "site" ? words.site : alert.entity;
  const state = alert.state === "pending" ? ` · ${words.pending}` : "";
  return make("li", quiet ? "over" : `firing ${severe(alert.severity)}`,
    make("div", "", quiet ? null : sign(severe(alert.severity)), make("b", "", who), make("span", "", name(alert))),
    make("p", "", alert.state === "resolved" ? `${words.since} ${minute(alert.since, zone)} – ${minute(alert.at, zone)}`
      : `${text}, ${words.limit} ${limit} · ${words.severity[severe(alert.severity)]}${state} · ${words.since} ${minute(alert.since, zone)}`));
}

export function alerts(data) {
  const items = (alerts, quiet) => alerts.map((alert) => alertItem(alert, data.zone, quiet));
  const firing = data.alerts.filter((alert) => !alert.apart), apart = data.alerts.filter((alert) => alert.apart);
  fill($("alerts-title"), `${words.alerts} · ${firing.length}`);
  fill($("alerts"), 
    ...(firing.length ? items(firing, false) : [make("li", "none", words.noAlerts)]),
    ...(data.recent.length ? [make("li", "divider", words.recent), ...items(data.recent, true)] : []),
    ...(apart.length ? [make("li", "divider", words.apartAlerts), ...items(apart, true)] : []));
}
