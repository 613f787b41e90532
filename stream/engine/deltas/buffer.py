"""Contributions added up over a batch, before they become deltas."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stream.engine.deltas.delta import Encoded, Place, TeamSaid, Zeros, encode_delta
from stream.engine.deltas.rows import Rows
from stream.ledger.contribution import Credit
from stream.ledger.difference import Difference
from stream.ledger.state_timeline import StateSpan
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


@lru_cache(maxsize=100_000)
def _beside(site: str, queue: str | None, segment: str | None) -> tuple[str, ...]:
    """The entities that a contribution goes to beside its agent, team and site."""
    of_queue = () if queue is None else (f"{site}|queue|{queue}",)
    return of_queue if segment is None else (*of_queue, f"{site}|segment|{segment}")


def entities_of(credit: Credit) -> tuple[str, ...]:
    """The texts of all whom what is credited so counts for."""
    return (
        *_entities(credit.site, credit.team, credit.agent),
        *_beside(credit.site, credit.queue, credit.segment),
    )


class DeltaBuffer:
    """Amounts by credit, currency and grain since the last `take`.

    `partition`: the debtor partition that the deltas are from. `watched`: columns that alert rules read.
    """

    def __init__(self, partition: int, grain_ms: int, watched: frozenset[str]) -> None:
        self._partition = partition
        self._grain_ms = grain_ms
        self._watched = watched
        self._ones: dict[tuple[str, ...], int] = {}
        self._levels: dict[tuple[tuple[str, int], ...], tuple[int, bool]] = {}
        self._plain: dict[Key, Rows] = {}
        self._money: dict[tuple[Key, str], Rows] = {}
        self._others: Entities = {}
        """Queues and segments: few contributions have one, and most batches none."""
        self._teams: dict[str, dict[int, TeamSaid]] = {}
        self._differed: dict[Credit, set[tuple[Place, str]]] = {}
        """Where differences of watched columns were added: if such a sum comes to 0, that is said."""
        self._ready: list[tuple[bytes, bytes]] = []
        self._rest: Iterator[tuple[bytes, bytes]] | None = None
        """Deltas that `prepare` has made, and those that it has begun."""

    def note_team(self, site: str, agent: str, at_ms: int, event_id: str, team: str) -> None:
        """A fact names the team of its agent: of each grain the last one is said."""
        grain = at_ms // self._grain_ms
        by_grain = self._teams.setdefault(f"{site}|agent|{agent}", {})
        said = (grain, at_ms, event_id, team)
        known = by_grain.get(grain)
        if known is None or said > known:
            by_grain[grain] = said

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

    def add_beside(
        self, credit: Credit, at_ms: int, ones: tuple[str, ...], amounts: tuple[tuple[str, int], ...]
    ) -> None:
        """Adds the same to the queue and the segment of a credit; `add_own` adds it to the others."""
        grain = at_ms // self._grain_ms
        by_currency = {"": self._ones.get(ones) or self._one_of_each(ones)}
        for name, amount in amounts:
            currency, shift = place_of(name)
            by_currency[currency] = by_currency.get(currency, 0) + (amount << shift)
        for text in _beside(credit.site, credit.queue, credit.segment):
            for currency, packed in by_currency.items():
                plain = _of(self._others, text, currency).plain
                plain[grain] = plain.get(grain, 0) + packed

    def add_span(self, span: StateSpan, caused_ms: int, frontier_ms: int | None) -> None:
        """Adds time to columns, split over its grains, as a fact that occurred at `caused_ms` changed it.

        Whole grains in the middle are one run: hours in one state are one row, not hundreds. When a part of it became
        known is said only where a rule asks for it, and of what lies before the cause: the rest is known at its own
        time, however far ahead that is.
        """
        credit, columns, start_ms, end_ms = span
        key = (credit.site, credit.team, credit.agent)
        rows = self._plain.get(key)
        if rows is None:
            rows = self._new_rows(key, "")
        grain_ms, (each, watched) = self._grain_ms, self._levels.get(columns) or self._level(columns)
        cause = caused_ms // grain_ms if watched else 0
        if frontier_ms is not None and start_ms < frontier_ms:
            until_ms = min(end_ms, frontier_ms)
            for at_ms, length_ms in pieces(start_ms, until_ms, grain_ms):
                grain = at_ms // grain_ms
                _add_at(rows, (grain, cause if grain < cause else 0, frontier_ms, 1), each * length_ms)
            start_ms = until_ms
        if start_ms >= end_ms:
            return
        if watched:
            self._add_watched_time(rows, each, start_ms, end_ms, cause)
        else:
            self._add_time(rows, each, start_ms, end_ms)

    def _add_time(self, rows: Rows, each: int, start_ms: int, end_ms: int) -> None:
        grain_ms, plain = self._grain_ms, rows.plain
        first, last = start_ms // grain_ms, end_ms // grain_ms
        if first == last:
            plain[first] = plain.get(first, 0) + each * (end_ms - start_ms)
            return
        whole_ms = first * grain_ms
        if start_ms > whole_ms:
            whole_ms += grain_ms
            plain[first] = plain.get(first, 0) + each * (whole_ms - start_ms)
            first += 1
        rest_ms = end_ms - last * grain_ms
        if rest_ms:
            plain[last] = plain.get(last, 0) + each * rest_ms
        if last - first == 1:
            plain[first] = plain.get(first, 0) + each * grain_ms
        elif first < last:
            edges, step = rows.edges, each * grain_ms
            edges[first] = edges.get(first, 0) + step
            edges[last] = edges.get(last, 0) - step

    def _add_watched_time(self, rows: Rows, each: int, start_ms: int, end_ms: int, cause: int) -> None:
        grain_ms = self._grain_ms
        first, last = start_ms // grain_ms, end_ms // grain_ms
        if first == last:
            _add_at(rows, (first, cause if first < cause else 0, 0, 1), each * (end_ms - start_ms))
            return
        whole = first
        if start_ms > first * grain_ms:
            whole = first + 1
            _add_at(rows, (first, cause if first < cause else 0, 0, 1), each * (whole * grain_ms - start_ms))
        if end_ms > last * grain_ms:
            _add_at(rows, (last, cause if last < cause else 0, 0, 1), each * (end_ms - last * grain_ms))
        known = min(max(whole, cause), last)
        for begin, end, known_at in ((whole, known, cause), (known, last, 0)):
            if begin < end:
                _add_at(rows, (begin, known_at, 0, end - begin), each * grain_ms)

    def add_difference(self, difference: Difference, caused_ms: int, frontier_ms: int | None) -> None:
        """Adds what a fact that occurred at `caused_ms` changed, under the frontier that applied to it."""
        grain_ms, cause, watched = self._grain_ms, caused_ms // self._grain_ms, self._watched
        for (credit, name, instant_ms), amount in difference.items():
            grain = instant_ms // grain_ms
            known = cause if grain < cause and name in watched else 0
            applied_ms = frontier_ms if frontier_ms is not None and instant_ms < frontier_ms else 0
            place = (grain, known, applied_ms, 1)
            currency, shift = place_of(name)
            site, team, agent, queue, segment = credit
            key = (site, team, agent)
            rows = self._money.get((key, currency)) if currency else self._plain.get(key)
            if rows is None:
                rows = self._new_rows(key, currency)
            if known or applied_ms:
                rows.placed[place] = rows.placed.get(place, 0) + (amount << shift)
            else:
                rows.plain[grain] = rows.plain.get(grain, 0) + (amount << shift)
            if queue is not None or segment is not None:
                for text in _beside(site, queue, segment):
                    _add_at(_of(self._others, text, currency), place, amount << shift)
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

    def _level(self, columns: tuple[tuple[str, int], ...]) -> tuple[int, bool]:
        packed = sum(times << SHIFTS[name] for name, times in columns)
        level = self._levels[columns] = (packed, any(name in self._watched for name, _ in columns))
        return level

    def _one_of_each(self, columns: tuple[str, ...]) -> int:
        packed = self._ones[columns] = sum(1 << SHIFTS[name] for name in columns)
        return packed

    @property
    def pending(self) -> int:
        """How many deltas the next `take` gives at most, but for those that are cut in parts: each who is credited has
        a team and a site."""
        return 3 * len(self._plain) + len(self._money) + len(self._others) + len(self._teams) + len(self._ready)

    def prepare(self, greatest_ms: int, most: int) -> bool:
        """Makes some of the deltas of the next `take`, `most` at a time; True: there are more. What is added from the
        first call on is in deltas of its own."""
        if self._rest is None:
            self._rest = self._begun(greatest_ms)
        for _ in range(most):
            made = next(self._rest, None)
            if made is None:
                return False
            self._ready.append(made)
        return True

    def take(self, greatest_ms: int) -> list[tuple[bytes, bytes]]:
        """The deltas, one per changed entity; the buffer is empty afterwards."""
        if self._rest is None:
            return list(self._begun(greatest_ms))
        found = [*self._ready, *self._rest, *self._begun(greatest_ms)]
        self._ready, self._rest = [], None
        return found

    def _begun(self, greatest_ms: int) -> Iterator[tuple[bytes, bytes]]:
        """Takes what was added; its deltas."""
        entities: Entities = {}
        teams: dict[str, str] = {}
        for key, rows in self._plain.items():
            _spread(entities, teams, key, "", rows)
        for (key, currency), rows in self._money.items():
            _spread(entities, teams, key, currency, rows)
        for team, site in teams.items():
            for currency, rows in entities[team].items():
                _of(entities, site, currency).add(rows)
        entities.update(self._others)
        differed: dict[str, set[tuple[Place, str]]] = {}
        for (site, team, agent, queue, segment), places in self._differed.items():
            for text in (*_entities(site, team, agent), *_beside(site, queue, segment)):
                differed.setdefault(text, set()).update(places)
        zeros: dict[str, Zeros] = {
            text: list(_came_to_zero(entities[text], places)) for text, places in differed.items()
        }
        self._plain, self._money, self._others, self._differed = {}, {}, {}, {}
        named, self._teams = self._teams, {}
        for text in named:
            entities.setdefault(text, {})
        return self._encoded(entities, zeros, named, greatest_ms)

    def _encoded(
        self, entities: Entities, zeros: dict[str, Zeros], named: dict[str, dict[int, TeamSaid]], greatest_ms: int
    ) -> Iterator[tuple[bytes, bytes]]:
        for text, by_currency in entities.items():
            key, said = text.encode(), zeros.get(text, [])
            teams = list(named[text].values()) if text in named else []
            while len(teams) > MOST_ROWS:
                yield key, encode_delta(self._partition, greatest_ms, {}, [], teams[:MOST_ROWS])
                teams = teams[MOST_ROWS:]
            part: dict[str, Encoded] = {}
            size = 0
            for currency, encoded in _in_parts(by_currency):
                if size + encoded.size > MOST_ROWS or currency in part:
                    yield key, encode_delta(self._partition, greatest_ms, part, [])
                    part, size = {}, 0
                part[currency] = encoded
                size += encoded.size
            if part or said or teams:
                yield key, encode_delta(self._partition, greatest_ms, part, said, teams)


def _in_parts(by_currency: dict[str, Rows]) -> Iterator[tuple[str, Encoded]]:
    for currency, rows in by_currency.items():
        for part in rows.parts(MOST_ROWS):
            encoded = part.encode()
            if encoded.size:
                yield currency, encoded


def _add_at(rows: Rows, place: Place, amount: int) -> None:
    grain, known, frontier, length = place
    if known or frontier or length > 1:
        rows.placed[place] = rows.placed.get(place, 0) + amount
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
        number = rows.placed.get(place) if place in rows.placed else rows.plain.get(place[0], 0)
        if not amount_at(number or 0, shift):
            yield place, [name]
