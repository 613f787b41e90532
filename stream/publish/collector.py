"""The window gauges of a worker: the committed KPIs of the entities that it owns, as parts of KPIs (ADR 0020).

Only committed records are exported. A series ends, rather than falling to 0, when its window is over or empty, when its
partition is revoked, and when no commit has succeeded for a session: Prometheus then writes a stale marker.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from stream.engine.deltas.delta import entity_partition
from stream.publish.choosing import Chosen, ColumnSize, choose
from stream.publish.exposition import Exposition
from stream.publish.latest_records import LatestRecords
from stream.publish.lines import TARGETS, Head, LineLayout, Lines, escaped, family, head, labels
from stream.publish.metrics import METRICS, WINDOWS
from stream.publish.reading import Place, PublishedAlert, read_key
from stream.publish.score_lines import ScoreLines

Records = Sequence[tuple[bytes, bytes]]
LEVELS = ("site", "team", "queue", "segment")
AGENT = "agent"
ENDED_MS = 600_000
"""How long an alert that resolved is exported as 0: absent says "not known", not "resolved" (ADR 0021)."""
STEPS = 20
"""Records of which a head or lines are made in half a millisecond or so: as long as the stream may have to wait."""
LARGEST_REST_BYTES = 1_024
"""What is told beside the window gauges of what was left out of them."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Held:
    """The committed record with the latest window start of its place. `head`, `lines`: once a scrape has asked."""

    start: str
    value: bytes
    head: Head | None = None
    lines: Lines | None = None


@dataclass
class _Committed:
    """What one entity partition has committed. `committed_s`: when it last did, monotonic seconds. `last`: the last
    record of each site, and `as_of_ms` what that and those before it say."""

    committed_s: float
    kpis: dict[Place, _Held] = field(default_factory=dict)
    agents: dict[Place, _Held] = field(default_factory=dict)
    last: dict[str, bytes] = field(default_factory=dict)
    as_of_ms: dict[str, int] = field(default_factory=dict)


Current = Sequence[tuple[Place, _Held, Head]]


