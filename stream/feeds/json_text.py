"""JSON with sorted keys, exact for integers of any size: equal values are equal bytes."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder()


def encode(value: Any) -> bytes:
    """A value as JSON. Raises ValueError where a text holds half of a surrogate pair."""
    return _encoder.encode(value)


def written(value: Any) -> bytes:
    """A value as JSON in the order of its fields, whatever its texts hold."""
    try:
        return msgspec.json.encode(value)
    except (ValueError, RecursionError):
        pass
    try:
        return json.dumps(value, separators=(",", ":")).encode()  # half of a surrogate pair, as JSON spells it
    except RecursionError:
        return b'"nested too deeply"'


def decode(text: bytes | str) -> Any:
    """The value of JSON. Raises ValueError."""
    return _decoder.decode(text)
