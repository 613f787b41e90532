"""An agent's states in the order of time, at rest as bytes.

An agent has thousands of them within a horizon, and each matters to its neighbours only. So they are kept in order,
their instants beside them for the search; whether an id is known is told by the sorted hashes of all ids.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from itertools import pairwise

from stream.facts.fact import AgentState, Fact
from stream.ledger import record
from stream.ledger.contribution import Credit, own_credit
from stream.ledger.difference import Difference
from stream.ledger.states import pieces, span


def as_state(fact: Fact) -> AgentState:
    """The fact, which must be an agent's state: identities of that letter have no other."""
    assert isinstance(fact, AgentState)
    return fact


class Chain:
    """The states of one agent, in the order of (occurred_at, event_id): about 100 bytes each."""

    __slots__ = ("_hashes", "_last", "_times", "entries")

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self._times = array("q")
        self._hashes = array("q")
        self._last: AgentState | None = None  # the last state decoded, since most that come follow it

    def __len__(self) -> int:
        return len(self.entries)

    def known(self, event_id: str) -> AgentState | None:
        """The state of that id, if it is known."""
        code = hash(event_id)
        at = bisect_left(self._hashes, code)
        if at == len(self._hashes) or self._hashes[at] != code:
            return None
        mark = record.mark("s" + event_id)
        found = (self._state(index) for index, entry in enumerate(self.entries) if mark in entry)
        return next((state for state in found if state is not None and state.event_id == event_id), None)

    def last(self) -> AgentState | None:
        """The latest state; None in an empty chain."""
        if self._last is None:
            self._last = self._state(len(self.entries) - 1)
        return self._last

    def is_next(self, state: AgentState) -> bool:
        """Whether a state comes after all others."""
        if not self._times or state.occurred_at > self._times[-1]:
            return True
        return state.occurred_at == self._times[-1] and self._index(state) == len(self.entries)

    def put(self, state: AgentState, entry: bytes) -> None:
        """Stores a state; one of the same id must have been removed."""
        at = self._index(state)
        if at == len(self.entries):
            self._last = state
        self._times.insert(at, state.occurred_at)
        self.entries.insert(at, entry)
        insort(self._hashes, hash(state.event_id))

    def remove(self, state: AgentState) -> bytes:
        """Forgets a state; its entry."""
        at = self._index(state)
        entry = self.entries[at]
        del self._times[at], self.entries[at], self._hashes[bisect_left(self._hashes, hash(state.event_id))]
        self._last = None
        return entry

    def neighbours(self, state: AgentState) -> tuple[AgentState | None, AgentState | None]:
        """The states before and after the place of `state`, which itself may be there or not."""
        at = self._index(state)
        there = self._state(at)
        after = at + 1 if there is not None and there.event_id == state.event_id else at
        return self._state(at - 1), self._state(after)

    def before(self, instant_ms: int) -> list[AgentState]:
        """The states whose successors occurred before `instant_ms`: nothing that comes later asks for them."""
        end = max(0, bisect_left(self._times, instant_ms) - 1)
        return [as_state(record.decode("", entry)) for entry in self.entries[:end]]

    def _index(self, state: AgentState) -> int:
        times, at_ms = self._times, state.occurred_at
        if not times or at_ms > times[-1]:
            return len(times)
        at = bisect_left(times, at_ms)
        while at < len(times) and times[at] == at_ms:
            other = self._state(at)
            if other is None or other.event_id >= state.event_id:
                break
            at += 1
        return at

    def _state(self, at: int) -> AgentState | None:
        if not 0 <= at < len(self.entries):
            return None
        return as_state(record.decode("", self.entries[at]))


Span = tuple[AgentState, AgentState, int]
"""A state, the one that follows it, and 1 if the time between is gained, -1 if it is lost."""


def moved(chain: Chain, gone: AgentState | None, come: AgentState, entry: bytes, grain_ms: int) -> Difference:
    """Puts `come` into the chain in place of `gone`; what that changes in agents' time."""
    if gone is None:
        change = _net(_around(chain, come, 1), grain_ms)
        chain.put(come, entry)
        return change
    lost = _around(chain, gone, -1)
    was = chain.remove(gone)
    try:
        change = _net([*lost, *_around(chain, come, 1)], grain_ms)
        chain.put(come, entry)
    except BaseException:
        chain.put(gone, was)
        raise
    return change


def _around(chain: Chain, state: AgentState, sign: int) -> list[Span]:
    before, after = chain.neighbours(state)
    spans: list[Span] = []
    if before is not None and after is not None:
        spans.append((before, after, -sign))
    if before is not None:
        spans.append((before, state, sign))
    if after is not None:
        spans.append((state, after, sign))
    return spans


def _net(spans: list[Span], grain_ms: int) -> Difference:
    """The spans added up before they are cut into grains: most of what is gained is lost by another."""
    edges: dict[tuple[Credit, str], list[tuple[int, int]]] = {}
    for state, following, sign in spans:
        columns, end_ms = span(state, following)
        for name in columns:
            edges.setdefault((own_credit(state), name), []).extend([(state.occurred_at, sign), (end_ms, -sign)])
    change: Difference = {}
    for (credit, name), found in edges.items():
        found.sort()
        level = 0
        for (from_ms, step), (to_ms, _) in pairwise(found):
            level += step
            if level:
                for at_ms, length_ms in pieces(from_ms, to_ms, grain_ms):
                    change[credit, name, at_ms] = level * length_ms
    return change
