"""The window gauges: what this worker has committed, of the entities that it owns, as parts of KPIs (ADR 0020).

Fed with committed records only. A series ends, rather than falls to 0, when its window is over or empty, when its
number is revoked, and when no commit has succeeded for a session: Prometheus then writes a stale marker.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stream.engine.delta import partition_of
from stream.publish.exposition import Exposition, Samples, samples
from stream.publish.floor import Floor
from stream.publish.metrics import METRICS, WINDOWS
from stream.publish.reading import AlertRecord, KpiRecord, read_key, read_kpi

Records = Sequence[tuple[bytes, bytes]]
Place = tuple[str, str, str, str]
LEVEL_ORDER = {"site": 0, "team": 1, "queue": 2, "segment": 3, "agent": 4}


@dataclass
class _Number:
    """What one stage-2 number has committed. `kpis`: place -> (start, record's bytes), of the latest start."""

    committed_s: float
    kpis: dict[Place, tuple[str, bytes]] = field(default_factory=dict)
    as_of_ms: dict[str, int] = field(default_factory=dict)


class KpiCollector(Collector):
    """Window gauges, alerts and `as_of` of the numbers that this worker owns.

    `exposition` says which windows and parts of each level are exported and caps the series. `session_s`: seconds
    without a commit after which a number's series are withdrawn. `clock`: monotonic seconds. `numbers`: how many
    stage-2 numbers there are. `alerts`: where alerts are held; a feed of the alerts topic may tell it those that fired
    before this worker owned them.
    The commit loop calls `on_committed` and `on_revoked`; a scrape may come from another thread.
    """

    def __init__(
        self,
        exposition: Exposition,
        session_s: float = 10.0,
        registry: CollectorRegistry | None = None,
        numbers: int = 1,
        alerts: Floor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exposition = exposition
        self._session_s = session_s
        self._clock = clock
        self._count = numbers
        self._alerts = alerts or Floor({})
        self._numbers: dict[int, _Number] = {}
        self._lock = threading.Lock()
        if registry is not None:
            registry.register(self)

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
            self._alerts.on_alert(value)

    def _take(self, held: _Number, key: bytes, value: bytes) -> None:
        name = read_key(key)
        if not self._exposition.shows(name.level, name.window):
            return
        before = held.kpis.get(name.place)
        if before is None or name.start >= before[0]:
            held.kpis[name.place] = (name.start, value)

    def on_revoked(self, number: int) -> None:
        """Withdraws every series of `number`: another worker exports them now."""
        with self._lock:
            self._numbers.pop(number, None)

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: names are checked against the closed list, not against the registry."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        records, firing, as_of_ms = self._current()
        shown, dropped = self._capped(records)
        yield from _window_families(shown)
        entities = dict.fromkeys(LEVEL_ORDER, 0)
        for level, _, _ in {(record.level, record.site, record.entity) for record, _ in shown}:
            entities[level] += 1
        yield _gauge("collections_series_dropped", [((), dropped)])
        yield _gauge("collections_window_entities", [((level,), n) for level, n in entities.items()])
        yield _gauge("collections_kpi_as_of_timestamp_seconds", [((s,), ms / 1000) for s, ms in as_of_ms.items()])
        yield _gauge("collections_alert_active", {_alert_labels(alert): 1 for alert in firing}.items())

    def _current(self) -> tuple[list[KpiRecord], list[AlertRecord], dict[str, int]]:
        """The records that hold now, the firing alerts, and each site's as_of in ms."""
        with self._lock:
            deadline_s = self._clock() - self._session_s
            live = {n: held for n, held in self._numbers.items() if held.committed_s >= deadline_s}
            entries = [(n, place, value) for n, held in live.items() for place, (_, value) in held.kpis.items()]
            as_of_ms: dict[str, int] = {}
            for held in live.values():
                for site, at_ms in held.as_of_ms.items():
                    as_of_ms[site] = max(at_ms, as_of_ms.get(site, at_ms))
        decoded = [(n, place, value, read_kpi(value)) for n, place, value in entries]
        for _, _, _, record in decoded:
            as_of_ms[record.site] = max(record.as_of_ms, as_of_ms.get(record.site, 0))
        records, over = [], []
        for n, place, value, record in decoded:
            if record.is_over(as_of_ms[record.site], self._exposition.is_rolling(record.window)) or not record.kpis:
                over.append((n, place, value))
            else:
                records.append(record)
        self._forget(over, as_of_ms)
        return records, [alert for alert in self._alerts.firing() if self._number(alert) in live], as_of_ms

    def _number(self, alert: AlertRecord) -> int:
        return partition_of(f"{alert.site}|{alert.level}|{alert.entity}", self._count)

    def _forget(self, over: Iterable[tuple[int, Place, bytes]], as_of_ms: Mapping[str, int]) -> None:
        """Drops what the last look found past, unless a commit has replaced it since."""
        with self._lock:
            for n, place, value in over:
                held = self._numbers.get(n)
                if held is not None:
                    held.as_of_ms[place[0]] = max(as_of_ms[place[0]], held.as_of_ms.get(place[0], 0))
                    if held.kpis.get(place, ("", b""))[1] is value:
                        del held.kpis[place]

    def _capped(self, records: list[KpiRecord]) -> tuple[list[tuple[KpiRecord, Samples]], int]:
        """Whole entities, agents last, up to the cap; and how many series did not fit."""
        records.sort(key=lambda r: (LEVEL_ORDER[r.level], r.site, r.entity, r.window))
        shown: list[tuple[KpiRecord, Samples]] = []
        room, dropped = self._exposition.limit_series, 0
        for record in records:
            parts = samples(record, self._exposition.parts(record.level))
            if dropped or len(parts) > room:
                dropped += len(parts)
            else:
                room -= len(parts)
                shown.append((record, parts))
        return shown, dropped


def _window_families(shown: Iterable[tuple[KpiRecord, Samples]]) -> Iterator[GaugeMetricFamily]:
    families = {m.name: GaugeMetricFamily(m.name, m.meaning, labels=m.labels) for m in WINDOWS}
    for record, parts in shown:
        labels = (record.site, record.level, record.entity, record.window)
        for (metric, currency), value in parts.items():
            families[metric].add_metric(labels if currency is None else (*labels, currency), value)
    yield from (family for family in families.values() if family.samples)


def _alert_labels(alert: AlertRecord) -> tuple[str, ...]:
    return (alert.rule, alert.severity, alert.site, alert.level, alert.entity, alert.kpi, alert.window)


def _gauge(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    metric = METRICS[name]
    family = GaugeMetricFamily(name, metric.meaning, labels=metric.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
