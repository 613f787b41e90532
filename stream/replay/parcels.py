"""Parcels: what a group of keys contributes to a bucket of entities; one file per group, with an index."""

import marshal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Place = tuple[int, int]
"""(slice of time, bucket) of a parcel. A bucket reads its parcels in the order of the slices."""

Index = list[tuple[int, int, int]]
"""(slice, bucket, offset) of each parcel of a file."""


def write_parcels(path: Path, parcels: Iterable[tuple[Place, Any]]) -> Index:
    """Writes parcels, whose content is anything that marshal takes, to one file; gives its index."""
    index: Index = []
    with path.open("wb") as file:
        for (slice_, bucket), content in parcels:
            index.append((slice_, bucket, file.tell()))
            marshal.dump(content, file)
    return index


def read_parcels(files: Iterable[tuple[Path, Index]], bucket: int) -> Iterator[tuple[int, Any]]:
    """(slice, content) of the parcels of a bucket: slice by slice, and within one file by file."""
    places = sorted(
        (slice_, file, offset, path)
        for file, (path, index) in enumerate(files)
        for slice_, at, offset in index
        if at == bucket
    )
    for slice_, _, offset, path in places:
        with path.open("rb") as file:
            file.seek(offset)
            content = marshal.load(file)
        yield slice_, content
