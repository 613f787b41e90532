"""Laws of what rules find: of the set of facts, and of nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.conduct.breaches import breaches, breaches_of
from stream.conduct.contact import contact_of
from stream.conduct.history import History
from stream.conduct.rule import Consent, Frequency, Hours, Quiet, Spacing, ThirdParty
from stream.conduct.standing import standings
from stream.facts.instant import instant_text
from stream.ledger.contribution import nobody
from tests.conduct.builders import book, consent, dial, facts_of, limit, lives, own, talk
from tests.worlds import events as e

RULES = book(
    own(Frequency("attempts", "case", 1, 1, consent=Consent(1, until_conversation=True)), name="a"),
    own(Frequency("contacts", "debtor", 2, 1, local=True), name="b"),
    own(Spacing("case", 2, local=True, consent=Consent()), name="c"),
    own(Hours(480, 1260), name="d"),
    own(Quiet(), name="e"),
    own(ThirdParty(), name="f"),
)
START_MS = 1_772_300_000_000  # the last day of February 2026


def drawn(kind: str, at: str, name: str, case: str | None) -> e.Raw:
    more: dict[str, Any] = {"case_id": case}
    if kind == "dial":
        return dial(at, name, **more)
    if kind == "third":
        return talk(at, name, party="third", **more)
    if kind == "inbound":
        return talk(at, name, direction="inbound", **more)
    if kind == "message":
        return e.message(at, name, channel="sms", **more)
    if kind == "consent":
        return consent(at, restriction_id=name, **more)
    if kind == "quiet":
        return limit("quiet_hours", at, restriction_id=name, hours=["20:00", "09:00"], **more)
    if kind == "lives":
        return lives(at, "Asia/Tokyo", name, case_id=case or "c1")
    return talk(at, name, **more)


KINDS = ("dial", "dial", "talk", "third", "inbound", "message", "consent", "quiet", "lives")
EVENTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 60), st.sampled_from(["c1", "c1", "c2", None])), max_size=14
).map(
    lambda found: [
        drawn(kind, instant_text(START_MS + hours * 3_600_000), f"x{n}", case)
        for n, (kind, hours, case) in enumerate(found)
    ]
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(raws: list[e.Raw], random: Any) -> None:
    facts = facts_of(raws)
    shuffled = random.sample(facts, len(facts))
    one, other = History(RULES, "d1", facts), History(RULES, "d1", shuffled)
    assert breaches(one, nobody) == breaches(other, nobody)
    assert standings(one) == standings(other)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_a_void_fact_is_as_if_it_had_never_been(raws: list[e.Raw]) -> None:
    for place in range(len(raws)):
        taken_back = [*raws[:place], raws[place] | {"void": True, "version": 2}, *raws[place + 1 :]]
        without = [*raws[:place], *raws[place + 1 :]]
        histories = [History(RULES, "d1", facts_of(each)) for each in (taken_back, without)]
        assert breaches(histories[0], nobody) == breaches(histories[1], nobody)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_what_comes_last_in_the_order_changes_no_other_finding(raws: list[e.Raw]) -> None:
    """Whoever judges facts as they come needs to judge only the new one then."""
    facts = facts_of(raws)
    whole = History(RULES, "d1", facts)
    contacts = [contact for fact in facts if (contact := contact_of(fact)) is not None]
    last = max(contacts, default=None)
    if last is None:
        return
    assert whole.is_last(last)
    before = History(RULES, "d1", [fact for fact in facts if fact is not last.fact])
    own_breaches = breaches_of(whole, last) if last.outbound else []
    together = [*breaches(before, nobody), *own_breaches]
    assert sorted(together, key=lambda each: each.order) == breaches(whole, nobody)
