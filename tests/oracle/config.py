"""The part of a configuration (contract 4) that the numbers depend on, with its defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DAY_MS = UNIT_MS["d"]
HOUR_MS = UNIT_MS["h"]


def duration_ms(text: str | int) -> int:
    """`10s`, `5m`, `1h`, `90d` in milliseconds."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", str(text))
    if match is None:
        raise ValueError(f"not a duration: {text}")
    return int(match[1]) * UNIT_MS[match[2]]


@dataclass(frozen=True)
class Site:
    """Zone and shifts of one site; a shift is (start, end) in minutes of the local day."""

    zone: str = "UTC"
    shifts: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One alert (contract 4, alerting 1): a rule, or one of its severities. `level` is any of the five; bounds are
    exact fractions in the KPI's unit. `inhibited_by` names alerts or rules with several."""

    rule: str
    family: str
    kpi: str
    level: str
    window: str
    below: Fraction | None
    above: Fraction | None
    exit: Fraction
    min_denominator: int
    for_ms: int
    keep_firing_ms: int
    severity: str
    entities: tuple[str, ...] | None
    currency: str | None
    publish_pending: bool
    cooldown_ms: int
    inhibited_by: tuple[str, ...]
    where: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Config:
    """Everything of a configuration that decides numbers and alerts; durations in ms unless the name says days."""

    sites: Mapping[str, Site] = field(default_factory=dict)
    pane_ms: int = 10_000
    rolling: tuple[str, ...] = ("5m", "15m", "1h")
    intervals: tuple[str, ...] = ("30m",)
    day: bool = True
    month: bool = True
    shifts: bool = True
    promise_grace_days: int = 3
    promise_tolerance: Fraction = Fraction(1, 10)
    attribution_days: int = 7
    effective_talk_floor_ms: int = 10_000
    first_contact_hours: int = 24
    first_contact_max_dpd: int = 30
    coverage_days: int = 7
    service_level_ms: int = 20_000
    short_abandon_ms: int = 5_000
    service_level_formula: str = "offered"
    calls_counted_at: str = "start"
    open_state_max_ms: int = 12 * HOUR_MS
    open_state_ends_with_shift: bool = False
    complaint_deadline_days: int = 56
    minimum_sample: Mapping[str, int] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    conduct: Mapping[str, Any] | None = None
    own_packs: tuple[Mapping[str, Any], ...] = ()

    def site(self, site_id: str) -> Site:
        """The configured site, or UTC without shifts."""
        return self.sites.get(site_id, Site())


def minutes_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def read_rules(raw: Mapping[str, Any]) -> list[Rule]:
    """One alert, or one per severity."""
    if "severities" not in raw:
        return [read_rule(raw, raw, raw["rule"])]
    return [read_rule(raw, each, f"{raw['rule']}.{each['severity']}") for each in raw["severities"]]


def read_rule(raw: Mapping[str, Any], levels: Mapping[str, Any], name: str) -> Rule:
    bounds = {side: Fraction(str(levels[side])) for side in ("below", "above") if levels.get(side) is not None}
    (level,) = bounds.values()
    return Rule(
        rule=name,
        family=raw["rule"],
        kpi=raw["kpi"],
        level=raw["level"],
        window=raw["window"],
        below=bounds.get("below"),
        above=bounds.get("above"),
        exit=Fraction(str(levels["exit"])) if levels.get("exit") is not None else level,
        min_denominator=int(raw.get("min_denominator", 0)),
        for_ms=duration_ms(levels.get("for", "0s")),
        keep_firing_ms=duration_ms(raw.get("keep_firing_for", "0s")),
        severity=levels.get("severity", "warning"),
        entities=tuple(raw["entities"]) if raw.get("entities") is not None else None,
        currency=raw.get("currency"),
        publish_pending=bool(raw.get("publish_pending", False)),
        cooldown_ms=duration_ms(raw.get("cooldown", "0s")),
        inhibited_by=tuple(raw.get("inhibited_by", ())),
        where=raw.get("where", "same"),
        labels=dict(raw.get("labels", {})),
    )


def read_config(raw: Mapping[str, Any], own_packs: Sequence[Mapping[str, Any]] = ()) -> Config:
    """The configuration written as the mapping `raw` (the YAML of contract 4); `own_packs`: what its files hold."""
    sites = {
        name: Site(
            zone=site.get("zone", "UTC"),
            shifts={s: (minutes_of_day(a), minutes_of_day(b)) for s, (a, b) in site.get("shifts", {}).items()},
        )
        for name, site in raw.get("sites", {}).items()
    }
    windows = dict(raw.get("windows", {}))
    definitions = dict(raw.get("definitions", {}))
    if "promise_tolerance" in definitions:
        definitions["promise_tolerance"] = Fraction(str(definitions["promise_tolerance"]))
    if "open_state_max" in definitions:
        definitions["open_state_max_ms"] = duration_ms(definitions.pop("open_state_max"))
    return Config(
        sites=sites,
        pane_ms=duration_ms(windows.get("pane", "10s")),
        rolling=tuple(windows.get("rolling", ("5m", "15m", "1h"))),
        intervals=tuple(windows.get("intervals", ("30m",))),
        day=windows.get("day", True),
        month=windows.get("month", True),
        shifts=windows.get("shifts", True),
        minimum_sample=dict(raw.get("minimum_sample", {})),
        rules=tuple(alert for rule in raw.get("alerts", ()) for alert in read_rules(rule)),
        conduct=raw.get("conduct"),
        own_packs=tuple(own_packs),
        **definitions,
    )
