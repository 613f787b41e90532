"""Alerts as the page shows them: what the value is now, which way its limit lies, who has it, and what is silenced.

An alert as JSON: id, rule, severity, state, level, entity, name, apart (nobody's), window, v, n, d (value and parts
when the record was written), `now` (the value of the window as it is now, null where there is none), threshold, above
(null: its rule is no longer configured), on (value, attainment or pace), since, at, reason, unit, currency, digits, en,
zh; `taken` {by, since, note}, `silenced` {id, by, until, why} (null: neither), `judged` (null, or whether it was a true
alarm), `muted` (another alert speaks for it).
"""

from collections.abc import Sequence
from typing import Any

from stream.alerts.handling import Handling, StandingSilence, covering
from stream.alerts.rules import Rule
from stream.facts.currency import exponent
from stream.facts.instant import instant_text
from stream.kpis.catalogue import CATALOGUE
from stream.publish.latest_records import LatestRecords
from stream.publish.reading import PublishedAlert
from stream.publish.rows import FloorRows, is_apart

Json = dict[str, Any]
MOST_RECENT = 8


class AlertsShown:
    """The alerts of one site. `now_ms`: the wall clock, by which silences begin and end."""

    def __init__(self, latest: LatestRecords, rules: Sequence[Rule], site: str, now_ms: int) -> None:
        self._latest = latest
        self._rules = {rule.rule: rule for rule in rules}
        self._site = site
        self._silences = latest.handlings.silences(now_ms)
        self._open = latest.open_alerts(site)
        self.loud = [alert for alert in self._open if not alert.muted and covering(self._silences, alert) is None]
        """Those that a row of a table shows its mark of."""

    def as_json(self, rows: FloorRows) -> Json:
        """`alerts`: those that are open; `recent`: those that ended last."""
        recent = self._latest.recent_alerts(self._site)[:MOST_RECENT]
        return {
            "alerts": [self._alert(alert, rows) for alert in self._open],
            "recent": [self._alert(alert, rows) for alert in recent],
        }

    def _alert(self, alert: PublishedAlert, rows: FloorRows) -> Json:
        kpi, rule = CATALOGUE.get(alert.kpi), self._rules.get(alert.rule)
        currency = rule.currency if rule is not None else None
        return {
            "id": alert.alert_id,
            "rule": alert.rule,
            "severity": alert.severity,
            "state": alert.state,
            "level": alert.level,
            "entity": alert.entity,
            "name": rows.people.names.of(alert.level, alert.entity),
            "apart": is_apart(alert, rows.named),
            "muted": alert.muted,
            "window": alert.window,
            "v": alert.value,
            "now": self._value_now(alert, rule) if alert.state != "resolved" else None,
            "n": alert.numerator,
            "d": alert.denominator,
            "threshold": alert.threshold,
            "above": None if rule is None else rule.above,
            "on": "value" if rule is None else rule.on,
            "since": alert.active_since,
            "at": alert.at,
            "reason": alert.reason,
            "unit": kpi.unit if kpi else "count",
            "currency": currency,
            "digits": exponent(currency) if currency else 0,
            "en": kpi.name_en if kpi else alert.kpi,
            "zh": kpi.name_zh if kpi else alert.kpi,
        } | _handled(self._latest.handlings.of(alert.alert_id), covering(self._silences, alert))

    def _value_now(self, alert: PublishedAlert, rule: Rule | None) -> float | None:
        record = self._latest.current(alert.site, alert.level, alert.entity, alert.window)
        if record is None:
            return None
        currency = rule.currency if rule is not None else None
        held = next((v for v in record.kpis if (v.kpi, v.currency) == (alert.kpi, currency)), None)
        if held is None:
            return None
        of = "value" if rule is None else rule.on
        return held.value if of == "value" else held.attainment if of == "attainment" else held.pace


def _handled(handling: Handling, silence: StandingSilence | None) -> Json:
    """What people did about an alert, as JSON."""
    taken, silenced = None, None
    if handling.since_ms is not None:
        taken = {"by": handling.by, "since": instant_text(handling.since_ms), "note": handling.note}
    if silence is not None:
        until = instant_text(silence.until_ms)
        silenced = {"id": silence.id, "by": silence.by, "until": until, "why": silence.why}
    return {"taken": taken, "silenced": silenced, "judged": handling.true_alarm}
