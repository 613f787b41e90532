"""Agents' time: the span from one state to the next (semantics 3, row `agent_state`)."""

from __future__ import annotations

from collections.abc import Iterator

from stream.facts.fact import AgentState
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import HOUR_MS

LONGEST_MS = 12 * HOUR_MS
"""A state that nothing ends counts for at most this long."""

_COLUMNS: dict[str, tuple[str, ...]] = {
    "logged_out": (),
    "available": ("signed_in_ms", "productive_ms"),
    "on_call": ("signed_in_ms", "productive_ms", "on_call_ms"),
    "wrap": ("signed_in_ms", "productive_ms", "on_call_ms"),
    "break": ("signed_in_ms",),
    "training": ("signed_in_ms",),
    "meeting": ("signed_in_ms",),
}


def span(state: AgentState, following: AgentState) -> tuple[tuple[str, ...], int]:
    """The columns to which the time between two successive states goes, and when it ends (ms)."""
    return _COLUMNS[state.state], min(following.occurred_at, state.occurred_at + LONGEST_MS)


def pieces(start_ms: int, end_ms: int, grain_ms: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` split over the grains that it covers: (start, length) of each piece, in ms."""
    while start_ms < end_ms:
        cut_ms = min(end_ms, (start_ms // grain_ms + 1) * grain_ms)
        yield start_ms, cut_ms - start_ms
        start_ms = cut_ms


def emit_span(state: AgentState, following: AgentState, grain_ms: int, emit: Emit) -> None:
    """Emits the time between two successive states of an agent, split over the grains that it covers."""
    columns, end_ms = span(state, following)
    if columns:
        credit = own_credit(state)
        for start_ms, length_ms in pieces(state.occurred_at, end_ms, grain_ms):
            for name in columns:
                emit(credit, name, start_ms, length_ms, state, following)
