"""The dead letters of a replay: a file for each task, merged into `deadletter.jsonl` in the order of the input."""

import base64
import marshal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from pathlib import Path
from typing import Any

import orjson

Dead = tuple[int, int, bytes, str, str]
"""An event that was refused: index of the part, line in the part, value, reason, detail."""


def write_dead(path: Path, dead: list[Dead]) -> None:
    """Writes the dead letters of one task, sorted."""
    dead.sort()
    with path.open("wb") as file:
        for each in dead:
            marshal.dump(each, file)


def read_dead(path: Path) -> Iterator[Dead]:
    """The dead letters that `write_dead` wrote, in order; none where there is no file."""
    size = path.stat().st_size if path.exists() else 0
    if size:
        with path.open("rb") as file:
            while file.tell() < size:
                yield marshal.load(file)


def write_deadletters(
    path: Path, files: Iterable[Path], sources: Sequence[str], first_lines: Sequence[int]
) -> dict[str, int]:
    """Writes `deadletter.jsonl` from the tasks' files and gives the number of rows by reason.

    `sources` and `first_lines` hold, for each part, the name of its source and what is added to its line numbers.
    """
    counts: Counter[str] = Counter()
    with path.open("wb") as file:
        for part, line, value, reason, detail in merge(*(read_dead(each) for each in files)):
            counts[reason] += 1
            row = _row(value, reason, detail, sources[part], first_lines[part] + line)
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return dict(sorted(counts.items()))


def _row(value: bytes, reason: str, detail: str, source: str, line: int) -> dict[str, Any]:
    """A row for `deadletter.jsonl`. The value is unchanged: as text if it is UTF-8, else as base64."""
    row: dict[str, Any] = {"reason": reason, "detail": detail, "source": _text(source), "line": line}
    try:
        row["value"] = value.decode()
    except UnicodeDecodeError:
        row["value_base64"] = base64.b64encode(value).decode()
    return row


def _text(path: str) -> str:
    """A path as text that JSON can hold, since file names need not be UTF-8."""
    return path.encode("utf-8", "replace").decode()
