"""Alert rules (definitions 7, alerting 1): every rule at every pane multiple, each time with a fresh fold over the
facts before it."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.oracle.calendar import windows_touching
from tests.oracle.catalogue import EVERY_KPI, MONEY, Kpi
from tests.oracle.config import Config, Rule, duration_ms
from tests.oracle.contribution import Contribution
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of, utc
from tests.oracle.reading import Event
from tests.oracle.records import Entity, parts
from tests.oracle.timing import timed

Record = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a rule sees at one T: numerator and denominator; no window (between shifts) is `None` for both."""

    numerator: int | None
    denominator: int | None

    def value(self, kpi: Kpi) -> Fraction | None:
        if self.numerator is None or (kpi.denominator is not None and not self.denominator):
            return None
        return Fraction(self.numerator * kpi.factor, self.denominator or 1)


@dataclass
class Episode:
    """One alert from its first breach on."""

    active_since_ms: int
    fired_at_ms: int | None = None
    calm_since_ms: int | None = None


@dataclass
class Evaluation:
    """One rule over all its entities; `step` is called for every T in turn."""

    rule: Rule
    config: Config
    run: str
    seen: set[Entity] = field(default_factory=set)
    episodes: dict[Entity, Episode] = field(default_factory=dict)
    resolved_ms: dict[Entity, int] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def concerns(self, c: Contribution) -> bool:
        kpi = EVERY_KPI[self.rule.kpi]
        return c.measure in kpi.measures and (c.measure not in MONEY or c.currency == self.rule.currency)

    def step(self, at_ms: int, contributions: Sequence[Contribution]) -> None:
        """Evaluates at T = `at_ms`, given the contributions of the facts before T."""
        mine = [c for c in contributions if self.concerns(c) and c.at_ms < at_ms]
        for contribution in mine:
            self.seen |= {e for e in contribution.entities() if e[1] == self.rule.level}
        for entity in sorted(self.seen):
            if self.looks_at(entity):
                self.evaluate(at_ms, entity, self.read(at_ms, entity, mine))

    def looks_at(self, entity: Entity) -> bool:
        """Nobody is told of `unassigned`, unless the rule names it."""
        _, level, name = entity
        if self.rule.entities is None:
            return level not in ("agent", "team") or name != "unassigned"
        return name in self.rule.entities

    def fires(self, entity: Entity) -> bool:
        return entity in self.episodes and self.episodes[entity].fired_at_ms is not None

    def read(self, at_ms: int, entity: Entity, mine: Sequence[Contribution]) -> Reading:
        start_ms = self.window_start(at_ms, entity[0])
        if start_ms is None:
            return Reading(None, None)
        sums: dict[tuple[str, str | None], int] = {}
        for c in mine:
            if entity in c.entities():
                key = (c.measure, c.currency)
                sums[key] = sums.get(key, 0) + c.within(start_ms, at_ms)
        return Reading(*parts(EVERY_KPI[self.rule.kpi], self.rule.currency, sums))

    def window_start(self, at_ms: int, site: str) -> int | None:
        """The start of the window whose value counts at T; None where no window holds the instant before T."""
        if self.rule.window.startswith("rolling_"):
            return at_ms - duration_ms(self.rule.window.removeprefix("rolling_"))
        holding = windows_touching(self.config, site, at_ms - 1, at_ms)
        return next((w.start_ms for w in holding if w.name == self.rule.window), None)

    def breached(self, reading: Reading, firing: bool) -> bool:
        kpi, rule = EVERY_KPI[self.rule.kpi], self.rule
        value = reading.value(kpi)
        if value is None:
            return False
        if kpi.denominator is not None and (reading.denominator or 0) < max(1, rule.min_denominator):
            return False
        if rule.below is not None:
            return value < (rule.exit if firing else rule.below)
        assert rule.above is not None
        return value > (rule.exit if firing else rule.above)

    def evaluate(self, at_ms: int, entity: Entity, reading: Reading) -> None:
        """The life cycle: pending, firing, resolved."""
        episode = self.episodes.get(entity)
        breached = self.breached(reading, episode is not None and episode.fired_at_ms is not None)
        if episode is None:
            if not breached:
                return
            episode = self.episodes[entity] = Episode(at_ms)
            if self.rule.for_ms > 0 and self.rule.publish_pending:
                self.publish("pending", at_ms, entity, episode, reading)
        if breached:
            episode.calm_since_ms = None
            cool_ms = self.resolved_ms[entity] + self.rule.cooldown_ms if entity in self.resolved_ms else 0
            long_enough = at_ms - episode.active_since_ms >= self.rule.for_ms and at_ms >= cool_ms
            if episode.fired_at_ms is None and long_enough:
                episode.fired_at_ms = at_ms
                self.publish("firing", at_ms, entity, episode, reading)
        elif episode.fired_at_ms is None:
            del self.episodes[entity]
        else:
            episode.calm_since_ms = at_ms if episode.calm_since_ms is None else episode.calm_since_ms
            if at_ms - episode.calm_since_ms >= self.rule.keep_firing_ms:
                del self.episodes[entity]
                self.resolved_ms[entity] = at_ms
                self.publish("resolved", at_ms, entity, episode, reading)

    def publish(self, state: str, at_ms: int, entity: Entity, episode: Episode, reading: Reading) -> None:
        rule, (site, level, name) = self.rule, entity
        active_since = utc(episode.active_since_ms)
        kpi = EVERY_KPI[rule.kpi]
        value = reading.value(kpi)
        identity = f"{self.run}|{rule.rule}|{site}|{level}|{name}|{active_since}"
        no_data = value is None
        threshold = rule.below if rule.below is not None else rule.above
        assert threshold is not None
        self.records.append(
            {
                "alert_id": hashlib.sha256(identity.encode()).hexdigest()[:32],
                "rule": rule.rule,
                "severity": rule.severity,
                "state": state,
                "kpi": rule.kpi,
                "level": level,
                "entity": name,
                "site": site,
                "team": None,
                "window": rule.window,
                "value": None if value is None else float(value),
                "numerator": 0 if no_data else reading.numerator,
                "denominator": None if kpi.denominator is None else (0 if no_data else reading.denominator),
                "denominator_min": None if kpi.denominator is None else max(1, rule.min_denominator),
                "threshold": float(threshold),
                "active_since": active_since,
                "fired_at": None if episode.fired_at_ms is None else utc(episode.fired_at_ms),
                "resolved_at": utc(at_ms) if state == "resolved" else None,
                "at": utc(at_ms),
                "muted": False,
                "labels": dict(rule.labels),
                "run": self.run,
                "at_ms": at_ms,
            }
        )


