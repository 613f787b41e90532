"""A whole replay: from the files named on the command line to the files of a folder."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

from stream.engine.fingerprint import FOLD_VERSION
from stream.replay.chunks import STDIN, InputError, check, is_packed
from stream.replay.crew import Alone, hired
from stream.replay.deadletters import write_deadletters
from stream.replay.job import Job
from stream.replay.reading import PARQUET, Part, parts_of
from stream.replay.running import Run, Watch, perform
from stream.replay.segments import put_together
from stream.replay.tasks import Result
from stream.replay.workfolder import WorkFolder, beside, working
from stream.replay.writing import DEADLETTERS, KPIS, write_alerts, write_rest
from stream.settings import Settings

MOST_PROCESSES = 8
MANY_BYTES = 32 * 1024 * 1024
GROUP_BYTES = 32 * 1024 * 1024
"""Bytes of the events that one process folds at once; in memory they are about four times as many."""
MOST_GROUPS = 2_048
GROUPS_UNKNOWN = 256
"""Of standard input, whose length is not known."""
BUCKET_BYTES = 256 * 1024 * 1024
PACKED_FACTOR = 10
"""How much smaller events are in compressed files, roughly."""


@dataclass(frozen=True)
class Summary:
    """What `summary.json` says: events_read = events_accepted + duplicates + superseded + the sum of deadletters."""

    run: str
    events_read: int
    events_accepted: int
    duplicates: int
    superseded: int
    deadletters: dict[str, int]
    kpi_records: int
    alerts: int
    seconds: float
    events_per_second: int


@dataclass(frozen=True)
class Wish:
    """What is wanted of the numbers: the `run` of the records, the names of their windows, and within which time.

    `processes`: how many work; None: as many as there are processors, where the input is long enough.
    """

    run: str
    windows: frozenset[str]
    processes: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None


def replay(settings: Settings, sources: list[str], target: Path, wish: Wish, watch: Watch) -> Summary:
    """Replays `sources` into `target` (contract 3). InputError, OutputError or CrewError: nothing was put into
    `target`."""
    total_bytes = check(sources)
    identities = [_identity(source) for source in sources]
    resumable = STDIN not in sources
    return compute(
        settings, parts_of(sources), _unpacked(sources), total_bytes, target, wish, watch, identities, resumable
    )


def compute(
    settings: Settings,
    parts: Sequence[Part],
    event_bytes: int | None,
    total_bytes: int,
    target: Path,
    wish: Wish,
    watch: Watch,
    identities: Sequence[Any],
    resumable: bool,
) -> Summary:
    """The numbers of the events of `parts`, into `target`. `event_bytes`: roughly, of all events; None: nobody knows.
    `total_bytes`: of the sources as they lie, for the progress. `identities`: what the sources are known by, should
    the work be resumed."""
    started = monotonic()
    groups, buckets = _sizes(event_bytes)
    job = Job(settings, beside(target), tuple(parts), groups, buckets, wish.run, wish.windows, wish.from_ms, wish.to_ms)
    manifest = _manifest(job, identities)
    with (
        working(target, manifest, resumable=resumable, drop_on=(InputError,)) as work,
        hired(job, perform, wish.processes or _processes(event_bytes)) as crew,
    ):
        run = Run(job, work, crew, Alone(job, perform), watch)
        read = run.split(total_bytes)
        events = sum(result["events"] for result in read)
        folded = run.fold(events)
        records = run.add_up(folded)
        watch("writing", events, events, events)
        return _written(job, work, read, folded, records, started)


def _written(
    job: Job,
    work: WorkFolder,
    read: Sequence[Result],
    folded: Sequence[Result],
    records: Sequence[tuple[str, Result]],
    started: float,
) -> Summary:
    dead = [
        *(job.folder / f"dead-split-{number}" for number in range(len(read))),
        *(job.folder / f"dead-fold-{group}" for group in range(job.groups)),
    ]
    deadletters = write_deadletters(
        work.out / DEADLETTERS, dead, [part.source for part in job.parts], _first_lines(job.parts, read)
    )
    kpi_records = put_together(work.out / KPIS, [(job.folder / name, done["segments"]) for name, done in records])
    decided = range(job.buckets) if job.stepwise else ()
    alerts = write_alerts(work.out, [job.folder / f"alerts-{bucket}" for bucket in decided])
    seconds, events = monotonic() - started, sum(result["events"] for result in read)
    summary = Summary(
        run=job.run,
        events_read=events,
        events_accepted=sum(result["accepted"] for result in folded),
        duplicates=sum(result["duplicates"] for result in folded),
        superseded=sum(result["superseded"] for result in folded),
        deadletters=deadletters,
        kpi_records=kpi_records,
        alerts=alerts,
        seconds=round(seconds, 3),
        events_per_second=round(events / max(seconds, 0.001)),
    )
    write_rest(work.out, asdict(summary))
    return summary


def _first_lines(parts: Sequence[Part], read: Sequence[Result]) -> list[int]:
    """How many lines of its source lie before each part. Parts of one source follow each other."""
    found, passed = [], 0
    for number, part in enumerate(parts):
        start = getattr(part, "start", 0)
        passed = passed + read[number - 1]["lines"] if start else 0
        found.append(0 if part.numbered else passed)
    return found


def _identity(source: str) -> list[Any]:
    if source == STDIN:
        return [source]
    found = Path(source).stat()
    return [str(Path(source).absolute()), found.st_size, found.st_mtime_ns]


def _manifest(job: Job, identities: Sequence[Any]) -> Mapping[str, Any]:
    """Everything that what the tasks leave depends on."""
    return {
        "version": [version("kpi-stream"), FOLD_VERSION],
        "inputs": list(identities),
        "parts": [repr(part) for part in job.parts],
        "groups": job.groups,
        "buckets": job.buckets,
        "configuration": job.settings.document.model_dump(mode="json"),
        "run": job.run,
        "windows": sorted(job.windows),
        "within": [job.from_ms, job.to_ms],
    }


def _unpacked(sources: Sequence[str]) -> int | None:
    """The bytes of the events of files, roughly; None: nobody knows."""
    if STDIN in sources:
        return None
    packed = [source.endswith(PARQUET) or is_packed(source) for source in sources]
    return sum(
        Path(source).stat().st_size * (PACKED_FACTOR if small else 1)
        for source, small in zip(sources, packed, strict=True)
    )


def _sizes(event_bytes: int | None) -> tuple[int, int]:
    """Groups of keys, and buckets of entities."""
    if event_bytes is None:
        return GROUPS_UNKNOWN, 16
    return min(MOST_GROUPS, 1 + event_bytes // GROUP_BYTES), 1 + event_bytes // BUCKET_BYTES


def _processes(event_bytes: int | None) -> int:
    """One process needs no start: several are worth it from some hundred thousand events on."""
    long = event_bytes is None or event_bytes >= MANY_BYTES
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES) if long else 1
