"""What a change of facts changes in the numbers: the fold with it less the fold without it.

Only what the fact touches is folded, before and after: the deadlines of its case, the payments between it and the next
fact that decides the same, the promise that a payment is poured over. So a fact costs what it changes, whatever the
number of facts of its case; one that changes the credit of a thousand payments changes a thousand contributions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, cast

from stream.facts import fact as kinds
from stream.facts.fact import Complaint, Fact, LegalStep, Payment, Visit
from stream.ledger.calls import is_attempt, reaches_debtor
from stream.ledger.cases import emit_case
from stream.ledger.complaints import emit_complaint
from stream.ledger.contribution import Credit
from stream.ledger.debtor_index import CaseFile, DebtorIndex, Entries, following, preceding, within
from stream.ledger.kinds import check_handlers
from stream.ledger.legal import emit_legal
from stream.ledger.own import emit_own
from stream.ledger.payments import emit_orphan, emit_orphans, emit_payment, emit_reversal, emit_reversed
from stream.ledger.promises import NO_END_MS, Claim, claimed, emit_due, holder_of, pour_of, reclaimed
from stream.ledger.running_totals import Entry
from stream.ledger.visits import emit_visited

Difference = dict[tuple[Credit, str, int], int]
"""(credit, column, instant_ms) -> amount; entries that come to 0 are left out by `nonzero`."""


Emitted = tuple[Credit, str, int, int, Fact]
"""Credit, column, instant_ms, signed amount, and the fact whose contribution it is."""


class DifferenceSums:
    """Adds contributions up with a sign. `emitted`: takes each of them as it comes, if somebody asks whose they are."""

    def __init__(self, emitted: list[Emitted] | None = None) -> None:
        self.sums: Difference = {}
        self.sign = 1
        self.emitted = emitted

    def __call__(self, credit: Credit, column: str, instant_ms: int, amount: int, *because: Fact) -> None:
        """Takes one contribution (the `Emit` protocol)."""
        at = (credit, column, instant_ms)
        self.sums[at] = self.sums.get(at, 0) + self.sign * amount
        if self.emitted is not None:
            self.emitted.append((credit, column, instant_ms, self.sign * amount, because[0]))

    def nonzero(self) -> Difference:
        """What is left."""
        return {at: amount for at, amount in self.sums.items() if amount}


def added(index: DebtorIndex, come: Fact, place: int, emitted: list[Emitted] | None = None) -> Difference:
    """Takes a fact in, which is held at this place already; what that changes. Instants are exact. `emitted`: see
    `DifferenceSums`."""
    tally = DifferenceSums(emitted)
    index.absent.add(place)
    loose = _put_out(index, index.moved_by(come, there=False), tally)
    _take_in(index, come, place, tally, 1)
    _put_back(index, loose, tally)
    return tally.nonzero()


def removed(index: DebtorIndex, gone: Fact, place: int, emitted: list[Emitted] | None = None) -> Difference:
    """Puts a fact out, which is still held at this place; what that changes. Instants are exact. `emitted`: see
    `DifferenceSums`."""
    tally = DifferenceSums(emitted)
    loose = _put_out(index, index.moved_by(gone, there=True), tally)
    _lose(index, gone, place, tally)
    _put_back(index, loose, tally)
    return tally.nonzero()


def _put_out(index: DebtorIndex, places: list[int], tally: DifferenceSums) -> list[int]:
    for place in places:
        _lose(index, index.fact(place), place, tally)
    return places


def _put_back(index: DebtorIndex, places: list[int], tally: DifferenceSums) -> None:
    for place in places:
        _take_in(index, index.fact(place), place, tally, 1)


def _lose(index: DebtorIndex, gone: Fact, place: int, tally: DifferenceSums) -> None:
    """Less what it would change if it came."""
    index.remove(gone, place)
    _take_in(index, gone, place, tally, -1)
    index.remove(gone, place)


def total(*changes: Difference) -> Difference:
    """Several changes as one."""
    sums: Difference = {}
    for change in changes:
        for at, amount in change.items():
            sums[at] = sums.get(at, 0) + amount
    return {at: amount for at, amount in sums.items() if amount}


def _take_in(index: DebtorIndex, come: Fact, place: int, tally: DifferenceSums, sign: int) -> None:
    """Adds to the tally, times `sign`, what changes when a fact comes to the index."""
    tally.sign = sign
    emit_own(come, index.definitions, tally)
    coming = _COMING.get(come.LETTER)
    if coming is not None:
        coming(index, come, place, tally)
    else:
        index.add(come, place)


class _Touched:
    """What of the fold may be another once a fact has come, but for what it does to pouring."""

    __slots__ = ("case", "complaints", "deadlines", "payments", "steps", "visits")

    def __init__(self, case: CaseFile | None) -> None:
        self.case = case
        self.deadlines = False
        self.complaints: Entries = []
        self.payments: Entries = []
        self.visits: Entries = []
        self.steps: list[LegalStep] = []

    def emit(self, index: DebtorIndex, tally: DifferenceSums) -> None:
        """Emits it as it is."""
        case = self.case
        if case is not None:
            if self.deadlines:
                emit_case(index, case, tally)
            for entry in self.payments:
                promise = claimed(index, case, entry, cast("Payment", index.fact(entry[2])))
                emit_payment(index, case, entry, promise, tally)
                emit_reversed(index, case, entry, promise, tally)
            for _, _, place in self.visits:
                emit_visited(index, case, cast("Visit", index.fact(place)), tally)
        for _, _, place in self.complaints:
            emit_complaint(index, cast("Complaint", index.fact(place)), tally)
        for step in self.steps:
            emit_legal(index, step, tally)

    def take_in(self, index: DebtorIndex, come: Fact, place: int, tally: DifferenceSums) -> None:
        """Emits it, with the opposite sign, as it is before the fact comes, and as it is then."""
        sign = tally.sign
        tally.sign = -sign
        self.emit(index, tally)
        index.add(come, place)
        tally.sign = sign
        self.emit(index, tally)


def _call(index: DebtorIndex, call: kinds.Call, place: int, tally: DifferenceSums) -> None:
    case = index.cases.get(call.case_id)
    touched = _Touched(case)
    touched.complaints = list(index.complaints_of_call.get(call.call_id, ()))
    if case is not None:
        touched.deadlines = case.has_milestones and (is_attempt(call) or call.outcome == "human")
        if reaches_debtor(call):
            touched.payments = _paid_after(index, case, call, place)
    touched.take_in(index, call, place, tally)


def _paid_after(index: DebtorIndex, case: CaseFile, call: kinds.Call, place: int) -> Entries:
    """The payments between a call and the next that a payment may be credited to, as far as it reaches; without those
    that are credited to an earlier call of the same agent as it is."""
    entry: Entry = (call.occurred_at, "c" + call.call_id, place)
    attribution_ms = index.definitions.attribution_ms
    from_ms, until_ms = call.occurred_at, call.occurred_at + attribution_ms
    before, after = preceding(case.talks, entry), following(case.talks, entry)
    if after is not None:
        until_ms = min(until_ms, after[0])
    if before is not None and _same_agent(index.fact(before[2]), call):
        from_ms = max(from_ms, before[0] + attribution_ms)
    return within(case.payments, from_ms + 1, until_ms + 1)


def _same_agent(one: Fact, other: Fact) -> bool:
    return one.agent_id == other.agent_id and one.team_id == other.team_id


def _message(index: DebtorIndex, message: kinds.Message, place: int, tally: DifferenceSums) -> None:
    touched = _Touched(index.cases.get(message.case_id))
    touched.deadlines = touched.case is not None and message.direction == "outbound" and touched.case.has_milestones
    touched.take_in(index, message, place, tally)


def _visit(index: DebtorIndex, visit: Visit, place: int, tally: DifferenceSums) -> None:
    case = index.case(visit.case_id)
    touched = _Touched(case)
    touched.deadlines = case.has_milestones
    touched.take_in(index, visit, place, tally)
    emit_visited(index, case, visit, tally)


def _event(index: DebtorIndex, event: kinds.Case, place: int, tally: DifferenceSums) -> None:
    """It sets a milestone, or says for the time from then on who the owner is and what is overdue."""
    case, entry = index.case(event.case_id), (event.occurred_at, event.event_id, place)
    touched = _Touched(case)
    touched.deadlines = event.change != "assigned"
    if event.agent_id is not None:
        owner = preceding(case.owners, entry)
        if owner is None or not _same_agent(index.fact(owner[2]), event):
            until_ms = _until(case.owners, entry)
            touched.payments = within(case.payments, event.occurred_at, until_ms)
            touched.complaints = within(case.complaints, event.occurred_at, until_ms)
    if event.change == "placed" and (not case.placed or entry < case.placed[0]):
        touched.payments = within(case.payments, event.occurred_at, NO_END_MS)  # all that are timed from there
    if event.overdue_minor is not None:
        former = preceding(case.overdues, entry)
        if former is None or not _same_overdue(cast("kinds.Case", index.fact(former[2])), event):
            touched.visits = within(case.visits, event.occurred_at, _until(case.overdues, entry))
    touched.take_in(index, event, place, tally)


def _same_overdue(one: kinds.Case, other: kinds.Case) -> bool:
    return one.overdue_minor == other.overdue_minor and one.currency == other.currency


def _until(entries: Entries, entry: Entry) -> int:
    after = following(entries, entry)
    return NO_END_MS if after is None else after[0]


def _complaint(index: DebtorIndex, complaint: Complaint, place: int, tally: DifferenceSums) -> None:
    index.add(complaint, place)
    emit_complaint(index, complaint, tally)


def _step(index: DebtorIndex, step: LegalStep, place: int, tally: DifferenceSums) -> None:
    touched = _Touched(None)
    if step.status == "done":
        due = index.known(f"l{step.step_id}|due")
        if isinstance(due, LegalStep):
            touched.steps.append(due)
    touched.take_in(index, step, place, tally)
    if step.status == "due":
        emit_legal(index, step, tally)


def _payment(index: DebtorIndex, payment: Payment, place: int, tally: DifferenceSums) -> None:
    case, entry = index.case_of(payment), index.entry_of(payment, place)
    sign = tally.sign
    if payment.payment_id in index.reversals:
        tally.sign = -sign
        emit_orphans(index, payment.payment_id, tally)
        tally.sign = sign
    _pour_anew(index, case, [holder_of(case.promises, entry[0])], payment, place, tally)
    promise = claimed(index, case, entry, payment)
    emit_payment(index, case, entry, promise, tally)
    emit_reversed(index, case, entry, promise, tally)


def _reversal(index: DebtorIndex, reversal: kinds.PaymentReversal, place: int, tally: DifferenceSums) -> None:
    payment_place = index.held.place_of("p" + reversal.payment_id)
    payment = index.known("p" + reversal.payment_id)
    if payment_place is None or not isinstance(payment, Payment):
        index.add(reversal, place)
        emit_orphan(reversal, tally)
        return
    case, entry, sign = index.case_of(payment), index.entry_of(payment, payment_place), tally.sign
    promise = claimed(index, case, entry, payment)  # a reversal does not change that
    tally.sign = -sign
    emit_payment(index, case, entry, promise, tally)
    tally.sign = sign
    _pour_anew(index, case, [holder_of(case.promises, entry[0])], reversal, place, tally)
    emit_payment(index, case, entry, promise, tally)
    emit_reversal(index, case, entry, promise, reversal, tally)


def _promise(index: DebtorIndex, promise: kinds.Promise, place: int, tally: DifferenceSums) -> None:
    case, entry = index.case(promise.case_id), (promise.occurred_at, promise.promise_id, place)
    at = bisect_left(case.promises, entry)
    _pour_anew(index, case, [case.promises[at - 1] if at else None], promise, place, tally, entry)


def _cancellation(index: DebtorIndex, cancelled: kinds.PromiseCancelled, place: int, tally: DifferenceSums) -> None:
    promise_place = index.held.place_of("o" + cancelled.promise_id)
    promise = index.known("o" + cancelled.promise_id)
    if promise_place is None or promise is None:
        index.add(cancelled, place)
        return
    entry = (promise.occurred_at, cancelled.promise_id, promise_place)
    _pour_anew(index, index.case(promise.case_id), [entry], cancelled, place, tally)


def _pour_anew(
    index: DebtorIndex,
    case: CaseFile,
    promises: list[Entry | None],
    come: Fact,
    place: int,
    tally: DifferenceSums,
    new: Entry | None = None,
) -> None:
    """Takes in a fact that changes what is poured over these promises; `new`: the one that it is itself."""
    sign = tally.sign
    poured = [promise for promise in promises if promise is not None]
    tally.sign = -sign
    before = _claims(index, case, poured, tally)
    index.add(come, place)
    tally.sign = sign
    if new is not None:
        poured.append(new)
    for moved in reclaimed(before, _claims(index, case, poured, tally)):
        for entry in case.tills[moved.currency].between(moved.start, moved.end):
            if entry[2] != place:
                tally.sign = -sign
                emit_payment(index, case, entry, moved.was, tally)
                emit_reversed(index, case, entry, moved.was, tally)
                tally.sign = sign
                emit_payment(index, case, entry, moved.now, tally)
                emit_reversed(index, case, entry, moved.now, tally)


def _claims(index: DebtorIndex, case: CaseFile, promises: Entries, tally: DifferenceSums) -> list[Claim]:
    """The claims of these promises; what they contribute goes to the tally."""
    found: list[Claim] = []
    for promise in promises:
        pour = pour_of(index, case, promise)
        emit_due(index, case, pour, tally)
        found += pour.claims
    return found


_COMING: dict[str, Callable[[DebtorIndex, Any, int, DifferenceSums], None]] = {
    kinds.Call.LETTER: _call,
    kinds.Message.LETTER: _message,
    kinds.Visit.LETTER: _visit,
    kinds.Case.LETTER: _event,
    kinds.Complaint.LETTER: _complaint,
    kinds.LegalStep.LETTER: _step,
    kinds.Payment.LETTER: _payment,
    kinds.PaymentReversal.LETTER: _reversal,
    kinds.Promise.LETTER: _promise,
    kinds.PromiseCancelled.LETTER: _cancellation,
}
"""Takes a fact of a type in, and adds to the tally what that changes."""

check_handlers("stream/ledger/difference.py: _COMING", _COMING)
