"""Values that hold an event inside something else, and values that look like another system's (contract 1).

The frame of a schema registry and a structured CloudEvent are unwrapped, once. What else carries an event around is
refused with a sentence that says what it looks like and what to do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stream.facts.fact import KINDS

_TYPES = frozenset(kind.TYPE for kind in KINDS)

FRAME_BYTES = 5
"""A zero byte and four bytes of schema id."""


class NotPlain(NamedTuple):
    """What a value looks like that is not unwrapped, and what its producer can do."""

    detail: str


def unframed(value: bytes) -> bytes | None:
    """What stands behind the frame of a schema registry; None where there is no frame."""
    return value[FRAME_BYTES:] if value[:1] == b"\0" and len(value) > FRAME_BYTES else None


def event_in(raw: Any) -> dict[str, Any] | NotPlain:
    """The JSON object that is to be read as an event, out of what a value says."""
    if isinstance(raw, str):
        return NotPlain(_of_text(raw))
    if isinstance(raw, list):
        return NotPlain("the value is a JSON array; send one JSON object per record, no batches")
    if not isinstance(raw, dict):
        return NotPlain("the value is JSON, but no object; send one JSON object per record")
    if raw.get("specversion") is not None and not (raw.get("data") is None and raw.get("data_base64") is None):
        return _of_cloud_event(raw)
    return raw


def _of_cloud_event(raw: dict[str, Any]) -> dict[str, Any] | NotPlain:
    if raw.get("data_base64") is not None:
        return NotPlain("a CloudEvent with data_base64; send the event as a JSON object in data")
    data = raw["data"]
    if not isinstance(data, dict):
        return NotPlain("a CloudEvent whose data is no object; send the event as a JSON object in data")
    return data


def another_systems(raw: dict[str, Any]) -> str:
    """What an object that is no event looks like, and what to do; empty where it looks like nothing known.

    Asked only of what cannot be read: an event may have further fields of any name.
    """
    if raw.get("specversion") is not None:
        ours = isinstance(raw.get("type"), str) and raw["type"] in _TYPES
        return "" if ours else "a CloudEvent without data; send the event as a JSON object in data"
    inner = raw.get("payload") if isinstance(raw.get("payload"), dict) and "type" not in raw else raw
    assert isinstance(inner, dict)
    if "op" in inner and ("before" in inner or "after" in inner):
        return (
            "looks like a Debezium change; send the row itself (the transform ExtractNewRecordState), with the fields "
            "of an event"
        )
    if raw.get("Type") == "Notification" and "Message" in raw:
        return "looks like an SNS notification; turn on raw message delivery, or send its Message alone"
    return ""


def _of_text(raw: str) -> str:
    if raw.lstrip()[:1] in ("{", "["):
        return "JSON text inside a JSON string: it was encoded twice; send the object itself"
    return "the value is a JSON string; send one JSON object per record"


def _is_text(line: str) -> bool:
    return line.replace("\t", "").isprintable() and "\ufffd" not in line


def looks_like(value: bytes) -> str:
    """What bytes that are no JSON look like, and what to send instead."""
    text = value.decode(errors="replace")
    start = text.lstrip()[:1]
    if not text.strip():
        return "the value is empty; send one JSON object per record"
    if value[:1] == b"\0":
        return (
            "looks like Avro or Protobuf behind the frame of a schema registry; send JSON (a JSON serializer may keep "
            "the frame)"
        )
    if value[:3] == b"\xef\xbb\xbf":
        return "begins with a byte-order mark; send UTF-8 without one"
    if start == "<":
        return "looks like XML; send one JSON object per record"
    line = text.strip().splitlines()[0]
    if start not in ("{", "[") and any(line.count(mark) >= 2 for mark in (",", ";", "\t")) and _is_text(line):
        return "looks like a line of CSV; send one JSON object per record"
    if "\ufffd" in text:
        return "holds bytes that are no UTF-8; send JSON in UTF-8"
    return ""
