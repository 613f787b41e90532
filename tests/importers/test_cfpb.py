"""Complaints in versions; totals against plain SQL over the raw file."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from stream.importers import Event
from tests.importers.rows import imported, written

ROW = {
    "date_received": "8/30/2013",
    "product": "Debt collection",
    "sub_product": "",
    "issue": '"Frequent, or repeated calls"',
    "sub_issue": "",
    "consumer_complaint_narrative": "",
    "company_public_response": "",
    "company": "Wells Fargo & Company",
    "state": "CA",
    "zipcode": "95993",
    "tags": "",
    "consumer_consent_provided": "",
    "submitted_via": "Referral",
    "date_sent_to_company": "9/3/2013",
    "company_response_to_consumer": "Closed with monetary relief",
    "timely_response": "Yes",
    "consumer_disputed?": "Yes",
    "complaint_id": "511074",
}


def versions(folder: Path, **changes: str) -> list[Event]:
    row = ROW | changes
    events, torn = imported("cfpb", written(folder / "cfpb.csv", [",".join(ROW), ",".join(row.values())], "\n"))
    assert not torn
    return events


def test_a_complaint_is_received_acknowledged_and_closed_in_rising_versions(tmp_path: Path) -> None:
    events = versions(tmp_path)
    assert [(event["version"], event["status"], event["occurred_at"]) for event in events] == [
        (1, "received", "2013-08-30T00:00:00-04:00"),
        (2, "acknowledged", "2013-09-03T00:00:00-04:00"),
        (3, "closed", "2013-09-18T00:00:00-04:00"),
    ]
    assert {event["received_at"] for event in events} == {"2013-08-30T00:00:00-04:00"}
    assert (events[2]["upheld"], events[2]["closed_at"]) == (True, "2013-09-18T00:00:00-04:00")
    assert events[0]["category"] == "Frequent, or repeated calls"
    assert (events[0]["agent_id"], events[0]["team_id"]) == ("Wells Fargo & Company", "Debt collection")


def test_what_was_not_answered_in_time_has_no_closing_instant(tmp_path: Path) -> None:
    closed = versions(tmp_path, timely_response="No", company_response_to_consumer="Closed with explanation")[2]
    assert (closed["status"], closed["upheld"]) == ("closed", False)
    assert "closed_at" not in closed


def test_an_untimely_response_closes_nothing(tmp_path: Path) -> None:
    events = versions(tmp_path, timely_response="No", company_response_to_consumer="Untimely response")
    assert [event["status"] for event in events] == ["received", "acknowledged"]


def test_a_row_without_a_date_is_named(tmp_path: Path) -> None:
    row = ROW | {"date_received": "soon"}
    path = written(tmp_path / "cfpb.csv", [",".join(ROW), ",".join(row.values()), ",".join(ROW.values())])
    events, torn = imported("cfpb", path)
    assert (len(events), [line.line for line in torn]) == (3, [2])


@pytest.mark.shared_data
def test_the_real_file_agrees_with_sql_over_it(shared_data: Path) -> None:
    path = shared_data / "cfpb_complaints_2013_1000.csv"
    events, torn = imported("cfpb", path)
    raw = f"read_csv('{path}', header=true, all_varchar=true)"
    with duckdb.connect() as sql:
        expected = sql.execute(
            "SELECT count(*), count(*) FILTER (company_response_to_consumer LIKE 'Closed%'), "
            "count(*) FILTER (company_response_to_consumer LIKE '%relief'), "
            "count(*) FILTER (timely_response = 'Yes' AND strptime(date_sent_to_company, '%m/%d/%Y') + INTERVAL 15 DAY "
            f"< strptime(date_received, '%m/%d/%Y') + INTERVAL 56 DAY) FROM {raw}"
        ).fetchone()
        per_product = sql.execute(f"SELECT product, count(*) FROM {raw} GROUP BY ALL ORDER BY ALL").fetchall()
    received = [event for event in events if event["status"] == "received"]
    closed = [event for event in events if event["status"] == "closed"]
    assert not torn
    assert expected == (
        len({event["complaint_id"] for event in received}),
        len(closed),
        sum(event["upheld"] for event in closed),
        sum(_in_time(event) for event in closed),
    )
    counts = {product: sum(event["team_id"] == product for event in received) for product, _ in per_product}
    assert list(counts.items()) == per_product


def _in_time(event: Event) -> bool:
    if "closed_at" not in event:
        return False
    closed, received = (
        datetime.fromisoformat(event[name]).replace(tzinfo=None) for name in ("closed_at", "received_at")
    )
    return closed < received + timedelta(days=56)
