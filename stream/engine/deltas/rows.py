"""What one entity's grains get, in one currency: the content of a delta (internals, section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from stream.engine.deltas.delta import Encoded, Place
from stream.windows.packed import to_bytes

_K = TypeVar("_K")


class Rows:
    """Packed amounts of one entity in one currency. Most stand at a grain; those of which more must be said (when they
    became known, under which frontier, over how many grains) stand at a `Place`."""

    __slots__ = ("edges", "placed", "plain")

    def __init__(self) -> None:
        self.plain: dict[int, int] = {}
        """Grain -> amounts."""
        self.edges: dict[int, int] = {}
        """Grain -> by how much more each grain from there on holds than the one before: runs that no rule reads."""
        self.placed: dict[Place, int] = {}

    def __len__(self) -> int:
        return len(self.plain) + len(self.edges) + len(self.placed)

    def add(self, other: Rows) -> None:
        """Holds the other's amounts, too."""
        _add(self.plain, other.plain)
        _add(self.edges, other.edges)
        _add(self.placed, other.placed)

    def encode(self) -> Encoded:
        """For a delta; what came to 0 is left out."""
        placed = [(*place, to_bytes(amounts)) for place, amounts in self.placed.items() if amounts]
        return Encoded(*_apart(self.plain), *_apart(self.edges), placed)

    def parts(self, most: int) -> Iterator[Rows]:
        """The same in parts that have few rows each: at most so many of a kind. No run goes from one to another."""
        if len(self) <= most:
            yield self
            return
        plain, edges, placed = list(self.plain.items()), list(_cut(self.edges, most)), list(self.placed.items())
        for part in range(max(-(-len(plain) // most), len(edges), -(-len(placed) // most))):
            rows = Rows()
            chosen = slice(part * most, (part + 1) * most)
            rows.plain, rows.placed = dict(plain[chosen]), dict(placed[chosen])
            rows.edges = edges[part] if part < len(edges) else {}
            yield rows


def _add(amounts: dict[_K, int], others: dict[_K, int]) -> None:
    if not amounts:
        amounts.update(others)
        return
    for key, amount in others.items():
        amounts[key] = amounts.get(key, 0) + amount


def _cut(edges: dict[int, int], most: int) -> Iterator[dict[int, int]]:
    part: dict[int, int] = {}
    level = 0
    for grain in sorted(edges):
        if len(part) >= most:
            part[grain] = -level
            yield part
            part = {grain: level}
        level += edges[grain]
        part[grain] = part.get(grain, 0) + edges[grain]
    if part:
        yield part


def _apart(amounts: dict[int, int]) -> tuple[list[int], list[bytes]]:
    if not all(amounts.values()):
        amounts = {grain: number for grain, number in amounts.items() if number}
    # As `packed.to_bytes`, without the call: every row comes through here.
    return list(amounts), [
        number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True) for number in amounts.values()
    ]
