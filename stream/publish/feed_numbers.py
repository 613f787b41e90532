"""What became of the records of feeds, as metrics: told by the process that runs a feed, over HTTP or in a file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from stream.publish.metrics import METRICS

RECORDS = "collections_feed_records_total"
LAST = "collections_feed_last_record_timestamp_seconds"
NUMBERS = {
    "open_joins": "collections_feed_open_joins",
    "clock_ahead": "collections_feed_clock_ahead_total",
    "overflow": "collections_feed_overflow_total",
}
RESULTS = ("mapped", "unused", "refused")


@dataclass
class FeedNumbers:
    """The numbers of one feed since its process began. `last_record_s`: when it last read a record, Unix time; None:
    it has read none."""

    feed: str
    mapped: int = 0
    unused: int = 0
    refused: int = 0
    open_joins: int = 0
    clock_ahead: int = 0
    overflow: int = 0
    last_record_s: float | None = None


class FeedCollector(Collector):
    """Exports what `read` gives."""

    def __init__(self, read: Callable[[], Iterable[FeedNumbers]], registry: CollectorRegistry) -> None:
        self._read = read
        registry.register(self)

    def describe(self) -> list[CounterMetricFamily]:
        """Nothing: names are checked against the closed list, not against the registry."""
        return []

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        feeds = list(self._read())
        records = _counter(RECORDS)
        last = GaugeMetricFamily(LAST, METRICS[LAST].meaning, labels=("feed",))
        for numbers in feeds:
            for result in RESULTS:
                records.add_metric((numbers.feed, result), getattr(numbers, result))
            if numbers.last_record_s is not None:
                last.add_metric((numbers.feed,), numbers.last_record_s)
        yield records
        yield last
        for field, name in NUMBERS.items():
            counts = METRICS[name].kind == "counter"
            family = _counter(name) if counts else GaugeMetricFamily(name, METRICS[name].meaning, labels=("feed",))
            for numbers in feeds:
                family.add_metric((numbers.feed,), getattr(numbers, field))
            yield family


def _counter(name: str) -> CounterMetricFamily:
    return CounterMetricFamily(name.removesuffix("_total"), METRICS[name].meaning, labels=METRICS[name].labels)


def text_of(numbers: FeedNumbers) -> bytes:
    """The numbers of one feed in Prometheus' text format."""
    registry = CollectorRegistry()
    FeedCollector(lambda: (numbers,), registry)
    return bytes(generate_latest(registry))


def numbers_in(text: str) -> list[FeedNumbers]:
    """The numbers of the feeds that such a text tells of. ValueError: it is none."""
    feeds: dict[str, FeedNumbers] = {}
    fields = {name: field for field, name in NUMBERS.items()}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            numbers = feeds.setdefault(sample.labels.get("feed", ""), FeedNumbers(sample.labels.get("feed", "")))
            if sample.name == RECORDS and sample.labels.get("result") in RESULTS:
                setattr(numbers, sample.labels["result"], int(sample.value))
            elif sample.name == LAST:
                numbers.last_record_s = sample.value
            elif sample.name in fields:
                setattr(numbers, fields[sample.name], int(sample.value))
    return list(feeds.values())
