"""Instalments: which are due, and what is poured over them (semantics 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import zip_longest

from stream.facts.fact import Fact, Payment, Promise
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.ledger.links import Links
from stream.windows.measures import column

NEVER_MS = 1 << 62

MidnightMs = Callable[[str, str, int], int]
"""(site, date, days) -> the instant at which the local day `date` + `days` begins."""


@dataclass(slots=True)
class Open:
    """An instalment that is not superseded: it falls due at `cutoff_ms` and takes money paid in (made, cutoff)."""

    promise: Promise
    position: int
    cutoff_ms: int
    amount_minor: int
    poured_minor: int = 0
    paid_by: list[Payment] = field(default_factory=list)


def open_instalments(links: Links, case_id: str, definitions: Definitions, midnight_ms: MidnightMs) -> list[Open]:
    """The instalments of a case that are not superseded."""
    promises = sorted(links.case(case_id).promises, key=lambda promise: (promise.occurred_at, promise.promise_id))
    found: list[Open] = []
    for promise, later in zip_longest(promises, promises[1:]):
        end_ms = NEVER_MS if later is None else later.occurred_at
        cancelled = links.cancellations.get(promise.promise_id)
        if cancelled is not None:
            end_ms = min(end_ms, cancelled.occurred_at)
        for position, part in enumerate(promise.instalments):
            cutoff_ms = midnight_ms(str(promise.site_id), part.due_on, definitions.promise_grace_days + 1)
            if cutoff_ms <= end_ms:
                found.append(Open(promise, position, cutoff_ms, part.amount_minor))
    return found


def pour(instalments: Iterable[Open], payments: Iterable[tuple[Payment, int]]) -> dict[str, Promise]:
    """Pours each payment's amount over the instalments of its currency, in order; they keep what they got.

    `payments` come in order of (occurred_at, payment_id), each with the amount to pour. Returns, by payment id, the
    promise of the first instalment that any of it went into.
    """
    helped: dict[str, Promise] = {}
    waiting = sorted(instalments, key=lambda part: part.promise.occurred_at, reverse=True)
    # Instalments that can take money now, by currency, the first to be filled on top. Payments come in the order of
    # time, so what is full or past its cut-off never comes back.
    open_now: dict[str, list[tuple[int, str, int, Open]]] = {}
    for payment, left_minor in payments:
        paid_at = payment.occurred_at
        while waiting and waiting[-1].promise.occurred_at < paid_at:
            part = waiting.pop()
            place = (part.cutoff_ms, part.promise.promise_id, part.position, part)
            heappush(open_now.setdefault(part.promise.currency, []), place)
        queue = open_now.get(payment.currency, [])
        while left_minor > 0 and queue:
            part = queue[0][3]
            room_minor = part.amount_minor - part.poured_minor
            if part.cutoff_ms > paid_at and room_minor > 0:
                helped.setdefault(payment.payment_id, part.promise)
                taken_minor = min(room_minor, left_minor)
                part.poured_minor += taken_minor
                part.paid_by.append(payment)
                left_minor -= taken_minor
            else:
                heappop(queue)
    return helped


def emit_due(instalments: Iterable[Open], definitions: Definitions, emit: Emit) -> None:
    """What each instalment contributes at its cut-off, once the net payments are poured."""
    for part in instalments:
        promise, at_ms = part.promise, part.cutoff_ms
        because: tuple[Fact, ...] = (promise, *part.paid_by)
        credit = own_credit(promise)
        emit(credit, "promises_due", at_ms, 1, *because)
        emit(credit, column("promises_due_minor", promise.currency), at_ms, part.amount_minor, *because)
        in_time = (
            promise.occurred_at < at_ms
        )  # one that was made after its cut-off is never kept, whatever is tolerated
        if in_time and part.poured_minor >= definitions.kept_from(part.amount_minor):
            emit(credit, "promises_kept", at_ms, 1, *because)
        if part.poured_minor:
            emit(credit, column("promises_kept_minor", promise.currency), at_ms, part.poured_minor, *because)
