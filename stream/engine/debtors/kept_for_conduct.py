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
    homes = _homes(facts)
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
        elif isinstance(fact, Case):
            if name in homes:
                stays.add(name)
            continue
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
    return stays, min(again_ms, default=None)


def _lasts(restriction: Restriction, needed_from_ms: int | None) -> bool:
    """Whether time alone lets a restriction never go: it is open, or in force where a standing is still needed."""
    return restriction.until is None or (needed_from_ms is not None and restriction.until >= needed_from_ms)


def _homes(facts: Sequence[Fact]) -> set[str]:
    """The case events that must stay: where the debtor lives, and whether that case is open."""
    zones: dict[str, Case] = {}
    latest: dict[str, Case] = {}
    for fact in facts:
        if isinstance(fact, Case) and not fact.void:
            has_zone = fact.debtor_zone is not None and is_zone(fact.debtor_zone)
            for found in (latest, zones) if has_zone else (latest,):
                known = found.get(fact.case_id)
                if known is None or (known.occurred_at, known.event_id) < (fact.occurred_at, fact.event_id):
                    found[fact.case_id] = fact
    return {record.identity(fact) for case in zones for fact in (zones[case], latest[case])}
