"""An agent's states in the order of time.

An agent has thousands of them within a horizon, and each matters to its neighbours only. So they are kept in order, in
blocks of a few dozen; what they say is kept once for all that say the same, so that a state costs its instant and its
id. Whether an id is known is told by the sorted hashes of all ids.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from stream.facts.fact import AgentState, Fact
from stream.ledger.contribution import Credit, own_credit
from stream.ledger.states import Bounds, columns_of, span_end_ms

MOST = 128
"""States of a block; two are made of one that has more."""

REPEATS = 20
"""So many states that only repeat the one before them count as one towards `limits.facts_per_debtor`: some systems
send one a minute."""

_SEPARATOR = "|"
"""No id holds it (contract 1)."""

_FIELDS = AgentState.__struct_fields__
_OTHERS = tuple(name for name in _FIELDS if name not in ("event_id", "occurred_at"))
_SITE = _OTHERS.index("site_id")
Said = tuple[Any, ...]
"""Everything that a state says but its id and instant, in the order of `_OTHERS`."""


def as_state(fact: Fact) -> AgentState:
    """The fact, which must be an agent's state: identities of that letter have no other."""
    assert isinstance(fact, AgentState)
    return fact


_said: Callable[[AgentState], Said] = attrgetter(*_OTHERS)


class _Block:
    """States that follow each other."""

    __slots__ = ("ids", "said", "times")

    def __init__(self, times: array[int], ids: str, said: list[Said]) -> None:
        self.times = times
        self.ids = ids
        """Joined by the separator: one text takes a third of the memory of many."""
        self.said = said

    def id_list(self) -> list[str]:
        """The ids, one for each state."""
        return self.ids.split(_SEPARATOR)


