"""Events on their way from parts of the input to groups of keys: in files, since they need not fit into memory."""

import marshal
from collections.abc import Iterator, Sequence
from pathlib import Path

BUFFER_BYTES = 24 * 1024 * 1024
OVERHEAD_BYTES = 80
"""How much memory a value takes beyond its own bytes."""
_PLAIN = 2
"""A version of marshal that does not look for repeated objects, of which there are none."""


class Spill:
    """Writes the events of one part to a folder of its own, a file for each group."""

    def __init__(self, folder: Path, groups: int, buffer_bytes: int = BUFFER_BYTES) -> None:
        self._folder = folder
        self._buffer_bytes = buffer_bytes
        self._held_bytes = 0
        self._lines: list[list[int]] = [[] for _ in range(groups)]
        self._values: list[list[bytes]] = [[] for _ in range(groups)]

    def add(self, groups: Sequence[int], lines: Sequence[int], values: Sequence[bytes]) -> None:
        """Takes events in, each with its group."""
        held_lines, held_values = self._lines, self._values
        for group, line, value in zip(groups, lines, values, strict=True):
            held_lines[group].append(line)
            held_values[group].append(value)
        self._held_bytes += sum(map(len, values)) + OVERHEAD_BYTES * len(values)
        if self._held_bytes >= self._buffer_bytes:
            self.flush()

    def flush(self) -> None:
        """Writes the events that are held in memory."""
        for group, values in enumerate(self._values):
            if values:
                with (self._folder / str(group)).open("ab") as file:
                    marshal.dump((self._lines[group], values), file, _PLAIN)
                self._lines[group], self._values[group] = [], []
        self._held_bytes = 0


def spilled(file: Path) -> Iterator[tuple[list[int], list[bytes]]]:
    """The lines and values of one part and group, block by block, in the order of the part; none without a file."""
    if not file.exists():
        return
    size = file.stat().st_size
    with file.open("rb") as source:
        while source.tell() < size:
            yield marshal.load(source)
