"""What a call contributes by itself (semantics 3, rows `call`)."""

from __future__ import annotations

from functools import cache

from stream.facts.fact import Call
from stream.ledger.definitions import Definitions


@cache
def _ones(direction: str, outcome: str, right_party: bool, with_agent: bool) -> tuple[str, ...]:
    """The measures to which such a call contributes 1, whatever its durations."""
    human = outcome == "human"
    names: list[str] = []
    if direction == "outbound":
        names.append("dials")
        if human:
            names.append("connects")
            if right_party:
                names.append("right_party_connects")
    else:
        names.append("offered")
        if human:
            names.append("answered")
    if human:
        names.append("contacts")
        if right_party:
            names.append("right_party_contacts")
        if with_agent:
            names.append("handled")
    return tuple(names)


def call_columns(call: Call, definitions: Definitions) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """What a call adds at its start, for its own agent, team and site: (columns that get 1, (column, amount) pairs)."""
    outcome = call.outcome
    ones = _ones(call.direction, outcome, call.party == "right", call.agent_id is not None)
    if outcome == "human":
        if call.direction == "inbound" and (call.queue_ms or 0) <= definitions.service_level_ms:
            ones += ("answered_in_time",)
        if call.agent_id is not None:
            talk_ms = call.talk_ms or 0
            effective_ms = call.effective_ms
            if effective_ms is None:
                effective_ms = talk_ms if talk_ms >= definitions.effective_talk_floor_ms else 0
            return ones, (
                ("talk_ms", talk_ms),
                ("hold_ms", call.hold_ms or 0),
                ("wrap_ms", call.wrap_ms or 0),
                ("effective_talk_ms", effective_ms),
            )
    elif outcome == "abandoned" and call.direction == "inbound" and (call.queue_ms or 0) > definitions.short_abandon_ms:
        ones += ("abandons",)
    return ones, ()


def is_attempt(call: Call) -> bool:
    """Whether a call is an attempt at first contact: outbound, and it did not fail (semantics 3)."""
    return call.direction == "outbound" and call.outcome != "failed"


def reaches_debtor(call: Call) -> bool:
    """Whether payments may be credited to a call: a human right party, and an agent (semantics 5b)."""
    return call.outcome == "human" and call.party == "right" and call.agent_id is not None
