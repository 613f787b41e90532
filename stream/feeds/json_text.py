"""JSON with sorted keys, exact for integers of any size: equal values are equal bytes."""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder()


def encode(value: Any) -> bytes:
    """A value as JSON. Raises ValueError where a text holds half of a surrogate pair."""
    return _encoder.encode(value)


def decode(text: bytes | str) -> Any:
    """The value of JSON. Raises ValueError."""
    return _decoder.decode(text)
