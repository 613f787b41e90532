"""The window gauges: what this worker has committed, of the entities that it owns, as parts of KPIs (ADR 0020).

Fed with committed records only. A series ends, rather than falls to 0, when its window is over or empty, when its
number is revoked, and when no commit has succeeded for a session: Prometheus then writes a stale marker.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stream.engine.deltas.delta import entity_partition
from stream.publish.exposition import Exposition
from stream.publish.latest_records import LatestRecords
from stream.publish.lines import LineLayout, Lines, escaped, family
from stream.publish.metrics import METRICS, WINDOWS
from stream.publish.reading import Place, PublishedAlert, read_key

Records = Sequence[tuple[bytes, bytes]]
LEVEL_ORDER = {"site": 0, "team": 1, "queue": 2, "segment": 3, "agent": 4}
ENDED_MS = 600_000
"""How long an alert that resolved is exported as 0: absent says "not known", not "resolved" (ADR 0021)."""


@dataclass(slots=True)
class _Held:
    """A committed record of the latest start at its place; `lines` once a scrape has asked for them."""

    start: str
    value: bytes
    lines: Lines | None = None


@dataclass
class _Number:
    """What one stage-2 number has committed."""

    committed_s: float
    kpis: dict[Place, _Held] = field(default_factory=dict)
    as_of_ms: dict[str, int] = field(default_factory=dict)


class KpiCollector:
    """Window gauges, alerts and `as_of` of the numbers that this worker owns.

    `exposition` says which windows and parts of each level are exported and caps the series. `session_s`: seconds
    without a commit after which a number's series are withdrawn. `clock`: monotonic seconds; `clock_ms`: Unix time.
    `numbers`: how many stage-2 numbers there are. `alerts`: where alerts are held; a feed of the alerts topic may tell
    it those that fired, or ended, before this worker owned them.
    The commit loop calls `on_committed` and `on_revoked`; a scrape may come from another thread, one at a time.
    """

    def __init__(
        self,
        exposition: Exposition,
        session_s: float = 10.0,
        numbers: int = 1,
        alerts: LatestRecords | None = None,
        clock: Callable[[], float] = time.monotonic,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._exposition = exposition
        self._layouts = {level: LineLayout(exposition.parts(level)) for level in LEVEL_ORDER}
        self._session_s = session_s
        self._clock = clock
        self._clock_ms = clock_ms
        self._count = numbers
        self._alerts = alerts or LatestRecords({})
        self._numbers: dict[int, _Number] = {}
        self._lock = threading.Lock()

    def on_committed(self, number: int, kpis: Records, alerts: Records = ()) -> None:
        """Takes what a transaction of `number` has committed, exactly as published; empty lists say: still here.

        Records of one number come in the order in which they were published.
        """
        with self._lock:
            held = self._numbers.setdefault(number, _Number(0.0))
            held.committed_s = self._clock()
            for key, value in kpis:
                self._take(held, key, value)
        for _, value in alerts:
            self._alerts.on_alert(value, self._clock_ms())

    def _take(self, held: _Number, key: bytes, value: bytes) -> None:
        name = read_key(key)
        if not self._exposition.shows(name.level, name.window):
            return
        before = held.kpis.get(name.place)
        if before is None or name.start >= before.start:
            held.kpis[name.place] = _Held(name.start, value)

    def on_revoked(self, number: int) -> None:
        """Withdraws every series of `number`: another worker exports them now."""
        with self._lock:
            self._numbers.pop(number, None)

    def text(self) -> bytes:
        """All of it in Prometheus' text format. Only records committed since the last call are rendered."""
        shown, states, as_of_ms, dropped = self._current()
        entities = dict.fromkeys(LEVEL_ORDER, 0)
        for level, _, _ in {(level, site, entity) for (site, level, entity, _), _ in shown}:
            entities[level] += 1
        return b"".join(
            (
                *self._windows(shown),
                _gauge("collections_series_dropped", [((), dropped)]),
                _gauge("collections_window_entities", [((level,), n) for level, n in entities.items()]),
                _gauge("collections_kpi_as_of_timestamp_seconds", [((s,), ms / 1000) for s, ms in as_of_ms.items()]),
                _gauge("collections_alert_active", states.items()),
            )
        )

    def _windows(self, shown: Iterable[tuple[Place, Lines]]) -> Iterator[bytes]:
        """The window families, in the order of the closed list."""
        by_level: dict[str, list[tuple[str, ...]]] = {level: [] for level in LEVEL_ORDER}
        for place, lines in shown:
            by_level[place[1]].append(lines.cells)
        columns: dict[str, list[str]] = {metric.name: [] for metric in WINDOWS}
        for level, rows in by_level.items():
            for part, cells in zip(self._layouts[level].parts, zip(*rows, strict=True), strict=bool(rows)):
                columns[part.metric] += cells
        return (family(name, METRICS[name].meaning, cells) for name, cells in columns.items())

    def _current(self) -> tuple[list[tuple[Place, Lines]], dict[tuple[str, ...], int], dict[str, int], int]:
        """The lines that hold now, the alerts' states, each site's as_of in ms, how many series did not fit."""
        with self._lock:
            deadline_s = self._clock() - self._session_s
            live = {n: held for n, held in self._numbers.items() if held.committed_s >= deadline_s}
            entries = [(n, place, one) for n, held in live.items() for place, one in held.kpis.items()]
            as_of_ms: dict[str, int] = {}
            for held in live.values():
                for site, at_ms in held.as_of_ms.items():
                    as_of_ms[site] = max(at_ms, as_of_ms.get(site, at_ms))
        rendered = [(n, place, one, self._lines(place, one)) for n, place, one in entries]
        for _, place, _, lines in rendered:
            if lines.as_of_ms > as_of_ms.get(place[0], 0):
                as_of_ms[place[0]] = lines.as_of_ms
        over = [(n, place, one) for n, place, one, lines in rendered if as_of_ms[place[0]] >= lines.until_ms]
        self._forget(over, as_of_ms)
        held_lines = [(place, lines) for _, place, _, lines in rendered if as_of_ms[place[0]] < lines.until_ms]
        shown, dropped = self._capped(held_lines)
        return shown, self._states(live), as_of_ms, dropped

    def _lines(self, place: Place, held: _Held) -> Lines:
        if held.lines is None:
            held.lines = self._layouts[place[1]].lines(place, held.value, self._exposition.is_rolling(place[3]))
        return held.lines

    def _states(self, live: Mapping[int, _Number]) -> dict[tuple[str, ...], int]:
        """Labels -> 1 for each alert that fires, 0 for each that ended lately and does not fire again."""
        states = {_alert_labels(a): 0 for a in self._alerts.ended(self._clock_ms() - ENDED_MS) if self._of(a) in live}
        return states | {_alert_labels(a): 1 for a in self._alerts.firing() if self._of(a) in live}

    def _of(self, alert: PublishedAlert) -> int:
        return entity_partition(f"{alert.site}|{alert.level}|{alert.entity}", self._count)

    def _forget(self, over: Iterable[tuple[int, Place, _Held]], as_of_ms: Mapping[str, int]) -> None:
        """Drops what the last look found past, unless a commit has replaced it since."""
        with self._lock:
            for n, place, one in over:
                held = self._numbers.get(n)
                if held is not None:
                    held.as_of_ms[place[0]] = max(as_of_ms[place[0]], held.as_of_ms.get(place[0], 0))
                    if held.kpis.get(place) is one:
                        del held.kpis[place]

    def _capped(self, held: list[tuple[Place, Lines]]) -> tuple[list[tuple[Place, Lines]], int]:
        """Whole entities, sites and teams first, up to the cap; and how many series did not fit."""
        held.sort(key=lambda one: (LEVEL_ORDER[one[0][1]], one[0]))
        if sum(lines.series for _, lines in held) <= self._exposition.limit_series:
            return held, 0
        shown: list[tuple[Place, Lines]] = []
        room, dropped = self._exposition.limit_series, 0
        for place, lines in held:
            if dropped or lines.series > room:
                dropped += lines.series
            else:
                room -= lines.series
                shown.append((place, lines))
        return shown, dropped


def _alert_labels(alert: PublishedAlert) -> tuple[str, ...]:
    return (alert.rule, alert.severity, alert.site, alert.level, alert.entity, alert.kpi, alert.window)


def _gauge(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> bytes:
    metric = METRICS[name]
    return family(
        name, metric.meaning, (f"{name}{_braced(metric.labels, values)} {value!r}\n" for values, value in samples)
    )


def _braced(names: Sequence[str], values: Sequence[str]) -> str:
    inside = ",".join(f'{name}="{escaped(value)}"' for name, value in sorted(zip(names, values, strict=True)))
    return f"{{{inside}}}" if inside else ""
