"""Past KPI records as OpenMetrics text with timestamps, for `promtool tsdb create-blocks-from openmetrics`.

The series are those of /metrics (ADR 0020): one gauge for each part of a KPI. Each window is one sample, at its last
millisecond, so that a day's number stands on that day.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from stream.publish.exposition import PARTS_AT
from stream.publish.lines import LineLayout
from stream.publish.metrics import METRICS
from stream.publish.reading import PublishedKpis, read_kpi

_COPY_BYTES = 1024 * 1024
_LAYOUTS = {level: LineLayout(parts) for level, parts in PARTS_AT.items()}


class RecordError(Exception):
    """A value is no KPI record. The message is one line that names its place."""


def write_openmetrics(
    values: Iterable[tuple[bytes, str]], target: BinaryIO, windows: frozenset[str] | None, levels: frozenset[str]
) -> int:
    """Writes the tumbling windows among KPI records, and returns how many samples.

    `values`: (value, place for messages), sorted by key. `windows`: the names wanted, None: all. `levels`: the levels
    wanted. RecordError names the place of a value that is no KPI record.
    """
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        # A family's samples must stand together: a file for each, since they need not fit into memory.
        files: dict[str, BinaryIO] = {}
        try:
            for value, place in values:
                record = _record(value, place)
                if record.window.startswith("rolling_") or record.level not in levels:
                    continue
                if windows is None or record.window in windows:
                    for metric, line in _lines(record, value):
                        if metric not in files:
                            files[metric] = (Path(folder) / metric).open("w+b")
                        files[metric].write(line)
                        count += 1
            for metric in sorted(files):
                file = files[metric]
                target.write(f"# HELP {metric} {METRICS[metric].meaning}\n# TYPE {metric} gauge\n".encode())
                file.seek(0)
                while chunk := file.read(_COPY_BYTES):
                    target.write(chunk)
            target.write(b"# EOF\n")
        finally:
            for file in files.values():
                file.close()
    return count


def _lines(record: PublishedKpis, value: bytes) -> Iterable[tuple[str, bytes]]:
    """(metric, its lines) of one record, each line with the window's last millisecond as its time."""
    seconds, ms = divmod(record.end_ms - 1, 1000)
    place = (record.site, record.level, record.entity, record.window)
    layout = _LAYOUTS[record.level]
    for part, cell in zip(layout.parts, layout.lines(place, value).cells, strict=False):
        for line in cell.split("\n")[:-1]:
            yield part.metric, f"{line} {seconds}.{ms:03}\n".encode()


def _record(value: bytes, place: str) -> PublishedKpis:
    try:
        return read_kpi(value)
    except msgspec.MsgspecError as error:
        raise RecordError(f"{place}: no KPI record: {error}") from error
