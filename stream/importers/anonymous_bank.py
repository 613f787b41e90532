"""The call log of an Israeli bank, February 1999: one inbound call per row (data set "anonymous bank", Technion).

Tab separated; times are local (Asia/Jerusalem), durations whole seconds. What each row becomes:

- PHANTOM rows are dropped. AGENT with a server is a conversation (`human`); HANG, and AGENT without a server, were
  abandoned.
- `call_id` is not unique in the file; date, line and call_id together are, and make the event's `call_id`.
- The agent is the server, the team the call type, the debtor the customer, or the row itself where the customer is
  not known (0).
- The call starts when it enters the voice unit. It ends when service ends, else when it leaves the queue, else when it
  leaves the voice unit; a time of day far before the start is of the next day. Negative durations are 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from stream.importers.source import Event, Torn, local_text, opened

ZONE = "Asia/Jerusalem"
_DAY_S = 86_400
_HEADER = (
    "vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time",
    "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "ser_time", "server",
)  # fmt: skip
_NO_SERVER = "NO_SERVER"
_OUTCOMES = ("AGENT", "HANG", "PHANTOM")


def anonymous_bank(path: Path, site_id: str) -> Iterator[Event | Torn]:
    """One `call` for each row that is no PHANTOM. Raises CannotImport for a file that is no such log."""
    for line, fields in opened(path, _HEADER, delimiter="\t"):
        try:
            row = dict(zip(_HEADER, fields, strict=True))
            event = _call(row, site_id)
        except ValueError as error:
            yield Torn(path, line, f"no row of a call log: {error}")
            continue
        if event is not None:
            yield event


def _call(row: dict[str, str], site_id: str) -> Event | None:
    if row["outcome"] not in _OUTCOMES:
        raise ValueError(f"outcome {row['outcome']!r}")
    if row["outcome"] == "PHANTOM":
        return None
    day = date(1900 + int(row["date"][:2]), int(row["date"][2:4]), int(row["date"][4:6]))
    start_s = _seconds(row["vru_entry"])
    served_by = None if row["server"] == _NO_SERVER else row["server"]
    row_id = f"{row['date']}-{row['vru+line']}-{row['call_id']}"
    event: Event = {
        "type": "call",
        "event_id": row_id,
        "occurred_at": local_text(ZONE, day, start_s),
        "site_id": site_id,
        "team_id": row["type"],
        "debtor_id": row_id if row["customer_id"] == "0" else row["customer_id"],
        "call_id": row_id,
        "direction": "inbound",
        "outcome": "human" if row["outcome"] == "AGENT" and served_by else "abandoned",
        "ended_at": local_text(ZONE, day, _end_s(row, start_s)),
        "queue_ms": max(0, int(row["q_time"])) * 1000,
        "talk_ms": max(0, int(row["ser_time"])) * 1000,
    }
    if served_by:
        event["agent_id"] = served_by
    return event


def _end_s(row: dict[str, str], start_s: int) -> int:
    if row["ser_exit"] != "0:00:00" or int(row["ser_time"]) > 0:
        end_s = _seconds(row["ser_exit"])
    elif row["q_exit"] != "0:00:00" or int(row["q_time"]) > 0:
        end_s = _seconds(row["q_exit"])
    else:
        end_s = _seconds(row["vru_exit"])
    # Some clocks run a minute back within a call; half a day back is the next day.
    return end_s + _DAY_S if end_s < start_s - _DAY_S // 2 else max(end_s, start_s)


def _seconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)
