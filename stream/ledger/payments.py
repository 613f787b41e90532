"""Payments and their reversals: what was recovered, and who is credited with it (definitions 5)."""

from __future__ import annotations

from typing import cast

from stream.facts.fact import Call, Case, Fact, Payment, PaymentReversal, Promise
from stream.ledger.cases import first, owner_at
from stream.ledger.contribution import Credit, Emit, agent_credit, nobody
from stream.ledger.debtor_index import CaseFile, DebtorIndex, latest
from stream.ledger.running_totals import Entry
from stream.windows.measures import column


def emit_payment(index: DebtorIndex, case: CaseFile, entry: Entry, promise: Promise | None, emit: Emit) -> None:
    """Emits a payment of a case, without its reversals; `promise`: the one that it is credited to (definitions 5a)."""
    payment = cast("Payment", index.fact(entry[2]))
    left_minor = index.net_minor(payment)
    if left_minor <= 0:
        return
    decider = promise or _decider(index, case, entry)
    credit, at_ms = _credit(payment, decider), payment.occurred_at
    because: tuple[Fact, ...] = (payment,)
    if index.reasons:
        because = (payment, *_known(decider), *_reversals(index, payment.payment_id))
    emit(credit, "payments", at_ms, 1, *because)
    emit(credit, column("recovered_minor", payment.currency), at_ms, left_minor, *because)
    if payment.channel == "field":
        emit(credit, column("field_recovered_minor", payment.currency), at_ms, left_minor, *because)
    placed = first(index, case.placed)
    if placed is not None and placed.occurred_at <= entry[0]:
        emit(credit, "payments_timed", at_ms, 1, *because, placed)
        emit(credit, "payment_delay_ms", at_ms, entry[0] - placed.occurred_at, *because, placed)


def emit_reversed(index: DebtorIndex, case: CaseFile, entry: Entry, promise: Promise | None, emit: Emit) -> None:
    """Emits the reversals of a payment, which go to whom it is credited to."""
    payment = cast("Payment", index.fact(entry[2]))
    if payment.payment_id in index.reversals:
        for reversal in _reversals(index, payment.payment_id):
            emit_reversal(index, case, entry, promise, reversal, emit)


def emit_reversal(
    index: DebtorIndex, case: CaseFile, entry: Entry, promise: Promise | None, reversal: PaymentReversal, emit: Emit
) -> None:
    """Emits one reversal of a payment."""
    payment = cast("Payment", index.fact(entry[2]))
    decider = promise or _decider(index, case, entry)
    name = column("reversed_minor", reversal.currency)
    because = (reversal, payment, *_known(decider))
    emit(_credit(payment, decider), name, reversal.occurred_at, reversal.amount_minor, *because)


def emit_orphan(reversal: PaymentReversal, emit: Emit) -> None:
    """A reversal whose payment is not known: unassigned, at its own site."""
    name = column("reversed_minor", reversal.currency)
    emit(nobody(reversal), name, reversal.occurred_at, reversal.amount_minor, reversal)


def emit_orphans(index: DebtorIndex, payment_id: str, emit: Emit) -> None:
    """All reversals of a payment that is not known."""
    for reversal in _reversals(index, payment_id):
        emit_orphan(reversal, emit)


def _reversals(index: DebtorIndex, payment_id: str) -> list[PaymentReversal]:
    found = index.reversals.get(payment_id)
    return [] if found is None else [cast("PaymentReversal", index.fact(place)) for place in found.places]


def _known(decider: Fact | None) -> tuple[Fact, ...]:
    return () if decider is None else (decider,)


def _credit(payment: Payment, decider: Fact | None) -> Credit:
    return nobody(payment) if decider is None else agent_credit(payment, decider)


def _decider(index: DebtorIndex, case: CaseFile, entry: Entry) -> Call | Case | None:
    """The call or the case event that decides who is credited with what no promise claims (definitions 5b, c)."""
    talk = latest(case.talks, entry[0])
    if talk is not None and talk[0] >= entry[0] - index.definitions.attribution_ms:
        return cast("Call", index.fact(talk[2]))
    return owner_at(index, case, entry[0])
