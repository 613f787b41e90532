"""Agents' time: how long a state counts, and to what (definitions 3, row `agent_state`)."""

from __future__ import annotations

from collections.abc import Iterator

from stream.facts.fact import AgentState
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.windows.shifts import Shifts

_COLUMNS: dict[str, tuple[str, ...]] = {
    "logged_out": (),
    "available": ("signed_in_ms", "productive_ms"),
    "on_call": ("signed_in_ms", "productive_ms", "on_call_ms"),
    "wrap": ("signed_in_ms", "productive_ms", "on_call_ms"),
    "break": ("signed_in_ms", "break_ms"),
    "training": ("signed_in_ms",),
    "meeting": ("signed_in_ms",),
}


class Bounds:
    """How long a state counts at most, whatever follows it."""

    def __init__(self, definitions: Definitions, shifts: Shifts) -> None:
        self._longest_ms = definitions.open_state_max_ms
        self._shifts = shifts if definitions.open_state_ends_with_shift else None

    def end_ms(self, state: AgentState) -> int:
        """The instant from which on a state does not count even if it is open."""
        end_ms = state.occurred_at + self._longest_ms
        if self._shifts is not None:
            shift_end_ms = self._shifts.end_ms(str(state.site_id), state.occurred_at)
            if shift_end_ms is not None and shift_end_ms < end_ms:
                return shift_end_ms
        return end_ms


def columns_of(state: AgentState) -> tuple[str, ...]:
    """The columns to which the time in a state goes."""
    return _COLUMNS[state.state]


def span_end_ms(state: AgentState, following: AgentState | None, bounds: Bounds) -> int:
    """When the time that a state counts ends; `following`: the agent's next state, if there is one."""
    end_ms = bounds.end_ms(state)
    return end_ms if following is None else min(following.occurred_at, end_ms)


def pieces(start_ms: int, end_ms: int, grain_ms: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` split over the grains that it covers: (start, length) of each piece, in ms."""
    while start_ms < end_ms:
        cut_ms = min(end_ms, (start_ms // grain_ms + 1) * grain_ms)
        yield start_ms, cut_ms - start_ms
        start_ms = cut_ms


def emit_span(state: AgentState, following: AgentState | None, bounds: Bounds, grain_ms: int, emit: Emit) -> None:
    """Emits the time that a state counts, split over the grains that it covers."""
    columns = columns_of(state)
    if columns:
        credit = own_credit(state)
        because = (state,) if following is None else (state, following)
        for start_ms, length_ms in pieces(state.occurred_at, span_end_ms(state, following, bounds), grain_ms):
            for name in columns:
                emit(credit, name, start_ms, length_ms, *because)
