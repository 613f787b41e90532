"""Semantics 3: what a fact counts by itself, whatever else happened."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.config import Config
from tests.oracle.contribution import Contribution, add
from tests.oracle.reading import Event


def of_call(call: Event, config: Config) -> Iterator[Contribution]:
    human = call["outcome"] == "human"
    right = human and call.get("party") == "right"
    queue_ms = call.get("queue_ms", 0)
    if call["direction"] == "outbound":
        yield add(call, "dials")
        if human:
            yield add(call, "connects")
        if right:
            yield add(call, "right_party_connects")
    else:
        yield add(call, "offered")
        if human:
            yield add(call, "answered")
            if queue_ms <= config.service_level_ms:
                yield add(call, "answered_in_time")
        if call["outcome"] == "abandoned" and queue_ms > config.short_abandon_ms:
            yield add(call, "abandons")
    if human:
        yield add(call, "contacts")
    if right:
        yield add(call, "right_party_contacts")
    if human and "agent_id" in call:
        yield from of_handling(call, config)


def of_handling(call: Event, config: Config) -> Iterator[Contribution]:
    talk_ms = call.get("talk_ms", 0)
    long_enough: int = talk_ms if talk_ms >= config.effective_talk_floor_ms else 0
    yield add(call, "handled")
    yield add(call, "talk_ms", talk_ms)
    yield add(call, "hold_ms", call.get("hold_ms", 0))
    yield add(call, "wrap_ms", call.get("wrap_ms", 0))
    yield add(call, "effective_talk_ms", call.get("effective_ms", long_enough))


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


def of_review(review: Event) -> Iterator[Contribution]:
    yield add(review, "reviews")
    if review["passed"]:
        yield add(review, "reviews_passed")


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
    """The self-contained part of the table of semantics 3."""
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