class KpiCollector:
    """Window gauges, alerts and `as_of` of the entity partitions that this worker owns.

    `exposition` says which windows and parts of each level are exported, and how much. `session_s`: seconds
    without a commit after which a partition's series are withdrawn. `partitions`: how many the entity stage has.
    `alerts`: the alerts known; a reader of the alerts topic may add those that fired or ended before this worker owned
    their entities. `clock`: monotonic seconds; `clock_ms`: Unix time.
    `give_way`: lets the stream's thread have the interpreter; called after each few records that are rendered.
    The commit loop calls `on_committed`, `on_scores` and `on_revoked`; `text` and `agents_text` may be called from
    another thread, one of them at a time.
    """

    def __init__(
        self,
        exposition: Exposition,
        session_s: float = 10.0,
        partitions: int = 1,
        alerts: LatestRecords | None = None,
        clock: Callable[[], float] = time.monotonic,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        give_way: Callable[[], None] = lambda: time.sleep(0),
    ) -> None:
        self._exposition = exposition
        self._layouts = {level: LineLayout(exposition.parts(level)) for level in (*LEVELS, AGENT)}
        self._session_s = session_s
        self._clock = clock
        self._clock_ms = clock_ms
        self._count = partitions
        self._alerts = alerts or LatestRecords({})
        self._committed: dict[int, _Committed] = {}
        self._scores = ScoreLines()
        self._give_way = give_way
        self._worked = 0
        self._lock = threading.Lock()
        self._used: dict[str, frozenset[str]] = {}
        self._currencies: dict[str, frozenset[str]] = {}
        self._chosen = Chosen()
        self._dropped = 0
        self._told = False

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
        committed.last[name.site] = value
        if not self._exposition.needs(name.level, name.window):
            return
        held = committed.agents if name.level == AGENT else committed.kpis
        before = held.get(name.place)
        if before is None or name.start >= before.start:
            held[name.place] = _Held(name.start, value)

    def on_scores(self, scores: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Takes records of the topic of scores that are published; a value None: nobody has this score any more."""
        with self._lock:
            self._scores.take(scores)

    def on_revoked(self, number: int) -> None:
        """Withdraws every series of partition `number`: another worker exports them from now on."""
        with self._lock:
            self._committed.pop(number, None)
            if number == 0:
                self._scores.clear()

    # what is shown ----------------------------------------------------------------------------------------------------

    def text(self, beside_bytes: int = 0) -> bytes:
        """All series but those of agents, in Prometheus' text format. Renders only what was committed since the last
        call. `beside_bytes`: how long the rest of /metrics is."""
        live = self._live()
        current, as_of_ms = self._current(live, agents=False)
        with self._lock:
            scores = self._scores.text(agents=False)
        fixed = b"".join(
            (
                *self._targets(current, TARGETS),
                scores,
                _gauge("collections_series_dropped", [((), self._dropped)]),
                self._entities(current, LEVELS),
                _gauge("collections_kpi_as_of_timestamp_seconds", [((s,), ms / 1000) for s, ms in as_of_ms.items()]),
                _gauge("collections_alert_active", self._states(live).items()),
            )
        )
        chosen = self._choose(current, self._exposition.limit_bytes - beside_bytes - len(fixed) - LARGEST_REST_BYTES)
        left_out = _gauge("collections_series_left_out", chosen.left_out.items() or [(("site", "day"), 0)])
        return b"".join((*self._windows(current, chosen.metrics), fixed, left_out))

    def agents_text(self) -> bytes:
        """The series of agents who are signed in, or had a contribution in the day or shift that is running."""
        current, _ = self._current(self._live(), agents=True)
        shown = current
        if presence := self._exposition.presence:
            there = {at[:3] for at, _, _ in current if at[3] in presence or self._exposition.is_rolling(at[3])}
            shown = [one for one in current if one[0][:3] in there]
        parted = [one for one in shown if self._exposition.shows(AGENT, one[0][3])]
        kept, self._dropped = self._capped(parted)
        metrics = {(AGENT, window): self._exposition.parts(AGENT) for window in self._exposition.windows[AGENT]}
        targets = self._targets(shown, TARGETS[:2])
        with self._lock:
            scores = self._scores.text(agents=True)
        return b"".join((*self._windows(kept, metrics), *targets, scores, self._entities(kept, (AGENT,))))

    def _live(self) -> dict[int, _Committed]:
        with self._lock:
            deadline_s = self._clock() - self._session_s
            return {n: committed for n, committed in self._committed.items() if committed.committed_s >= deadline_s}

    def _current(self, live: Mapping[int, _Committed], *, agents: bool) -> tuple[Current, dict[str, int]]:
        """The records of windows that are not over, of agents or of all others, and `as_of` in ms by site."""
        with self._lock:
            as_of_ms = _as_of_ms(live.values())
            entries = [
                (n, place, one)
                for n, committed in live.items()
                for place, one in (committed.agents if agents else committed.kpis).items()
            ]
        heads = [(entry, self._head(*entry[1:])) for entry in entries]
        self._forget(entry for entry, known in heads if as_of_ms[entry[1][0]] >= known.until_ms)
        return [(at, one, known) for (_, at, one), known in heads if as_of_ms[at[0]] < known.until_ms], as_of_ms

    def _head(self, place: Place, held: _Held) -> Head:
        if held.head is None:
            self._work()
            level = place[1]
            found = held.head = head(held.value, self._exposition.is_rolling(place[3]), level != AGENT)
            if level != AGENT:
                self._used[level] = self._used.get(level, frozenset()) | found.kpis
                self._currencies[level] = self._currencies.get(level, frozenset()) | found.currencies
        return held.head

    def _lines(self, place: Place, held: _Held) -> Lines:
        if held.lines is None:
            self._work()
            held.lines = self._layouts[place[1]].lines(place, held.value)
        return held.lines

    def _work(self) -> None:
        """Counts a step of the rendering; whoever waits for the interpreter has it after each few of them."""
        self._worked += 1
        if self._worked % STEPS == 0:
            self._give_way()

    def _choose(self, current: Current, room_bytes: int) -> Chosen:
        """The columns that fit, and a word in the log where some do not for the first time."""
        sizes: dict[tuple[str, str], ColumnSize] = {}
        for place, _, _ in current:
            size = sizes.get((place[1], place[3]), ColumnSize(0, 0))
            sizes[place[1], place[3]] = ColumnSize(size.entities + 1, size.label_bytes + len(labels(place)))
        currencies = {level: len(found) for level, found in self._currencies.items()}
        self._chosen = choose(self._exposition, self._used, sizes, currencies, room_bytes, self._chosen.columns)
        if self._chosen.left_out and not self._told:
            self._told = True
            log.warning(
                "/metrics is at metrics.limit_kib: some window series are left out",
                series=sum(self._chosen.left_out.values()), limit_kib=self._exposition.limit_bytes // 1024,
            )  # fmt: skip
        return self._chosen

    def _windows(self, shown: Current, metrics: Mapping[tuple[str, str], frozenset[str]]) -> Iterator[bytes]:
        """The window gauges, one piece of text for each metric, in the order of metrics.py."""
        rows: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        for place, held, _ in sorted(shown, key=lambda one: one[0]):
            if metrics.get((place[1], place[3])):
                rows.setdefault((place[1], place[3]), []).append(self._lines(place, held).cells)
        columns: dict[str, list[str]] = {metric.name: [] for metric in WINDOWS}
        for (level, window), cells in rows.items():
            wanted = metrics[level, window]
            for part, column in zip(self._layouts[level].parts, zip(*cells, strict=True), strict=True):
                if part.metric in wanted:
                    columns[part.metric] += column
        return (family(name, METRICS[name].meaning, cells) for name, cells in columns.items())

    def _targets(self, shown: Current, names: Sequence[str]) -> Iterator[bytes]:
        """Attainment, pace and target of the KPIs that have one."""
        columns: list[list[str]] = [[] for _ in names]
        for place, held, _ in shown:
            if self._exposition.has_targets(place[1], place[3]):
                for column, lines in zip(columns, self._lines(place, held).targets, strict=False):
                    column.append(lines)
        return (family(name, METRICS[name].meaning, column) for name, column in zip(names, columns, strict=True))

    def _entities(self, shown: Current, levels: Sequence[str]) -> bytes:
        entities = dict.fromkeys(levels, 0)
        for level, _, _ in {(place[1], place[0], place[2]) for place, _, _ in shown}:
            entities[level] += 1
        return _gauge("collections_window_entities", [((level,), n) for level, n in entities.items()])

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

    def _forget(self, over: Iterable[tuple[int, Place, _Held]]) -> None:
        """Drops records whose windows are over, unless a commit has replaced them meanwhile."""
        with self._lock:
            for n, place, one in over:
                committed = self._committed.get(n)
                if committed is not None:
                    held = committed.agents if place[1] == AGENT else committed.kpis
                    if held.get(place) is one:
                        del held[place]

    def _capped(self, held: Current) -> tuple[Current, int]:
        """As many whole records as fit under the cap, and how many series did not fit."""
        ordered = sorted(held, key=lambda one: one[0])
        series = [self._lines(place, one).series for place, one, _ in ordered]
        if sum(series) <= self._exposition.limit_series:
            return ordered, 0
        room = self._exposition.limit_series
        for position, each in enumerate(series):
            room -= each
            if room < 0:
                return ordered[:position], sum(series[position:])
        raise AssertionError("the sum is above the limit")


def _as_of_ms(live: Iterable[_Committed]) -> dict[str, int]:
    """How far the records of each site count, in ms: the greatest that any of them says, so that it never falls."""
    found: dict[str, int] = {}
    for committed in live:
        for site, value in committed.last.items():
            known = committed.as_of_ms
            known[site] = max(known.get(site, 0), head(value, rolling=False, named=False).as_of_ms)
        committed.last.clear()
        for site, at_ms in committed.as_of_ms.items():
            found[site] = max(at_ms, found.get(site, 0))
    return found


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
