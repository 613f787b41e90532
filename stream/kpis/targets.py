"""Targets of KPIs (scores 1): which one applies, and what a KPI record says of it: target, attainment and pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from hashlib import blake2b

import orjson

from stream.kpis.catalogue import CATALOGUE
from stream.kpis.value import OK, rate
from stream.windows.calendar import local_date
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan
from stream.windows.workdays import WorkCalendar, working_ms
from stream.windows.zone import load_zone

EVERY = "*"
"""The entity of a target that is for every entity of its level."""
REMEMBERED = 100_000

Of = tuple[str, str | None, str, str, str]
"""(KPI, the KPI `over` which it stands, currency or "", level, period): what a target is for."""


@dataclass(frozen=True)
class Target:
    """One target: the value, in the KPI's unit, that an entity (or `*`: each) should reach in the periods whose first
    day lies in [from_day, until_day). `site` None: at every site."""

    kpi: str
    level: str
    entity: str
    period: str
    value: Fraction
    from_day: date
    until_day: date | None = None
    site: str | None = None
    currency: str = ""
    over: str | None = None


@dataclass
class Targets:
    """All targets of a configuration. `clocks`: the sites' zones and shifts; `calendar`: their workdays."""

    listed: Sequence[Target] = ()
    clocks: WindowPlan = field(default_factory=WindowPlan)
    calendar: WorkCalendar = field(default_factory=WorkCalendar)

    def __post_init__(self) -> None:
        self._by_what: dict[Of, list[tuple[int, Target]]] = {}
        self._of_windows: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for place, target in enumerate(self.listed):
            what = (target.kpi, target.over, target.currency, target.level, target.period)
            self._by_what.setdefault(what, []).append((place, target))
            shown = self._of_windows.setdefault((target.level, target.period), [])
            if target.over is None and (target.kpi, target.currency) not in shown:
                shown.append((target.kpi, target.currency))
        self._found: dict[tuple[str, str, str, str, date], Mapping[tuple[str, str], Fraction]] = {}

    def __bool__(self) -> bool:
        return bool(self.listed)

    @property
    def digest(self) -> str:
        """Changes with anything that a record says of its targets."""
        said = repr((tuple(self.listed), self.calendar)) if self.listed else ""
        return blake2b(said.encode(), digest_size=8).hexdigest() if said else ""

    def of(self, what: Of, site: str, entity: str, first_day: date) -> Fraction | None:
        """The target that applies to an entity in the period that begins on `first_day`; None where none does.

        The entity's own beats `*`, then one with a site one without, then the latest `from`, then the last listed. A
        quarter without its own has, for a KPI without a denominator, the sum of its months'."""
        if entity == UNASSIGNED:
            return None
        best: tuple[tuple[bool, bool, date, int], Fraction] | None = None
        for place, target in self._by_what.get(what, ()):
            if (
                target.from_day <= first_day
                and (target.until_day is None or first_day < target.until_day)
                and target.entity in (entity, EVERY)
                and target.site in (site, None)
            ):
                order = (target.entity == entity, target.site is not None, target.from_day, place)
                if best is None or order > best[0]:
                    best = order, target.value
        if best is not None:
            return best[1]
        kpi, over, currency, level, period = what
        found = CATALOGUE.get(kpi)
        if period != "quarter" or over is not None or found is None or found.denominator is not None:
            return None
        total = Fraction(0)
        for month in range(3):
            of_month = (kpi, over, currency, level, "month")
            value = self.of(of_month, site, entity, first_day.replace(month=first_day.month + month))
            if value is None:
                return None
            total += value
        return total

    def of_record(self, text: str, window: str, start_ms: int) -> Mapping[tuple[str, str], Fraction]:
        """The targets that a KPI record shows: (KPI, currency or "") -> target. `text` is the entity's."""
        site, level, entity = text.split("|")
        period = window.removeprefix("shift_")
        shown = self._of_windows.get((level, period))
        if not shown or (window == period and period not in ("day", "month")):
            return {}
        first_day = local_date(load_zone(self.clocks.clock(site).zone), start_ms)
        place = (site, level, entity, period, first_day)
        found = self._found.get(place)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            each = (
                ((kpi, currency), self.of((kpi, None, currency, level, period), site, entity, first_day))
                for kpi, currency in shown
            )
            found = self._found[place] = {what: value for what, value in each if value is not None}
        return found

    def share(self, site: str, start_ms: int, end_ms: int, as_of_ms: int) -> tuple[int, int]:
        """(elapsed, all) working time of a window: what lies before `as_of_ms`, and all of it."""
        clock, workdays = self.clocks.clock(site), self.calendar.of(site)
        return (
            working_ms(clock, workdays, start_ms, end_ms, min(end_ms, as_of_ms)),
            working_ms(clock, workdays, start_ms, end_ms, end_ms),
        )


def said(
    target: Fraction, parts: tuple[int, int], plain: bool, least: tuple[int, int], share: tuple[int, int]
) -> bytes:
    """What an entry of a KPI record says of its target, as the end of its JSON object.

    `parts`: numerator and denominator; `plain`: a count or amount; `least`: the factor and the minimum sample of the
    KPI; `share`: elapsed and all working time.
    """
    attainment = pace = None
    if plain:
        if target:
            attainment = Fraction(parts[0]) / target
            elapsed, whole = share
            pace = attainment * Fraction(whole, elapsed) if elapsed else None
    elif rate(*parts, *least)[1] == OK and target:
        attainment = pace = Fraction(parts[0] * least[0], parts[1]) / target
    return b',"target":%b,"attainment":%b,"pace":%b}' % (
        orjson.dumps(_number(target)), orjson.dumps(_double(attainment)), orjson.dumps(_double(pace)),
    )  # fmt: skip


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def _double(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
