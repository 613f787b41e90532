"""The closed list of metrics: conventions, and its agreement with the KPI catalogue."""

import re
from pathlib import Path

import pytest

from stream.kpis.catalogue import CATALOGUE
from stream.publish.metrics import METRICS, WINDOW_LABELS, WINDOWS, Metric
from stream.publish.parts import PARTS, SIDES
from stream.windows.measures import MONEY

UNITS = ("_seconds", "_minor_units", "_ratio", "_info", "_records")
EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.name)


@EVERY
def test_a_name_has_the_prefix_base_units_and_the_suffix_of_its_kind(metric: Metric) -> None:
    assert re.fullmatch(r"collections(_[a-z0-9]+)+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.kind != "histogram" or metric.name.endswith("_duration_seconds")
    assert not re.search(r"_(ms|milliseconds|minor|percent|minutes)(_|$)", metric.name.replace("_minor_units", ""))
    if "timestamp" in metric.name:
        assert metric.name.endswith("_timestamp_seconds")


@EVERY
def test_every_metric_says_what_it_means_and_what_to_do(metric: Metric) -> None:
    assert metric.meaning.endswith(".")
    assert metric.remedy.endswith((".", "?"))
    assert not {"case", "debtor", "call", "event_id"} & set(metric.labels)


def test_every_part_of_every_kpi_has_a_metric_and_every_window_metric_is_a_part_of_a_kpi() -> None:
    wanted = {kpi.numerator for kpi in CATALOGUE.values()} | {kpi.denominator for kpi in CATALOGUE.values()} - {None}
    assert set(PARTS) == wanted
    assert len({part.metric for part in PARTS.values()}) == len(PARTS)
    assert {metric.name for metric in WINDOWS} == {part.metric for part in PARTS.values()}
    assert set(SIDES) == set(CATALOGUE)


@pytest.mark.parametrize("measures", PARTS, ids="+".join)
def test_a_part_is_in_seconds_or_minor_units_or_a_plain_count(measures: tuple[str, ...]) -> None:
    part = PARTS[measures]
    milliseconds = {name.endswith("_ms") for name in measures}
    assert len(milliseconds) == 1, "a sum of times and counts has no unit"
    assert part.divisor == (1000 if milliseconds == {True} else 1)
    assert part.metric.endswith("_seconds") == (milliseconds == {True})
    assert part.money == part.metric.endswith("_minor_units") == (set(measures) <= MONEY)
    assert METRICS[part.metric].labels == ((*WINDOW_LABELS, "currency") if part.money else WINDOW_LABELS)


def test_every_metric_is_told_somewhere_and_nothing_is_told_that_is_not_listed() -> None:
    """Window gauges are told by their table of parts; every other name stands in the source that tells it."""
    source = Path(__file__).parents[2] / "stream"
    tellers = [path for path in source.rglob("*.py") if path.name not in ("metrics.py", "parts.py")]
    text = "\n".join(path.read_text("utf-8") for path in tellers)
    told = set(re.findall(r"\bcollections_[a-z_]+\b", text))
    assert told <= set(METRICS)
    windows = {metric.name for metric in WINDOWS}
    hidden = {f"collections_{name}" for name in re.findall(r'"([a-z_]+)"', text)}
    assert set(METRICS) - windows - told - hidden == set()
