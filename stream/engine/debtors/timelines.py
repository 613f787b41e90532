"""The timelines of agents' states in a partition: what is taken back of the ledger topic, and what is forgotten."""

from __future__ import annotations

from stream.ledger.state_timeline import StateTimeline, as_state
from stream.ledger.store import record


def restore_state(timelines: dict[str, StateTimeline], owner: str, name: str, entry: bytes | None) -> None:
    """Takes back the record of a state; None: it was forgotten."""
    timeline = timelines.setdefault(owner, StateTimeline())
    known = timeline.known(name[1:])
    if known is not None:
        timeline.remove(known)
    if entry is not None:
        state = record.decode(owner, entry)
        timeline.put(as_state(record.plain(state)), record.losers_of(state))
    if not len(timeline):
        del timelines[owner]


def forget_states(timeline: StateTimeline, owner: str, before_ms: int) -> list[tuple[bytes, bytes | None]]:
    """Forgets the states that nothing asks for which lies after this instant; their tombstones."""
    states = timeline.before(before_ms)
    for state in states:
        timeline.remove(state)
    return [(f"{owner}|{record.identity(state)}".encode(), None) for state in states]
