"""Dead letters: a refused record as it was, why it was refused, and where it was found (contract 2)."""

import hashlib

from stream.kafka.writer import Line
from stream.wire.record import Record, Unread, name_bytes

OVERHEAD_BYTES = 4_096
"""Kept free for our own headers, and for what a record and a batch need beside key, value and headers."""
PREFIX_BYTES = 65_536
REASONS = ("malformed", "invalid", "misrouted", "oversized", "conflict", "too_late", "limit", "internal")
"""Every reason for which a worker refuses a record (contract 2)."""
UNMAPPED = "unmapped"
"""That of a feed, beside `malformed`: its mapping finds no event in the record."""

Header = tuple[str, bytes | None]


def dead_letter(topic: str, partition: int, record: Record, reason: str, detail: str, room_bytes: int) -> Line:
    """The line for the dead-letter topic: key, value and headers unchanged, and five headers more.

    `room_bytes`: the greatest record that the topic takes. A value that does not fit is cut to what does, 64 KiB at
    most, and gets the headers `sha256` (of all of it) and `size`; so does what stands for a batch that was not
    unpacked, where the digest is the batch's. Where key and headers alone leave no room (a topic that somebody made too
    small), the headers are left out, and then the key.
    """
    ours: list[Header] = [
        ("reason", reason.encode()),
        ("detail", detail.encode(errors="replace")[:1024]),
        ("topic", topic.encode()),
        ("partition", b"%d" % partition),
        ("offset", b"%d" % record.offset),
    ]
    key, value, theirs = record.key, record.value, list(record.headers)
    room = room_bytes - OVERHEAD_BYTES
    if isinstance(record, Unread):
        key = None if len(key or b"") > room else key
        cut = _cut(record.digest, record.size_bytes)
        return Line(key, record.prefix[: min(PREFIX_BYTES, room - len(key or b""))], ours + cut)
    if len(value or b"") + len(key or b"") + _bytes(theirs) <= room:
        return Line(key, value, theirs + ours)
    if len(key or b"") + _bytes(theirs) > room:
        theirs = []
    if len(key or b"") > room:
        key = None
    whole = value or b""
    left = max(0, room - len(key or b"") - _bytes(theirs))
    cut = _cut(hashlib.sha256(whole).hexdigest(), len(whole))
    return Line(key, whole[: min(PREFIX_BYTES, left)], theirs + ours + cut)


def _cut(digest: str, size_bytes: int) -> list[Header]:
    return [("sha256", digest.encode()), ("size", b"%d" % size_bytes)]


def _bytes(headers: list[Header]) -> int:
    return sum(len(name_bytes(name)) + len(content or b"") + 16 for name, content in headers)
