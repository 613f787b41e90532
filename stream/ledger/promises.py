"""Instalments: which are due, and what is poured over them (definitions 4).

Of a case's promises one at a time takes money: an instalment whose cut-off lies after the next promise is superseded,
so what is paid from there on is not for it. And between two cut-offs the payments fill the instalments one after the
other, so only their sum matters for what each of these gets, and of the payments it is always the first ones that get
in. So a promise is poured over by a few sums (`running_totals.py`), whatever the number of payments.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple, cast

from stream.facts.fact import Fact, Payment, Promise
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.debtor_index import CaseFile, DebtorIndex, Entries, following
from stream.ledger.running_totals import Entry, RunningTotals, gross_of, net_of
from stream.windows.measures import column

NO_END_MS = 1 << 62
_NO_TILL = RunningTotals()


class Drawn(NamedTuple):
    """A part of what was paid between two cut-offs: [from_minor, to_minor) of the net sum of the payments in
    [start, end)."""

    start: Entry
    end: Entry
    from_minor: int
    to_minor: int


class OpenInstalment(NamedTuple):
    """An instalment that is not superseded: it falls due at `cutoff_ms` and takes money paid in (made, cutoff)."""

    position: int
    cutoff_ms: int
    amount_minor: int
    drawn: list[Drawn]

    @property
    def poured_minor(self) -> int:
        """What was poured into it."""
        return sum(each.to_minor - each.from_minor for each in self.drawn)


class Claim(NamedTuple):
    """The payments in [start, end) of the order and in this currency are credited to a promise: had nothing been
    reversed, some of each would be poured into it."""

    currency: str
    start: Entry
    end: Entry
    promise: Promise


class Pour(NamedTuple):
    """A promise with its open instalments, once everything is poured, and the payments that are credited to it."""

    promise: Promise
    parts: list[OpenInstalment]
    claims: list[Claim]


def pour_of(index: DebtorIndex, case: CaseFile, promise: Entry) -> Pour:
    """What is poured over a promise of the case."""
    found = case.pours.get(promise[2])
    if found is None:
        found = case.pours[promise[2]] = _poured(index, case, promise)
    return found


def _poured(index: DebtorIndex, case: CaseFile, entry: Entry) -> Pour:
    promise = cast("Promise", index.fact(entry[2]))
    parts = open_instalments(promise, following(case.promises, entry), index)
    claims: list[Claim] = []
    till = case.tills.get(promise.currency)
    if till is not None and parts:
        _fill(promise, parts, till, claims)
    return Pour(promise, parts, claims)


def open_instalments(promise: Promise, after: Entry | None, index: DebtorIndex) -> list[OpenInstalment]:
    """The instalments of a promise that are not superseded, in the order of (cut-off, position); `after`: the next
    promise of its case."""
    end_ms = NO_END_MS if after is None else after[0]
    cancelled = index.known("x" + promise.promise_id)
    if cancelled is not None:
        end_ms = min(end_ms, cancelled.occurred_at)
    site, days = str(promise.site_id), index.definitions.promise_grace_days + 1
    found = [
        OpenInstalment(position, index.midnight_ms(site, part.due_on, days), part.amount_minor, [])
        for position, part in enumerate(promise.instalments)
    ]
    return sorted((part for part in found if part.cutoff_ms <= end_ms), key=_by_cutoff)


def _by_cutoff(part: OpenInstalment) -> tuple[int, int]:
    return part.cutoff_ms, part.position


def _fill(promise: Promise, parts: list[OpenInstalment], till: RunningTotals, claims: list[Claim]) -> None:
    """Pours the payments over the instalments: in full, to find who is credited, and net, to find what is kept."""
    full, net = _Rooms(parts), _Rooms(parts)
    start: Entry = (promise.occurred_at + 1, "", -1)
    before = till.total_before(start)
    number = 0
    for cutoff_ms, due in groupby(parts, key=lambda part: part.cutoff_ms):
        end: Entry = (cutoff_ms, "", -1)
        if end > start:
            total = till.total_before(end)
            if total != before:
                left_minor = full.left(number)
                if left_minor:
                    _claim(promise, till, gross_of(before) + left_minor, (start, end), claims)
                    full.pour(number, gross_of(total - before))
                for place, from_minor, to_minor in net.pour(number, net_of(total - before)):
                    parts[place].drawn.append(Drawn(start, end, from_minor, to_minor))
            start, before = end, total
        number += len(list(due))


def _claim(
    promise: Promise, till: RunningTotals, reach_minor: int, span: tuple[Entry, Entry], claims: list[Claim]
) -> None:
    start, end = span
    first_out = till.reaching(reach_minor)
    if first_out is not None and first_out < end:
        end = first_out
    if start < end:
        claims.append(Claim(promise.currency, start, end, promise))


class _Rooms:
    """What still goes into each instalment."""

    def __init__(self, parts: list[OpenInstalment]) -> None:
        self._rooms = [part.amount_minor for part in parts]

    def left(self, number: int) -> int:
        """What goes into the instalments from this one on."""
        return sum(self._rooms[number:])

    def pour(self, number: int, amount_minor: int) -> list[tuple[int, int, int]]:
        """Pours into the instalments from this one on: (instalment, from, to) for each that gets a part."""
        got, poured_minor = [], 0
        for place in range(number, len(self._rooms)):
            if poured_minor == amount_minor:
                break
            taken_minor = min(self._rooms[place], amount_minor - poured_minor)
            if taken_minor:
                self._rooms[place] -= taken_minor
                got.append((place, poured_minor, poured_minor + taken_minor))
                poured_minor += taken_minor
        return got


def holder_of(promises: Entries, paid_ms: int) -> Entry | None:
    """The only promise into which money paid at this instant may be poured."""
    at = bisect_left(promises, (paid_ms, "", -1))
    return promises[at - 1] if at else None


def claimed(index: DebtorIndex, case: CaseFile, entry: Entry, payment: Payment) -> Promise | None:
    """The promise that a payment of the case is credited to, if there is one."""
    holder = holder_of(case.promises, entry[0])
    if holder is None:
        return None
    for claim in pour_of(index, case, holder).claims:
        if claim.start <= entry < claim.end and claim.currency == payment.currency:
            return claim.promise
    return None


def emit_due(index: DebtorIndex, case: CaseFile, pour: Pour, emit: Emit) -> None:
    """What each instalment of a promise contributes at its cut-off, once the net payments are poured."""
    promise, definitions = pour.promise, index.definitions
    credit = own_credit(promise)
    for part in pour.parts:
        at_ms, poured_minor = part.cutoff_ms, part.poured_minor
        because: tuple[Fact, ...] = (promise,)
        if index.reasons:
            because = (promise, *_payers(index, case, part, promise.currency))
        emit(credit, "promises_due", at_ms, 1, *because)
        emit(credit, column("promises_due_minor", promise.currency), at_ms, part.amount_minor, *because)
        # One that was made after its cut-off is never kept, whatever is tolerated.
        if promise.occurred_at < at_ms and poured_minor >= definitions.kept_from(part.amount_minor):
            emit(credit, "promises_kept", at_ms, 1, *because)
        if poured_minor:
            emit(credit, column("promises_kept_minor", promise.currency), at_ms, poured_minor, *because)


def _payers(index: DebtorIndex, case: CaseFile, part: OpenInstalment, currency: str) -> Iterator[Payment]:
    """The payments of which some was poured into an instalment, in their order."""
    for drawn in part.drawn:
        paid_minor = 0
        for entry in case.tills.get(currency, _NO_TILL).between(drawn.start, drawn.end):
            payment = cast("Payment", index.fact(entry[2]))
            from_minor, paid_minor = paid_minor, paid_minor + index.net_minor(payment)
            if max(from_minor, drawn.from_minor) < min(paid_minor, drawn.to_minor):
                yield payment


class Reclaimed(NamedTuple):
    """The payments in [start, end) of a currency were credited to one promise and are to another now; None: to none."""

    currency: str
    start: Entry
    end: Entry
    was: Promise | None
    now: Promise | None


def reclaimed(before: list[Claim], after: list[Claim]) -> Iterator[Reclaimed]:
    """Where two lists of claims differ; both are in order, as a case's promises and their cut-offs are."""
    same = 0
    while same < min(len(before), len(after)) and _agree(before[same], after[same]):
        same += 1
    for currency in {claim.currency for claim in (*before[same:], *after[same:])}:
        old, new = ([each for each in claims[same:] if each.currency == currency] for claims in (before, after))
        cuts = sorted({cut for claim in (*old, *new) for cut in (claim.start, claim.end)})
        for start, end in pairwise(cuts):
            was, now = _claimant(old, start), _claimant(new, start)
            if (was and was.promise_id) != (now and now.promise_id):
                yield Reclaimed(currency, start, end, was, now)


def _agree(one: Claim, other: Claim) -> bool:
    return one[:3] == other[:3] and one.promise.promise_id == other.promise.promise_id


def _claimant(claims: list[Claim], at: Entry) -> Promise | None:
    return next((claim.promise for claim in claims if claim.start <= at < claim.end), None)
