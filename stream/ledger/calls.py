"""What a call contributes by itself (definitions 3, rows `call`)."""

from __future__ import annotations

from functools import cache

from stream.facts.fact import Call
from stream.ledger.definitions import Definitions


@cache
def _ones(direction: str, outcome: str, right_party: bool, with_agent: bool, first_leg: bool) -> tuple[str, ...]:
    """The measures to which such a call contributes 1, whatever its durations."""
    human = outcome == "human"
    names: list[str] = []
    if first_leg:
        names += _first_leg(direction, outcome, right_party)
    if human and with_agent:
        names.append("handled")
        if not first_leg:
            names.append("transfers_in")
    return tuple(names)


def _first_leg(direction: str, outcome: str, right_party: bool) -> list[str]:
    """A conversation counts once, at its first leg."""
    human = outcome == "human"
    if direction == "outbound":
        names = ["dials"]
        if human:
            names += ["connects", "right_party_connects"] if right_party else ["connects"]
        elif outcome == "abandoned":
            names.append("drops")
    else:
        names = ["offered"]
        if human:
            names.append("answered")
        elif outcome == "callback":
            names.append("callbacks")
    if human:
        names += ["contacts", "right_party_contacts"] if right_party else ["contacts"]
    return names


@cache
def _waited(outcome: str, in_time: bool, short: bool, formula: str) -> tuple[str, ...]:
    """The measures to which the known wait of an inbound first leg contributes 1."""
    names: list[str] = []
    if outcome == "human":
        names += ["answered_timed", "answered_in_time"] if in_time else ["answered_timed"]
    elif outcome == "abandoned":
        names += ["abandoned_timed"] if short else ["abandoned_timed", "abandons"]
    left_out = (
        outcome == "callback"
        or (formula == "answered" and outcome != "human")
        or (formula == "without_short_abandons" and outcome == "abandoned" and short)
    )
    return tuple(names) if left_out else (*names, "service_judged")


def _waiting(call: Call, definitions: Definitions) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """What an inbound first leg adds for its wait; an unknown one excuses no abandoned call, and is not judged."""
    outcome, queue_ms = call.outcome, call.queue_ms
    if queue_ms is None:
        return (("abandons",) if outcome == "abandoned" else ()), ()
    in_time, short = queue_ms <= definitions.service_level_ms, queue_ms <= definitions.short_abandon_ms
    ones = _waited(outcome, in_time, short, definitions.service_level_formula)
    if outcome == "human":
        return ones, (("answer_wait_ms", queue_ms),)
    if outcome == "abandoned":
        return ones, (("abandon_wait_ms", queue_ms),)
    return ones, ()


def call_columns(call: Call, definitions: Definitions) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """What a call adds at `counted_ms`, for its own agent, team, site, queue and segment: (columns that get 1, (column,
    amount) pairs)."""
    outcome, first_leg = call.outcome, call.transferred_from is None
    ones = _ones(call.direction, outcome, call.party == "right", call.agent_id is not None, first_leg)
    amounts: tuple[tuple[str, int], ...] = ()
    if first_leg and call.direction == "inbound":
        waits, amounts = _waiting(call, definitions)
        ones += waits
    if outcome != "human" or call.agent_id is None:
        return ones, amounts
    talk_ms = call.talk_ms or 0
    effective_ms = call.effective_ms
    if effective_ms is None:
        effective_ms = talk_ms if talk_ms >= definitions.effective_talk_floor_ms else 0
    return ones, (
        ("talk_ms", talk_ms),
        ("hold_ms", call.hold_ms or 0),
        ("wrap_ms", call.wrap_ms or 0),
        ("effective_talk_ms", effective_ms),
        *amounts,
    )


def counted_ms(call: Call, definitions: Definitions) -> int:
    """The instant of all that a call counts: its start, or with `calls_counted_at: end` its end, if not earlier."""
    if definitions.calls_counted_at == "end":
        return max(call.occurred_at, call.ended_at)
    return call.occurred_at


def is_attempt(call: Call) -> bool:
    """Whether a call is an attempt at first contact: outbound, and it did not fail (definitions 3)."""
    return call.direction == "outbound" and call.outcome != "failed"


def reaches_debtor(call: Call) -> bool:
    """Whether payments may be credited to a call: a human right party, and an agent (definitions 5b)."""
    return call.outcome == "human" and call.party == "right" and call.agent_id is not None
