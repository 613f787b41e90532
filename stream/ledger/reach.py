"""Until when a new call can matter to what is already known of a debtor."""

from __future__ import annotations

from stream.facts.fact import Case, Fact
from stream.ledger import dossier as dossiers
from stream.ledger.cases import coverage, first_contact, milestones
from stream.ledger.definitions import Definitions
from stream.ledger.dossier import Reach
from stream.ledger.links import Links

_SETTING = frozenset({"case", "call", "message", "visit", "complaint"})
"""Types of facts that set or meet deadlines, or wait for a call."""


def reach_after(fact: Fact, dossier: dossiers.Dossier, links: Links, definitions: Definitions) -> Reach | None:
    """The reach after `fact` came to a dossier, if it is another than before; `links` hold the fact already."""
    if not dossiers.always_matters(dossier):
        if fact.TYPE == "payment":
            known = dossiers.reach_of(dossier)
            return known._replace(right_party_until_ms=max(known.right_party_until_ms, fact.occurred_at))
        if fact.TYPE not in _SETTING or (isinstance(fact, Case) and fact.change == "assigned"):
            return None
    return reach(links, definitions)


def reach(links: Links, definitions: Definitions) -> Reach:
    """The reach of all cases of a key: unmet deadlines, the latest payment, complaints that wait for their call."""
    attempt_ms = human_ms = paid_ms = 0
    for case in links.cases.values():
        if case.events:
            placed, _, m1 = milestones(case)
            contact, covered = first_contact(case, placed, definitions), coverage(case, m1, definitions)
            if contact is not None and contact.met_by is None:
                attempt_ms = max(attempt_ms, contact.at_ms)
            if covered is not None and covered.met_by is None:
                human_ms = max(human_ms, covered.at_ms)
        for payment in case.payments:
            paid_ms = max(paid_ms, payment.occurred_at)
    waiting = any(call_id not in links.calls for call_id in links.complaints_of_call)
    return Reach(attempt_ms, human_ms, paid_ms, waiting)
