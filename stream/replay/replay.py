"""A whole replay: from the files named on the command line to the files in the results' folder."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from stream.engine.fingerprint import FOLD_VERSION
from stream.replay.chunks import STDIN, InputError, check, is_packed
from stream.replay.conduct import write_conduct
from stream.replay.deadletters import write_deadletters
from stream.replay.job import Job
from stream.replay.parquet_output import to_parquet
from stream.replay.reading import PARQUET, InputPart, parts_of
from stream.replay.results import fingerprint
from stream.replay.running import ReplayRun, Watch, perform
from stream.replay.scoring import Scored, scored_name, write_scores
from stream.replay.segments import put_together
from stream.replay.tables import to_csv
from stream.replay.tasks import Result
from stream.replay.worker_pool import ThisProcess, worker_pool
from stream.replay.workfolder import WorkFolder, beside, working
from stream.replay.writing import CONDUCT, DEADLETTERS, KPIS, write_alerts, write_rest
from stream.settings import Settings

MOST_PROCESSES = 8
MANY_BYTES = 32 * 1024 * 1024
GROUP_BYTES = 32 * 1024 * 1024
"""How many bytes of events one process folds at once; in memory they take about four times as many."""
MOST_GROUPS = 2_048
GROUPS_UNKNOWN = 256
"""The number of groups for standard input, whose length is not known."""
BUCKET_BYTES = 256 * 1024 * 1024
PACKED_FACTOR = 10
"""Roughly how many times larger events are than a compressed file of them."""


@dataclass(frozen=True)
class Summary:
    """What `summary.json` says. events_read = events_accepted + duplicates + superseded + the sum of deadletters.

    `unconfigured_sites`: sites without configuration, which count in UTC and without shifts. `fingerprint`: the same
    for runs of the same input under the same configuration. `tombstones`: records without a value, which are no events;
    None, and left out of the file, where files are read, which have none. `measurements_undeclared`: measurements of
    indicators that the configuration does not declare; None, like `scores`, where no scores are computed.
    """

    run: str
    events_read: int
    events_accepted: int
    duplicates: int
    superseded: int
    deadletters: dict[str, int]
    kpi_records: int
    alerts: int
    conduct_breaches: int
    seconds: float
    events_per_second: int
    unconfigured_sites: list[str]
    fingerprint: str
    tombstones: int | None = None
    scores: int | None = None
    measurements_undeclared: int | None = None

    def fields_written(self) -> dict[str, Any]:
        """The fields that are written."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class ReplayOptions:
    """What a run is asked for: the `run` of the records, the names of their windows, and bounds of time.

    `processes`: how many work; None: one per processor where the input is long enough, else one. `from_ms`, `to_ms`:
    only windows that lie within; None: no bound. `output`: the format of KPI records and alerts. `end_ms`: see `Job`; a
    multiple of the pane. `replace`: whether results of another run in the target may be overwritten.
    """

    run: str
    windows: frozenset[str]
    processes: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    output: Literal["jsonl", "parquet", "csv"] = "jsonl"
    end_ms: int | None = None
    replace: bool = False


@dataclass(frozen=True)
class Input:
    """What a run reads. `event_bytes`: roughly the size of all events, None if unknown. `total_bytes`: the size of the
    sources as they lie, for the progress. `identities`: what the sources are recognised by when work is resumed."""

    parts: tuple[InputPart, ...]
    event_bytes: int | None
    total_bytes: int
    identities: tuple[Any, ...]
    resumable: bool = True


def replay(settings: Settings, sources: list[str], target: Path, options: ReplayOptions, watch: Watch) -> Summary:
    """Replays `sources` into `target` (contract 3). InputError, OutputError or WorkerPoolError: nothing was put into
    `target`."""
    total_bytes = check(sources)
    identities = tuple(_identity(source) for source in sources)
    parts = tuple(parts_of(sources))
    files = Input(parts, _unpacked(sources), total_bytes, identities, resumable=STDIN not in sources)
    return compute(settings, files, target, options, watch)


def compute(settings: Settings, source: Input, target: Path, options: ReplayOptions, watch: Watch) -> Summary:
    """Computes the KPIs of the events of `source` into the folder `target`."""
    started = monotonic()
    job = job_of(settings, source, target, options)
    made_of = manifest(job, source)
    with (
        working(target, made_of, resumable=source.resumable, drop_on=(InputError,), replace=options.replace) as work,
        worker_pool(job, perform, processes_of(source, options)) as pool,
    ):
        run = ReplayRun(job, work, pool, ThisProcess(job, perform), watch)
        read = run.split(source.total_bytes)
        events = sum(result["events"] for result in read)
        folded = run.fold(events)
        records = run.add_up(folded)
        watch("writing", events, events, events)
        kpi_records = put_together(work.out / KPIS, [(job.folder / name, done["segments"]) for name, done in records])
        decided = range(job.buckets) if job.stepwise else ()
        alerts = write_alerts(work.out, [job.folder / f"alerts-{bucket}" for bucket in decided])
        scored = write_scores(job, work.out, [job.folder / scored_name(name) for name, _ in records], folded)
        if options.output != "jsonl":
            (to_parquet if options.output == "parquet" else to_csv)(work.out)
        return summed_up(job, work, read, folded, (kpi_records, alerts, scored), started, fingerprint(made_of))


