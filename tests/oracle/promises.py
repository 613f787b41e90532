"""Semantics 4: cut-offs, superseding, pouring; and who is credited with a payment (definitions 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from math import ceil

from tests.oracle.calendar import midnight_ending
from tests.oracle.config import DAY_MS, Config
from tests.oracle.contribution import Contribution, Credit, add, or_unassigned, own_credit, site_of
from tests.oracle.debtor import Debtor
from tests.oracle.reading import Event
from tests.oracle.timing import ordered_at


@dataclass
class Instalment:
    """One instalment, with what has been poured into it."""

    promise: Event
    position: int
    amount_minor: int
    cut_off_ms: int
    superseded: bool
    poured_minor: int = 0


def made(promise: Event) -> tuple[int, str]:
    return promise["occurred_at"], promise["promise_id"]


def ends_of(promise: Event, debtor: Debtor) -> list[int]:
    """The instants at which the promise is cancelled or another one, later in order, is made on its case."""
    cancelled = [c["occurred_at"] for c in debtor.all("promise_cancelled") if c["promise_id"] == promise["promise_id"]]
    later = [other["occurred_at"] for other in debtor.all("promise", promise["case_id"]) if made(other) > made(promise)]
    return cancelled + later


def instalments_of(debtor: Debtor, case_id: str, config: Config) -> list[Instalment]:
    """Every instalment promised on the case, empty, in order of (cut-off, promise_id, position)."""
    found = []
    for promise in debtor.all("promise", case_id):
        zone = config.site(site_of(promise)).zone
        ends = ends_of(promise, debtor)
        for position, instalment in enumerate(promise["instalments"]):
            last_day = instalment["due_on"] + timedelta(days=config.promise_grace_days)
            cut_off = midnight_ending(zone, last_day)
            superseded = any(cut_off > end for end in ends)
            found.append(Instalment(promise, position, instalment["amount_minor"], cut_off, superseded))
    return sorted(found, key=lambda i: (i.cut_off_ms, i.promise["promise_id"], i.position))


def pour(
    debtor: Debtor, case_id: str, config: Config, amount_of: Callable[[Event], int]
) -> tuple[list[Instalment], dict[str, Instalment]]:
    """Pours each payment of the case, `amount_of` it, over the instalments in its currency.

    Returns all instalments with what each received, and by payment_id the first instalment that received any of it.
    """
    instalments = instalments_of(debtor, case_id, config)
    first: dict[str, Instalment] = {}
    for payment in sorted(debtor.all("payment", case_id), key=lambda p: (ordered_at(p), p["payment_id"])):
        left = amount_of(payment)
        for instalment in instalments:
            open_to_it = instalment.promise["occurred_at"] < ordered_at(payment) < instalment.cut_off_ms
            if instalment.superseded or not open_to_it or instalment.promise["currency"] != payment["currency"]:
                continue
            taken = min(left, instalment.amount_minor - instalment.poured_minor)
            if taken > 0:
                instalment.poured_minor += taken
                left -= taken
                first.setdefault(payment["payment_id"], instalment)
    return instalments, first


def due_contributions(debtor: Debtor, case_id: str, config: Config) -> Iterator[Contribution]:
    """At each cut-off: due, and kept if enough was poured."""
    instalments, _ = pour(debtor, case_id, config, debtor.net_minor)
    for instalment in instalments:
        if instalment.superseded:
            continue
        promise, currency, at = instalment.promise, instalment.promise["currency"], instalment.cut_off_ms
        enough = ceil(instalment.amount_minor * (1 - Fraction(config.promise_tolerance)))
        made_in_time = promise["occurred_at"] < instalment.cut_off_ms
        yield add(promise, "promises_due", at_ms=at)
        yield add(promise, "promises_due_minor", instalment.amount_minor, currency, at)
        if made_in_time and instalment.poured_minor >= enough:
            yield add(promise, "promises_kept", at_ms=at)
        yield add(promise, "promises_kept_minor", instalment.poured_minor, currency, at)


def deciding_call(debtor: Debtor, payment: Event, config: Config) -> Event | None:
    """Semantics 5b."""
    until = ordered_at(payment)
    since = until - config.attribution_days * DAY_MS
    calls = [
        call
        for call in debtor.all("call", payment["case_id"])
        if call["outcome"] == "human"
        and call.get("party") == "right"
        and "agent_id" in call
        and since <= call["occurred_at"] < until
    ]
    return max(calls, key=lambda call: (call["occurred_at"], call["call_id"]), default=None)


def credit_of(payment: Event, debtor: Debtor, config: Config) -> Credit:
    """Semantics 5, a to d."""
    if "case_id" not in payment:
        return Credit()
    _, first = pour(debtor, payment["case_id"], config, lambda p: int(p["amount_minor"]))
    if payment["payment_id"] in first:
        return own_credit(first[payment["payment_id"]].promise)
    call = deciding_call(debtor, payment, config)
    if call is not None:
        return own_credit(call)
    return or_unassigned(debtor.owner(payment["case_id"], ordered_at(payment)))


def counted_of_payment(payment: Event, debtor: Debtor) -> Iterator[Contribution]:
    net, currency = debtor.net_minor(payment), payment["currency"]
    yield add(payment, "recovered_minor", net, currency)
    if payment.get("channel") == "field":
        yield add(payment, "field_recovered_minor", net, currency)
    if net > 0:
        yield add(payment, "payments")
        placed_at = debtor.placed_at(payment["case_id"]) if "case_id" in payment else None
        if placed_at is not None and placed_at <= ordered_at(payment):
            yield add(payment, "payments_timed")
            yield add(payment, "payment_delay_ms", ordered_at(payment) - placed_at)


def payment_contributions(debtor: Debtor, config: Config) -> Iterator[Contribution]:
    """Semantics 5: what was recovered, at the payment's own time and site, for its segment."""
    for payment in debtor.all("payment"):
        credit = credit_of(payment, debtor, config)
        for contribution in counted_of_payment(payment, debtor):
            yield replace(contribution, credit=credit)


def reversal_contributions(debtor: Debtor, config: Config) -> Iterator[Contribution]:
    """In full and in its own currency, at the site and segment of and credited as the payment.

    While that is unknown: unassigned, at its own site and segment.
    """
    for reversal in debtor.all("payment_reversal"):
        counted = add(reversal, "reversed_minor", reversal["amount_minor"], reversal["currency"])
        payment = debtor.payment(reversal["payment_id"])
        if payment is None:
            yield replace(counted, credit=Credit())
        else:
            credit, segment = credit_of(payment, debtor, config), payment.get("segment_id")
            yield replace(counted, site=site_of(payment), credit=credit, segment=segment)
