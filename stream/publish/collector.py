"""The window gauges of a worker: the committed KPIs of the entities that it owns, as parts of KPIs (ADR 0020).

Only committed records are exported. A series ends, rather than falling to 0, when its window is over or empty, when its
partition is revoked, and when no commit has succeeded for a session: Prometheus then writes a stale marker.
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
    """The committed record with the latest window start of its place. `lines`: its text once a scrape has asked for
    it."""

    start: str
    value: bytes
    lines: Lines | None = None


@dataclass
class _Committed:
    """What one entity partition has committed. `committed_s`: when it last did, monotonic seconds. `as_of_ms`: by
    site."""

    committed_s: float
    kpis: dict[Place, _Held] = field(default_factory=dict)
    as_of_ms: dict[str, int] = field(default_factory=dict)


class KpiCollector:
    """Window gauges, alerts and `as_of` of the entity partitions that this worker owns.

    `exposition` says which windows and parts of each level are exported, and caps the series. `session_s`: seconds
    without a commit after which a partition's series are withdrawn. `partitions`: how many the entity stage has.
    `alerts`: the alerts known; a reader of the alerts topic may add those that fired or ended before this worker owned
    their entities. `clock`: monotonic seconds; `clock_ms`: Unix time.
    The commit loop calls `on_committed` and `on_revoked`; `text` may be called from another thread, one at a time.
    """

    def __init__(
        self,
        exposition: Exposition,
        session_s: float = 10.0,
        partitions: int = 1,
        alerts: LatestRecords | None = None,
        clock: Callable[[], float] = time.monotonic,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._exposition = exposition
        self._layouts = {level: LineLayout(exposition.parts(level)) for level in LEVEL_ORDER}
        self._session_s = session_s
        self._clock = clock
        self._clock_ms = clock_ms
        self._count = partitions
        self._alerts = alerts or LatestRecords({})
        self._committed: dict[int, _Committed] = {}
        self._lock = threading.Lock()

    def on_committed(self, number: int, kpis: Records, alerts: Records = ()) -> None:
        """Takes the (key, value) records that a transaction of partition `number` has committed; empty: it is still
        owned.

        Records of one partition must come in the order in which they were published.
        """
        with self._lock:
            committed = self._committed.setdefault(number, _Committed(0.0))
            committed.committed_s = self._clock()
            for key, value in kpis:
                self._take(committed, key, value)
        for _, value in alerts:
            self._alerts.on_alert(value, self._clock_ms())

    def _take(self, committed: _Committed, key: bytes, value: bytes) -> None:
        name = read_key(key)
        if not self._exposition.shows(name.level, name.window):
            return
        before = committed.kpis.get(name.place)
        if before is None or name.start >= before.start:
            committed.kpis[name.place] = _Held(name.start, value)

    def on_revoked(self, number: int) -> None:
        """Withdraws every series of partition `number`: another worker exports them from now on."""
        with self._lock:
            self._committed.pop(number, None)

    def text(self) -> bytes:
        """All series in Prometheus' text format. Renders only what was committed since the last call."""
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
        """The window gauges, one piece of text for each metric, in the order of metrics.py."""
        by_level: dict[str, list[tuple[str, ...]]] = {level: [] for level in LEVEL_ORDER}
        for place, lines in shown:
            by_level[place[1]].append(lines.cells)
        columns: dict[str, list[str]] = {metric.name: [] for metric in WINDOWS}
        for level, rows in by_level.items():
            for part, cells in zip(self._layouts[level].parts, zip(*rows, strict=True), strict=bool(rows)):
                columns[part.metric] += cells
        return (family(name, METRICS[name].meaning, cells) for name, cells in columns.items())

    def _current(self) -> tuple[list[tuple[Place, Lines]], dict[tuple[str, ...], int], dict[str, int], int]:
        """The lines of current windows, alert states by labels, `as_of` in ms by site, and how many series did not
        fit."""
        with self._lock:
            deadline_s = self._clock() - self._session_s
            live = {n: committed for n, committed in self._committed.items() if committed.committed_s >= deadline_s}
            entries = [(n, place, one) for n, committed in live.items() for place, one in committed.kpis.items()]
            as_of_ms: dict[str, int] = {}
            for committed in live.values():
                for site, at_ms in committed.as_of_ms.items():
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

    def _states(self, live: Mapping[int, _Committed]) -> dict[tuple[str, ...], int]:
        """Labels -> 1 for each firing alert of a live partition, 0 for one that ended lately and does not fire
        again."""
        states = {
            _alert_labels(a): 0
            for a in self._alerts.ended(self._clock_ms() - ENDED_MS)
            if self._partition_of(a) in live
        }
        return states | {_alert_labels(a): 1 for a in self._alerts.firing() if self._partition_of(a) in live}

    def _partition_of(self, alert: PublishedAlert) -> int:
        return entity_partition(f"{alert.site}|{alert.level}|{alert.entity}", self._count)

    def _forget(self, over: Iterable[tuple[int, Place, _Held]], as_of_ms: Mapping[str, int]) -> None:
        """Drops records whose windows are over, unless a commit has replaced them meanwhile."""
        with self._lock:
            for n, place, one in over:
                committed = self._committed.get(n)
                if committed is not None:
                    committed.as_of_ms[place[0]] = max(as_of_ms[place[0]], committed.as_of_ms.get(place[0], 0))
                    if committed.kpis.get(place) is one:
                        del committed.kpis[place]

    def _capped(self, held: list[tuple[Place, Lines]]) -> tuple[list[tuple[Place, Lines]], int]:
        """As many whole records as fit under the cap, sites and teams first, and how many series did not fit."""
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
