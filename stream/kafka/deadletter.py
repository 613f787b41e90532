"""Dead letters: what the record was, why it was refused, and where it lay (contract 2)."""

import hashlib
from collections import deque

from stream.kafka.batches import Record
from stream.kafka.writer import Line

OVERHEAD_BYTES = 4_096
PREFIX_BYTES = 65_536
RUN_LIMIT = 100
SHARE_WINDOW = 2_000
SHARE_LIMIT = 200


def dead_letter(topic: str, partition: int, record: Record, reason: str, detail: str, room_bytes: int) -> Line:
    """The line for the dead-letter topic: key, value and headers unchanged, and five headers more.

    `room_bytes`: the greatest record that the topic takes. A value that does not fit is cut to its first 64 KiB and
    gets the headers `sha256` (of all of it) and `size`.
    """
    headers = [
        *record.headers,
        ("reason", reason.encode()),
        ("detail", detail.encode()[:1024]),
        ("topic", topic.encode()),
        ("partition", b"%d" % partition),
        ("offset", b"%d" % record.offset),
    ]
    value = record.value
    extra = sum(len(name) + len(content or b"") + 16 for name, content in headers) + len(record.key or b"")
    if value is not None and len(value) + extra + OVERHEAD_BYTES > room_bytes:
        headers.append(("sha256", hashlib.sha256(value).hexdigest().encode()))
        headers.append(("size", b"%d" % len(value)))
        value = value[:PREFIX_BYTES]
    return Line(record.key, value, headers)


class InternalLimit:
    """Whether dead letters for `internal` reasons are single events or a fault of the program, such as a bad deploy:
    then the worker stops instead of emptying its topics into the dead letters.

    True from `internal()` at 100 in a row, or at 200 among the last 2,000 records.
    """

    def __init__(self) -> None:
        self._run = 0
        self._seen = 0
        self._at: deque[int] = deque(maxlen=SHARE_LIMIT)

    def passed(self, records: int = 1) -> None:
        """So many records went well; none: nothing changes."""
        if records:
            self._run = 0
            self._seen += records

    def internal(self) -> bool:
        """One more failed; whether that is too many."""
        self._run += 1
        self._seen += 1
        self._at.append(self._seen)
        crowded = len(self._at) == SHARE_LIMIT and self._seen - self._at[0] < SHARE_WINDOW
        return crowded or self._run >= RUN_LIMIT
