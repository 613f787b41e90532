"""A whole replay: from the files named on the command line to the files of a folder."""

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from math import gcd
from pathlib import Path
from time import monotonic
from typing import TypeVar

from stream.engine.stage1 import Stage1
from stream.engine.stage2 import Stage2
from stream.replay.chunks import Position
from stream.replay.ordering import ordered
from stream.replay.reading import read
from stream.replay.running import Run, Tally
from stream.replay.writing import DEADLETTERS, DeadLetters, staging, write_alerts, write_kpis, write_rest
from stream.settings import Settings
from stream.windows.calendar import QUARTER_MS
from stream.windows.plan import WindowPlan

Watch = Callable[[str, int, Position], None]
"""Called now and then with what is going on, how many events of it are done, and how far the reading is."""

_WATCH_EVERY = 5_000
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
    settings: Settings, sources: list[str], target: Path, run: str, windows: frozenset[str], watch: Watch
) -> Summary:
    """Replays `sources` into `target` (contract 3), marking the records as of `run`.

    `windows`: names of the windows whose records are wanted. InputError or OutputError: nothing was put into `target`.
    """
    started = monotonic()
    position, tally = Position(), Tally()
    with staging(target) as folder, _fewer_collections():
        out = folder / "out"
        with (out / DEADLETTERS).open("wb") as file:
            dead = DeadLetters(file)
            running = Run(*_stages(settings, run, windows), settings.record_bytes, dead, tally)
            raws = _watched(read(sources, position), "reading", position, watch)
            if settings.rules():
                running.ordered(_watched(ordered(raws, folder), "counting", position, watch))
            else:
                running.unordered(raws)
            records = running.finish()
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


def _stages(settings: Settings, run: str, windows: frozenset[str]) -> tuple[Stage1, Stage2]:
    # At the end of the input everything is final, and alerts wait for nothing: the events come in order.
    publication = replace(settings.publication(run), horizon_ms=None, alert_delay_ms=0, windows=windows)
    plan = settings.plan()
    if not settings.rules() and not any(name in windows for name, _ in plan.rolling):
        plan = _coarse(plan)
    stage1 = Stage1(settings.definitions(), plan, settings.limits(), 0, settings.watched())
    return stage1, Stage2(plan, settings.rules(), publication, 0, 1)


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


class _fewer_collections:  # noqa: N801 (used as a verb)
    """Millions of live objects and hardly a cycle among them: each full collection would walk them all for nothing."""

    def __enter__(self) -> None:
        self._threshold = gc.get_threshold()
        gc.set_threshold(200_000, 50, 1_000)

    def __exit__(self, *_: object) -> None:
        gc.set_threshold(*self._threshold)
