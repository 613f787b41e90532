"""Until when a new call can matter to what is already known of a debtor."""

from __future__ import annotations

from bisect import bisect_left, insort

from stream.facts.fact import Case, Fact
from stream.ledger.cases import Deadline, coverage, first_contact
from stream.ledger.debtor_index import CaseFile, DebtorIndex
from stream.ledger.kinds import KINDS
from stream.ledger.store import dossier as dossiers
from stream.ledger.store.dossier import Reach


def reach_after(fact: Fact, dossier: dossiers.Dossier, links: DebtorIndex) -> Reach | None:
    """The reach after `fact` came to a dossier, if it is another than before; `links` hold the fact already."""
    if not dossiers.always_matters(dossier):
        if fact.TYPE == "payment" and not links.loose:
            known = dossiers.reach_of(dossier)
            return known._replace(right_party_until_ms=max(known.right_party_until_ms, links.paid_until_ms))
        if (not KINDS[fact.LETTER].waits and not links.loose) or (isinstance(fact, Case) and fact.change == "assigned"):
            return None
    return reach(links)


def reach(links: DebtorIndex) -> Reach:
    """The reach of all cases of a key: unmet deadlines, the latest payment, complaints that wait for their call.

    The cases are looked at once; after that only those that something came to.
    """
    if links.deadlines is None:
        attempts, humans = links.deadlines = ([], [])
        stale = set(links.cases)
    else:
        (attempts, humans), stale = links.deadlines, links.stale
    for case_id in stale:
        case = links.cases.get(case_id)
        if case is not None:
            waits = _waits(links, case)
            _exchange(attempts, case.waits[0], waits[0])
            _exchange(humans, case.waits[1], waits[1])
            case.waits = waits
    links.stale = set()
    # A call may name a second case, and payments without one then belong to none.
    waiting = bool(links.waiting) or (bool(links.loose) and len(links.naming) <= 1)
    return Reach(attempts[-1] if attempts else 0, humans[-1] if humans else 0, links.paid_until_ms, waiting)


def _waits(links: DebtorIndex, case: CaseFile) -> tuple[int, int]:
    """The ends of the case's deadlines for an attempt and for a human conversation; 0: nothing is waited for."""
    return _unmet(first_contact(links, case)), _unmet(coverage(links, case))


def _unmet(deadline: Deadline | None) -> int:
    return deadline.at_ms if deadline is not None and deadline.met_by is None else 0


def _exchange(ends: list[int], former: int, now: int) -> None:
    if former != now:
        if former:
            del ends[bisect_left(ends, former)]
        if now:
            insort(ends, now)
