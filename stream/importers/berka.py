"""Loans of a Czech bank and the payments on them, 1993-1998 (the "Berka" data of the PKDD'99 challenge).

Two files, loan and trans, that lie side by side: the path names either, or their folder. A loan becomes a `case`
(placed, at midnight in Prague, its amount the overdue amount) and a `promise` by the desk that grants loans: a plan
with an instalment due n months after the loan's date, for n = 1 .. duration. A transaction with k_symbol UVER is a
`payment` of its account's loan, at noon. The debtor is the account; there is one loan per account.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from stream.importers.source import CannotImport, Event, Torn, local_text, opened

ZONE = "Europe/Prague"
CURRENCY = "CZK"
LOAN_DESK = "loan-desk"
_NOON_S = 12 * 3600
_LOAN = ("loan_id", "account_id", "date", "amount", "duration", "payments", "status")
_TRANS = (
    "trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol", "bank", "account",
)  # fmt: skip
_LOAN_PAYMENT = "UVER"


def berka(path: Path, site_id: str) -> Iterator[Event | Torn]:
    """Cases and plans of all loans, then their payments. Raises CannotImport where one of the two files is missing."""
    loans, transactions = _both(path)
    loan_of: dict[str, str] = {}
    for line, fields in opened(loans, _LOAN, delimiter=";"):
        try:
            row = dict(zip(_LOAN, fields, strict=True))
            events = [_case(row, site_id), _plan(row, site_id)]
        except (ValueError, InvalidOperation):
            yield Torn(loans, line, "no whole loan")
            continue
        loan_of[row["account_id"]] = row["loan_id"]
        yield from events
    yield from _payments(transactions, loan_of, site_id)


def _payments(path: Path, loan_of: dict[str, str], site_id: str) -> Iterator[Event | Torn]:
    for line, fields in opened(path, _TRANS, delimiter=";"):
        if len(fields) != len(_TRANS):
            yield Torn(path, line, f"the line ends after {len(fields)} of {len(_TRANS)} fields")
            continue
        row = dict(zip(_TRANS, fields, strict=True))
        if row["k_symbol"] != _LOAN_PAYMENT:
            continue
        loan_id = loan_of.get(row["account_id"])
        if loan_id is None:
            yield Torn(path, line, f"a loan payment of account {row['account_id']}, which has no loan")
            continue
        try:
            yield _payment(row, loan_id, site_id)
        except (ValueError, InvalidOperation):
            yield Torn(path, line, "no whole transaction")


def _both(path: Path) -> tuple[Path, Path]:
    if path.is_dir():
        found = [sorted(path.glob(f"*{name}.asc")) for name in ("loan", "trans")]
        if not all(len(files) == 1 for files in found):
            raise CannotImport(f"{path}: holds no pair of files *loan.asc and *trans.asc")
        return found[0][0], found[1][0]
    for name, other in (("loan", "trans"), ("trans", "loan")):
        if path.stem.endswith(name):
            beside = path.with_name(path.stem.removesuffix(name) + other + path.suffix)
            return (path, beside) if name == "loan" else (beside, path)
    raise CannotImport(f"{path}: neither a file *loan.asc nor *trans.asc")


def _case(row: dict[str, str], site_id: str) -> Event:
    return {
        "type": "case",
        "event_id": f"loan-{row['loan_id']}",
        "occurred_at": local_text(ZONE, _date(row["date"])),
        "site_id": site_id,
        "debtor_id": row["account_id"],
        "case_id": row["loan_id"],
        "change": "placed",
        "overdue_minor": _minor(row["amount"]),
        "currency": CURRENCY,
    }


def _plan(row: dict[str, str], site_id: str) -> Event:
    granted = _date(row["date"])
    part = _minor(row["payments"])
    months = range(1, int(row["duration"]) + 1)
    return {
        "type": "promise",
        "event_id": f"plan-{row['loan_id']}",
        "occurred_at": local_text(ZONE, granted),
        "site_id": site_id,
        "agent_id": LOAN_DESK,
        "debtor_id": row["account_id"],
        "case_id": row["loan_id"],
        "promise_id": row["loan_id"],
        "currency": CURRENCY,
        "instalments": [{"due_on": _months_later(granted, n).isoformat(), "amount_minor": part} for n in months],
    }


def _payment(row: dict[str, str], loan_id: str, site_id: str) -> Event:
    return {
        "type": "payment",
        "event_id": f"trans-{row['trans_id']}",
        "occurred_at": local_text(ZONE, _date(row["date"]), _NOON_S),
        "site_id": site_id,
        "debtor_id": row["account_id"],
        "case_id": loan_id,
        "payment_id": row["trans_id"],
        "amount_minor": _minor(row["amount"]),
        "currency": CURRENCY,
        "channel": "auto_debit",
    }


def _date(text: str) -> date:
    return date(1900 + int(text[:2]), int(text[2:4]), int(text[4:6]))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _minor(text: str) -> int:
    """Koruny with up to two decimals as hellers, exactly. Raises ValueError for finer ones."""
    minor = Decimal(text) * 100
    if minor != int(minor):
        raise ValueError(f"{text} is no amount in hellers")
    return int(minor)
