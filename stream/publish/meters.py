"""The worker's own counters, gauges and histograms: plain numbers, set by name, exported by Prometheus' client.

The client's own instruments are not used: they add a `_created` series to each counter, take a lock for each event, and
cannot withdraw the series of a partition that another worker owns now.
"""

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from stream.publish.metrics import DURATION_BUCKETS_SECONDS, METRICS, Metric

Labels = tuple[str, ...]


class Meters(Collector):
    """The values of the `METRICS` that a worker counts itself. A name and its labels are checked when first used.

    KeyError: the name is not in the closed list. ValueError: wrong kind, or not as many labels as the list says.
    A counter or gauge without labels is exported as 0 from the start; so is what `zero` names.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._values: dict[tuple[str, Labels], float] = {}
        self._histograms: dict[tuple[str, Labels], tuple[list[int], list[float]]] = {}
        for metric in METRICS.values():
            if metric.kind == "counter" and not metric.labels:
                self._values[metric.name, ()] = 0
        if registry is not None:
            registry.register(self)

    def zero(self, name: str, *labels: str) -> None:
        """Exports 0 for these labels until something is counted, so that Prometheus sees the first increase."""
        self._checked(name, labels, "counter", "gauge")
        self._values.setdefault((name, labels), 0)

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Raises a counter."""
        try:
            self._values[name, labels] += by
        except KeyError:
            self._checked(name, labels, "counter")
            self._values[name, labels] = by

    def set(self, name: str, *labels: str, to: float) -> None:
        """Sets a gauge."""
        if (name, labels) not in self._values:
            self._checked(name, labels, "gauge")
        self._values[name, labels] = to

    def drop(self, name: str, *labels: str) -> None:
        """Withdraws a gauge: its series ends at the next scrape. Nothing happens if it was not set."""
        self._values.pop((name, labels), None)

    def observe(self, name: str, *labels: str, seconds: float) -> None:
        """Adds one duration to a histogram."""
        held = self._histograms.get((name, labels))
        if held is None:
            self._checked(name, labels, "histogram")
            held = self._histograms[name, labels] = ([0] * (len(DURATION_BUCKETS_SECONDS) + 1), [0.0])
        held[0][bisect_left(DURATION_BUCKETS_SECONDS, seconds)] += 1
        held[1][0] += seconds

    def describe(self) -> list[CounterMetricFamily]:
        """Nothing: names are checked against the closed list, not against the registry."""
        return []

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for (name, labels), value in list(self._values.items()):
            if name not in families:
                families[name] = _family(METRICS[name])
            families[name].add_metric(labels, value)
        yield from families.values()
        yield from self._collect_histograms()

    def _collect_histograms(self) -> Iterator[HistogramMetricFamily]:
        families: dict[str, HistogramMetricFamily] = {}
        for (name, labels), (counts, total) in list(self._histograms.items()):
            if name not in families:
                metric = METRICS[name]
                families[name] = HistogramMetricFamily(name, metric.meaning, labels=metric.labels)
            families[name].add_metric(labels, _cumulative(counts), total[0])
        yield from families.values()

    @staticmethod
    def _checked(name: str, labels: Labels, *kinds: str) -> None:
        metric = METRICS[name]
        if metric.kind not in kinds or len(labels) != len(metric.labels):
            raise ValueError(f"{name} is a {metric.kind} with labels {metric.labels}, not {labels}")


def _family(metric: Metric) -> CounterMetricFamily | GaugeMetricFamily:
    family = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    return family(metric.name.removesuffix("_total"), metric.meaning, labels=metric.labels)


def _cumulative(counts: list[int]) -> list[tuple[str, float]]:
    bounds = [*(str(bound) for bound in DURATION_BUCKETS_SECONDS), "+Inf"]
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip(bounds, counts, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets
