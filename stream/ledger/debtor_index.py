"""A debtor's facts with the indexes by which they find each other.

An index holds places (`store/held_facts.py`) in the order of time. So a large dossier need not be kept as read, and
what a fact touches is found by halving. A fact comes to the indexes and leaves them again by the same table.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stream.facts import fact as kinds
from stream.facts.fact import Fact
from stream.facts.identity import own_id
from stream.ledger.calls import is_attempt, reaches_debtor
from stream.ledger.definitions import Definitions
from stream.ledger.kinds import MidnightMs, check_handlers
from stream.ledger.running_totals import Entry, RunningTotals, packed
from stream.ledger.store.held_facts import HeldFacts

if TYPE_CHECKING:
    from stream.ledger.promises import Pour

Entries = list[Entry]
"""Facts in the order of (instant, own id)."""


def latest(entries: Entries, before_ms: int) -> Entry | None:
    """The last of the entries before an instant."""
    at = bisect_left(entries, (before_ms, "", -1))
    return entries[at - 1] if at else None


def preceding(entries: Entries, entry: Entry) -> Entry | None:
    """The last of the entries before this one."""
    at = bisect_left(entries, entry)
    return entries[at - 1] if at else None


def following(entries: Entries, entry: Entry) -> Entry | None:
    """The first of the entries after this one, which itself may be among them or not."""
    at = bisect_left(entries, (entry[0], entry[1], entry[2] + 1))
    return entries[at] if at < len(entries) else None


def within(entries: Entries, start_ms: int, end_ms: int) -> Entries:
    """The entries in [start, end)."""
    return entries[bisect_left(entries, (start_ms, "", -1)) : bisect_left(entries, (end_ms, "", -1))]


def first_within(entries: Entries, start_ms: int, end_ms: int) -> Entry | None:
    """The first of the entries in [start, end)."""
    at = bisect_left(entries, (start_ms, "", -1))
    return entries[at] if at < len(entries) and entries[at][0] < end_ms else None


def _put(entries: Entries, entry: Entry, *, there: bool) -> None:
    if not there:
        del entries[bisect_left(entries, entry)]
    elif not entries or entries[-1] < entry:
        entries.append(entry)
    else:
        insort(entries, entry)


class CaseFile:
    """The facts of one case. Of what has no case (key None) only complaints and payments are here."""

    __slots__ = (
        "attempts", "closed", "complaints", "m1", "overdues", "owners", "payments", "placed", "pours", "promises",
        "reached", "talks", "tills", "visits", "waits",
    )  # fmt: skip

    def __init__(self) -> None:
        self.attempts: Entries = []
        """Calls, messages and visits that are attempts at a first contact."""
        self.reached: Entries = []
        """Human calls, and visits that met the debtor."""
        self.talks: Entries = []
        """Calls that a payment may be credited to."""
        self.payments: Entries = []
        """By (`DebtorIndex.paid_ms`, payment_id)."""
        self.tills: dict[str, RunningTotals] = {}
        """The same by currency."""
        self.promises: Entries = []
        self.complaints: Entries = []
        """By (received_at, complaint_id)."""
        self.visits: Entries = []
        self.placed: Entries = []
        self.closed: Entries = []
        self.m1: Entries = []
        """Placed and stage events with 1-30 days past due."""
        self.owners: Entries = []
        """Events that name an agent."""
        self.overdues: Entries = []
        """Events that say what is overdue."""
        self.pours: dict[int, Pour] = {}
        """What is poured over each promise (by its place), as far as it was asked for since money or a promise came."""
        self.waits: tuple[int, int] = (0, 0)
        """What `reach.py` knows of the case."""

    @property
    def has_milestones(self) -> bool:
        """Whether `emit_case` has anything to say of it."""
        return bool(self.placed or self.closed or self.m1)


class Reversals:
    """The reversals of one payment: their places, and sums by currency."""

    __slots__ = ("minor", "places")

    def __init__(self) -> None:
        self.places: dict[int, None] = {}
        self.minor: dict[str, int] = {}


class DebtorIndex:
    """The indexes of one key's facts, none of which is taken in at first.

    A reversal belongs to the case of its payment.

    `reasons`: whether a contribution is emitted with all facts that decided it, for `explain`; else the first will do.
    """

    def __init__(
        self, held: HeldFacts, definitions: Definitions, midnight_ms: MidnightMs, *, reasons: bool = False
    ) -> None:
        self.held = held
        self.definitions = definitions
        self.midnight_ms = midnight_ms
        self.reasons = reasons
        self.cases: dict[str | None, CaseFile] = {}
        self.reversals: dict[str, Reversals] = {}
        self.complaints_of_call: dict[str, Entries] = {}
        self.waiting: set[str] = set()
        """Calls that are not known, and that complaints name."""
        self.due_steps: Entries = []
        self.naming: dict[str, int] = {}
        """How many facts name a case."""
        self.loose: dict[int, None] = {}
        """Places of the payments without a case."""
        self.absent: set[int] = set()
        """Places of facts that are at hand and not taken in."""
        self.paid_until_ms = 0
        """When the latest payment came in; one that was replaced counts too."""
        self.deadlines: tuple[list[int], list[int]] | None = None
        self.stale: set[str | None] = set()
        """What `reach.py` keeps here: ends of the deadlines that nothing has met, and the cases to look at again."""

    def take_in_all(self) -> None:
        """Takes in all that is held and not void."""
        for _, fact in self.held.each():
            if not fact.void:
                self._name(fact, 1)
        for place, fact in self.held.each():
            if not fact.void:
                indexed = _INDEXED.get(fact.LETTER)
                if indexed is not None:
                    indexed(self, fact, place, True)

    def fact(self, place: int) -> Fact:
        """The fact at a place."""
        return self.held.fact(place)

    def known(self, name: str) -> Fact | None:
        """The fact of this identity, if it is taken in."""
        place = self.held.place_of(name)
        if place is None or place in self.absent:
            return None
        fact = self.held.fact(place)
        return None if fact.void else fact

    def case(self, case_id: str | None) -> CaseFile:
        """The file of a case; an empty one where nothing is known of it."""
        found = self.cases.get(case_id)
        if found is None:
            found = self.cases[case_id] = CaseFile()
        return found

    def case_of(self, payment: kinds.Payment) -> CaseFile:
        """The file of a payment's case: of the only one that the debtor's facts name, if it names none itself."""
        if payment.case_id is not None or len(self.naming) != 1:
            return self.case(payment.case_id)
        return self.case(next(iter(self.naming)))

    def moved_by(self, fact: Fact, *, there: bool) -> list[int]:
        """Places of the payments without a case that go to another file when a fact comes; `there`: when it goes."""
        case_id = fact.case_id
        if not self.loose or case_id is None or self.naming.get(case_id, 0) != int(there):
            return []
        return list(self.loose) if len(self.naming) <= 1 + int(there) else []

    def _name(self, fact: Fact, by: int) -> None:
        case_id = fact.case_id
        if case_id is not None:
            count = self.naming.get(case_id, 0) + by
            if count:
                self.naming[case_id] = count
            else:
                del self.naming[case_id]

    def add(self, fact: Fact, place: int) -> None:
        """Takes in the fact at a place; those that `moved_by` names must be out."""
        self.absent.discard(place)
        self._name(fact, 1)
        found = _INDEXED.get(fact.LETTER)
        if found is not None:
            found(self, fact, place, True)

    def remove(self, fact: Fact, place: int) -> None:
        """Puts the fact at a place out of the indexes; so must those be that `moved_by` names."""
        self.absent.add(place)
        self._name(fact, -1)
        found = _INDEXED.get(fact.LETTER)
        if found is not None:
            found(self, fact, place, False)

    def paid_ms(self, payment: kinds.Payment) -> int:
        """When a payment came in, where it is ordered against other facts: a dated one at the end of its day."""
        if payment.occurred_on is None:
            return payment.occurred_at
        return self.midnight_ms(str(payment.site_id), payment.occurred_on, 1) - 1

    def entry_of(self, payment: kinds.Payment, place: int) -> Entry:
        """The entry of a payment."""
        return (self.paid_ms(payment), payment.payment_id, place)

    def net_minor(self, payment: kinds.Payment) -> int:
        """The amount less all reversals of the payment in its currency, whenever they happened; never below 0."""
        reversals = self.reversals.get(payment.payment_id)
        if reversals is None:
            return payment.amount_minor
        return max(0, payment.amount_minor - reversals.minor.get(payment.currency, 0))


def _call(index: DebtorIndex, call: kinds.Call, place: int, there: bool) -> None:
    if call.call_id in index.complaints_of_call:
        if there:
            index.waiting.discard(call.call_id)
        else:
            index.waiting.add(call.call_id)
    attempt, human = is_attempt(call), call.outcome == "human"
    if call.case_id is None or not (attempt or human):
        return
    case, entry = index.case(call.case_id), (call.occurred_at, "c" + call.call_id, place)
    if attempt:
        _put(case.attempts, entry, there=there)
    if human:
        _put(case.reached, entry, there=there)
        if reaches_debtor(call):
            _put(case.talks, entry, there=there)
    index.stale.add(call.case_id)


def _message(index: DebtorIndex, message: kinds.Message, place: int, there: bool) -> None:
    if message.case_id is not None and message.direction == "outbound":
        entry = (message.occurred_at, "m" + message.message_id, place)
        _put(index.case(message.case_id).attempts, entry, there=there)
        index.stale.add(message.case_id)


def _visit(index: DebtorIndex, visit: kinds.Visit, place: int, there: bool) -> None:
    case, entry = index.case(visit.case_id), (visit.occurred_at, "v" + visit.visit_id, place)
    _put(case.visits, entry, there=there)
    _put(case.attempts, entry, there=there)
    if visit.met_debtor:
        _put(case.reached, entry, there=there)
    index.stale.add(visit.case_id)


def _payment(index: DebtorIndex, payment: kinds.Payment, place: int, there: bool) -> None:
    if payment.case_id is None:
        if there:
            index.loose[place] = None
        else:
            index.loose.pop(place, None)
    case, entry = index.case_of(payment), index.entry_of(payment, place)
    _put(case.payments, entry, there=there)
    amount = packed(payment.amount_minor, index.net_minor(payment))
    till = case.tills.get(payment.currency)
    if till is None:
        till = case.tills[payment.currency] = RunningTotals()
    if there:
        till.add(entry, amount)
        index.paid_until_ms = max(index.paid_until_ms, entry[0])
    else:
        till.remove(entry, amount)
    case.pours.clear()


def _reversal(index: DebtorIndex, reversal: kinds.PaymentReversal, place: int, there: bool) -> None:
    reversals = index.reversals.get(reversal.payment_id)
    if reversals is None:
        reversals = index.reversals[reversal.payment_id] = Reversals()
    payment_place = index.held.place_of("p" + reversal.payment_id)
    payment = index.known("p" + reversal.payment_id)
    # While the facts are being read, a payment may be known that has no entry yet: it comes with what is left of it.
    entry, before_minor = None, 0
    if isinstance(payment, kinds.Payment) and payment_place is not None:
        before_minor = index.net_minor(payment)
        entry = index.entry_of(payment, payment_place)
    sums = reversals.minor
    if there:
        reversals.places[place] = None
        sums[reversal.currency] = sums.get(reversal.currency, 0) + reversal.amount_minor
    else:
        del reversals.places[place]
        sums[reversal.currency] -= reversal.amount_minor
        if not reversals.places:
            del index.reversals[reversal.payment_id]
    if entry is not None and isinstance(payment, kinds.Payment):
        case = index.case_of(payment)
        if _holds(case.payments, entry):
            case.tills[payment.currency].change(entry, index.net_minor(payment) - before_minor)
            case.pours.clear()


def _holds(entries: Entries, entry: Entry) -> bool:
    at = bisect_left(entries, entry)
    return at < len(entries) and entries[at] == entry


def _promise(index: DebtorIndex, promise: kinds.Promise, place: int, there: bool) -> None:
    case = index.case(promise.case_id)
    _put(case.promises, (promise.occurred_at, promise.promise_id, place), there=there)
    case.pours.clear()


def _cancellation(index: DebtorIndex, cancelled: kinds.PromiseCancelled, _place: int, _there: bool) -> None:
    promise = index.known("o" + cancelled.promise_id)
    if promise is not None and promise.case_id in index.cases:
        index.cases[promise.case_id].pours.clear()


def _complaint(index: DebtorIndex, complaint: kinds.Complaint, place: int, there: bool) -> None:
    entry = (complaint.received_at, complaint.complaint_id, place)
    _put(index.case(complaint.case_id).complaints, entry, there=there)
    call_id = complaint.call_id
    if call_id is None:
        return
    naming = index.complaints_of_call.setdefault(call_id, [])
    _put(naming, entry, there=there)
    if not naming:
        del index.complaints_of_call[call_id]
        index.waiting.discard(call_id)
    elif index.known("c" + call_id) is None:
        index.waiting.add(call_id)


def _event(index: DebtorIndex, event: kinds.Case, place: int, there: bool) -> None:
    case, entry = index.case(event.case_id), (event.occurred_at, event.event_id, place)
    if event.change == "placed":
        _put(case.placed, entry, there=there)
    elif event.change == "closed":
        _put(case.closed, entry, there=there)
    if event.change in ("placed", "stage") and event.dpd is not None and 1 <= event.dpd <= 30:
        _put(case.m1, entry, there=there)
    if event.agent_id is not None:
        _put(case.owners, entry, there=there)
    if event.overdue_minor is not None:
        _put(case.overdues, entry, there=there)
    index.stale.add(event.case_id)


def _step(index: DebtorIndex, step: kinds.LegalStep, place: int, there: bool) -> None:
    if step.status == "due":
        _put(index.due_steps, (step.occurred_at, own_id(step), place), there=there)


_INDEXED: dict[str, Callable[[DebtorIndex, Any, int, bool], None]] = {
    kinds.Call.LETTER: _call,
    kinds.Message.LETTER: _message,
    kinds.Visit.LETTER: _visit,
    kinds.Payment.LETTER: _payment,
    kinds.PaymentReversal.LETTER: _reversal,
    kinds.Promise.LETTER: _promise,
    kinds.PromiseCancelled.LETTER: _cancellation,
    kinds.Complaint.LETTER: _complaint,
    kinds.Case.LETTER: _event,
    kinds.LegalStep.LETTER: _step,
}
"""Of each type that anything is linked to: how it comes to the indexes (True) and leaves them (False)."""

check_handlers("stream/ledger/debtor_index.py: _INDEXED", _INDEXED)
