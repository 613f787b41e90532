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


class Lines(NamedTuple):
    """The lines of one record. `cells`: for each metric of its layout the lines, "" where it has none; `series`: how
    many lines in all. `until_ms`: from this `as_of` of the site on the window is over (`PublishedKpis.is_over`); 0: the
    record has no KPIs.
    """

    as_of_ms: int
    until_ms: int
    series: int
    cells: tuple[str, ...]


class _Value(msgspec.Struct, gc=False):
    kpi: str
    numerator: int
    denominator: int | None = None
    currency: str | None = None


class _Record(msgspec.Struct, gc=False):
    start: str
    end: str
    as_of: str
    kpis: list[_Value]


_RECORD = msgspec.json.Decoder(_Record)
_NEITHER = (None, None)


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
        }

    def lines(self, place: Place, value: bytes, rolling: bool) -> Lines:
        """Renders the bytes of a record. Counts that the record does not name are 0; amounts are absent.

        Raises msgspec.MsgspecError if the bytes are no KPI record.
        """
        record = _RECORD.decode(value)
        as_of_ms = instant(record.as_of)
        if not record.kpis:
            return Lines(as_of_ms, 0, 0, ())
        end_ms = instant(record.end)
        until_ms = 2 * end_ms - instant(record.start) if rolling else end_ms + 1
        amounts: dict[tuple[int, str | None], int] = {}
        for one in record.kpis:
            numerator, denominator = self._sides.get(one.kpi, _NEITHER)
            if numerator is not None:
                amounts[numerator, one.currency] = one.numerator
            if denominator is not None and one.denominator is not None:
                amounts[denominator, one.currency] = one.denominator
        return Lines(as_of_ms, until_ms, *self._cells(labels(place), amounts))

    def _cells(self, whose: str, amounts: dict[tuple[int, str | None], int]) -> tuple[int, tuple[str, ...]]:
        zero, series, parts = f"{whose}}} 0\n", self._counts, self.parts
        cells = [head and head + zero for head in self._heads]
        for (n, currency), amount in amounts.items():
            part = parts[n]
            if not part.money:
                cells[n] = f"{part.metric}{{{whose}}} {shown(amount, part.divisor)}\n"
            else:
                money = f'{whose},currency="{escaped(currency or "")}"'
                cells[n] += f"{part.metric}{{{money}}} {shown(amount, part.divisor)}\n"
                series += 1
        return series, tuple(cells)


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
