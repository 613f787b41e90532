"""JSON records with exact integers of any size.

Amounts beyond 64 bits are rare but legal (sums are exact): a record that holds one has format 2 and goes through a
slower parser, since the fast one would turn it into a float.
"""

import json
from collections.abc import Mapping
from typing import Any

import orjson

FORMAT = 1
WIDE_FORMAT = 2


def dumps_bare(record: object) -> bytes:
    """JSON for readers outside, without a format."""
    try:
        return orjson.dumps(record)
    except TypeError:
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def dumps(record: Mapping[str, Any]) -> bytes:
    """JSON of a record whose `f` is 1, keys in their order; `f` becomes 2 when an integer needs more than 64 bits."""
    try:
        return orjson.dumps(record)
    except TypeError:
        return dumps_bare({**record, "f": WIDE_FORMAT})


def loads(value: bytes) -> dict[str, Any]:
    """The record that `dumps` wrote. Raises ValueError if it is of a format that this version does not know."""
    record: dict[str, Any] = orjson.loads(value)
    found = record.get("f")
    if found == FORMAT:
        return record
    if found == WIDE_FORMAT:
        wide: dict[str, Any] = json.loads(value)
        return wide
    raise ValueError(f"a record has format {found!r}; this version knows {FORMAT} and {WIDE_FORMAT}")
