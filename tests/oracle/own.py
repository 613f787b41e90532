"""Semantics 3: what a fact counts by itself, whatever else happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.oracle.config import Config
from tests.oracle.contribution import Contribution, add
from tests.oracle.reading import Event

Counted = Iterator[tuple[str, int]]
"""(measure, amount) of a call."""


def of_call(call: Event, config: Config) -> Iterator[Contribution]:
    """All of a call counts at one instant, for its queue too."""
    at_ms = call["occurred_at"]
    if config.calls_counted_at == "end":
        at_ms = max(at_ms, call["ended_at"])
    for measure, amount in counted_of_call(call, config):
        yield replace(add(call, measure, amount, at_ms=at_ms), queue=call.get("queue_id"))


def counted_of_call(call: Event, config: Config) -> Counted:
    human = call["outcome"] == "human"
    first_leg = "transferred_from" not in call
    if first_leg and call["direction"] == "outbound":
        yield from of_dial(call)
    if first_leg and call["direction"] == "inbound":
        yield from of_offer(call, config)
    if first_leg and human:
        yield "contacts", 1
        if call.get("party") == "right":
            yield "right_party_contacts", 1
    if human and "agent_id" in call:
        yield from of_handling(call, config)
        if not first_leg:
            yield "transfers_in", 1


def of_dial(call: Event) -> Counted:
    yield "dials", 1
    if call["outcome"] == "human":
        yield "connects", 1
        if call.get("party") == "right":
            yield "right_party_connects", 1
    if call["outcome"] == "abandoned":
        yield "drops", 1


def of_offer(call: Event, config: Config) -> Counted:
    outcome, queue_ms = call["outcome"], call.get("queue_ms")
    yield "offered", 1
    if outcome == "human":
        yield "answered", 1
    if outcome == "callback":
        yield "callbacks", 1
    if outcome == "abandoned" and not waited_short(queue_ms, config):
        yield "abandons", 1
    if queue_ms is None:
        return
    if outcome == "human":
        yield "answered_timed", 1
        yield "answer_wait_ms", queue_ms
        if queue_ms <= config.service_level_ms:
            yield "answered_in_time", 1
    if outcome == "abandoned":
        yield "abandoned_timed", 1
        yield "abandon_wait_ms", queue_ms
    if is_judged(outcome, queue_ms, config):
        yield "service_judged", 1


def waited_short(queue_ms: int | None, config: Config) -> bool:
    """An unknown wait excuses nobody."""
    return queue_ms is not None and queue_ms <= config.short_abandon_ms


def is_judged(outcome: str, queue_ms: int, config: Config) -> bool:
    """Whether an offered call with a known wait is in the service level's denominator."""
    if outcome == "callback":
        return False
    match config.service_level_formula:
        case "offered":
            return True
        case "answered":
            return outcome == "human"
        case "without_short_abandons":
            return not (outcome == "abandoned" and waited_short(queue_ms, config))
    raise ValueError(config.service_level_formula)


def of_handling(call: Event, config: Config) -> Counted:
    talk_ms = call.get("talk_ms", 0)
    long_enough: int = talk_ms if talk_ms >= config.effective_talk_floor_ms else 0
    yield "handled", 1
    yield "talk_ms", talk_ms
    yield "hold_ms", call.get("hold_ms", 0)
    yield "wrap_ms", call.get("wrap_ms", 0)
    yield "effective_talk_ms", call.get("effective_ms", long_enough)


def of_promise(promise: Event) -> Iterator[Contribution]:
    total = sum(instalment["amount_minor"] for instalment in promise["instalments"])
    yield add(promise, "promises")
    yield add(promise, "promised_minor", total, promise["currency"])
    if len(promise["instalments"]) > 1:
        yield add(promise, "plans")


def of_visit(visit: Event) -> Iterator[Contribution]:
    yield add(visit, "visits")
    if visit["met_debtor"]:
        yield add(visit, "visits_met")


def of_message(message: Event) -> Iterator[Contribution]:
    if message["direction"] == "outbound":
        yield add(message, "messages")
        if message["channel"] == "letter":
            yield add(message, "letters")
        if "delivered" in message:
            yield add(message, "messages_judged")
            if message["delivered"]:
                yield add(message, "messages_delivered")


def of_review(review: Event) -> Iterator[Contribution]:
    yield add(review, "reviews")
    if review["passed"]:
        yield add(review, "reviews_passed")
    if "score" in review:
        yield add(review, "reviews_scored")
        yield add(review, "review_points", review["score"])


def of_survey(survey: Event) -> Iterator[Contribution]:
    yield add(survey, "surveys")
    if survey["score"] >= 4:
        yield add(survey, "surveys_satisfied")


def of_bot(session: Event) -> Iterator[Contribution]:
    yield add(session, "bot_sessions")
    if session["mandate_signed"]:
        yield add(session, "bot_mandates")
    if session["handed_over"] and "handover_correct" in session:
        yield add(session, "bot_handovers_judged")
        if session["handover_correct"]:
            yield add(session, "bot_handovers_correct")


def own_contributions(fact: Event, config: Config) -> Iterator[Contribution]:
    """The self-contained part of the table of definitions 3."""
    match fact["type"]:
        case "call":
            yield from of_call(fact, config)
        case "promise":
            yield from of_promise(fact)
        case "visit":
            yield from of_visit(fact)
        case "message":
            yield from of_message(fact)
        case "quality_review":
            yield from of_review(fact)
        case "survey":
            yield from of_survey(fact)
        case "bot_session":
            yield from of_bot(fact)