def team_of(agent: str, site: str, known: Sequence[Event]) -> str | None:
    """The team on the agent's latest event at the site that has one; all valid events count."""
    named = [
        (event["occurred_at"], event["event_id"], event["team_id"])
        for event in known
        if (event.get("agent_id"), event.get("site_id") or "main") == (agent, site) and event.get("team_id") is not None
    ]
    return str(max(named)[2]) if named else None


def mute(evaluation: Evaluation, at_ms: int, known: Sequence[Event], everyone: Sequence[Evaluation]) -> None:
    """Completes the records of this T, once every rule has been evaluated at it."""
    rule = evaluation.rule
    inhibitors = [each for each in everyone if {each.rule.rule, each.rule.family} & set(rule.inhibited_by)]
    for record in evaluation.records:
        if record["at_ms"] != at_ms:
            continue
        site, level, name = record["site"], record["level"], record["entity"]
        if level == "agent":
            record["team"] = team_of(name, site, known)
        if record["state"] == "pending":
            continue
        if rule.where == "site":
            record["muted"] = any(each.fires(e) for each in inhibitors for e in each.episodes if e[0] == site)
            continue
        team = record["team"] if level == "agent" else name if level == "team" else None
        where = (site, level, name) if rule.where == "same" else (site, "team", team or "")
        record["muted"] = any(each.fires(where) for each in inhibitors)


def alert_records(events: Sequence[Event], config: Config, run: str = "replay") -> list[Record]:
    """alerts.jsonl of replay, without the free text `reason`, sorted by (at, rule, site, level, entity).

    T runs over all multiples of the pane from the first event on to the last multiple that is not after the last event.
    """
    if not events or not config.rules:
        return []
    ordered = sorted(timed(events, config), key=lambda event: event["occurred_at"])
    times = [event["occurred_at"] for event in ordered]
    evaluations = [Evaluation(rule, config, run) for rule in config.rules]
    known, contributions = 0, contributions_of([], config)
    for at_ms in range(times[0] // config.pane_ms * config.pane_ms, times[-1] + 1, config.pane_ms):
        before = bisect_left(times, at_ms)
        if before != known:
            known, contributions = before, contributions_of(facts_of(ordered[:before]), config)
        for evaluation in evaluations:
            evaluation.step(at_ms, contributions)
        for evaluation in evaluations:
            mute(evaluation, at_ms, ordered[:before], evaluations)
    found = [record for evaluation in evaluations for record in evaluation.records]
    found.sort(key=lambda r: (r["at_ms"], r["rule"], r["site"], r["level"], r["entity"]))
    return [{name: value for name, value in record.items() if name != "at_ms"} for record in found]
