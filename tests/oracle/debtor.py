"""What links the facts of one debtor: cases, calls, owners, payments and their reversals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.oracle.contribution import Credit, own_credit
from tests.oracle.reading import Event


def in_time(fact: Event) -> tuple[int, str]:
    """The order (occurred_at, event_id)."""
    return fact["occurred_at"], fact["event_id"]


@dataclass(frozen=True)
class Debtor:
    """All facts with one debtor_id; a payment without a case is on the only case that the others name."""

    told: Sequence[Event]
    facts: Sequence[Event] = field(init=False)

    def __post_init__(self) -> None:
        cases = {fact["case_id"] for fact in self.told if "case_id" in fact}
        only = {"case_id": next(iter(cases))} if len(cases) == 1 else {}
        object.__setattr__(self, "facts", [only | fact if fact["type"] == "payment" else fact for fact in self.told])

    def all(self, kind: str, case_id: str | None = None) -> list[Event]:
        """The debtor's facts of one type; with a case, those on that case."""
        return [
            fact for fact in self.facts if fact["type"] == kind and (case_id is None or fact.get("case_id") == case_id)
        ]

    def latest_case_event(self, case_id: str, at_ms: int, wanted: Callable[[Event], bool]) -> Event | None:
        """The latest wanted case event with occurred_at <= at_ms; of a tie the greater event_id."""
        known = [e for e in self.all("case", case_id) if e["occurred_at"] <= at_ms and wanted(e)]
        return max(known, key=in_time, default=None)

    def owner(self, case_id: str, at_ms: int) -> Credit | None:
        """Semantics 5c."""
        event = self.latest_case_event(case_id, at_ms, lambda e: "agent_id" in e)
        return None if event is None else own_credit(event)

    def first_case_event(self, case_id: str, wanted: Callable[[Event], bool]) -> Event | None:
        """The case's first wanted event by (occurred_at, event_id)."""
        return min((e for e in self.all("case", case_id) if wanted(e)), key=in_time, default=None)

    def placed_at(self, case_id: str) -> int | None:
        """The case's first placed time."""
        placed = self.first_case_event(case_id, lambda e: e["change"] == "placed")
        return None if placed is None else int(placed["occurred_at"])

    def payment(self, payment_id: str) -> Event | None:
        return next((p for p in self.all("payment") if p["payment_id"] == payment_id), None)

    def net_minor(self, payment: Event) -> int:
        """Semantics 4: less all its reversals in its currency, whenever they happened; never below 0."""
        reversed_minor: int = sum(
            reversal["amount_minor"]
            for reversal in self.all("payment_reversal")
            if reversal["payment_id"] == payment["payment_id"] and reversal["currency"] == payment["currency"]
        )
        return max(0, int(payment["amount_minor"]) - reversed_minor)

    def cases(self) -> list[str]:
        return sorted({fact["case_id"] for fact in self.facts if "case_id" in fact})
