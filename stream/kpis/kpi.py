"""One row of the KPI catalogue: what it divides, and all that a person must know to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from stream.windows.measures import LEVELS, MONEY, TABLE

PERMILLE = 1_000
PER_HOUR = 3_600_000

FACTORS = {"permille": PERMILLE, "per hour": PER_HOUR, "minor per hour": PER_HOUR}
"""Unit -> what a ratio is multiplied by in the value; units that are not here: 1."""


class Wording(NamedTuple):
    """What a row says to people, in one language; empty where there is nothing to say."""

    description: str
    not_counted: str
    unknown: str
    rolling: str


@dataclass(frozen=True)
class Kpi:
    """One KPI: the sum of `numerator` measures over the sum of `denominator` measures (None: a plain count or amount).

    value = numerator * factor / denominator. `direction`: which way is better, "higher", "lower" or None.
    `sources`: the indicators of the published schemes that it answers to (docs: indicator list, section A); it is
    defined by the table of definitions 6 alone, and a source may define it a little differently. `threshold`: the level
    that a source states for it. `not_counted`: what it deliberately leaves out. `unknown`: what an unknown input does.
    `rolling`: when a rolling window cannot show it. All four are text, empty where there is nothing to say.
    `version`: of its definition; the catalogue's version rises with any of them.
    """

    id: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] | None
    unit: str
    direction: str | None
    name_en: str
    name_zh: str
    description: str
    sources: tuple[str, ...] = ()
    threshold: str = ""
    not_counted: str = ""
    unknown: str = ""
    rolling: str = ""
    version: int = 1

    @property
    def said(self) -> Wording:
        """What the row says, in English; `chinese.py` has it in Chinese."""
        return Wording(self.description, self.not_counted, self.unknown, self.rolling)

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure that it reads."""
        return self.numerator + (self.denominator or ())

    @property
    def factor(self) -> int:
        """What the ratio is multiplied by in the value."""
        return FACTORS.get(self.unit, 1)

    @property
    def per_currency(self) -> bool:
        """Whether there is one value for each currency of the numerator."""
        return not MONEY.isdisjoint(self.numerator)

    @property
    def denominator_per_currency(self) -> bool:
        """Whether the denominator has the currency too; if not, the entity's serves every currency."""
        return self.denominator is not None and not MONEY.isdisjoint(self.denominator)

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels at which it exists: those of all its measures (definitions 1)."""
        return tuple(level for level in LEVELS if all(level in TABLE[name].levels for name in self.measures))


def why_not_at(kpi: Kpi, level: str) -> str:
    """Why a KPI does not exist at a level, to be read after its name; empty where it does."""
    missing = next((name for name in kpi.measures if level not in TABLE[name].levels), None)
    if missing is None:
        return ""
    only = "calls alone contribute to it" if level == "queue" else "agents' states contribute nothing to it"
    return f"does not exist at level {level}: {only}, and {kpi.id} uses {missing}"


def count(measure: str, name_en: str, name_zh: str, description: str, **more: str | int | tuple[str, ...]) -> Kpi:
    """A KPI that is the sum of the measure of the same name."""
    return Kpi(measure, (measure,), None, "count", None, name_en, name_zh, description, **more)  # type: ignore[arg-type]
