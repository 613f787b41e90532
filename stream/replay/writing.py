"""The files of a replay: written beside the target, and put in place together once everything is there."""

import base64
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from stream.replay.reading import Raw

KPIS = "kpi.jsonl"
ALERTS = "alerts.jsonl"
DEADLETTERS = "deadletter.jsonl"
SUMMARY = "summary.json"
_EMPTY_SO_FAR = ("conduct.jsonl", "scores.jsonl")


class OutputError(Exception):
    """The target cannot be written: one line that names it."""


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A folder beside `target` whose files are put into it at the end, unless an exception ends the block before.

    OutputError if the target is a file, or cannot be written.
    """
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target}: is a file, not a folder")
    try:
        target.absolute().parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.absolute().name}.", dir=target.absolute().parent))
    except OSError as error:
        raise OutputError(f"{target}: {error.strerror or error}") from error
    try:
        (folder / "out").mkdir()
        yield folder
        target.mkdir(exist_ok=True)
        for file in sorted((folder / "out").iterdir()):
            shutil.move(file, target / file.name)
    except OSError as error:
        raise OutputError(f"{target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class DeadLetters:
    """Writes `deadletter.jsonl` and counts its rows by reason."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.counts: dict[str, int] = {}

    def add(self, raw: Raw, reason: str, detail: str) -> None:
        """One event that is no fact: its value unchanged, as text if it is UTF-8."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        row: dict[str, Any] = {"reason": reason, "detail": detail, "source": _text(raw.source), "line": raw.line}
        try:
            row["value"] = raw.value.decode()
        except UnicodeDecodeError:
            row["value_base64"] = base64.b64encode(raw.value).decode()
        self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def write_kpis(folder: Path, records: Iterable[tuple[bytes, bytes]]) -> int:
    """Writes `kpi.jsonl`, sorted by the text of the key (UTF-8 sorts as code points do). Gives the number of lines."""
    return _write_lines(folder / KPIS, (value for _, value in sorted(records)))


def write_alerts(folder: Path, records: Iterable[tuple[bytes, bytes]]) -> int:
    """Writes `alerts.jsonl`, sorted by (at, rule, site, level, entity). Gives the number of lines."""
    return _write_lines(folder / ALERTS, sorted((value for _, value in records), key=_alert_order))


def write_rest(folder: Path, summary: dict[str, Any]) -> None:
    """Writes `summary.json`, and the files of what does not exist yet, empty."""
    for name in _EMPTY_SO_FAR:
        (folder / name).touch()
    (folder / SUMMARY).write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _write_lines(path: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count


def _alert_order(line: bytes) -> tuple[str, ...]:
    alert = orjson.loads(line)
    # As text, "10:00:00.500Z" would come before "10:00:00Z".
    at = alert["at"].removesuffix("Z")
    return (at, alert["rule"], alert["site"], alert["level"], alert["entity"], alert["alert_id"], alert["state"])


def _text(path: str) -> str:
    """A path as text that JSON can hold: names of files need not be UTF-8."""
    return path.encode("utf-8", "replace").decode()
