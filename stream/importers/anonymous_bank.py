"""The call log of an Israeli bank, February 1999: one inbound call per row (data set "anonymous bank", Technion).

Tab separated; times are local (Asia/Jerusalem), durations whole seconds. The mapping beside this file,
anonymous_bank.yaml, says what each row becomes:

- PHANTOM rows are dropped. AGENT with a server is a conversation (`human`); HANG, and AGENT without a server, were
  abandoned.
- `call_id` is not unique in the file; date, line and call_id together are, and make the event's `call_id`.
- The agent is the server, the team the call type, the debtor the customer, or the row itself where the customer is
  not known (0).
- The call starts when it enters the voice unit. It ends when service ends, else when it leaves the queue, else when it
  leaves the voice unit; what ends in the first hour of a day and starts in the last one ends on the next day. Negative
  durations are 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from stream.feeds.adjustment import Adjustments
from stream.feeds.feed_run import FeedRun
from stream.feeds.given import RecordPlace
from stream.feeds.loading import load
from stream.importers.source import Event, Torn, opened

_MAPPING = Path(__file__).with_suffix(".yaml")
_HEADER = (
    "vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time",
    "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "ser_time", "server",
)  # fmt: skip


def anonymous_bank(path: Path, site_id: str) -> Iterator[Event | Torn]:
    """One `call` for each row that is no PHANTOM. Raises CannotImport for a file that is no such log."""
    feed = load(_MAPPING.read_text("utf-8"), _MAPPING.name, Adjustments(constants={"site_id": site_id}))
    run = FeedRun(feed)
    run.use_columns(_HEADER)
    for line, fields in opened(path, _HEADER, delimiter="\t"):
        run.take(RecordPlace(str(path), line), "\t".join(fields).encode())
        events, refused = run.drain()
        yield from (orjson.loads(event.json) for event in events)
        yield from (Torn(path, line, f"no row of a call log: {record.detail}") for record in refused)
