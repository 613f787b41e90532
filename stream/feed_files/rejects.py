"""Refused records as lines of a file: those of a replay's `deadletter.jsonl` (contract 3)."""

from __future__ import annotations

import base64

import orjson

from stream.feeds.given import RefusedRecord


def reject_line(refused: RefusedRecord) -> bytes:
    """The line, with its newline. The value is text if it is UTF-8, else base64."""
    row: dict[str, object] = {
        "reason": refused.reason,
        "detail": refused.detail,
        "source": refused.place.source.encode("utf-8", "replace").decode(),
        "line": refused.place.line,
    }
    try:
        row["value"] = refused.value.decode()
    except UnicodeDecodeError:
        row["value_base64"] = base64.b64encode(refused.value).decode()
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
