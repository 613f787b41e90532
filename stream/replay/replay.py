"""A whole replay: from the files named on the command line to the files of a folder."""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from math import gcd
from pathlib import Path
from time import monotonic
from typing import TypeVar

from stream.engine.stage2 import Stage2
from stream.replay.chunks import STDIN, Position, check
from stream.replay.crew import hired, spare_collections
from stream.replay.ordering import ordered
from stream.replay.reading import read
from stream.replay.running import Run
from stream.replay.writing import DEADLETTERS, DeadLetters, staging, write_alerts, write_kpis, write_rest
from stream.settings import Settings
from stream.windows.calendar import QUARTER_MS
from stream.windows.plan import WindowPlan

Watch = Callable[[str, int, Position], None]
"""Called now and then with what is going on, how many events of it are done, and how far the reading is."""

_WATCH_EVERY = 5_000
MANY_BYTES = 64 * 1024 * 1024
MOST_PROCESSES = 8
PACKED = (".gz", ".zst", ".zstd", ".parquet", ".pq")
_T = TypeVar("_T")


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


def replay(
    settings: Settings,
    sources: list[str],
    target: Path,
    *,
    run: str,
    windows: frozenset[str],
    processes: int | None,
    watch: Watch,
) -> Summary:
    """Replays `sources` into `target` (contract 3), marking the records as of `run`.

    `windows`: names of the windows whose records are wanted. `processes`: how many fold the events; None: as many as
    there are processors, where the input is long enough. InputError, OutputError or CrewError: nothing was put into
    `target`.
    """
    started = monotonic()
    position = Position(total=check(sources))
    plan, stage2 = stages(settings, run, windows)
    with staging(target) as folder, _fewer_collections():
        out = folder / "out"
        with (
            (out / DEADLETTERS).open("wb") as file,
            hired(settings, plan, processes or _processes(sources, position)) as crew,
        ):
            dead = DeadLetters(file)
            running = Run(crew, stage2, dead)
            raws = _watched(read(sources, position), "reading", position, watch)
            if settings.rules():
                running.ordered(_watched(ordered(raws, folder), "counting", position, watch))
            else:
                running.unordered(raws)
        records, tally = running.finish(), running.tally
        watch("writing", tally.read, position)
        kpi_records, alerts = write_kpis(out, records), write_alerts(out, tally.alerts)
        seconds = monotonic() - started
        summary = Summary(
            run=run,
            events_read=tally.read,
            events_accepted=tally.accepted,
            duplicates=tally.duplicates,
            superseded=tally.superseded,
            deadletters=dict(sorted(dead.counts.items())),
            kpi_records=kpi_records,
            alerts=alerts,
            seconds=round(seconds, 3),
            events_per_second=round(tally.read / max(seconds, 0.001)),
        )
        write_rest(out, asdict(summary))
    return summary


def _processes(sources: list[str], position: Position) -> int:
    """One process needs no start: several are worth it from some hundred thousand events on."""
    compressed = all(source.endswith(PACKED) for source in sources)
    long = STDIN in sources or position.total >= (MANY_BYTES // 8 if compressed else MANY_BYTES)
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES) if long else 1


def stages(settings: Settings, run: str, windows: frozenset[str]) -> tuple[WindowPlan, Stage2]:
    """The plan that both stages are to have, and stage 2, for the records of these windows."""
    plan = settings.plan()
    if not settings.rules() and not any(name in windows for name, _ in plan.rolling):
        plan = _coarse(plan)
    # At the end of the input everything is final, and alerts wait for nothing: the events come in order.
    publication = replace(settings.publication(run), horizon_ms=None, alert_delay_ms=0, windows=windows)
    return plan, Stage2(plan, settings.rules(), publication, 0, 1)


def _coarse(plan: WindowPlan) -> WindowPlan:
    """The same tumbling windows from panes that are as long as they may be: where nothing looks at a pane, sums of
    fewer and longer ones say the same. Every boundary is a multiple of 15 minutes, of an interval or of a shift's."""
    pane_ms = gcd(QUARTER_MS, *(length_ms for _, length_ms in plan.intervals))
    return replace(plan, pane_ms=pane_ms, rolling=())


def _watched(items: Iterable[_T], activity: str, position: Position, watch: Watch) -> Iterator[_T]:
    for count, item in enumerate(items):
        if count % _WATCH_EVERY == 0:
            watch(activity, count, position)
        yield item


@contextmanager
def _fewer_collections() -> Iterator[None]:
    before = gc.get_threshold()
    spare_collections()
    try:
        yield
    finally:
        gc.set_threshold(*before)