class StateTimeline:
    """The states of one agent, in the order of (occurred_at, event_id): about 30 bytes each and its id."""

    __slots__ = (
        "_blocks", "_count", "_hash_times", "_hashes", "_last", "_losers", "_repeats", "_starts", "_texts", "_voids",
    )  # fmt: skip

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._starts = array("q")
        """The first instant of each block."""
        self._hashes = array("q")
        self._hash_times = array("q")
        """Beside each hash, when that state occurred."""
        self._texts: dict[Said, Said] = {}
        self._losers: dict[str, tuple[bytes, ...]] = {}
        self._voids: dict[str, AgentState] = {}
        """States that were taken back: they are known, and in no order."""
        self._count = 0
        self._repeats = 0
        self._last: AgentState | None = None  # the last state, since most that come follow it

    def __len__(self) -> int:
        return self._count + len(self._voids)

    def weight(self) -> int:
        """How many states it counts as towards a limit."""
        return len(self) - self._repeats + self._repeats // REPEATS

    def known(self, event_id: str) -> AgentState | None:
        """The state of that id, if it is known."""
        if event_id in self._voids:
            return self._voids[event_id]
        code = hash(event_id)
        at = bisect_left(self._hashes, code)
        while at < len(self._hashes) and self._hashes[at] == code:
            place = self._find(self._hash_times[at], event_id)
            if place is not None:
                return self._state(*place)
            at += 1
        return None

    def losers_of(self, event_id: str) -> tuple[bytes, ...]:
        """Hashes of the events that lost a conflict against the state of this id."""
        return self._losers.get(event_id, ())

    def last(self) -> AgentState | None:
        """The latest state; None where there is none."""
        if self._last is None and self._blocks:
            self._last = self._state(len(self._blocks) - 1, len(self._blocks[-1].times) - 1)
        return self._last

    def latest_at(self, site: str) -> AgentState | None:
        """The latest state at this site; None where there is none. An agent is mostly where it was last."""
        last = self.last()
        if last is None or last.site_id == site:
            return last
        for block in reversed(self._blocks):
            for at in range(len(block.said) - 1, -1, -1):
                if block.said[at][_SITE] == site:
                    return _made(block.times[at], block.id_list()[at], block.said[at])
        return None

    def has_void_at(self, site: str) -> bool:
        """Whether a state at this site was taken back."""
        return any(state.site_id == site for state in self._voids.values())

    def sites(self) -> set[str]:
        """The sites of all its states, and perhaps some at which there are none any more."""
        return {str(said[_SITE]) for said in self._texts} | {str(state.site_id) for state in self._voids.values()}

    def is_next(self, state: AgentState) -> bool:
        """Whether a state comes after all others."""
        last = self.last()
        return last is None or (last.occurred_at, last.event_id) < (state.occurred_at, state.event_id)

    def put(self, state: AgentState, losers: tuple[bytes, ...] = ()) -> None:
        """Stores a state; one of the same id must have been removed."""
        if losers:
            self._losers[state.event_id] = losers
        if state.void:
            self._voids[state.event_id] = state
            return
        said = _said(state)
        said = self._texts.setdefault(said, said)
        at_ms, event_id = state.occurred_at, state.event_id
        if self.is_next(state):
            self._repeats += _repeats(self._last, state)
            self._append(at_ms, event_id, said)
            self._last = state
        else:
            before, after = self.neighbours(state)
            self._repeats += _repeats(before, state) + _repeats(state, after) - _repeats(before, after)
            self._insert(at_ms, event_id, said)
        code = hash(event_id)
        place = bisect_left(self._hashes, code)
        self._hashes.insert(place, code)
        self._hash_times.insert(place, at_ms)
        self._count += 1

    def remove(self, state: AgentState) -> None:
        """Forgets a state. KeyError: it is not there."""
        self._losers.pop(state.event_id, None)
        if self._voids.pop(state.event_id, None) is not None:
            return
        place = self._find(state.occurred_at, state.event_id)
        if place is None:
            raise KeyError(state.event_id)
        before, after = self.neighbours(state)
        self._repeats += _repeats(before, after) - _repeats(before, state) - _repeats(state, after)
        number, at = place
        block = self._blocks[number]
        if len(block.times) == 1:
            del self._blocks[number], self._starts[number]
        else:
            ids = block.id_list()
            del ids[at], block.times[at], block.said[at]
            block.ids = _SEPARATOR.join(ids)
            self._starts[number] = block.times[0]
        code = hash(state.event_id)
        hashed = bisect_left(self._hashes, code)
        while self._hash_times[hashed] != state.occurred_at:
            hashed += 1
        del self._hashes[hashed], self._hash_times[hashed]
        self._count -= 1
        self._last = None

    def neighbours(self, state: AgentState) -> tuple[AgentState | None, AgentState | None]:
        """The states before and after the place of `state`, which itself may be there or not."""
        if not self._blocks:
            return None, None
        if self._last is not None and state.occurred_at > self._last.occurred_at:
            return self._last, None
        number, at = self._place(state.occurred_at, state.event_id)
        there = self._find(state.occurred_at, state.event_id) is not None
        return self._state(*self._step(number, at - 1)), self._state(*self._step(number, at + 1 if there else at))

    def states(self) -> Iterator[AgentState]:
        """All of them, those that count in order."""
        yield from self._voids.values()
        yield from self._in_order()

    def _in_order(self) -> Iterator[AgentState]:
        for block in self._blocks:
            for at_ms, event_id, said in zip(block.times, block.id_list(), block.said, strict=True):
                yield _made(at_ms, event_id, said)

    def before(self, instant_ms: int) -> list[AgentState]:
        """The states whose successors occurred before `instant_ms`, and those that were taken back before it."""
        found = [state for state in self._voids.values() if state.occurred_at < instant_ms]
        for state, following in pairwise(self._in_order()):
            if following.occurred_at >= instant_ms:
                break
            found.append(state)
        return found

    def _append(self, at_ms: int, event_id: str, said: Said) -> None:
        if self._blocks and len(self._blocks[-1].times) < MOST:
            block = self._blocks[-1]
            block.times.append(at_ms)
            block.ids += _SEPARATOR + event_id
            block.said.append(said)
        else:
            self._blocks.append(_Block(array("q", [at_ms]), event_id, [said]))
            self._starts.append(at_ms)

    def _insert(self, at_ms: int, event_id: str, said: Said) -> None:
        number, at = self._place(at_ms, event_id)
        block = self._blocks[number]
        ids = block.id_list()
        ids.insert(at, event_id)
        block.times.insert(at, at_ms)
        block.said.insert(at, said)
        block.ids = _SEPARATOR.join(ids)
        self._starts[number] = block.times[0]
        if len(block.times) > MOST:
            half = MOST // 2
            after = _Block(block.times[half:], _SEPARATOR.join(ids[half:]), block.said[half:])
            block.ids = _SEPARATOR.join(ids[:half])
            del block.times[half:], block.said[half:]
            self._blocks.insert(number + 1, after)
            self._starts.insert(number + 1, after.times[0])

    def _place(self, at_ms: int, event_id: str) -> tuple[int, int]:
        """Block and place in it of a state, or where it would be."""
        number = max(0, bisect_right(self._starts, at_ms) - 1)
        while True:
            block = self._blocks[number]
            at, end = bisect_left(block.times, at_ms), bisect_right(block.times, at_ms)
            if at < end:
                at = bisect_left(block.id_list(), event_id, at, end)
            # The states of one instant may begin in the block before.
            if at or not number or self._blocks[number - 1].times[-1] < at_ms:
                return number, at
            if block.times[0] == at_ms and block.id_list()[0] == event_id:
                return number, at
            number -= 1

    def _find(self, at_ms: int, event_id: str) -> tuple[int, int] | None:
        if not self._blocks:
            return None
        number, at = self._place(at_ms, event_id)
        block = self._blocks[number]
        if at < len(block.times) and block.times[at] == at_ms and block.id_list()[at] == event_id:
            return number, at
        return None

    def _step(self, number: int, at: int) -> tuple[int, int]:
        """The same place, in the neighbouring block if it is beyond this one."""
        if at < 0:
            return number - 1, len(self._blocks[number - 1].times) - 1 if number else -1
        if number < len(self._blocks) and at >= len(self._blocks[number].times):
            return number + 1, at - len(self._blocks[number].times)
        return number, at

    def _state(self, number: int, at: int) -> AgentState | None:
        if not 0 <= number < len(self._blocks) or at < 0:
            return None
        block = self._blocks[number]
        return _made(block.times[at], block.id_list()[at], block.said[at])


