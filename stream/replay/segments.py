"""KPI records on their way from the buckets to `kpi.jsonl`: sorted runs per entity, put together in order."""

from collections.abc import Iterable
from pathlib import Path

Segment = tuple[str, int, int, int]
"""Text of the entity, offset in the file, length in bytes, and how many records."""

_COPY_BYTES = 4 * 1024 * 1024


class Segments:
    """Writes the records of whole entities to one file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._at = 0
        self._index: list[Segment] = []

    def add(self, entity: str, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Writes the (key, value) records of one entity, sorted by key."""
        lines = [value + b"\n" for _, value in sorted(records)]
        if lines:
            content = b"".join(lines)
            self._file.write(content)
            self._index.append((entity, self._at, len(content), len(lines)))
            self._at += len(content)

    def close(self) -> list[Segment]:
        """Closes the file; gives where in it each entity's records lie."""
        self._file.close()
        return self._index


def put_together(target: Path, files: Iterable[tuple[Path, list[Segment]]]) -> int:
    """Writes all records to `target`, sorted by the text of the key (UTF-8 sorts as code points do); gives how many.

    This works entity by entity, since keys go on with `|` after the entity, and no entity's text with its `|` begins
    another's.
    """
    opened = [(path.open("rb"), index) for path, index in files]
    try:
        places = sorted(
            (entity + "|", file_index, offset, length, records)
            for file_index, (_, index) in enumerate(opened)
            for entity, offset, length, records in index
        )
        with target.open("wb") as out:
            for _, file_index, offset, length, _ in places:
                file = opened[file_index][0]
                file.seek(offset)
                for start in range(0, length, _COPY_BYTES):
                    out.write(file.read(min(_COPY_BYTES, length - start)))
        return sum(place[4] for place in places)
    finally:
        for file, _ in opened:
            file.close()
