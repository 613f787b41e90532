"""Where KPI records are read from: files, the folder of a replay, or the live topic."""

import re
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from stream.cli.configuration import settings_of
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.replay.running import Watch

LIVE = "live"
_REPORT_EVERY = 1_000

_WINDOW = re.compile(r"(?:rolling|interval)_[0-9]+(?:ms|s|m|h|d)|day|month|shift_.+")


def windows_of(names: str | None) -> frozenset[str] | None:
    """The windows that `--windows` names; None: all but rolling. CommandError names what cannot be a window's name.

    Whether the records hold such windows is not known here: they may have been made under any configuration.
    """
    if names is None:
        return None
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = next((name for name in wanted if not _WINDOW.fullmatch(name)), None)
    if unknown is not None or not wanted:
        shapes = "rolling_15m, interval_30m, day, month, shift_NAME and the like"
        raise CommandError(f"--windows: no such window: {unknown or names!r} (there are {shapes})", exit_code=2)
    return frozenset(wanted)


Levels = Annotated[
    str | None, typer.Option("--levels", metavar="NAMES", help="Levels to write: all.", show_default=False)
]


def levels_of(names: str | None) -> frozenset[str]:
    """The levels that `--levels` names; None: all. CommandError names what is no level."""
    from stream.windows.measures import LEVELS

    wanted = frozenset(LEVELS) if names is None else frozenset(name.strip() for name in names.split(","))
    unknown = next(iter(sorted(wanted - set(LEVELS))), None)
    if unknown is not None:
        raise CommandError(f"--levels: no such level: {unknown!r} (there are {', '.join(LEVELS)})", exit_code=2)
    return wanted


def numbers_of(source: str, config: Path | None, watch: "Watch | None" = None) -> Iterable[tuple[bytes, str]]:
    """The KPI records of a source, each with its place, as often as they are gone through (`-` once). `live` is the KPI
    topic of the configuration, read now: the records that count in it, sorted by key; `watch` is told how many were
    read. InputError names a file that is missing or torn."""
    return _of_topic(config, watch) if source == LIVE else _Files(source)


class _Files:
    """A file of KPI records, or that in the folder of a replay."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        from stream.replay.reconcile import values_of

        return values_of(self._source)


class _Newest:
    """Of each key the record with the highest revision, of equal ones the later. Values lie on disk: in memory is where
    each is, so that a topic with months of records can be read."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, it is closed with this object
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._found: dict[bytes, tuple[int, int, int, int, int]] = {}

    def add(self, key: bytes, value: bytes, partition: int, offset: int) -> None:
        """One more record. CommandError names its place if it is no KPI record."""
        try:
            revision = int(orjson.loads(value)["revision"])
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{self._place(partition, offset)}: not a KPI record") from error
        if revision >= self._found.get(key, (0,))[0]:
            self._found[key] = revision, self._end, len(value), partition, offset
            self._file.write(value)
            self._end += len(value)

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        for _, (_, start, length, partition, offset) in sorted(self._found.items()):
            self._file.seek(start)
            yield self._file.read(length), self._place(partition, offset)

    def _place(self, partition: int, offset: int) -> str:
        return f"{self._topic} partition {partition} offset {offset}"


def _of_topic(config: Path | None, watch: "Watch | None") -> _Newest:
    from stream.cli.broker import committed_records, reached
    from stream.kafka.names import Names

    settings = settings_of(config)
    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).kpi
    newest = _Newest(topic)
    with reached(settings):
        for number, record in enumerate(committed_records(settings, [topic]), 1):
            if record.value is not None:
                newest.add(record.key or b"", record.value, record.partition, record.offset)
            if watch is not None and not number % _REPORT_EVERY:
                watch("reading", number, 0, 0)
    return newest
