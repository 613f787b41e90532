"""Which of two events of one identity counts (contract 1), whatever the order in which they arrive."""

from __future__ import annotations

from typing import Literal, NamedTuple

from stream.facts.fact import Fact
from stream.facts.identity import content_hash, counts_before, same_content
from stream.ledger.store.record import MOST_LOSERS

Kind = Literal["accepted", "duplicate", "superseded", "conflict", "limit", "too_late"]


class Verdict(NamedTuple):
    """What became of an event, and for what goes to the dead letters a sentence why."""

    kind: Kind
    detail: str = ""


ACCEPTED = Verdict("accepted")
DUPLICATE = Verdict("duplicate")
SUPERSEDED = Verdict("superseded")
TOO_LATE = Verdict("too_late", "occurred before the correction horizon")


class Judgement(NamedTuple):
    """A verdict, and what is remembered from now on: the fact that counts and the hashes of those that lost to it."""

    verdict: Verdict
    fact: Fact
    losers: tuple[bytes, ...]


def judge(known: Fact, losers: tuple[bytes, ...], arrived: Fact) -> Judgement:
    """What becomes of `arrived`, an event of the same identity as the fact that is known."""
    newer = arrived.version - known.version
    if newer > 0:
        # One of the two is superseded, whichever came first: so the counts of a run do not depend on the order.
        return Judgement(SUPERSEDED, arrived, ())
    if newer < 0:
        return Judgement(SUPERSEDED, known, losers)
    if same_content(arrived, known):
        # The one that counts before the other stands for this content in every later comparison, so that order does
        # not matter: the same content may be said in two ways, a default in words or not at all.
        stays = known if arrived == known or not counts_before(arrived, known) else arrived
        return Judgement(DUPLICATE, stays, losers)
    if counts_before(arrived, known):
        detail = f"this event counts; event_id {known.event_id!r}, which came before it, does not"
        return Judgement(Verdict("conflict", detail), arrived, _with(losers, content_hash(known)))
    lost = content_hash(arrived)
    if lost in losers:
        return Judgement(DUPLICATE, known, losers)
    detail = f"event_id {known.event_id!r} counts, this event does not"
    return Judgement(Verdict("conflict", detail), known, _with(losers, lost))


def _with(losers: tuple[bytes, ...], lost: bytes) -> tuple[bytes, ...]:
    return tuple(sorted({*losers, lost}))[:MOST_LOSERS]
