"""Dead letters: what the record was, why it was refused, and where it lay (contract 2)."""

import hashlib

from stream.kafka.batches import Record
from stream.kafka.writer import Line

OVERHEAD_BYTES = 4_096
PREFIX_BYTES = 65_536
REASONS = ("malformed", "invalid", "misrouted", "oversized", "conflict", "too_late", "limit", "internal")
"""Every reason that there is (contract 2)."""


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
