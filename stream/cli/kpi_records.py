"""Where KPI records are read from: files, the folder of a replay, or the live topic."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stream.cli.configuration import settings_of
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.settings import Settings

LIVE = "live"

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


def numbers_of(source: str, config: Path | None) -> Iterator[tuple[bytes, str]]:
    """The KPI records of a source, each with its place. `live` is the KPI topic of the configuration: the records that
    count in it, sorted by key. InputError names a file that is missing or torn."""
    if source == LIVE:
        return of_topic(settings_of(config))
    from stream.replay.reconcile import values_of

    return values_of(source)


def of_topic(settings: "Settings") -> Iterator[tuple[bytes, str]]:
    """The KPI records that count in the live topic, each with its place, sorted by key."""
    import orjson

    from stream.cli.broker import committed_records, reached
    from stream.kafka.names import Names

    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).kpi
    newest: dict[bytes, tuple[int, bytes, str]] = {}
    with reached(settings):
        for record in committed_records(settings, [topic]):
            if record.value is None:
                continue
            place, key = f"{topic} partition {record.partition} offset {record.offset}", record.key or b""
            try:
                revision = int(orjson.loads(record.value)["revision"])
            except (ValueError, KeyError, TypeError) as error:
                raise CommandError(f"{place}: not a KPI record") from error
            if revision >= newest.get(key, (0, b"", ""))[0]:
                newest[key] = revision, record.value, place
    return ((value, place) for _, (_, value, place) in sorted(newest.items()))
