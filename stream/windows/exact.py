"""JSON records with exact integers of any size.

`f` is the version of a record's format. Amounts beyond 64 bits are rare but legal (sums are exact): the `f` of a record
that holds one is negative, and it goes through a slower parser, since the fast one would turn it into a float.
"""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from stream.facts.format import Format

Json = dict[str, Any]

RECORD: Format[Json] = Format("record")
"""The format of every kind of record that has none of its own yet."""
FORMAT = RECORD.version


def dumps_bare(record: object) -> bytes:
    """JSON for readers outside, without a format."""
    try:
        return orjson.dumps(record)
    except TypeError:
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def loads_bare(value: bytes) -> Any:
    """What `dumps_bare` wrote. ValueError: it is no JSON."""
    return json.loads(value)


def dumps(record: Mapping[str, Any]) -> bytes:
    """JSON of a record with its version as `f`, keys in their order; `f` becomes negative when an integer needs more
    than 64 bits."""
    try:
        return orjson.dumps(record)
    except TypeError:
        return dumps_bare({**record, "f": -record["f"]})


def loads(value: bytes, form: Format[Json] = RECORD) -> Json:
    """The record that `dumps` wrote, upgraded if a former version did. NewerFormatError: a newer one did. ValueError:
    it is no such record."""
    record: Json = orjson.loads(value)
    found = record.get("f")
    if found == form.version:
        return record
    if not isinstance(found, int):
        raise ValueError(f"the {form.name} has no format")
    if found < 0:
        record = json.loads(value)
    return form.upgraded(abs(found), record)
