"""A debtor's facts with the indexes by which they find each other."""

from __future__ import annotations

from collections.abc import Iterable

from stream.facts import fact as kinds
from stream.facts.fact import Fact


class CaseFile:
    """The facts of one case, by type; of facts without a case (key None), only the complaints matter."""

    __slots__ = ("calls", "complaints", "events", "legal_steps", "messages", "payments", "promises", "visits")

    def __init__(self) -> None:
        self.calls: list[kinds.Call] = []
        self.payments: list[kinds.Payment] = []
        self.promises: list[kinds.Promise] = []
        self.complaints: list[kinds.Complaint] = []
        self.events: list[kinds.Case] = []
        self.visits: list[kinds.Visit] = []
        self.messages: list[kinds.Message] = []
        self.legal_steps: list[kinds.LegalStep] = []


class Links:
    """All facts of one key. A reversal belongs to the case of its payment; to its own while that is unknown."""

    __slots__ = (
        "calls",
        "cancellations",
        "cases",
        "complaints_of_call",
        "done_steps",
        "due_steps",
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
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """Takes in one more fact, of an identity that is not there yet."""
        match fact:
            case kinds.Call():
                self.calls[fact.call_id] = fact
                self.case(fact.case_id).calls.append(fact)
            case kinds.Payment():
                self.payments[fact.payment_id] = fact
                self.case(fact.case_id).payments.append(fact)
            case kinds.PaymentReversal():
                self.reversals.setdefault(fact.payment_id, []).append(fact)
            case kinds.Promise():
                self.promises[fact.promise_id] = fact
                self.case(fact.case_id).promises.append(fact)
            case kinds.PromiseCancelled():
                self.cancellations[fact.promise_id] = fact
            case kinds.Complaint():
                self.case(fact.case_id).complaints.append(fact)
                if fact.call_id is not None:
                    self.complaints_of_call.setdefault(fact.call_id, []).append(fact)
            case kinds.Case():
                self.case(fact.case_id).events.append(fact)
            case kinds.Visit():
                self.case(fact.case_id).visits.append(fact)
            case kinds.Message():
                self.case(fact.case_id).messages.append(fact)
            case kinds.LegalStep():
                (self.due_steps if fact.status == "due" else self.done_steps)[fact.step_id] = fact
                self.case(fact.case_id).legal_steps.append(fact)
            case _:
                pass

    def case(self, case_id: str | None) -> CaseFile:
        """The file of a case; an empty one where nothing is known of it."""
        found = self.cases.get(case_id)
        if found is None:
            found = self.cases[case_id] = CaseFile()
        return found

    def touched_by(self, fact: Fact) -> set[str | None]:
        """The cases whose linked contributions may change when `fact` comes or goes."""
        match fact:
            case kinds.PaymentReversal():
                payment = self.payments.get(fact.payment_id)
                return {fact.case_id, payment.case_id if payment else fact.case_id}
            case kinds.Payment():
                return {fact.case_id, *(other.case_id for other in self.reversals.get(fact.payment_id, ()))}
            case kinds.PromiseCancelled():
                promise = self.promises.get(fact.promise_id)
                return {promise.case_id} if promise else set()
            case kinds.Call():
                return {fact.case_id, *(other.case_id for other in self.complaints_of_call.get(fact.call_id, ()))}
            case kinds.LegalStep(status="done"):
                due = self.due_steps.get(fact.step_id)
                return {due.case_id} if due else set()
            case _:
                return {fact.case_id}
