"""Which facts of a debtor stay since conduct rules may still ask for them, whatever the horizon says (live 3)."""

from __future__ import annotations

from collections.abc import Sequence

from stream.conduct.contact import contact_of, is_conversation
from stream.conduct.history import History
from stream.conduct.rule import DAY_MS, ComplaintDeadline
from stream.conduct.rulebook import Rulebook
from stream.conduct.standing import standings
from stream.facts.fact import Case, Complaint, Fact, Restriction
from stream.facts.zones import is_zone
from stream.ledger.store import record

MARGIN_MS = 2 * DAY_MS
"""A local day and a change of the clock: instants that are compared may lie in zones that are far apart."""


def kept_for_conduct(
    rulebook: Rulebook, debtor: str, facts: Sequence[Fact], gone: Sequence[Fact], frontier_ms: int
) -> tuple[set[str], int | None]:
    """The identities of those facts in `gone` that must stay, and before which frontier (ms) it is no use to ask again;
    None: time alone lets none of them go.

    An open restriction stays for ever, and so does what says where the debtor lives: the latest case event with a zone
    that exists, of each case, and the latest event of that case. A contact stays as long as a rule may count or compare
    it with one that may still come, and as long as it makes the latest standing of its scope: what was said of it must
    be taken back when the next contact comes, however late. A conversation that ended a consent stays as long as the
    consent would cover a contact without it.
    """
    stays: set[str] = set()
    again_ms: list[int] = []
    history = History(rulebook, debtor, facts)
    reach_ms = rulebook.reach_ms + MARGIN_MS
    stood_ms = [each.at_ms for each in standings(history) if each.state != "clear"]
    needed_from_ms = min(stood_ms) - reach_ms if stood_ms else None
    deadlines = (rule.parameters for rule in rulebook.rules)
    days_ms = max((of.days * DAY_MS for of in deadlines if isinstance(of, ComplaintDeadline)), default=0)
    consents = history.consents if rulebook.talks_end_consents else []
    for fact in gone:
        name = record.identity(fact)
        if isinstance(fact, Restriction):
            if _lasts(fact, needed_from_ms):
                if not fact.void:
                    stays.add(name)
                continue
            until_ms = max(fact.until or 0, fact.from_) + reach_ms
        elif isinstance(fact, Complaint):
            until_ms = fact.received_at + days_ms + MARGIN_MS
        elif (contact := contact_of(fact)) is not None:
            if needed_from_ms is not None and fact.occurred_at >= needed_from_ms:
                stays.add(name)
                continue
            ended = [each for each in consents if is_conversation(contact) and each.from_ < fact.occurred_at]
            if any(_lasts(each, needed_from_ms) for each in ended):
                stays.add(name)
                continue
            until_ms = max([fact.occurred_at, *(each.until or 0 for each in ended)]) + reach_ms
        else:
            continue
        if until_ms >= frontier_ms:
            stays.add(name)
            again_ms.append(until_ms)
    going = {record.identity(fact) for fact in gone} - stays
    judged_ms = [_judged_ms(fact) for fact in facts if record.identity(fact) not in going]
    stays |= _homes(facts, min([frontier_ms, *(at_ms for at_ms in judged_ms if at_ms is not None)]))
    return stays, min(again_ms, default=None)


def _judged_ms(fact: Fact) -> int | None:
    """From when on it is asked where the debtor lives, to judge a fact; None: never."""
    if isinstance(fact, Complaint):
        return fact.received_at
    return None if contact_of(fact) is None else fact.occurred_at


def _lasts(restriction: Restriction, needed_from_ms: int | None) -> bool:
    """Whether time alone lets a restriction never go: it is open, or in force where a standing is still needed."""
    return restriction.until is None or (needed_from_ms is not None and restriction.until >= needed_from_ms)


def _homes(facts: Sequence[Fact], from_ms: int) -> set[str]:
    """The case events that must stay: where the debtor lives at any time from `from_ms` on, and whether each case with
    a zone is open."""
    steps: dict[str, list[Case]] = {}
    for fact in facts:
        if isinstance(fact, Case) and not fact.void:
            steps.setdefault(fact.case_id, []).append(fact)
    stay: set[str] = set()
    for of_case in steps.values():
        of_case.sort(key=lambda each: (each.occurred_at, each.event_id))
        zones = [each for each in of_case if each.debtor_zone is not None and is_zone(each.debtor_zone)]
        known = sum(each.occurred_at <= from_ms for each in zones)
        needed = zones[max(known - 1, 0) :]
        if needed:
            stay.update(map(record.identity, (*needed, of_case[-1])))
    return stay
