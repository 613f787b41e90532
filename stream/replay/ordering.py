"""Raw events in the order of `occurred_at`, by a merge sort that keeps only a part of them in memory.

Alerts need the order, numbers do not (semantics 1). Equal instants are ordered by bytes, so that the order is one of
the set of lines and not of the files. Works on raw events, so that what is held and written is small.
"""

import marshal
from collections.abc import Iterable, Iterator
from heapq import merge
from pathlib import Path

import msgspec

from stream.facts.decode import Rejection, decode
from stream.facts.instant import instant_ms
from stream.replay.reading import Raw

Timed = tuple[int, bytes, str, int]
"""(occurred_at in ms, value, source, line). What is no event comes first, at 0: it waits for nothing."""

_RUN_BYTES = 128 * 1024 * 1024
_BLOCK = 2_000


class _Instant(msgspec.Struct):
    occurred_at: str


_quick = msgspec.json.Decoder(_Instant).decode


def occurred_at_ms(value: bytes) -> int:
    """The instant that an event says it occurred at, 0 for what is no event. Much cheaper than reading all of it."""
    try:
        return instant_ms(_quick(value).occurred_at)
    except (msgspec.MsgspecError, ValueError):
        fact = decode(value)
        return 0 if isinstance(fact, Rejection) else fact.occurred_at


def ordered(raws: Iterable[Raw], folder: Path, run_bytes: int = _RUN_BYTES) -> Iterator[Timed]:
    """The events of `raws` in order. At most about `run_bytes` of them are held; sorted runs are put into `folder`."""
    runs: list[Path] = []
    held: list[Timed] = []
    held_bytes = 0
    for value, source, line in raws:
        held.append((occurred_at_ms(value), value, source, line))
        held_bytes += len(value)
        if held_bytes >= run_bytes:
            runs.append(_written(held, folder / f"run-{len(runs)}"))
            held, held_bytes = [], 0
    held.sort()
    if not runs:
        yield from held
        return
    yield from merge(*(_run(path) for path in runs), held)


def _written(held: list[Timed], path: Path) -> Path:
    held.sort()
    with path.open("wb") as file:
        for start in range(0, len(held), _BLOCK):
            marshal.dump(held[start : start + _BLOCK], file)
    return path


def _run(path: Path) -> Iterator[Timed]:
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            yield from marshal.load(file)
    path.unlink()
