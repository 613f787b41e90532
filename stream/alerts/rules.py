"""An alert rule: contract 4 `alerts`, with exact levels (definitions 7)."""

import hashlib
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import Literal

On = Literal["value", "attainment", "pace"]
Where = Literal["same", "site", "team"]

Level = tuple[int, int]
"""An exact number as (numerator, denominator), lowest terms, denominator > 0."""


def exact(number: str | int | Decimal) -> Level:
    """The exact level of a decimal number: "0.10" -> (1, 10). Raises ValueError if it is not a finite number."""
    try:
        return Decimal(number).as_integer_ratio()
    except (ArithmeticError, ValueError, OverflowError) as error:
        raise ValueError(f"not a finite decimal number: {number!r}") from error


@dataclass(frozen=True)
class Rule:
    """One rule, and of one with several severities one of them (alerting 1): an alert of its own, `rule.severity`.

    Levels are in the KPI's unit: permille for a permille KPI, minor units per hour for recovered_per_hour. `above`
    False: breached while the value is below `threshold`, until it is >= `exit`; True: above, until <= `exit`.
    `entities` None: all of the level but `unassigned`. `currency`: for a KPI per currency, else None. Durations in ms.

    `family`: the rule's name in the configuration. `on`: what is compared; `attainment` or `pace`: that of the KPI's
    target. `inhibited_by`: names of alerts; while one of them fires where `where` says, this one's records are muted.
    """

    rule: str
    kpi: str
    level: str
    window: str
    threshold: Level
    exit: Level
    above: bool = False
    min_denominator: int = 0
    for_ms: int = 0
    keep_firing_for_ms: int = 0
    severity: str = "warning"
    entities: frozenset[str] | None = None
    currency: str | None = None
    publish_pending: bool = False
    on: On = "value"
    cooldown_ms: int = 0
    inhibited_by: tuple[str, ...] = ()
    where: Where = "same"
    note_en: str | None = None
    note_zh: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    family: str = ""

    @cached_property
    def digest(self) -> str:
        """Of every part of the rule: open episodes of another digest are resolved as "rule changed" (live 5). What was
        added to rules later counts only where it says something: whoever upgrades changes no rule."""
        entities = None if self.entities is None else sorted(self.entities)
        parts = [str(getattr(self, part.name)) for part in fields(self) if part.name in _FIRST]
        added = [
            f"{part.name}={getattr(self, part.name)}"
            for part in fields(self)
            if part.name not in _UNSAID and getattr(self, part.name) != part.default
        ]
        return hashlib.sha256(repr((parts + added, entities)).encode()).hexdigest()[:16]


_FIRST = frozenset(
    {
        "rule", "kpi", "level", "window", "threshold", "exit", "above", "min_denominator", "for_ms",
        "keep_firing_for_ms", "severity", "currency", "publish_pending",
    }
)  # fmt: skip
_UNSAID = _FIRST | {"entities", "family"}
