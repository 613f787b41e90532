"""One alert record (contract 2)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from stream.alerts.lifecycle import Change, Status
from stream.alerts.rules import Level, Rule, Where
from stream.facts.instant import instant_text
from stream.windows.exact import dumps_bare

Parts = tuple[int, int | None]
"""(numerator, denominator); the denominator of a count or amount is None."""


@dataclass(frozen=True)
class Card:
    """What an alert record says of its rule. It is kept with an open episode, which may outlive the rule."""

    rule: str
    severity: str
    kpi: str
    window: str
    threshold: Level
    plain: bool
    """The KPI is a count or amount, without a denominator."""
    denominator_min: int | None = None
    """The least denominator with which the rule judges; None where it asks for none."""
    labels: Mapping[str, str] = field(default_factory=dict)
    inhibited_by: tuple[str, ...] = ()
    where: Where = "same"


def card_of(rule: Rule, plain: bool) -> Card:
    """The card of a rule."""
    least = None if plain or rule.on != "value" else max(1, rule.min_denominator)
    labels = dict(rule.labels)
    return Card(
        rule.rule, rule.severity, rule.kpi, rule.window, rule.threshold, plain, least, labels, rule.inhibited_by,
        rule.where,
    )  # fmt: skip


def alert_id(run: str, rule: str, entity: str, active_since_ms: int) -> str:
    """First 32 hex digits of SHA-256 of `run|rule|site|level|entity|active_since`; `entity` is `site|level|id`."""
    text = f"{run}|{rule}|{entity}|{instant_text(active_since_ms)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def number(level: Level) -> float:
    """A level as a JSON number."""
    above, below = level
    return above if below == 1 else above / below


def encode(
    run: str, card: Card, entity: str, change: Change, status: Status,
    parts: Parts, value: float | None, at_ms: int, reason: str, team: str | None = None, muted: bool = False,
) -> tuple[bytes, bytes]:  # fmt: skip
    """Key and value of a record; `status` is that of the episode: for a resolved one, the last before it ended. `team`:
    of an agent, at that time. `muted`: an alert that inhibits it fires."""
    site, level, name = entity.split("|")
    since_ms = status.active_since_ms if status.active_since_ms is not None else at_ms
    fired_ms = status.fired_at_ms
    key = alert_id(run, card.rule, entity, since_ms)
    record = {
        "alert_id": key,
        "rule": card.rule,
        "severity": card.severity,
        "state": change.value,
        "kpi": card.kpi,
        "level": level,
        "entity": name,
        "site": site,
        "team": team,
        "window": card.window,
        "value": value,
        "numerator": parts[0],
        "denominator": parts[1],
        "denominator_min": card.denominator_min,
        "threshold": number(card.threshold),
        "active_since": instant_text(since_ms),
        "fired_at": None if fired_ms is None else instant_text(fired_ms),
        "resolved_at": instant_text(at_ms) if change is Change.RESOLVED else None,
        "at": instant_text(at_ms),
        "reason": reason,
        "muted": muted,
        "labels": card.labels,
        "run": run,
    }
    return key.encode(), dumps_bare(record)
