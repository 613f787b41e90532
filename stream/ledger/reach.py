"""Until when a new call can matter to what is already known of a debtor."""

from __future__ import annotations

from stream.ledger.cases import coverage, first_contact
from stream.ledger.definitions import Definitions
from stream.ledger.dossier import Reach
from stream.ledger.links import Links


def reach(links: Links, definitions: Definitions) -> Reach:
    """The reach of all cases of a key: unmet deadlines, the latest payment, complaints that wait for their call."""
    attempt_ms = human_ms = paid_ms = 0
    for case in links.cases.values():
        if case.events:
            contact, covered = first_contact(case, definitions), coverage(case, definitions)
            if contact is not None and not contact.met_by:
                attempt_ms = max(attempt_ms, contact.at_ms)
            if covered is not None and not covered.met_by:
                human_ms = max(human_ms, covered.at_ms)
        for payment in case.payments:
            paid_ms = max(paid_ms, payment.occurred_at)
    waiting = any(call_id not in links.calls for call_id in links.complaints_of_call)
    return Reach(attempt_ms, human_ms, paid_ms, waiting)
