"""Contributions added up over a batch, before they become deltas."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stream.engine.delta import Encoded, Place, Zeros, encode_delta
from stream.engine.rows import Rows
from stream.ledger.contribution import Credit
from stream.ledger.difference import Difference
from stream.ledger.states import pieces
from stream.windows.packed import SHIFTS, amount_at, place_of

Key = tuple[str, str, str]
"""(site, team, agent) that a contribution is credited to."""

Entities = dict[str, dict[str, Rows]]
"""Entity's text -> currency ("": none) -> rows."""

MOST_ROWS = 1_000
"""Rows of one delta: a broker takes no record of any size, and the sum of two deltas is that of one."""


@lru_cache(maxsize=100_000)
def _entities(site: str, team: str, agent: str) -> tuple[str, str, str]:
    return f"{site}|agent|{agent}", f"{site}|team|{team}", f"{site}|site|{site}"


def entities_of(site: str, team: str, agent: str) -> tuple[str, ...]:
    """The texts of all whom what is credited to these counts for."""
    return _entities(site, team, agent)


class Cells:
    """Amounts by credit, currency and grain since the last `take`. `watched`: columns that alert rules read."""

    def __init__(self, number: int, grain_ms: int, watched: frozenset[str]) -> None:
        self._number = number
        self._grain_ms = grain_ms
        self._watched = watched
        self._ones: dict[tuple[str, ...], int] = {}
        self._plain: dict[Key, Rows] = {}
        self._money: dict[tuple[Key, str], Rows] = {}
        self._differed: dict[Key, set[tuple[Place, str]]] = {}
        """Where differences of watched columns were added: if such a sum comes to 0, that is said."""

    def add_own(
        self, site: str, team: str, agent: str, at_ms: int, ones: tuple[str, ...], amounts: tuple[tuple[str, int], ...]
    ) -> None:
        """Adds what a fact contributes by itself at its own instant."""
        key = (site, team, agent)
        grain = at_ms // self._grain_ms
        packed = self._ones.get(ones) or self._one_of_each(ones)
        for name, amount in amounts:
            shift = SHIFTS.get(name)
            if shift is None:
                self._add(key, name, (grain, 0, 0, 1), amount)
            else:
                packed += amount << shift
        if packed:
            rows = self._plain.get(key)
            if rows is None:
                rows = self._new_rows(key, "")
            plain = rows.plain
            plain[grain] = plain.get(grain, 0) + packed

    def add_span(
        self,
        credit: Credit,
        columns: tuple[str, ...],
        start_ms: int,
        end_ms: int,
        caused_ms: int,
        frontier_ms: int | None,
    ) -> None:
        """Adds the time [start, end), which has ended when it is known, split over its grains, to each of the columns.

        Whole grains in the middle are one run: hours in one state are one row, not hundreds. When it became known is
        said only where a rule asks for it.
        """
        if not columns or start_ms >= end_ms:
            return
        rows = self._plain.get(credit)
        if rows is None:
            rows = self._new_rows(credit, "")
        grain_ms, each = self._grain_ms, self._ones.get(columns) or self._one_of_each(columns)
        cause = 0 if self._watched.isdisjoint(columns) else caused_ms // grain_ms
        if cause or (frontier_ms is not None and start_ms < frontier_ms):
            self._add_odd_span(rows, each, start_ms, end_ms, cause, frontier_ms)
            return
        plain, first, last = rows.plain, start_ms // grain_ms, end_ms // grain_ms
        if first == last:
            plain[first] = plain.get(first, 0) + each * (end_ms - start_ms)
            return
        plain[first] = plain.get(first, 0) + each * ((first + 1) * grain_ms - start_ms)
        if end_ms > last * grain_ms:
            plain[last] = plain.get(last, 0) + each * (end_ms - last * grain_ms)
        if last - first == 2:
            plain[first + 1] = plain.get(first + 1, 0) + each * grain_ms
        elif last - first > 2:
            edges = rows.edges
            edges[first + 1] = edges.get(first + 1, 0) + each * grain_ms
            edges[last] = edges.get(last, 0) - each * grain_ms

    def _add_odd_span(
        self, rows: Rows, each: int, start_ms: int, end_ms: int, cause: int, frontier_ms: int | None
    ) -> None:
        grain_ms = self._grain_ms
        whole, end = -(-start_ms // grain_ms), end_ms // grain_ms
        spans: tuple[tuple[int, int], ...] = ((start_ms, end_ms),)
        if end - whole > 1 and (frontier_ms is None or start_ms >= frontier_ms):
            _add_at(rows, (whole, cause, 0, end - whole), each * grain_ms)
            spans = ((start_ms, whole * grain_ms), (end * grain_ms, end_ms))
        for from_ms, to_ms in spans:
            for at_ms, length_ms in pieces(from_ms, to_ms, grain_ms):
                grain = at_ms // grain_ms
                frozen = frontier_ms if frontier_ms is not None and at_ms < frontier_ms else 0
                _add_at(rows, (grain, cause if grain < cause else 0, frozen, 1), each * length_ms)

    def add_difference(self, difference: Difference, caused_ms: int, frontier_ms: int | None) -> None:
        """Adds what a fact that occurred at `caused_ms` changed, under the frontier that applied to it."""
        grain_ms, cause, watched = self._grain_ms, caused_ms // self._grain_ms, self._watched
        for (credit, name, instant_ms), amount in difference.items():
            grain = instant_ms // grain_ms
            known = cause if grain < cause and name in watched else 0
            frozen = frontier_ms if frontier_ms is not None and instant_ms < frontier_ms else 0
            place = (grain, known, frozen, 1)
            currency, shift = place_of(name)
            rows = self._money.get((credit, currency)) if currency else self._plain.get(credit)
            if rows is None:
                rows = self._new_rows(credit, currency)
            if known or frozen:
                rows.odd[place] = rows.odd.get(place, 0) + (amount << shift)
            else:
                rows.plain[grain] = rows.plain.get(grain, 0) + (amount << shift)
            if name in watched:
                self._differed.setdefault(credit, set()).add((place, name))

    def _add(self, key: Key, column: str, place: Place, amount: int) -> None:
        currency, shift = place_of(column)
        rows = self._plain.get(key) if not currency else self._money.get((key, currency))
        if rows is None:
            rows = self._new_rows(key, currency)
        _add_at(rows, place, amount << shift)

    def _new_rows(self, key: Key, currency: str) -> Rows:
        rows = Rows()
        if currency:
            self._money[key, currency] = rows
        else:
            self._plain[key] = rows
        return rows

    def _one_of_each(self, columns: tuple[str, ...]) -> int:
        packed = self._ones[columns] = sum(1 << SHIFTS[name] for name in columns)
        return packed

    @property
    def pending(self) -> int:
        """How many deltas the next `take` gives at most, but for those that are cut in parts: each who is credited has
        a team and a site."""
        return 3 * len(self._plain) + len(self._money)

    def take(self, greatest_ms: int) -> list[tuple[bytes, bytes]]:
        """The deltas, one per changed entity; the cells are empty afterwards."""
        entities: Entities = {}
        teams: dict[str, str] = {}
        for key, rows in self._plain.items():
            _spread(entities, teams, key, "", rows)
        for (key, currency), rows in self._money.items():
            _spread(entities, teams, key, currency, rows)
        for team, site in teams.items():
            for currency, rows in entities[team].items():
                _of(entities, site, currency).add(rows)
        zeros: dict[str, Zeros] = {}
        for key, differed in self._differed.items():
            for text in _entities(*key):
                zeros.setdefault(text, []).extend(_came_to_zero(entities[text], differed))
        self._plain, self._money, self._differed = {}, {}, {}
        return list(self._encoded(entities, zeros, greatest_ms))

    def _encoded(self, entities: Entities, zeros: dict[str, Zeros], greatest_ms: int) -> Iterator[tuple[bytes, bytes]]:
        for text, by_currency in entities.items():
            key, said = text.encode(), zeros.get(text, [])
            part: dict[str, Encoded] = {}
            size = 0
            for currency, encoded in _in_parts(by_currency):
                if size + encoded.size > MOST_ROWS or currency in part:
                    yield key, encode_delta(self._number, greatest_ms, part, [])
                    part, size = {}, 0
                part[currency] = encoded
                size += encoded.size
            if part or said:
                yield key, encode_delta(self._number, greatest_ms, part, said)


def _in_parts(by_currency: dict[str, Rows]) -> Iterator[tuple[str, Encoded]]:
    for currency, rows in by_currency.items():
        for part in rows.parts(MOST_ROWS):
            encoded = part.encode()
            if encoded.size:
                yield currency, encoded


def _add_at(rows: Rows, place: Place, amount: int) -> None:
    grain, known, frontier, length = place
    if known or frontier or length > 1:
        rows.odd[place] = rows.odd.get(place, 0) + amount
    else:
        rows.plain[grain] = rows.plain.get(grain, 0) + amount


def _spread(entities: Entities, teams: dict[str, str], key: Key, currency: str, rows: Rows) -> None:
    """Adds rows to the team, whose site is noted, and to the agent, who takes them over."""
    agent, team, site = _entities(*key)
    teams[team] = site
    _of(entities, team, currency).add(rows)
    by_currency = entities.get(agent)
    if by_currency is None:
        by_currency = entities[agent] = {}
    if currency in by_currency:
        by_currency[currency].add(rows)
    else:
        by_currency[currency] = rows


def _of(entities: Entities, text: str, currency: str) -> Rows:
    by_currency = entities.setdefault(text, {})
    found = by_currency.get(currency)
    if found is None:
        found = by_currency[currency] = Rows()
    return found


def _came_to_zero(by_currency: dict[str, Rows], differed: set[tuple[Place, str]]) -> Iterator[tuple[Place, list[str]]]:
    for place, name in sorted(differed):
        currency, shift = place_of(name)
        rows = by_currency[currency]
        number = rows.odd.get(place) if place in rows.odd else rows.plain.get(place[0], 0)
        if not amount_at(number or 0, shift):
            yield place, [name]
