"""The demo's status line: what a worker says of itself on /metrics."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime

SAMPLE = re.compile(r"^(\w+)(\{.*\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Status:
    """Counts since the worker's start. `lag`: records; `alerts`: firing; `as_of`: Unix seconds, 0 = no numbers yet."""

    events: int
    rejected: int
    lag: int
    kpi_records: int
    alerts: int
    as_of: float

    def line(self, now: float) -> str:
        """What matters first, so that a narrow terminal cuts off the rest."""
        as_of = "no numbers yet"
        if self.as_of:
            as_of = f"as of {datetime.fromtimestamp(self.as_of, UTC):%H:%M:%S} UTC, {_age(now - self.as_of)}"
        return (
            f"{as_of}: {self.events:,} events, lag {self.lag:,}, {self.kpi_records:,} KPI records, "
            f"{self.alerts:,} firing, {self.rejected:,} dead letters"
        )


def _age(seconds: float) -> str:
    if seconds >= 172_800:
        return f"{seconds / 86_400:.0f} days ago"
    return f"{seconds / 3_600:.1f} h ago" if seconds >= 7_200 else f"{max(0.0, seconds):.0f} s ago"


def read_status(url: str) -> Status | None:
    """From a worker's /metrics; None while it does not answer."""
    text = page_text(url)
    return None if text is None else status_of(text)


def page_text(url: str) -> str | None:
    """A page; None while it does not answer with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5.0) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return None


def status_of(text: str) -> Status:
    """From the text of an exposition; metrics that are absent count as 0."""
    values: dict[str, list[float]] = {}
    for name, _, value in SAMPLE.findall(text):
        values.setdefault(name.removeprefix("collections_"), []).append(float(value))

    def total(name: str) -> int:
        return int(sum(values.get(name, ())))

    return Status(
        events=total("events_consumed_total"),
        rejected=total("deadletters_total"),
        lag=total("consumer_lag_records"),
        kpi_records=total("kpi_records_total"),
        alerts=total("alert_active"),
        as_of=max(values.get("kpi_as_of_timestamp_seconds", ()), default=0.0),
    )
