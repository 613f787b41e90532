"""What all importers share: how they report what they cannot read, and local times as instants of the wire."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from stream.windows.zone import load_zone

Event = dict[str, Any]


class CannotImport(Exception):  # noqa: N818 a sentence for the user, like all errors of the shell
    """The file is missing or is not what the importer reads; the text is one line that begins with its name."""


@dataclass(frozen=True)
class Torn:
    """A line that holds no whole row; `line` counts from 1, the header included. The rows around it are read."""

    path: Path
    line: int
    detail: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.detail}"


Importer = Callable[[Path, str], Iterator["Event | Torn"]]
"""(file, site_id) -> events of contract 1 in the order of the file, streaming, and the lines that are torn.

Raises CannotImport, at the first step, for a file that is missing or has another header.
"""


def opened(path: Path, header: tuple[str, ...], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each row after the header of a UTF-8 text; a line may end with CR, LF or both.

    Raises CannotImport where the file is missing, unreadable or begins with another header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, delimiter=delimiter)
            found = tuple(next(rows, ()))
            if found != header:
                raise CannotImport(f"{path}:1: the header is not {delimiter.join(header)}")
            for row in rows:
                if row:
                    yield rows.line_num, row
    except OSError as error:
        raise CannotImport(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise CannotImport(f"{path}: no text in UTF-8 with {delimiter!r} between the fields: {error}") from None


def local_text(zone: str, day: date, after_midnight_s: int = 0) -> str:
    """RFC 3339 with the zone's offset of the local time so many seconds (wall clock, may pass a day) after midnight."""
    days, seconds = divmod(after_midnight_s, 86_400)
    local = datetime.combine(day, time(), load_zone(zone)) + timedelta(days=days, seconds=seconds)
    return local.isoformat()


def in_time_order(rows: Iterable[Event | Torn]) -> list[Event | Torn]:
    """Torn lines first, then the events by `occurred_at`, as a live topic wants them; holds all of them in memory.

    Replays take any order. Rows of one source have offsets of one zone; of equal instants the file's order stays.
    """
    held = list(rows)
    torn = [row for row in held if isinstance(row, Torn)]
    events = [row for row in held if not isinstance(row, Torn)]
    return [*torn, *sorted(events, key=lambda event: datetime.fromisoformat(event["occurred_at"]))]
