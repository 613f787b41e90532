"""The demo's status line says what the worker's exposition says."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from deploy.local.status import Status, read_status, status_of
from stream.publish.meters import Meters

NOW = 1_795_000_000.0


def test_an_exposition_of_the_product_is_summed_over_its_labels() -> None:
    registry = CollectorRegistry()
    meters = Meters(registry)
    meters.add("collections_events_consumed_total", "call", by=1200)
    meters.add("collections_events_consumed_total", "payment", by=34)
    meters.add("collections_deadletters_total", "invalid", by=2)
    meters.set("collections_consumer_lag_records", "collections.calls.v1", "0", to=5)
    meters.set("collections_consumer_lag_records", "collections.calls.v1", "1", to=6)
    meters.add("collections_kpi_records_total", by=77)
    status = status_of(generate_latest(registry).decode())
    assert (status.events, status.rejected, status.lag, status.kpi_records) == (1234, 2, 11, 77)


def test_the_line_says_how_old_the_numbers_are() -> None:
    status = Status(events=1234, rejected=2, lag=0, kpi_records=77, alerts=1, as_of=NOW - 3)
    assert status.line(NOW) == (
        "as of 11:06:37 UTC, 3 s ago: 1,234 events, lag 0, 77 KPI records, 1 firing, 2 dead letters"
    )


def test_without_numbers_yet_there_is_no_as_of() -> None:
    assert status_of("# HELP nothing\n").line(NOW).startswith("no numbers yet: 0 events")


@pytest.mark.parametrize(("age", "words"), [(7_199, "7199 s ago"), (7_200, "2.0 h ago"), (518_400, "6 days ago")])
def test_an_old_number_is_told_in_large_units(age: int, words: str) -> None:
    assert words in Status(0, 0, 0, 0, 0, as_of=NOW - age).line(NOW)


def test_the_newest_site_gives_the_as_of() -> None:
    samples = [
        f'collections_kpi_as_of_timestamp_seconds{{site="{site}"}} {at}' for site, at in (("a", 10.0), ("b", 20.5))
    ]
    assert status_of("\n".join(samples)).as_of == 20.5


def test_a_worker_that_does_not_answer_has_no_status() -> None:
    assert read_status("http://127.0.0.1:9/metrics") is None
