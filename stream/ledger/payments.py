"""Payments and their reversals: what was recovered, and who is credited with it (semantics 5)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from stream.facts.fact import Call, Fact, Payment, PaymentReversal, Promise
from stream.ledger.calls import reaches_debtor
from stream.ledger.cases import Owners, latest_owner, owners_of
from stream.ledger.contribution import Credit, Emit, agent_credit, nobody
from stream.ledger.definitions import Definitions
from stream.ledger.links import Links
from stream.ledger.promises import MidnightMs, emit_due, open_instalments, pour
from stream.windows.measures import column


class Credited(NamedTuple):
    """Who a payment is credited to, and the fact that decided it; None where nothing did."""

    credit: Credit
    decider: Fact | None


def emit_money(links: Links, case_id: str, definitions: Definitions, midnight_ms: MidnightMs, emit: Emit) -> None:
    """Emits the promises due and kept, payments and reversals of a case."""
    case = links.case(case_id)
    payments = sorted(case.payments, key=lambda payment: (payment.occurred_at, payment.payment_id))
    reversed_some = any(payment.payment_id in links.reversals for payment in payments)
    helped: Mapping[str, Promise] = {}
    if case.promises:
        instalments = open_instalments(links, case_id, definitions, midnight_ms)
        gross = [(each, each.amount_minor) for each in payments]
        if reversed_some:  # a reversal changes what is kept, never who is credited
            helped = pour([replace(part, paid_by=[]) for part in instalments], gross)
            pour(instalments, [(each, net_minor(each, links)) for each in payments])
        else:
            helped = pour(instalments, gross)
        emit_due(instalments, definitions, emit)
    if payments:
        calls, owners = _in_order(filter(reaches_debtor, case.calls)), owners_of(case)
        for payment in payments:
            credited = _credit(payment, helped.get(payment.payment_id), calls, owners, definitions)
            _emit_payment(payment, net_minor(payment, links), credited, links, emit)


def net_minor(payment: Payment, links: Links) -> int:
    """The amount less all reversals of the payment in its currency, whenever they happened; never below 0."""
    reversals = links.reversals.get(payment.payment_id)
    if reversals is None:
        return payment.amount_minor
    reversed_minor = sum(each.amount_minor for each in reversals if each.currency == payment.currency)
    return max(0, payment.amount_minor - reversed_minor)


def _emit_payment(payment: Payment, left_minor: int, credited: Credited, links: Links, emit: Emit) -> None:
    reversals = links.reversals.get(payment.payment_id, ())
    decider = () if credited.decider is None else (credited.decider,)
    because: tuple[Fact, ...] = (payment, *decider, *reversals)
    if left_minor > 0:
        at_ms = payment.occurred_at
        emit(credited.credit, "payments", at_ms, 1, *because)
        emit(credited.credit, column("recovered_minor", payment.currency), at_ms, left_minor, *because)
        if payment.channel == "field":
            emit(credited.credit, column("field_recovered_minor", payment.currency), at_ms, left_minor, *because)
    for each in reversals:
        name = column("reversed_minor", each.currency)
        emit(credited.credit, name, each.occurred_at, each.amount_minor, each, payment, *decider)


def emit_orphan(reversal: PaymentReversal, emit: Emit) -> None:
    """A reversal whose payment is not known: unassigned, at its own site."""
    name = column("reversed_minor", reversal.currency)
    emit(nobody(reversal), name, reversal.occurred_at, reversal.amount_minor, reversal)


def _in_order(calls: Iterable[Call]) -> list[tuple[int, str, Call]]:
    return sorted((call.occurred_at, call.call_id, call) for call in calls)


def _credit(
    payment: Payment,
    promise: Fact | None,
    calls: list[tuple[int, str, Call]],
    owners: Owners,
    definitions: Definitions,
) -> Credited:
    decider = promise or _latest_call(payment, calls, definitions) or latest_owner(owners, payment.occurred_at)
    if decider is None:
        return Credited(nobody(payment), None)
    return Credited(agent_credit(payment, decider), decider)


def _latest_call(payment: Payment, calls: list[tuple[int, str, Call]], definitions: Definitions) -> Call | None:
    before = bisect_left(calls, payment.occurred_at, key=lambda entry: entry[0])
    if before == 0:
        return None
    started_at, _, call = calls[before - 1]
    return call if started_at >= payment.occurred_at - definitions.attribution_ms else None