def _made(at_ms: int, event_id: str, said: Said) -> AgentState:
    fields = dict(zip(_OTHERS, said, strict=True))
    return AgentState(event_id=event_id, occurred_at=at_ms, **fields)


def _repeats(before: AgentState | None, after: AgentState | None) -> int:
    """1 if a state only repeats the one before it: the same activity, in the same team at the same site."""
    if before is None or after is None:
        return 0
    return int(before.state == after.state and before.team_id == after.team_id and before.site_id == after.site_id)


class StateSpan(NamedTuple):
    """Time that comes to columns of a credit: so many times its length to each; less where that is negative."""

    credit: Credit
    columns: tuple[tuple[str, int], ...]
    start_ms: int
    end_ms: int


Counting = tuple[Credit, tuple[str, ...], int, int, int]
"""Credit, columns, start and end (ms) of the time that a state counts; 1: it comes, -1: it goes."""


def _counting(state: AgentState, following: AgentState | None, sign: int, bounds: Bounds) -> list[Counting]:
    columns = columns_of(state)
    if not columns:
        return []
    end_ms = span_end_ms(state, following, bounds)
    if end_ms <= state.occurred_at:
        return []
    return [(own_credit(state), columns, state.occurred_at, end_ms, sign)]


def moved(
    timeline: StateTimeline, gone: AgentState | None, come: AgentState, losers: tuple[bytes, ...], bounds: Bounds
) -> list[StateSpan]:
    """Puts `come` into the timeline in place of `gone`; what that changes in agents' time, nothing twice."""
    if gone is None and not come.void and timeline.is_next(come):
        change = _followed(timeline.last(), come, bounds)
        timeline.put(come, losers)
        return change
    if gone is None:
        change = _net(_around(timeline, come, 1, bounds))
        timeline.put(come, losers)
        return change
    spans = _around(timeline, gone, -1, bounds)
    was = timeline.losers_of(gone.event_id)
    timeline.remove(gone)
    try:
        change = _net([*spans, *_around(timeline, come, 1, bounds)])
        timeline.put(come, losers)
        return change
    except BaseException:
        timeline.put(gone, was)
        raise


def _followed(last: AgentState | None, come: AgentState, bounds: Bounds) -> list[StateSpan]:
    """The usual case: a state takes from the one before it what that had beyond it, and has its own."""
    at_ms, end_ms, columns, credit = come.occurred_at, bounds.end_ms(come), columns_of(come), own_credit(come)
    if last is None:
        return _spans((credit, _times(columns, 1), at_ms, end_ms))
    former_ms, former, other = bounds.end_ms(last), columns_of(last), own_credit(last)
    if other != credit:
        return _spans((credit, _times(columns, 1), at_ms, end_ms), (other, _times(former, -1), at_ms, former_ms))
    both_ms = max(at_ms, min(former_ms, end_ms))
    rest = (_times(columns, 1), both_ms, end_ms) if end_ms > both_ms else (_times(former, -1), both_ms, former_ms)
    return _spans((credit, _changed(former, columns), at_ms, both_ms), (credit, *rest))


def _spans(*found: tuple[Credit, tuple[tuple[str, int], ...], int, int]) -> list[StateSpan]:
    return [StateSpan(*each) for each in found if each[1] and each[2] < each[3]]


@cache
def _times(columns: tuple[str, ...], times: int) -> tuple[tuple[str, int], ...]:
    return tuple([(name, times) for name in columns])


@cache
def _changed(former: tuple[str, ...], now: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    gained = [(name, 1) for name in now if name not in former]
    return tuple(gained + [(name, -1) for name in former if name not in now])


def _around(timeline: StateTimeline, state: AgentState, sign: int, bounds: Bounds) -> list[Counting]:
    if state.void:
        return []
    before, after = timeline.neighbours(state)
    spans = _counting(state, after, sign, bounds)
    if before is not None:
        spans += _counting(before, after, -sign, bounds)
        spans += _counting(before, state, sign, bounds)
    return spans


def _net(times: list[Counting]) -> list[StateSpan]:
    """What comes and what goes added up: most of what is gained is lost by another."""
    edges: dict[Credit, list[tuple[int, int, tuple[str, ...]]]] = {}
    for credit, columns, start_ms, end_ms, sign in times:
        edges.setdefault(credit, []).extend([(start_ms, sign, columns), (end_ms, -sign, columns)])
    found: list[StateSpan] = []
    for credit, changes in edges.items():
        changes.sort()
        level: dict[str, int] = {}
        for (from_ms, step, names), (to_ms, _, _) in pairwise(changes):
            for name in names:
                level[name] = level.get(name, 0) + step
            if from_ms < to_ms:
                held = tuple([(name, times) for name, times in level.items() if times])
                if held:
                    found.append(StateSpan(credit, held, from_ms, to_ms))
    return found
