"""The list `kpis` of a KPI record, as JSON, from packed amounts (contract 2). Every publication of every window comes
through here, so that what is asked again is kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction as Ratio
from operator import itemgetter
from typing import NamedTuple

import orjson

from stream.kpis.kpi import Kpi
from stream.kpis.targets import said
from stream.kpis.value import rate
from stream.windows.measures import IN_CURRENCY, PLAIN
from stream.windows.packed import amounts_of

REMEMBERED = 10_000
"""Entries of one part that are kept."""
MOST_PARTS = 200_000
"""Parts in all the tables that are kept: one for each set of currencies that some entity has."""
NOTHING = (0, 0)
NONE = b"[]"

Parts = Callable[[Sequence[int]], tuple[int, ...]]


@dataclass(slots=True)
class Fraction:
    """One KPI, in one currency if it has any."""

    head: bytes
    """The entry's JSON up to the numerator."""
    plain: bool
    """A count or amount, without a denominator."""
    factor: int
    minimum: int
    numerator_decides: bool
    """It is left out where the numerator is 0, whatever the denominator, which belongs to no currency."""
    made: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """(numerator, denominator) -> entry, of the last ones: most are small counts, and come again."""

    def make(self, parts: tuple[int, int]) -> bytes:
        """The entry's JSON, which is kept in `made`."""
        if len(self.made) >= REMEMBERED:
            self.made.clear()
        found = self.made[parts] = self._entry(*parts)
        return found

    def _entry(self, numerator: int, denominator: int) -> bytes:
        if self.plain:
            return b'%b%d,"denominator":null,"value":%d,"status":"ok"}' % (self.head, numerator, numerator)
        value, status = rate(numerator, denominator, self.factor, self.minimum)
        return b'%b%d,"denominator":%d,"value":%b,"status":"%b"}' % (
            self.head, numerator, denominator, orjson.dumps(value), status.encode(),
        )  # fmt: skip


class Table(NamedTuple):
    """All KPIs, for amounts of certain currencies: where in a list of amounts their numerators and denominators are."""

    parts: list[Fraction]
    combined: list[Parts]
    """Measures that are added up; their sums follow the amounts, and a 0 follows them."""
    numerators: Parts
    denominators: Parts


class Entries:
    """Makes the list of these KPIs, in their order. `minimum_sample`: KPI id -> least denominator for status ok, by
    default 1."""

    def __init__(self, kpis: Sequence[Kpi], minimum_sample: Mapping[str, int]) -> None:
        self._kpis = kpis
        self._minimum = dict(minimum_sample)
        self._tables: dict[tuple[str, ...], Table] = {}
        self._parts = 0

    def json(self, packed: Mapping[str, int]) -> bytes:
        """The KPIs with a numerator or denominator that is not 0, sorted by (kpi, currency)."""
        currencies = tuple(sorted(currency for currency, number in packed.items() if currency and number))
        table = self._tables.get(currencies) or self._table_of(currencies)
        amounts = [*amounts_of("", packed.get("", 0))]
        for currency in currencies:
            amounts += amounts_of(currency, packed[currency])
        amounts += [*[sum(chosen(amounts)) for chosen in table.combined], 0]
        pairs = zip(table.numerators(amounts), table.denominators(amounts), strict=True)
        entries = [
            part.made.get(pair) or part.make(pair)
            for part, pair in zip(table.parts, pairs, strict=True)
            if pair != NOTHING and (pair[0] or not part.numerator_decides)
        ]
        return b"[" + b",".join(entries) + b"]"

    def with_targets(
        self, packed: Mapping[str, int], targets: Mapping[tuple[str, str], Ratio], share: tuple[int, int]
    ) -> bytes:
        """The same with what is said of targets, (KPI, currency or "") -> target: a KPI that has one is listed even
        where it is 0. `share`: elapsed and all working time of the window."""
        held = {currency for currency, number in packed.items() if currency and number}
        currencies = tuple(sorted(held | {currency for _, currency in targets if currency}))
        table = self._tables.get(currencies) or self._table_of(currencies)
        amounts = [*amounts_of("", packed.get("", 0))]
        for currency in currencies:
            amounts += amounts_of(currency, packed.get(currency, 0))
        amounts += [*[sum(chosen(amounts)) for chosen in table.combined], 0]
        entries = []
        pairs = zip(table.numerators(amounts), table.denominators(amounts), strict=True)
        for part, pair, what in zip(table.parts, pairs, self._listed(currencies), strict=True):
            target = targets.get((what[0].id, what[1]))
            if target is not None:
                entry = part.made.get(pair) or part.make(pair)
                end = said(target, pair, part.plain, (part.factor, part.minimum), share)
                entries.append(entry[:-1] + end)
            elif pair != NOTHING and (pair[0] or not part.numerator_decides):
                entries.append(part.made.get(pair) or part.make(pair))
        return b"[" + b",".join(entries) + b"]"

    def _table_of(self, currencies: tuple[str, ...]) -> Table:
        table = self._table(currencies)
        self._parts += len(table.parts)
        if self._parts > MOST_PARTS:
            self._tables, self._parts = {}, len(table.parts)
        self._tables[currencies] = table
        return table

    def _table(self, currencies: tuple[str, ...]) -> Table:
        places = {("", name): at for at, name in enumerate(PLAIN)}
        for currency in currencies:
            places |= {(currency, name): at for at, name in enumerate(IN_CURRENCY, len(places))}
        combined: dict[tuple[int, ...], int] = {}

        def place(currency: str, names: tuple[str, ...]) -> tuple[int, ...]:
            found = tuple(places[currency if name in IN_CURRENCY else "", name] for name in names)
            if len(found) > 1:
                combined.setdefault(found, len(places) + len(combined))
            return found

        parts, sources = [], []
        for kpi, currency in self._listed(currencies):
            parts.append(self._part(kpi, currency))
            sources.append((place(currency, kpi.numerator), place(currency, kpi.denominator or ())))
        nothing = len(places) + len(combined)

        def at(found: tuple[int, ...]) -> int:
            return combined[found] if len(found) > 1 else found[0] if found else nothing

        return Table(
            parts,
            [itemgetter(*found) for found in combined],
            itemgetter(*(at(above) for above, _ in sources)),
            itemgetter(*(at(below) for _, below in sources)),
        )

    def _listed(self, currencies: tuple[str, ...]) -> Iterator[tuple[Kpi, str]]:
        for kpi in self._kpis:
            for currency in currencies if kpi.per_currency else ("",):
                yield kpi, currency

    def _part(self, kpi: Kpi, currency: str) -> Fraction:
        head = {"kpi": kpi.id, "currency": currency} if currency else {"kpi": kpi.id}
        return Fraction(
            orjson.dumps(head)[:-1] + b',"numerator":',
            kpi.denominator is None,
            kpi.factor,
            max(1, self._minimum.get(kpi.id, 1)),
            kpi.per_currency and not kpi.denominator_per_currency,
        )
