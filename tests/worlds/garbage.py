"""Lines that are no events, of every kind: not JSON, or an event with one thing wrong."""

from __future__ import annotations

import json
from random import Random
from typing import Any

Raw = dict[str, Any]
MALFORMED = (
    b"{",
    b"not json",
    b'{"type":"call",}',
    b"{'type':'call'}",
    b'{"type":"survey","x":NaN}',
    b'{"type":"survey","x":-Infinity}',
    b'{"type":"\xff\xfe"}',
    b'{"a":1}{"b":2}',
    b'{"a":01}',
    b'{"a":"\x01"}',
    b'{"a":.5}',
    b'\xef\xbb\xbf{"a":1} x',
    b"\x00\x00\x00\x00\x07\x02\x06abc",
    b"\x00\x00",
)
INVALID = (
    *(b"[]", b"null", b"7", b'"call"', b"{}", b'{"type":"no_such"}', b'{"type":["call"]}', b'{"type":null}'),
    *(b'"{\\"type\\":\\"survey\\"}"', b'{"before":null,"after":{"type":"survey"},"op":"c"}'),
    b'{"Type":"Notification","Message":"{}","TopicArn":"arn:aws:sns:x"}',
    b'{"specversion":"1.0","type":"survey","data_base64":"e30="}',
    b'{"specversion":"1.0","type":"survey","data":"{}"}',
    b'[{"specversion":"1.0","data":{}}]',
    b"\x00\x00\x00\x00\x07[]",
    b'{"specversion":"1.0","type":["call"]}',
    b'{"specversion":"1.0","type":{}}',
)
WRONG_VALUES: tuple[Any, ...] = (
    5.5,
    1e3,
    True,
    "",
    "x" * 257,
    " x",
    "a|b",
    "tab\there",
    [],
    {},
    -1,
    2**53,
    "2026-11-02",
    "2026-11-02T00:00:60Z",
    "2026-13-02T00:00:00Z",
)


def write(raw: Raw) -> bytes:
    return json.dumps(raw, ensure_ascii=False).encode()


def spoiled(random: Random, raw: Raw) -> bytes:
    """One line that replaces a field of a valid event by some value, or drops it. It may still be valid."""
    name = random.choice(sorted(raw))
    changed = dict(raw)
    if random.random() < 0.4:
        del changed[name]
    else:
        changed[name] = random.choice(WRONG_VALUES)
    return write(changed)


def garbage(random: Random, raw: Raw) -> bytes:
    choice = random.random()
    if choice < 0.3:
        return random.choice(MALFORMED)
    return random.choice(INVALID) if choice < 0.45 else spoiled(random, raw)
