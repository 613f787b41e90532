"""A KPI record as lines of Prometheus' text format, rendered once, when a scrape first asks for it.

A level's layout fixes which metrics it exports and in which order, so that the lines of many records can be joined
metric by metric without parsing them again.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from stream.publish.parts import PARTS, SIDES, GaugePart
from stream.publish.reading import Place, instant


class Head(NamedTuple):
    """What is known of a record before its lines are made. `until_ms`: from this `as_of` of the site on the window is
    over (`PublishedKpis.is_over`); 0: the record has no KPIs. `kpis`: which KPIs it names."""

    as_of_ms: int
    until_ms: int
    kpis: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()


class Lines(NamedTuple):
    """The lines of one record. `cells`: for each metric of its layout the lines, "" where it has none; `series`: how
    many lines in all; `targets`: the lines of attainment, pace and target, mostly empty."""

    series: int
    cells: tuple[str, ...]
    targets: tuple[str, str, str] = ("", "", "")


class _Value(msgspec.Struct, gc=False):
    kpi: str
    numerator: int
    denominator: int | None = None
    currency: str | None = None
    target: float | None = None
    attainment: float | None = None
    pace: float | None = None


class _Record(msgspec.Struct, gc=False):
    kpis: list[_Value]


class _Named(msgspec.Struct, gc=False):
    kpi: str
    currency: str | None = None


class _Span(msgspec.Struct, gc=False):
    start: str
    end: str
    as_of: str
    kpis: msgspec.Raw


_RECORD = msgspec.json.Decoder(_Record)
_SPAN = msgspec.json.Decoder(_Span)
_NAMED = msgspec.json.Decoder(list[_Named])
TARGETS = ("collections_target_attainment_ratio", "collections_target_pace_ratio", "collections_target_value")


class LineLayout:
    """The metrics of one level, in order. KPIs and parts that it does not name are left out."""

    def __init__(self, metrics: frozenset[str]) -> None:
        self.parts: Sequence[GaugePart] = [part for part in PARTS.values() if part.metric in metrics]
        self._heads = ["" if part.money else f"{part.metric}{{" for part in self.parts]
        self._counts = sum(not part.money for part in self.parts)
        index = {part.metric: n for n, part in enumerate(self.parts)}
        self._sides = {
            kpi: (index.get(numerator.metric), None if denominator is None else index.get(denominator.metric))
            for kpi, (numerator, denominator) in SIDES.items()
            if {numerator.metric, denominator.metric if denominator is not None else ""} & index.keys()
        }

    def lines(self, place: Place, value: bytes) -> Lines:
        """Renders the bytes of a record. Counts that the record does not name are 0; amounts are absent.

        Raises msgspec.MsgspecError if the bytes are no KPI record.
        """
        kpis = _RECORD.decode(value).kpis
        if not kpis:
            return Lines(0, ())
        amounts: dict[tuple[int, str | None], int] = {}
        targets: list[_Value] = []
        for one in kpis:
            if one.target is not None:
                targets.append(one)
            sides = self._sides.get(one.kpi)
            if sides is None:
                continue
            numerator, denominator = sides
            if numerator is not None:
                amounts[numerator, one.currency] = one.numerator
            if denominator is not None and one.denominator is not None:
                amounts[denominator, one.currency] = one.denominator
        series, cells = self._cells(labels(place), amounts)
        if not targets:
            return Lines(series, cells)
        said = _targets(labels(place), targets)
        return Lines(series + sum(len(lines.splitlines()) for lines in said), cells, said)

    def _cells(self, whose: str, amounts: dict[tuple[int, str | None], int]) -> tuple[int, tuple[str, ...]]:
        zero, series, parts = f"{whose}}} 0\n", self._counts, self.parts
        cells = [head and head + zero for head in self._heads]
        for (n, currency), amount in amounts.items():
            part = parts[n]
            if not part.money:
                text = amount if part.divisor == 1 else shown(amount, part.divisor)
                cells[n] = f"{part.metric}{{{whose}}} {text}\n"
            else:
                money = f'{whose},currency="{escaped(currency or "")}"'
                cells[n] += f"{part.metric}{{{money}}} {shown(amount, part.divisor)}\n"
                series += 1
        return series, tuple(cells)


def head(value: bytes, rolling: bool, named: bool = True) -> Head:
    """What is known of a record's bytes without its lines; which KPIs it names only if `named`.

    Raises msgspec.MsgspecError if the bytes are no KPI record.
    """
    record = _SPAN.decode(value)
    as_of_ms = instant(record.as_of)
    if bytes(record.kpis) == b"[]":
        return Head(as_of_ms, 0)
    end_ms = instant(record.end)
    until_ms = 2 * end_ms - instant(record.start) if rolling else end_ms + 1
    if not named:
        return Head(as_of_ms, until_ms)
    entries = _NAMED.decode(record.kpis)
    currencies = frozenset(each.currency for each in entries if each.currency is not None)
    return Head(as_of_ms, until_ms, frozenset(each.kpi for each in entries), currencies)


def _targets(whose: str, values: Iterable[_Value]) -> tuple[str, str, str]:
    """The lines of attainment, pace and target of the values that have one; where one is undefined, it has none."""
    attainment = pace = target = ""
    for one in values:
        of = f'{whose},kpi="{one.kpi}"' + (f',currency="{one.currency}"' if one.currency else "")
        if one.attainment is not None:
            attainment += f"{TARGETS[0]}{{{of}}} {one.attainment!r}\n"
        if one.pace is not None:
            pace += f"{TARGETS[1]}{{{of}}} {one.pace!r}\n"
        target += f"{TARGETS[2]}{{{of}}} {one.target!r}\n"
    return attainment, pace, target


@lru_cache(maxsize=65_536)
def labels(place: Place) -> str:
    """The labels of a place, without braces."""
    site, level, entity, window = place
    return f'site="{escaped(site)}",level="{level}",entity="{escaped(entity)}",window="{window}"'


def escaped(text: str) -> str:
    """`text` as a label's value."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def shown(amount: int, divisor: int) -> str:
    """amount / divisor, exactly or as the nearest float; whole numbers without a point."""
    if divisor == 1:
        return str(amount)
    return repr(amount / divisor) if amount % divisor else str(amount // divisor)


def family(name: str, meaning: str, lines: Iterable[str]) -> bytes:
    """A gauge with its HELP, TYPE and lines; empty if there are no lines."""
    body = "".join(lines)
    return f"# HELP {name} {meaning}\n# TYPE {name} gauge\n{body}".encode() if body else b""
