"""Loans as cases and plans, loan payments as payments; totals against plain SQL over the raw files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from stream.importers import CannotImport, Event
from tests.importers.rows import imported, written

LOAN_HEADER = '"loan_id";"account_id";"date";"amount";"duration";"payments";"status"'
TRANS_HEADER = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"'
LOAN = '5325;1843;930131;105804;12;2939.00;"A"'
PAID = '541761;1843;930812;"VYDAJ";"PREVOD NA UCET";2938.70;31493.10;"UVER";"QR";70984434'
OTHER = '527534;1843;930812;"PRIJEM";"VKLAD";4610.00;43431.90;"";;'


def files(folder: Path, loans: list[str], transactions: list[str]) -> Path:
    written(folder / "berka_loan.asc", [LOAN_HEADER, *loans])
    return written(folder / "berka_trans.asc", [TRANS_HEADER, *transactions])


def by_type(events: list[Event], kind: str) -> list[Event]:
    return [event for event in events if event["type"] == kind]


def test_a_loan_is_a_placed_case_and_a_plan_with_an_instalment_a_month(tmp_path: Path) -> None:
    (case, plan), _ = imported("berka", files(tmp_path, [LOAN], []))
    assert (case["case_id"], case["debtor_id"], case["change"]) == ("5325", "1843", "placed")
    assert (case["overdue_minor"], case["currency"]) == (10_580_400, "CZK")
    assert case["occurred_at"] == plan["occurred_at"] == "1993-01-31T00:00:00+01:00"
    assert len(plan["instalments"]) == 12
    assert {part["amount_minor"] for part in plan["instalments"]} == {293_900}


def test_an_instalment_falls_on_the_loan_day_or_the_last_day_of_a_shorter_month(tmp_path: Path) -> None:
    (_, plan), _ = imported("berka", files(tmp_path, [LOAN], []))
    due = [part["due_on"] for part in plan["instalments"]]
    assert due[:4] == ["1993-02-28", "1993-03-31", "1993-04-30", "1993-05-31"]
    assert due[-1] == "1994-01-31"


def test_only_loan_payments_are_payments_and_heller_are_exact(tmp_path: Path) -> None:
    events, _ = imported("berka", files(tmp_path, [LOAN], [OTHER, PAID]))
    (payment,) = by_type(events, "payment")
    assert (payment["case_id"], payment["payment_id"], payment["amount_minor"]) == ("5325", "541761", 293_870)
    assert payment["occurred_at"] == "1993-08-12T12:00:00+02:00"


def test_the_last_line_cut_off_is_named_with_its_number(tmp_path: Path) -> None:
    path = files(tmp_path, [LOAN], [PAID])
    with path.open("a") as out:
        out.write('3526882;11021;940331;"PRIJE')
    events, (torn,) = imported("berka", path)
    assert str(torn) == f"{path}:3: the line ends after 4 of 10 fields"
    assert len(by_type(events, "payment")) == 1


def test_a_payment_of_an_account_without_a_loan_is_named(tmp_path: Path) -> None:
    events, (torn,) = imported("berka", files(tmp_path, [], [PAID]))
    assert (events, torn.line) == ([], 2)


@pytest.mark.parametrize("name", ["berka_loan.asc", "berka_trans.asc", "."])
def test_either_file_or_their_folder_names_both(tmp_path: Path, name: str) -> None:
    files(tmp_path, [LOAN], [PAID])
    events, _ = imported("berka", tmp_path / name)
    assert [event["type"] for event in events] == ["case", "promise", "payment"]


def test_one_file_alone_is_refused_and_the_other_named(tmp_path: Path) -> None:
    written(tmp_path / "trans.asc", [TRANS_HEADER])
    with pytest.raises(CannotImport, match=r"loan\.asc: No such file"):
        imported("berka", tmp_path / "trans.asc")


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotImport, match=r"order\.asc: neither a file"):
        imported("berka", written(tmp_path / "order.asc", [LOAN_HEADER]))


@pytest.mark.shared_data
def test_the_real_files_agree_with_sql_over_them(shared_data: Path) -> None:
    """Counts, sums, and the last due date of each plan, by duckdb's own reading and calendar."""
    events, torn = imported("berka", shared_data / "berka_trans.asc")
    cases, plans, payments = (by_type(events, kind) for kind in ("case", "promise", "payment"))
    loans = f"read_csv('{shared_data / 'berka_loan.asc'}', delim=';', header=true, all_varchar=true)"
    transactions = (
        f"read_csv('{shared_data / 'berka_trans.asc'}', delim=';', header=true, all_varchar=true, ignore_errors=true)"
    )
    with duckdb.connect() as sql:
        loan_totals = sql.execute(
            f"SELECT count(*), sum(amount::DECIMAL(18,2) * 100)::BIGINT, sum(duration::INT), "
            f"sum(duration::INT * payments::DECIMAL(18,2) * 100)::BIGINT FROM {loans}"
        ).fetchone()
        paid = sql.execute(
            f"SELECT count(*), sum(t.amount::DECIMAL(18,2) * 100)::BIGINT, count(DISTINCT l.loan_id) "
            f"FROM {transactions} t JOIN {loans} l USING (account_id) WHERE t.k_symbol = 'UVER'"
        ).fetchone()
        last_due = sql.execute(
            f"SELECT loan_id, (strptime('19' || date, '%Y%m%d') + to_months(duration::INT))::DATE::VARCHAR FROM {loans}"
        ).fetchall()
    parts = [part for plan in plans for part in plan["instalments"]]
    assert loan_totals == (
        len(cases),
        sum(case["overdue_minor"] for case in cases),
        len(parts),
        sum(part["amount_minor"] for part in parts),
    )
    assert loan_totals[0] == len(plans) == 682
    assert paid == (
        len(payments),
        sum(payment["amount_minor"] for payment in payments),
        len({payment["case_id"] for payment in payments}),
    )
    assert paid[:2] == (123, 48_356_580)
    assert dict(last_due) == {plan["case_id"]: plan["instalments"][-1]["due_on"] for plan in plans}
    assert [line.line for line in torn] == [49_104]
