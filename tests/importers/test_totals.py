"""The replay of the real data against plain SQL over the raw files, month by month."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from stream.cli.main import run
from tests.worlds.replayed import replayed

pytestmark = pytest.mark.shared_data


def months(source: str, file: Path, zone: str, folder: Path) -> list[dict[str, Any]]:
    """The month records of a replay of the imported file."""
    events = folder / "events.jsonl"
    assert run(["import", source, str(file), "--out", str(events)]) == 0
    got = replayed(
        {"sites": {"main": {"zone": zone}}},
        [events.read_bytes()],
        folder / "out",
        options=("--windows", "month", "--as-of", "end"),
    )
    return got.kpis


def parts(
    records: list[dict[str, Any]], kpi: str, level: str = "site", zone: str = "UTC"
) -> dict[tuple[str, str], tuple[int, int | None]]:
    """(entity, YYYY-MM) -> numerator and denominator of one KPI."""
    with duckdb.connect() as sql:
        found = {}
        for record in (r for r in records if r["level"] == level):
            local = f"strftime(timezone('{zone}', '{record['start']}'::timestamptz), '%Y-%m')"
            (month,) = sql.execute(f"SELECT {local}").fetchone() or ("",)
            for entry in (k for k in record["kpis"] if k["kpi"] == kpi):
                found[record["entity"], month] = (entry["numerator"], entry["denominator"])
    return found


def queried(query: str) -> dict[tuple[str, str], tuple[int, int | None]]:
    """The same from a query that gives (entity, month, numerator, denominator)."""
    with duckdb.connect() as sql:
        return {(entity, month): (over, under) for entity, month, over, under in sql.execute(query).fetchall()}


def test_loans_plans_and_payments_of_the_bank_are_counted_in_their_months(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zone = "Europe/Prague"
    trans, loan = shared_data / "berka_trans.asc", shared_data / "berka_loan.asc"
    records = months("berka", trans, zone, tmp_path)
    assert f"{trans}:49104: the line ends after" in capsys.readouterr().err

    loans = f"(SELECT *, strptime('19' || date, '%Y%m%d') AS day FROM read_csv('{loan}', delim=';', all_varchar=true))"
    uver = (
        f"(SELECT *, strptime('19' || date, '%Y%m%d') AS day FROM read_csv('{trans}', delim=';', all_varchar=true,"
        " ignore_errors=true) WHERE k_symbol = 'UVER')"
    )
    instalments = (
        "(SELECT payments, day + to_months(unnest(generate_series(1, duration::INT))) + INTERVAL 4 DAY AS day"
        f" FROM {loans})"
    )
    month, total = "'main', strftime(day, '%Y-%m')", "sum({} * 100)::BIGINT, NULL"
    money = {name: total.format(f"{name}::DECIMAL(18,2)") for name in ("amount", "payments")}
    promised = total.format("duration::INT * payments::DECIMAL(18,2)")
    for kpi, amounts, rows in [
        ("recovered_amount", money["amount"], uver),
        ("payments", "count(*), NULL", uver),
        ("cases_placed", "count(*), NULL", loans),
        ("placed_amount", money["amount"], loans),
        ("plans", "count(*), NULL", loans),
        ("promised_amount", promised, loans),
    ]:
        told = parts(records, kpi, zone=zone)
        assert told == queried(f"SELECT {month}, {amounts} FROM {rows} GROUP BY ALL"), kpi
        assert told
    due = {at: under for at, (_, under) in parts(records, "promise_kept_rate", zone=zone).items()}
    due_minor = {at: under for at, (_, under) in parts(records, "promise_kept_amount_rate", zone=zone).items()}
    assert {at: (n, None) for at, n in due.items()} == queried(
        f"SELECT {month}, count(*), NULL FROM {instalments} GROUP BY ALL"
    )
    assert {at: (n, None) for at, n in due_minor.items()} == queried(
        f"SELECT {month}, {money['payments']} FROM {instalments} GROUP BY ALL"
    )


def test_complaints_are_counted_by_product_and_month_and_their_deadlines_kept(
    shared_data: Path, tmp_path: Path
) -> None:
    zone = "America/New_York"
    file = shared_data / "cfpb_complaints_2013_1000.csv"
    records = months("cfpb", file, zone, tmp_path)
    raw = (
        "(SELECT *, strptime(date_received, '%m/%d/%Y') AS day, strptime(date_sent_to_company, '%m/%d/%Y') AS sent"
        f" FROM read_csv('{file}', header=true, all_varchar=true))"
    )
    for level, entity in (("team", "product"), ("agent", "company")):
        told = parts(records, "complaints", level, zone)
        counted = queried(f"SELECT {entity}, strftime(day, '%Y-%m'), count(*), NULL FROM {raw} GROUP BY ALL")
        assert told == counted
        assert sum(count for count, _ in told.values()) == 1000
    in_time = parts(records, "complaint_timeliness", "team", zone)
    totals: dict[str, list[int]] = {}
    for (product, _), (over, under) in in_time.items():
        both = totals.setdefault(product, [0, 0])
        both[0], both[1] = both[0] + over, both[1] + (under or 0)
    answered = "timely_response = 'Yes' AND company_response_to_consumer LIKE 'Closed%'"
    kept = f"count(*) FILTER ({answered} AND sent + INTERVAL 15 DAY < day + INTERVAL 56 DAY)"
    told = queried(f"SELECT product, '', {kept}, count(*) FROM {raw} GROUP BY ALL")
    assert {(product, ""): (over, under) for product, (over, under) in totals.items()} == told


def test_every_agent_of_february_1999_has_the_calls_and_the_talk_of_the_log(shared_data: Path, tmp_path: Path) -> None:
    zone = "Asia/Jerusalem"
    file = shared_data / "anonymous_bank_1999_02_calls.tsv"
    records = months("anonymous-bank", file, zone, tmp_path)
    raw = f"read_csv('{file}', delim='\t', header=true, all_varchar=true)"
    served = "outcome = 'AGENT' AND server <> 'NO_SERVER'"
    sums = "sum(greatest(0, ser_time::INT)) * 1000, count(*)"
    talk = f"SELECT server, '1999-02', {sums} FROM {raw} WHERE {served} GROUP BY ALL"
    told = parts(records, "talk_time_mean", "agent", zone)
    assert told == queried(talk)
    assert len(told) == 24
    lost = "outcome = 'HANG' OR outcome = 'AGENT' AND server = 'NO_SERVER'"
    queued = f"q_time::INT > 5 AND ({lost})"
    given_up = (
        f"SELECT type, '1999-02', count(*) FILTER ({queued}), count(*) FILTER ({queued} OR {served})"
        f" FROM {raw} GROUP BY ALL"
    )
    assert parts(records, "abandonment_rate", "team", zone) == queried(given_up)
