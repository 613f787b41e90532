"""What a debtor's facts may be forgotten of, once time has gone on (live 3).

Events that occurred before the frontier (the watermark less the correction horizon) are refused, and windows that ended
before it change no more. So a fact may go once nothing that can still come asks for it, and all the windows that it
counts in have ended before the frontier: then even its own redelivery, or a later version of it, does no harm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from stream.facts import fact as kinds
from stream.facts.fact import Fact
from stream.ledger.cases import coverage, first_contact
from stream.ledger.debtor_index import CaseFile, DebtorIndex, MidnightMs
from stream.ledger.definitions import HOUR_MS, Definitions
from stream.ledger.kinds import KINDS
from stream.ledger.store.held_facts import FactList

LONGEST_WINDOW_MS = 32 * 24 * HOUR_MS
"""No window that holds an instant ends later after it: a month, with a day for clock changes."""


def forgettable(
    facts: Iterable[Fact], frontier_ms: int, definitions: Definitions, midnight_ms: MidnightMs
) -> tuple[list[Fact], int]:
    """Which facts of a key may be forgotten, and before which frontier (ms) it is no use to ask again.

    Linked facts go by whole case, when it is closed and its last instant has passed: an earlier payment fills an
    earlier instalment. Calls and messages go by themselves, but for those that decided something of a case that stays.
    """
    held = FactList(list(facts))
    links = DebtorIndex(held, definitions, midnight_ms)
    links.take_in_all()
    only = next(iter(links.naming)) if len(links.naming) == 1 else None
    by_case: dict[str | None, list[Fact]] = defaultdict(list)
    for fact in held.facts:
        by_case[only if isinstance(fact, kinds.Payment) and fact.case_id is None else fact.case_id].append(fact)
    promises = [
        KINDS[fact.LETTER].last_ms(fact, definitions, midnight_ms)
        for fact in held.facts
        if isinstance(fact, kinds.Promise)
    ]
    promised_ms = max(promises, default=0)
    gone: list[Fact] = []
    again_ms: list[int] = []
    for case_id, group in by_case.items():
        case = links.case(case_id)
        last_ms = max(KINDS[fact.LETTER].last_ms(fact, definitions, midnight_ms) for fact in group)
        if case_id is not None and case.closed:
            if last_ms + LONGEST_WINDOW_MS < frontier_ms:
                gone += group
                continue
            again_ms.append(last_ms + LONGEST_WINDOW_MS)
        deciding = {id(fact) for fact in _deciding(case, links)}
        for fact in group:
            if id(fact) in deciding or _is_named(fact, links) or not _alone(fact, links):
                continue
            # Of a case, until no deadline that it may meet can change either: what met it first may be taken back.
            span_ms = definitions.longest_span_ms
            kept_ms = max(LONGEST_WINDOW_MS, span_ms) if case_id is None else LONGEST_WINDOW_MS + span_ms
            last_ms = KINDS[fact.LETTER].last_ms(fact, definitions, midnight_ms)
            if isinstance(fact, kinds.Payment):  # it may come to belong to a case, and then fills its promises
                last_ms = max(last_ms, promised_ms)
            until_ms = last_ms + kept_ms
            if until_ms < frontier_ms:
                gone.append(fact)
            else:
                again_ms.append(until_ms)
    if gone and len(links.naming) > 1:
        gone = _less_names(gone, held.facts)
    # What comes from now on is not older than the frontier, and stays for as long as a window may.
    return gone, max(0, min([*again_ms, frontier_ms + LONGEST_WINDOW_MS]))


def _less_names(gone: list[Fact], facts: list[Fact]) -> list[Fact]:
    """Less a fact each of so many cases that a debtor of whom anything stays still names two, if any two were named: a
    payment without a case belongs to the only one, whenever it comes."""
    ids = {id(fact) for fact in gone}
    stay = [fact for fact in facts if id(fact) not in ids]
    named = {fact.case_id for fact in stay if fact.case_id is not None and not fact.void}
    if not stay or len(named) > 1:
        return gone
    for fact in gone:
        if fact.case_id is not None and fact.case_id not in named and not fact.void and len(named) < 2:
            named.add(fact.case_id)
            ids.discard(id(fact))
    return [fact for fact in gone if id(fact) in ids]


def _alone(fact: Fact, links: DebtorIndex) -> bool:
    """Whether it may go without a case, or before it. A restriction without an end stays."""
    if isinstance(fact, kinds.Payment):
        return fact.case_id is None and len(links.naming) != 1
    kind = KINDS[fact.LETTER]
    return kind.ends(fact) and (kind.role in ("alone", "attempt") or fact.case_id is None)


def _deciding(case: CaseFile, links: DebtorIndex) -> Iterator[Fact]:
    """Calls and messages that decided what linked facts contribute, and visits likewise."""
    if case.payments or case.promises:
        yield from (links.fact(place) for _, _, place in case.talks)
    for deadline in (first_contact(links, case), coverage(links, case)):
        if deadline is not None and deadline.met_by is not None:
            yield deadline.met_by


def _is_named(fact: Fact, links: DebtorIndex) -> bool:
    """Whether a complaint names this call."""
    return isinstance(fact, kinds.Call) and fact.call_id in links.complaints_of_call
