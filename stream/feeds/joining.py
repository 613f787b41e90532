"""The join of a run: rows of the input in, joined records out, and what is held as bytes (feeds 5 and 6)."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from stream.feeds.event_clock import EventClock
from stream.feeds.expressions import Evaluate, is_true
from stream.feeds.given import RecordPlace, Unmapped
from stream.feeds.joins import HeldJoin, HeldJoins, identity_of
from stream.feeds.json_text import decode, encode
from stream.feeds.loading import CompiledJoin
from stream.feeds.wrong import Wrong


class JoinedRecord(NamedTuple):
    """A record that a join gives out: what the events see, its version, and where its first row stands.

    `wrong`: what is the matter with it, where its parts cannot be told.
    """

    record: dict[str, Any]
    version: int
    place: RecordPlace
    wrong: Unmapped | None


class Joining:
    """Joins the rows of one input by the mapping's `join`."""

    def __init__(self, join: CompiledJoin, most_open: int) -> None:
        self._join = join
        self.held = HeldJoins(join.after_ms, most_open, EventClock(join.ahead_ms))

    def take(self, row: Any, place: RecordPlace) -> list[JoinedRecord] | None:
        """The records that are given out by a row; None where it is not to be joined. Raises Unmapped."""
        key = _asked(self._join.by, row, "join.by")
        if not is_true(key):
            return None
        at_ms = _asked(self._join.time, row, "join.time")
        if type(at_ms) is not int:
            raise Unmapped("join.time", "is missing: a row that is joined needs a time")
        closes = self._join.closes is not None and is_true(_asked(self._join.closes, row, "join.closes"))
        try:
            written = encode(row)
        except ValueError as error:
            raise Unmapped("", f"the row cannot be kept as JSON: {error}") from None
        given = self.held.take(identity_of(key), key, (at_ms, written), place, closes=closes)
        return [self._joined(join) for join in given]

    def at_end(self) -> list[JoinedRecord]:
        """The records that are given out at the end of the input."""
        return [self._joined(join) for join in self.held.at_end()]

    @property
    def oldest(self) -> RecordPlace | None:
        """Where the oldest row stands that is held."""
        first = next(iter(self.held.by_key.values()), None)
        return None if first is None else first.first

    def _joined(self, join: HeldJoin) -> JoinedRecord:
        rows = [decode(row) for _, row in join.rows]
        record = {"key": join.key, "rows": rows, "open": not join.closed, "version": len(rows), "parts": None}
        wrong = None
        try:
            record["parts"] = self._parts(rows)
        except Unmapped as refusal:
            wrong = refusal
        return JoinedRecord(record, len(rows), join.first, wrong)

    def _parts(self, rows: list[Any]) -> list[Any] | None:
        if self._join.parts_by is not None:
            return _gathered(self._join.parts_by, rows)
        if self._join.parts_ends is not None:
            return _cut(self._join.parts_ends, rows)
        return None

    def state(self) -> dict[str, Any]:
        """What is held, for JSON."""
        return {
            **self.clock_state(),
            "joins": [
                [
                    join.key,
                    join.is_open,
                    join.closed,
                    join.given_ms,
                    [*join.first],
                    [_row_state(row) for row in join.rows],
                ]
                for join in self.held.by_key.values()
            ],
        }

    def clock_state(self) -> dict[str, Any]:
        """Event time, and the row that waits, for JSON."""
        clock = self.held.clock
        waiting = clock.waiting
        return {
            "now": clock.now,
            "waiting": None if waiting is None else [waiting[0], _key_state(waiting[1]), waiting[2]],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Puts back what `state` gave."""
        self.set_clock(state)
        for key, is_open, closed, given_ms, (source, line), rows in state["joins"]:
            join = HeldJoin(key, RecordPlace(source, line), 0)
            join.is_open, join.closed, join.given_ms = is_open, closed, given_ms
            join.rows = [(at_ms, encode(row)) for at_ms, row in rows]
            self.held.put_back(identity_of(key), join)

    def set_clock(self, state: dict[str, Any]) -> None:
        """Puts back event time alone."""
        clock = self.held.clock
        clock.now = state["now"]
        waiting = state["waiting"]
        clock.waiting = None if waiting is None else (waiting[0], identity_of(waiting[1]), waiting[2])


def _key_state(key: str | bytes) -> Any:
    return key if isinstance(key, str) else decode(key)


def _row_state(row: tuple[int, bytes]) -> list[Any]:
    return [row[0], msgspec.Raw(row[1])]


def _asked(evaluate: Evaluate, row: Any, key: str) -> Any:
    try:
        return evaluate(row)
    except Wrong as wrong:
        raise Unmapped(key, str(wrong)) from None


def _gathered(by: Evaluate, rows: list[Any]) -> list[Any]:
    """Parts of rows that have one value; rows without it are in none."""
    parts: dict[Any, Any] = {}
    for row in rows:
        value = _asked(by, row, "join.parts.by")
        if is_true(value):
            parts.setdefault(identity_of(value), {"key": value, "rows": []})["rows"].append(row)
    return [*parts.values()]


def _cut(ends: Evaluate, rows: list[Any]) -> list[Any]:
    """Parts that end with each row that satisfies the expression; what is left is one, too."""
    parts: list[Any] = []
    part: list[Any] = []
    for row in rows:
        part.append(row)
        if is_true(_asked(ends, row, "join.parts.ends")):
            parts.append({"rows": part})
            part = []
    return [*parts, {"rows": part}] if part else parts