def job_of(settings: Settings, source: Input, target: Path, options: ReplayOptions) -> Job:
    """The job of computing the KPIs of `source`."""
    groups, buckets = _sizes(source.event_bytes)
    return Job(
        settings, beside(target), source.parts, groups, buckets, options.run, options.windows,
        options.from_ms, options.to_ms, end_ms=options.end_ms,
    )  # fmt: skip


def summed_up(
    job: Job,
    work: WorkFolder,
    read: Sequence[Result],
    folded: Sequence[Result],
    made: tuple[int, int, Scored | None],
    started: float,
    made_of: str,
) -> Summary:
    """Writes the dead letters, the breaches and the summary. `made`: how many KPI records and alerts, and what became
    of scores; `made_of`: the fingerprint."""
    dead = [
        *(job.folder / f"dead-split-{number}" for number in range(len(read))),
        *(job.folder / f"dead-fold-{group}" for group in range(job.groups)),
    ]
    deadletters = write_deadletters(
        work.out / DEADLETTERS, dead, [part.source for part in job.parts], _first_lines(job.parts, read)
    )
    greatest_ms = max((result["greatest_ms"] for result in folded if result["greatest_ms"] is not None), default=None)
    ends_ms = [end_ms for end_ms in (job.end_ms_of(greatest_ms), job.to_ms) if end_ms is not None]
    found = [job.folder / f"conduct-{group}" for group in range(job.groups)]
    conduct_breaches = write_conduct(work.out / CONDUCT, found, job.from_ms, min(ends_ms, default=None))
    seconds, events = monotonic() - started, sum(result["events"] for result in read)
    summary = Summary(
        run=job.run,
        events_read=events,
        events_accepted=sum(result["accepted"] for result in folded),
        duplicates=sum(result["duplicates"] for result in folded),
        superseded=sum(result["superseded"] for result in folded),
        deadletters=deadletters,
        kpi_records=made[0],
        alerts=made[1],
        conduct_breaches=conduct_breaches,
        seconds=round(seconds, 3),
        events_per_second=round(events / max(seconds, 0.001)),
        unconfigured_sites=sorted({site for result in folded for site in result["sites"]} - job.plan.sites.keys()),
        fingerprint=made_of,
        tombstones=sum(result["tombstones"] for result in read) if job.of_topics else None,
        **(made[2]._asdict() if made[2] is not None else {}),
    )
    write_rest(work.out, summary.fields_written())
    return summary


def _first_lines(parts: Sequence[InputPart], read: Sequence[Result]) -> list[int]:
    """How many lines of its source come before each part. The parts of a source follow each other."""
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


def manifest(job: Job, source: Input) -> Mapping[str, Any]:
    """Everything that the tasks' results depend on: work is resumed only under an equal manifest."""
    return {
        "version": [version("kpi-stream"), FOLD_VERSION],
        "inputs": list(source.identities),
        "parts": [repr(part) for part in job.parts],
        "groups": job.groups,
        "buckets": job.buckets,
        "configuration": job.settings.document.model_dump(mode="json"),
        "run": job.run,
        "windows": sorted(job.windows),
        "within": [job.from_ms, job.to_ms],
        "end": job.end_ms,
    }


def _unpacked(sources: Sequence[str]) -> int | None:
    """The bytes of the events in files, roughly; None if standard input is among them."""
    if STDIN in sources:
        return None
    packed = [source.endswith(PARQUET) or is_packed(source) for source in sources]
    return sum(
        Path(source).stat().st_size * (PACKED_FACTOR if small else 1)
        for source, small in zip(sources, packed, strict=True)
    )


def _sizes(event_bytes: int | None) -> tuple[int, int]:
    """The numbers of groups of keys and of buckets of entities."""
    if event_bytes is None:
        return GROUPS_UNKNOWN, 16
    return min(MOST_GROUPS, 1 + event_bytes // GROUP_BYTES), 1 + event_bytes // BUCKET_BYTES


def processes_of(source: Input, options: ReplayOptions) -> int:
    """How many processes work: several are worth their start from some hundred thousand events on."""
    if options.processes is not None:
        return options.processes
    long = source.event_bytes is None or source.event_bytes >= MANY_BYTES
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES) if long else 1
