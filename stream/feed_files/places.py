"""How far each file was read, kept between runs: a file is known by its first bytes, whatever its name (feeds 6)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

HEAD_BYTES = 4096
_MOST_FILES = 1_000


@dataclass(frozen=True)
class FilePlace:
    """The place in one file: `offset` bytes and `line` lines are read. `digest` is of its first `head_bytes`, which are
    read. `columns`: of its header line. Of a compressed file all this is about what it holds."""

    digest: str
    head_bytes: int
    offset: int
    line: int
    columns: tuple[str, ...] | None = None


def place_of(head: bytes, offset: int, line: int, columns: tuple[str, ...] | None) -> FilePlace:
    """The place in a file that begins with `head` (4 KiB of it are enough)."""
    first = head[: min(offset, HEAD_BYTES)]
    return FilePlace(hashlib.sha256(first).hexdigest(), len(first), offset, line, columns)


class Places:
    """The places that are known. `feed_state`: what the run held then, None at first."""

    def __init__(self, places: Iterable[FilePlace] = (), feed_state: bytes | None = None) -> None:
        self._places = {(place.digest, place.head_bytes): place for place in places}
        self.feed_state = feed_state

    def of(self, head: bytes, size: int | None) -> FilePlace | None:
        """The place in a file that begins so; None: it is new. `size`: of the file, None where it is not known."""
        fitting = [
            place
            for place in self._places.values()
            if place.head_bytes <= len(head)
            and (size is None or place.offset <= size)
            and hashlib.sha256(head[: place.head_bytes]).hexdigest() == place.digest
        ]
        return max(fitting, key=lambda place: (place.head_bytes, place.offset), default=None)

    def put(self, place: FilePlace, former: FilePlace | None) -> None:
        """Puts a place instead of the one that the file had."""
        if former is not None:
            self._places.pop((former.digest, former.head_bytes), None)
        if place.offset:
            self._places.pop((place.digest, place.head_bytes), None)
            self._places[place.digest, place.head_bytes] = place

    def save(self, path: Path, feed_state: bytes) -> None:
        """Writes them with the run's state: all of it or nothing. OSError."""
        kept = [asdict(place) for place in [*self._places.values()][-_MOST_FILES:]]
        written = msgspec.json.encode({"files": kept, "run": msgspec.Raw(feed_state)})
        part = path.with_name(f"{path.name}.part")
        with part.open("wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def load_places(path: Path) -> Places:
    """What `save` wrote; nothing where there is no such file. ValueError, in one line, where it holds something else.
    OSError."""
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return Places()
    try:
        found = msgspec.json.decode(written)
        places = [msgspec.convert(each, FilePlace) for each in found["files"]]
        return Places(places, msgspec.json.encode(found["run"]))
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"is no state of a feed: {error}") from None
