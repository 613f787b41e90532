"""Complaints from the US Consumer Complaint Database (CFPB), in up to three versions each.

Version 1, received: on date_received. Version 2, acknowledged: on date_sent_to_company. Version 3, closed: a timely
response came within 15 days after that, and the day is not published, so the last of them is taken; of one that was
not timely nothing more is known than that it is closed, so its `closed_at` is absent and it counts as not in time.
An "Untimely response" was never closed. Upheld is what ended with relief. Dates are midnights in New York.

No consumer is named, so there is no debtor; the company is the agent (it answers) and the product its team.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from stream.importers.source import Event, Torn, local_text, opened

ZONE = "America/New_York"
RESPONSE_DAYS = 15
_HEADER = (
    "date_received", "product", "sub_product", "issue", "sub_issue", "consumer_complaint_narrative",
    "company_public_response", "company", "state", "zipcode", "tags", "consumer_consent_provided", "submitted_via",
    "date_sent_to_company", "company_response_to_consumer", "timely_response", "consumer_disputed?", "complaint_id",
)  # fmt: skip
_RELIEF = {
    "Closed with monetary relief": True,
    "Closed with non-monetary relief": True,
    "Closed with relief": True,
    "Closed with explanation": False,
    "Closed without relief": False,
    "Closed": False,
}


def cfpb(path: Path, site_id: str) -> Iterator[Event | Torn]:
    """The `complaint` events of each row. Raises CannotImport for a file that is no such extract."""
    for line, fields in opened(path, _HEADER):
        try:
            row = dict(zip(_HEADER, fields, strict=True))
            versions = list(_versions(row, site_id))
        except ValueError as error:
            yield Torn(path, line, f"no row of the complaint database: {error}")
            continue
        yield from versions


def _versions(row: dict[str, str], site_id: str) -> Iterator[Event]:
    sent = _date(row["date_sent_to_company"])
    received_at = local_text(ZONE, _date(row["date_received"]))
    complaint_id = row["complaint_id"]
    complaint = {
        "type": "complaint",
        "site_id": site_id,
        "team_id": row["product"],
        "agent_id": row["company"],
        "complaint_id": complaint_id,
        "received_at": received_at,
        "category": row["issue"],
    }

    def version(number: int, status: str, at: str, **more: object) -> Event:
        return {
            **complaint,
            "event_id": f"{complaint_id}-{number}",
            "occurred_at": at,
            "version": number,
            "status": status,
            **more,
        }

    yield version(1, "received", received_at)
    yield version(2, "acknowledged", local_text(ZONE, sent))
    upheld = _RELIEF.get(row["company_response_to_consumer"])
    if upheld is not None:
        answered = local_text(ZONE, sent + timedelta(days=RESPONSE_DAYS))
        closed = {"closed_at": answered} if row["timely_response"] == "Yes" else {}
        yield version(3, "closed", answered, upheld=upheld, **closed)


def _date(text: str) -> date:
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))
