"""The file of alerts that a receiver refused: a JSON object a line, with what was posted and what was answered."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from stream.facts.instant import instant_text
from stream.forward.posting import NotTaken
from stream.publish.reading import PublishedAlert


class RefusedFile:
    """Appends lines; each is on the disk when `write` returns. OSError where the file cannot be written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self.lines = 0

    def write(self, line: dict[str, Any]) -> None:
        """One more line."""
        self._file.write(orjson.dumps(line) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.lines += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def refused_line(host: str, alert: PublishedAlert, posted: bytes, refused: NotTaken) -> dict[str, Any]:
    """A line of the file. `posted`: JSON."""
    at = instant_text(time.time_ns() // 1_000_000)
    key = f"{alert.alert_id}:{alert.state}"
    answer = {"status": refused.status, "answer": refused.answer}
    return {"at": at, "host": host, **answer, "key": key, "posted": orjson.Fragment(posted)}
