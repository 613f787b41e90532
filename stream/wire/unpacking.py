"""Decompression under a byte budget: what is larger is refused before memory is taken for it (ADR 0040)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import cramjam

from stream.wire.sizes import Size, lz4_size, snappy_blocks, zstd_size

CODECS: Mapping[int, str] = {1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
"""The codecs of a batch's attributes."""

_FULL = "write whole buffer"
"""What cramjam says when the content does not fit into what it was given."""


class TooLargeError(Exception):
    """The content is larger than the budget. `size_bytes`: how large, where the frames say so."""

    def __init__(self, size_bytes: int | None = None) -> None:
        super().__init__("more than the budget")
        self.size_bytes = size_bytes


class DamagedError(Exception):
    """The bytes are not what they should be. One line."""


def unpacked(codec: int, packed: memoryview, most_bytes: int, room_bytes: int = 0) -> tuple[bytearray, int]:
    """The content, behind `room_bytes` of zeros, and where it ends; what lies behind that is no content.

    No more than the budget `most_bytes` is ever taken for it. TooLargeError, DamagedError.
    """
    unpack = _UNPACK.get(codec)
    if unpack is None:
        raise DamagedError(f"there is no codec {codec}")
    try:
        return unpack(packed, most_bytes, room_bytes)
    except (cramjam.DecompressionError, zlib.error, ValueError) as error:
        raise DamagedError(f"{CODECS[codec]}: {error}") from error


def beginning(codec: int, packed: memoryview, most_bytes: int) -> bytes:
    """The first bytes of the content, `most_bytes` at most; empty where they cannot be had alone."""
    found = bytearray(most_bytes)
    try:
        if codec == 1:
            return zlib.decompressobj(31).decompress(packed, most_bytes)
        if codec == 2:
            start, end, size = snappy_blocks(packed)[0]
            return bytes(cramjam.snappy.decompress_raw(packed[start:end])) if size <= most_bytes else b""
        return bytes(found[: _MODULES[codec].decompress_into(packed, found)])
    except cramjam.DecompressionError as error:
        return bytes(found) if _FULL in str(error) else b""
    except (zlib.error, ValueError, IndexError, KeyError):
        return b""


def _gzip(packed: memoryview, most_bytes: int, room_bytes: int) -> tuple[bytearray, int]:
    found = bytearray(room_bytes)
    rest: bytes | memoryview = packed
    while rest:
        member = zlib.decompressobj(31)
        found += member.decompress(rest, most_bytes + room_bytes - len(found) + 1)
        if len(found) - room_bytes > most_bytes:
            raise TooLargeError
        if not member.eof:
            raise DamagedError("gzip: it ends too soon")
        rest = member.unused_data
    return found, len(found)


def _snappy(packed: memoryview, most_bytes: int, room_bytes: int) -> tuple[bytearray, int]:
    blocks = snappy_blocks(packed)
    whole = sum(size for _, _, size in blocks)
    if whole > most_bytes:
        raise TooLargeError(whole)
    found = bytearray(room_bytes + whole)
    at = room_bytes
    for start, end, size in blocks:
        cramjam.snappy.decompress_raw_into(packed[start:end], memoryview(found)[at : at + size])
        at += size
    return found, at


def _framed(module: Any, size_of: Callable[[memoryview], Size]) -> Callable[[memoryview, int, int], Any]:
    def unpack(packed: memoryview, most_bytes: int, room_bytes: int) -> tuple[bytearray, int]:
        size = size_of(packed)
        if size.stated and size.most_bytes > most_bytes:
            raise TooLargeError(size.most_bytes)
        found = bytearray(room_bytes + min(size.most_bytes, most_bytes))
        try:
            written = module.decompress_into(packed, memoryview(found)[room_bytes:])
        except cramjam.DecompressionError as error:
            if _FULL in str(error) and size.most_bytes > most_bytes:
                raise TooLargeError from error
            raise
        return found, room_bytes + written

    return unpack


_MODULES: Mapping[int, Any] = {3: cramjam.lz4, 4: cramjam.zstd}
_UNPACK: Mapping[int, Callable[[memoryview, int, int], tuple[bytearray, int]]] = {
    1: _gzip,
    2: _snappy,
    3: _framed(cramjam.lz4, lz4_size),
    4: _framed(cramjam.zstd, zstd_size),
}
