"""Batches as any producer could send them, built byte by byte: header names of any bytes, content without end."""

import asyncio
import gzip
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import cramjam
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

Names = Sequence[tuple[bytes, bytes | None]]
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
PIECE = bytes(1 << 20)


def varint(number: int) -> bytes:
    """Zigzag, as records have their lengths."""
    rest, found = (number << 1) ^ (number >> 63), bytearray()
    while rest > 0x7F:
        found.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*found, rest])


def field(content: bytes | None) -> bytes:
    return varint(-1) if content is None else varint(len(content)) + content


def record(value: bytes | None, key: bytes | None = b"k", names: Names = (), offset: int = 0, stamp: int = 0) -> bytes:
    """One record of a batch, `offset` and `stamp` behind the batch's first."""
    headers = varint(len(names)) + b"".join(field(name) + field(content) for name, content in names)
    body = b"\0" + varint(stamp) + varint(offset) + field(key) + field(value) + headers
    return varint(len(body)) + body


def zeros(size: int, key: bytes | None = b"k") -> Iterator[bytes]:
    """A record whose value is so many zeros, in pieces."""
    start = b"\0" + varint(0) + varint(0) + field(key) + varint(size)
    yield varint(len(start) + size + 1) + start
    for _ in range(size // len(PIECE)):
        yield PIECE
    yield PIECE[: size % len(PIECE)] + varint(0)


def packed(codec: str, pieces: Iterable[bytes]) -> bytes:
    """The pieces, compressed one after the other."""
    if codec in ("zstd", "lz4"):
        # A broker takes no lz4 whose blocks refer to each other.
        plain = {"content_checksum": False, "block_linked": False}
        compressor: Any = cramjam.zstd.Compressor() if codec == "zstd" else cramjam.lz4.Compressor(**plain)
        for piece in pieces:
            compressor.compress(piece)
        return bytes(compressor.finish())
    whole: Mapping[str, Callable[[bytes], Any]] = {
        "none": bytes, "gzip": gzip.compress, "snappy": cramjam.snappy.compress_raw
    }  # fmt: skip
    return bytes(whole[codec](b"".join(pieces)))


def xerial(content: bytes, block: int = 32 << 10) -> bytes:
    """Snappy as Java frames it."""
    blocks = [bytes(cramjam.snappy.compress_raw(content[at : at + block])) for at in range(0, len(content), block)]
    head = b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1)
    return head + b"".join(struct.pack(">i", len(each)) + each for each in blocks)


def batch(content: bytes, count: int = 1, codec: str = "none", *, base: int = 0, magic: int = 2) -> bytes:
    """A batch of so many records, whose content is packed already."""
    body = struct.pack(">hiqqqhii", CODECS[codec], count - 1, 1_000, 1_000, -1, -1, -1, count) + content
    head = struct.pack(">qiibI", base, len(body) + 9, -1, magic, calc_crc32c(body))
    return head + body


class _Built(BatchBuilder):  # type: ignore[misc]  # aiokafka is not typed
    def __init__(self, raw: bytes, count: int) -> None:
        super().__init__(1 << 30, 0)
        self._buffer, self._relative_offset = bytearray(raw), count
        self.close()


async def send_batches(broker: str, topic: str, partition: int, batches: Mapping[bytes, int] | Sequence[bytes]) -> None:
    """Sends batches of one record each (or batch -> its records) as they are."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, max_request_size=64 << 20)
    await producer.start()
    try:
        counts = batches if isinstance(batches, Mapping) else dict.fromkeys(batches, 1)
        for raw, count in counts.items():
            sent = await producer.send_batch(_Built(raw, count), topic, partition=partition)
            await asyncio.wait_for(sent, 60)
    finally:
        await producer.stop()
