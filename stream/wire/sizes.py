"""How large the content of compressed data is, as far as its frames say so: nothing is decompressed here.

zstd and lz4 frames may state their content's size (librdkafka does, Java's streams do not); where they do not, their
blocks bound it. Snappy always states it.
"""

from __future__ import annotations

from typing import NamedTuple

XERIAL = b"\x82SNAPPY\x00"
XERIAL_HEADER_BYTES = 16
_ZSTD_MAGIC, _ZSTD_BLOCK_BYTES = 0xFD2FB528, 128 << 10
_LZ4_MAGIC = 0x184D2204
_LZ4_BLOCK_BYTES = {4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20}
_LZ4_RATIO = 255
_SKIPPED_MAGIC = 0x184D2A50  # the last four bits are anything


class Size(NamedTuple):
    """`most_bytes`: the content is no longer than this; `stated`: and exactly so long, by what the frames say."""

    most_bytes: int
    stated: bool


def zstd_size(packed: memoryview) -> Size:
    """The content of all zstd frames. ValueError: these are none."""
    return _frames(packed, _ZSTD_MAGIC, _zstd_frame)


def lz4_size(packed: memoryview) -> Size:
    """The content of all lz4 frames. ValueError: these are none."""
    return _frames(packed, _LZ4_MAGIC, _lz4_frame)


def snappy_blocks(packed: memoryview) -> list[tuple[int, int, int]]:
    """(start, end, content's bytes) of each block: one for raw snappy, those of Java's framing otherwise. ValueError:
    there are none."""
    if bytes(packed[: len(XERIAL)]) != XERIAL:
        return [(0, len(packed), _snappy_size(packed))]
    blocks, at = [], XERIAL_HEADER_BYTES
    while at < len(packed):
        start = at + 4
        end = start + int.from_bytes(packed[at:start], "big")
        if not start < end <= len(packed):
            raise ValueError("a snappy block that is longer than its batch")
        blocks.append((start, end, _snappy_size(packed[start:end])))
        at = end
    return blocks


def _snappy_size(block: memoryview) -> int:
    size = 0
    for index, byte in enumerate(block[:5]):
        size |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return size
    raise ValueError("a snappy block that states no size")


def _frames(packed: memoryview, magic: int, frame: object) -> Size:
    at, most, stated = 0, 0, True
    try:
        while at < len(packed):
            found = _number(packed, at, 4)
            if found & ~0xF == _SKIPPED_MAGIC:
                at += 8 + _number(packed, at + 4, 4)
                continue
            if found != magic:
                raise ValueError("no frame where one should begin")
            at, size, exact = frame(packed, at + 4)  # type: ignore[operator]
            most, stated = most + size, stated and exact
    except IndexError as error:
        raise ValueError("a frame that is cut short") from error
    return Size(most, stated)


def _zstd_frame(packed: memoryview, at: int) -> tuple[int, int, bool]:
    """(where it ends, at most so much content, whether that is stated) of the frame whose descriptor lies at `at`."""
    descriptor = packed[at]
    single = descriptor >> 5 & 1
    at += 2 - single + (0, 1, 2, 4)[descriptor & 3]
    width = (single, 2, 4, 8)[descriptor >> 6]
    stated = _number(packed, at, width) + 256 * (width == 2) if width else None
    at += width
    bound, last = 0, False
    while not last:
        head = _number(packed, at, 3)
        last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
        bound += _ZSTD_BLOCK_BYTES if kind == 2 else size
        at += 3 + (1 if kind == 1 else size)
    at += 4 * (descriptor >> 2 & 1)
    return at, bound if stated is None else stated, stated is not None


def _lz4_frame(packed: memoryview, at: int) -> tuple[int, int, bool]:
    flags, block = packed[at], _LZ4_BLOCK_BYTES.get(packed[at + 1] >> 4 & 7, 4 << 20)
    at += 2
    stated = _number(packed, at, 8) if flags & 8 else None
    at += (8 if flags & 8 else 0) + (4 if flags & 1 else 0) + 1
    bound = 0
    while size := _number(packed, at, 4):
        plain, size = size >> 31, size & 0x7FFFFFFF
        bound += size if plain else block
        at += 4 + size + (4 if flags & 16 else 0)
    at += 4 + (4 if flags & 4 else 0)
    return at, min(bound, _LZ4_RATIO * at) if stated is None else stated, stated is not None


def _number(packed: memoryview, at: int, width: int) -> int:
    if at + width > len(packed):
        raise IndexError
    return int.from_bytes(packed[at : at + width], "little")
