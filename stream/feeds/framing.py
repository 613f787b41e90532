"""Cuts the bytes of a file into input values: lines, and rows of CSV that go over several lines (feeds 1)."""

from __future__ import annotations

from collections.abc import Callable

from stream.feeds.inputs import is_open
from stream.feeds.mapping import RecordInput

Line = tuple[int, bytes]
"""The number of a value's first line, from 1, and its bytes."""

_MOST_ROW_BYTES = 1 << 20


class Framer:
    """The values in a stream of bytes. `offset`, `line`: bytes and lines of the values that were given."""

    def __init__(self, given: RecordInput, offset: int = 0, line: int = 0) -> None:
        delimiter = given.delimiter or ","
        self._is_open: Callable[[bytes], bool] | None = None
        if given.format == "csv":
            self._is_open = lambda row: is_open(row, delimiter)
        self.offset = offset
        self.line = line
        self._rest = b""

    def add(self, chunk: bytes) -> list[Line]:
        """The values that are whole once these bytes have come."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if self._is_open is not None and any(b'"' in line for line in lines):
            return self._rows(lines)
        first = self.line + 1
        self._given(lines)
        return [*enumerate(lines, first)]

    def rest(self) -> list[Line]:
        """What is left when no more bytes come: a last line without its newline, and a row that is still within quotes
        as the lines that it has. Neither moves `offset`."""
        left, self._rest = self._rest.split(b"\n"), b""
        if not left[-1]:
            left.pop()
        return [*enumerate(left, self.line + 1)]

    def _given(self, lines: list[bytes]) -> None:
        self.line += len(lines)
        self.offset += sum(map(len, lines)) + len(lines)

    def _rows(self, lines: list[bytes]) -> list[Line]:
        assert self._is_open is not None
        rows: list[Line] = []
        at = 0
        while at < len(lines):
            end, row = at + 1, lines[at]
            while self._is_open(row) and len(row) <= _MOST_ROW_BYTES:
                if end == len(lines):  # the row may end in what comes later
                    self._rest = b"\n".join([*lines[at:], self._rest])
                    return rows
                row += b"\n" + lines[end]
                end += 1
            if len(row) > _MOST_ROW_BYTES and end > at + 1:
                end, row = at + 1, lines[at]  # a quote that is never closed is the fault of its own line
            rows.append((self.line + 1, row))
            self._given(lines[at:end])
            at = end
        return rows
