"""An agent's states in the order of time, at rest as bytes."""

from __future__ import annotations

from bisect import bisect_left, insort

from stream.facts.fact import AgentState, Fact
from stream.ledger import record
from stream.ledger.difference import Difference, Tally
from stream.ledger.states import emit_span


def as_state(fact: Fact) -> AgentState:
    """The fact, which must be an agent's state: identities of that letter have no other."""
    assert isinstance(fact, AgentState)
    return fact


class Chain:
    """The states of one agent: (occurred_at, event_id) in order, and each entry by its event_id."""

    __slots__ = ("_last", "entries", "order")

    def __init__(self) -> None:
        self.order: list[tuple[int, str]] = []
        self.entries: dict[str, bytes] = {}
        self._last: AgentState | None = None  # the last state decoded, since most that come follow it

    def __len__(self) -> int:
        return len(self.order)

    def known(self, event_id: str) -> AgentState | None:
        """The state of that id, if it is known."""
        entry = self.entries.get(event_id)
        return None if entry is None else as_state(record.decode("", entry))

    def last(self) -> AgentState | None:
        """The latest state; None in an empty chain."""
        if self._last is None:
            self._last = self._state(len(self.order) - 1)
        return self._last

    def is_next(self, state: AgentState) -> bool:
        """Whether a state comes after all others."""
        return not self.order or (state.occurred_at, state.event_id) > self.order[-1]

    def put(self, state: AgentState, entry: bytes) -> None:
        """Stores a state; one of the same id must have been removed."""
        if self.is_next(state):
            self._last = state
            self.order.append((state.occurred_at, state.event_id))
        else:
            insort(self.order, (state.occurred_at, state.event_id))
        self.entries[state.event_id] = entry

    def remove(self, state: AgentState) -> None:
        """Forgets a state."""
        del self.order[bisect_left(self.order, (state.occurred_at, state.event_id))]
        del self.entries[state.event_id]
        self._last = None

    def neighbours(self, state: AgentState) -> tuple[AgentState | None, AgentState | None]:
        """The states before and after the place of `state`, which itself may be there or not."""
        place = (state.occurred_at, state.event_id)
        at = bisect_left(self.order, place)
        after = at + 1 if at < len(self.order) and self.order[at] == place else at
        return self._state(at - 1), self._state(after)

    def _state(self, at: int) -> AgentState | None:
        if not 0 <= at < len(self.order):
            return None
        event_id = self.order[at][1]
        return as_state(record.decode("", self.entries[event_id]))


def moved(chain: Chain, gone: AgentState | None, come: AgentState, entry: bytes, grain_ms: int) -> Difference:
    """Puts `come` into the chain in place of `gone`; what that changes in agents' time."""
    tally = Tally()
    if gone is not None:
        _around(chain, gone, grain_ms, tally, -1)
        chain.remove(gone)
    _around(chain, come, grain_ms, tally, 1)
    chain.put(come, entry)
    return tally.nonzero()


def _around(chain: Chain, state: AgentState, grain_ms: int, tally: Tally, sign: int) -> None:
    before, after = chain.neighbours(state)
    if before is not None and after is not None:
        tally.sign = -sign
        emit_span(before, after, grain_ms, tally)
    tally.sign = sign
    if before is not None:
        emit_span(before, state, grain_ms, tally)
    if after is not None:
        emit_span(state, after, grain_ms, tally)
