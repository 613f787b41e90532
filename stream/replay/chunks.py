"""The decompressed bytes of an input, chunk by chunk. A truncated input is an error and never a shorter input."""

import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

STDIN = "-"
_CHUNK_BYTES = 256 * 1024
_GZIP_NAMES = (".gz",)
_ZSTD_NAMES = (".zst", ".zstd")
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MAX_ZSTD_WINDOW_BYTES = 1 << 31


class InputError(Exception):
    """An input is missing, unreadable or torn: one line that names it."""


@dataclass
class FilePosition:
    """How far reading has come, in bytes of the inputs as they lie on disk. `total` 0: unknown (standard input)."""

    read: int = 0
    total: int = 0


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def check(sources: list[str]) -> int:
    """The size of all sources in bytes. InputError for the first that is missing, a directory or unreadable."""
    total = 0
    for source in sources:
        if source == STDIN:
            continue
        try:
            if Path(source).is_dir():
                raise InputError(f"{source}: is a directory, not a file of events")
            total += Path(source).stat().st_size
        except OSError as error:
            raise InputError(f"{source}: {error.strerror or error}") from error
    return total


def is_packed(source: str) -> bool:
    """Whether a file is compressed, by its name or first bytes. InputError if it cannot be read."""
    if source.endswith((*_GZIP_NAMES, *_ZSTD_NAMES)):
        return True
    try:
        with Path(source).open("rb") as file:
            return file.read(4).startswith((_GZIP_MAGIC, _ZSTD_MAGIC))
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from error


def chunks(source: str, position: FilePosition) -> Iterator[bytes]:
    """The decompressed bytes of `source` ("-": standard input), whose compression its name or first bytes show.

    InputError if it cannot be read, or ends inside a compressed frame.
    """
    try:
        if source == STDIN:
            # Unbuffered: a pipe gives what has come, and is not waited for until a whole chunk is there.
            yield from _decompressed(source, getattr(sys.stdin.buffer, "raw", sys.stdin.buffer), position)
        else:
            with Path(source).open("rb") as file:
                yield from _decompressed(source, file, position)
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from error


def _decompressed(source: str, file: BinaryIO, position: FilePosition) -> Iterator[bytes]:
    raw = raw_chunks(file, position)
    first = next(raw, b"")
    decoder: Callable[[], _Decoder]
    if source.endswith(_GZIP_NAMES) or first.startswith(_GZIP_MAGIC):
        format_name, decoder = "gzip", lambda: zlib.decompressobj(wbits=31)
    elif source.endswith(_ZSTD_NAMES) or first.startswith(_ZSTD_MAGIC):
        zstd = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW_BYTES)
        format_name, decoder = "zstd", zstd.decompressobj
    else:
        yield first
        yield from raw
        return
    try:
        yield from _frames(first, raw, decoder)
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise InputError(f"{source}: torn: not whole {format_name} data ({error})") from error


def raw_chunks(file: BinaryIO, position: FilePosition) -> Iterator[bytes]:
    """The bytes of a file from its current position on, as they are."""
    while chunk := file.read(_CHUNK_BYTES):
        position.read += len(chunk)
        yield chunk


def _frames(first: bytes, raw: Iterator[bytes], new_decoder: Callable[[], _Decoder]) -> Iterator[bytes]:
    """Decompresses frame after frame; zero bytes between and after them are padding. EOFError if the last is torn."""
    decoder: _Decoder | None = None
    frames = 0
    chunk: bytes | None = first
    while chunk is not None:
        while chunk:
            if decoder is None:
                chunk = chunk.lstrip(b"\0") if frames else chunk
                if not chunk:
                    break
                decoder = new_decoder()
                frames += 1
            yield decoder.decompress(chunk)
            chunk = decoder.unused_data
            if decoder.eof:
                decoder = None
        chunk = next(raw, None)
    if decoder is not None or not frames:
        raise EOFError("it ends too early")
