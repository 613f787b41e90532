"""A debtor's facts with the indexes by which they find each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stream.facts import fact as kinds
from stream.facts.fact import Fact


class CaseFile:
    """The facts of one case, by type; of facts without a case (key None), only the complaints matter."""

    __slots__ = (
        "calls", "complaints", "events", "legal_steps", "messages", "milestones", "payments", "promises", "visits",
    )  # fmt: skip

    def __init__(self) -> None:
        self.calls: list[kinds.Call] = []
        self.payments: list[kinds.Payment] = []
        self.promises: list[kinds.Promise] = []
        self.complaints: list[kinds.Complaint] = []
        self.events: list[kinds.Case] = []
        self.visits: list[kinds.Visit] = []
        self.messages: list[kinds.Message] = []
        self.legal_steps: list[kinds.LegalStep] = []
        self.milestones: tuple[kinds.Case | None, kinds.Case | None, kinds.Case | None] | None = None
        """What `cases.milestones` found, until another event comes."""


class Links:
    """All facts of one key. A reversal belongs to the case of its payment; to its own while that is unknown."""

    __slots__ = (
        "calls",
        "cancellations",
        "cases",
        "complaints_of_call",
        "done_steps",
        "due_steps",
        "folded",
        "payments",
        "promises",
        "reversals",
    )

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.cases: dict[str | None, CaseFile] = {}
        self.calls: dict[str, kinds.Call] = {}
        self.payments: dict[str, kinds.Payment] = {}
        self.promises: dict[str, kinds.Promise] = {}
        self.reversals: dict[str, list[kinds.PaymentReversal]] = {}
        self.cancellations: dict[str, kinds.PromiseCancelled] = {}
        self.complaints_of_call: dict[str, list[kinds.Complaint]] = {}
        self.due_steps: dict[str, kinds.LegalStep] = {}
        self.done_steps: dict[str, kinds.LegalStep] = {}
        self.folded: tuple[object, dict[Any, int]] | None = None
        """What `difference.added` folded last, and what it asked for."""
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """Takes in one more fact, of an identity that is not there yet."""
        _ADDERS[fact.LETTER](self, fact)

    def case(self, case_id: str | None) -> CaseFile:
        """The file of a case; an empty one where nothing is known of it."""
        found = self.cases.get(case_id)
        if found is None:
            found = self.cases[case_id] = CaseFile()
        return found

    def touched_by(self, fact: Fact) -> set[str | None]:
        """The cases whose linked contributions may change when `fact` comes or goes."""
        touched = _TOUCHED.get(fact.LETTER)
        return {fact.case_id} if touched is None else touched(self, fact)


def _touched_by_reversal(links: Links, reversal: kinds.PaymentReversal) -> set[str | None]:
    payment = links.payments.get(reversal.payment_id)
    return {reversal.case_id, payment.case_id if payment else reversal.case_id}


def _touched_by_payment(links: Links, payment: kinds.Payment) -> set[str | None]:
    return {payment.case_id, *(other.case_id for other in links.reversals.get(payment.payment_id, ()))}


def _touched_by_cancellation(links: Links, cancelled: kinds.PromiseCancelled) -> set[str | None]:
    promise = links.promises.get(cancelled.promise_id)
    return {promise.case_id} if promise else set()


def _touched_by_call(links: Links, call: kinds.Call) -> set[str | None]:
    return {call.case_id, *(other.case_id for other in links.complaints_of_call.get(call.call_id, ()))}


def _touched_by_step(links: Links, step: kinds.LegalStep) -> set[str | None]:
    due = step if step.status == "due" else links.due_steps.get(step.step_id)
    return {due.case_id} if due else set()


_TOUCHED: dict[str, Callable[[Links, Any], set[str | None]]] = {
    kinds.PaymentReversal.LETTER: _touched_by_reversal,
    kinds.Payment.LETTER: _touched_by_payment,
    kinds.PromiseCancelled.LETTER: _touched_by_cancellation,
    kinds.Call.LETTER: _touched_by_call,
    kinds.LegalStep.LETTER: _touched_by_step,
}
"""Of types that may touch other cases than the one that they name."""


def _call(links: Links, call: kinds.Call) -> None:
    links.calls[call.call_id] = call
    links.case(call.case_id).calls.append(call)


def _payment(links: Links, payment: kinds.Payment) -> None:
    links.payments[payment.payment_id] = payment
    links.case(payment.case_id).payments.append(payment)


def _reversal(links: Links, reversal: kinds.PaymentReversal) -> None:
    links.reversals.setdefault(reversal.payment_id, []).append(reversal)


def _promise(links: Links, promise: kinds.Promise) -> None:
    links.promises[promise.promise_id] = promise
    links.case(promise.case_id).promises.append(promise)


def _cancellation(links: Links, cancelled: kinds.PromiseCancelled) -> None:
    links.cancellations[cancelled.promise_id] = cancelled


def _complaint(links: Links, complaint: kinds.Complaint) -> None:
    links.case(complaint.case_id).complaints.append(complaint)
    if complaint.call_id is not None:
        links.complaints_of_call.setdefault(complaint.call_id, []).append(complaint)


def _event(links: Links, event: kinds.Case) -> None:
    case = links.case(event.case_id)
    case.events.append(event)
    case.milestones = None


def _visit(links: Links, visit: kinds.Visit) -> None:
    links.case(visit.case_id).visits.append(visit)


def _message(links: Links, message: kinds.Message) -> None:
    links.case(message.case_id).messages.append(message)


def _legal_step(links: Links, step: kinds.LegalStep) -> None:
    (links.due_steps if step.status == "due" else links.done_steps)[step.step_id] = step
    links.case(step.case_id).legal_steps.append(step)


def _alone(_links: Links, _fact: Fact) -> None:
    """Of types to which nothing is linked."""


_ADDERS: dict[str, Callable[[Links, Any], None]] = dict.fromkeys((kind.LETTER for kind in kinds.KINDS), _alone) | {
    kinds.Call.LETTER: _call,
    kinds.Payment.LETTER: _payment,
    kinds.PaymentReversal.LETTER: _reversal,
    kinds.Promise.LETTER: _promise,
    kinds.PromiseCancelled.LETTER: _cancellation,
    kinds.Complaint.LETTER: _complaint,
    kinds.Case.LETTER: _event,
    kinds.Visit.LETTER: _visit,
    kinds.Message.LETTER: _message,
    kinds.LegalStep.LETTER: _legal_step,
}
