"""The worker's own meters."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from stream.publish.meters import Meters


def test_a_counter_without_labels_is_exported_as_zero_from_the_start() -> None:
    registry = CollectorRegistry()
    Meters(registry)
    assert registry.get_sample_value("collections_events_duplicate_total") == 0


def test_a_named_label_set_is_zero_until_it_is_counted() -> None:
    registry = CollectorRegistry()
    meters = Meters(registry)
    meters.zero("collections_deadletters_total", "invalid")
    assert registry.get_sample_value("collections_deadletters_total", {"reason": "invalid"}) == 0
    meters.add("collections_deadletters_total", "invalid")
    meters.add("collections_deadletters_total", "invalid", by=2)
    meters.zero("collections_deadletters_total", "invalid")
    assert registry.get_sample_value("collections_deadletters_total", {"reason": "invalid"}) == 3


def test_a_dropped_gauge_is_withdrawn_not_zeroed() -> None:
    registry = CollectorRegistry()
    meters = Meters(registry)
    labels = {"stage": "2", "partition": "0"}
    meters.set("collections_restore_progress_ratio", "2", "0", to=0.5)
    assert registry.get_sample_value("collections_restore_progress_ratio", labels) == 0.5
    meters.drop("collections_restore_progress_ratio", "2", "0")
    meters.drop("collections_restore_progress_ratio", "2", "0")
    assert registry.get_sample_value("collections_restore_progress_ratio", labels) is None


def test_a_histogram_counts_a_duration_in_every_bucket_that_holds_it() -> None:
    registry = CollectorRegistry()
    meters = Meters(registry)
    for seconds in (0.01, 0.02, 99.0):
        meters.observe("collections_commit_duration_seconds", "1", seconds=seconds)

    def sample(suffix: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"collections_commit_duration_seconds_{suffix}", {"stage": "1", **labels})

    assert [sample("bucket", le=le) for le in ("0.005", "0.01", "0.025", "10.0", "+Inf")] == [0, 1, 2, 2, 3]
    assert sample("count") == 3
    assert sample("sum") == pytest.approx(99.03)


@pytest.mark.parametrize(
    ("name", "labels", "error"),
    [
        ("collections_made_up_total", (), KeyError),
        ("collections_deadletters_total", (), ValueError),
        ("collections_deadletters_total", ("invalid", "main"), ValueError),
        ("collections_clock_offset_seconds", (), ValueError),
    ],
    ids=["a name that is not listed", "too few labels", "too many labels", "a gauge"],
)
def test_only_listed_counters_are_counted(name: str, labels: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        Meters().add(name, *labels)


def test_the_text_has_no_created_series() -> None:
    registry = CollectorRegistry()
    Meters(registry).add("collections_kpi_records_total", by=7)
    text = generate_latest(registry).decode()
    assert "collections_kpi_records_total 7.0" in text
    assert "_created" not in text
