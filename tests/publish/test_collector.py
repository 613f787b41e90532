"""The window gauges, seen as Prometheus sees them: samples of the text that is scraped."""

from itertools import pairwise
from zlib import crc32

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from stream.kpis.catalogue import CATALOGUE
from stream.publish.collector import KpiCollector
from stream.publish.exposition import AGENT_KPIS, LIMIT_SERIES, exposition, parts_of
from stream.publish.latest_records import LatestRecords
from stream.publish.lines import LineLayout, Lines
from stream.publish.metrics import METRICS, WINDOWS
from stream.publish.reading import Place
from stream.settings import load
from tests.publish.records import alert, floor, kpi, value

PLAN = load(environ={}).plan()
W = "collections_window_"
AGENT_PARTS = parts_of(AGENT_KPIS)
ALL_BYTES = 10**9


class Exporter:
    """A collector with clocks that stand until they are moved."""

    def __init__(self, limit_series: int = LIMIT_SERIES, numbers: int = 1, limit_bytes: int = ALL_BYTES) -> None:
        self.now_s = 1000.0
        self.alerts = LatestRecords({})
        self.collector = KpiCollector(
            exposition(PLAN, limit_series=limit_series, limit_bytes=limit_bytes), 10, numbers, self.alerts,
            clock=lambda: self.now_s, clock_ms=lambda: round(self.now_s * 1000),
        )  # fmt: skip

    def window(self, part: str, **labels: str) -> float | None:
        """The sample of agent a-017 in rolling_15m, unless `labels` say otherwise."""
        usual = {"site": "main", "level": "agent", "entity": "a-017", "window": "rolling_15m"}
        return self._sample(W + part, usual | labels)

    def value(self, name: str, **labels: str) -> float | None:
        return self._sample(f"collections_{name}", labels)

    def _sample(self, name: str, labels: dict[str, str]) -> float | None:
        found = [s.value for f in self.families() for s in f.samples if (s.name, s.labels) == (name, labels)]
        assert len(found) <= 1, "one sample for each set of labels"
        return found[0] if found else None

    def families(self) -> list[Metric]:
        """Of both pages."""
        texts = (self.collector.agents_text(), self.collector.text())
        return [family for text in texts for family in text_string_to_metric_families(text.decode())]


def test_queues_and_segments_export_the_parts_of_the_kpis_that_exist_there() -> None:
    exporter = Exporter()
    queue = kpi(value("service_level", 8, 10), value("dials", 3), level="queue", entity="q-1")
    segment = kpi(value("workload", 5), value("dials", 1), level="segment", entity="m1")
    exporter.collector.on_committed(0, [queue, segment])
    at_queue, at_segment = {"level": "queue", "entity": "q-1"}, {"level": "segment", "entity": "m1"}
    assert exporter.window("service_judged", **at_queue) == 10
    assert exporter.window("workload", **at_segment) == 5
    assert exporter.window("dials", **at_segment) == 1
    assert exporter.window("workload", **at_queue) is None
    assert exporter.window("productive_seconds", **at_segment) is None
    assert exporter.value("window_entities", level="queue") == 1


def test_a_kpi_is_exported_as_its_parts_in_base_units() -> None:
    exporter = Exporter()
    record = kpi(
        value("connect_rate", 12, 40),
        value("talk_time_mean", 90_500, 3),
        value("recovered_amount", 128_050, currency="CNY"),
        value("recovered_per_hour", 128_050, 1_800_000, currency="CNY"),
    )
    exporter.collector.on_committed(0, [record])
    assert exporter.window("connects") == 12
    assert exporter.window("dials") == 40
    assert exporter.window("talk_seconds") == 90.5
    assert exporter.window("handled") == 3
    assert exporter.window("recovered_minor_units", currency="CNY") == 128_050
    assert exporter.window("productive_seconds") == 1800


def test_an_entity_at_work_has_its_other_counts_at_zero_and_no_amount_that_nobody_named() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, [kpi(value("dials", 3))])
    assert exporter.window("dials") == 3
    assert exporter.window("promises") == 0
    assert W + "recovered_minor_units" not in {family.name for family in exporter.families()}


def test_every_exported_sample_is_in_the_closed_list_with_its_labels() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, floor(), [alert()])
    seen = 0
    for family in exporter.families():
        for sample in family.samples:
            assert set(sample.labels) == set(METRICS[sample.name].labels)
            seen += 1
    assert seen > 1000


def test_agents_export_only_the_parts_and_windows_of_their_budget() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, floor())
    agents = [s for f in exporter.families() for s in f.samples if s.labels.get("level") == "agent"]
    windows = [s for s in agents if "window" in s.labels]
    assert {s.name for s in windows} == AGENT_PARTS
    assert {s.labels["window"] for s in windows} == {"rolling_15m", "day"}
    assert len(windows) <= 24 * 2 * len(AGENT_PARTS)


def test_teams_add_up_to_their_site_in_every_part() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, floor())
    compared = 0
    for family in exporter.families():
        if family.name in {metric.name for metric in WINDOWS}:
            sums = {"team": 0.0, "site": 0.0}
            for sample in family.samples:
                if sample.labels["window"] == "day" and sample.labels["level"] in sums:
                    sums[sample.labels["level"]] += sample.value
            assert sums["team"] == sums["site"], family.name
            compared += 1
    assert compared > 20


def test_an_emptied_window_ends_its_series() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, [kpi(value("dials", 3))])
    exporter.collector.on_committed(0, [kpi(as_of="2026-11-02T01:33:00Z", revision=2)])
    assert exporter.window("dials") is None
    assert exporter.value("window_entities", level="agent") == 0


def test_a_window_that_is_over_ends_its_series_when_its_site_moves_on() -> None:
    """
    interval   |01:00 ------- 01:30|              a-017's last record
    as_of              01:17             01:31    the site's, told by t-1
    """
    exporter = Exporter()
    before = kpi(value("dials", 3), window="interval_30m", level="team")
    exporter.collector.on_committed(0, [before])
    assert exporter.window("dials", window="interval_30m", level="team") == 3
    exporter.collector.on_committed(
        0, [kpi(value("dials", 1), level="team", entity="t-1", as_of="2026-11-02T01:31:00Z")]
    )
    assert exporter.window("dials", window="interval_30m", level="team") is None


def test_a_window_is_current_up_to_and_with_its_end() -> None:
    exporter = Exporter()
    full = kpi(value("dials", 3), window="interval_30m", level="team", as_of="2026-11-02T01:30:00Z")
    exporter.collector.on_committed(0, [full])
    assert exporter.window("dials", window="interval_30m", level="team") == 3


def test_a_rolling_record_that_nobody_replaced_within_its_length_ends() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, [kpi(value("dials", 3))])
    for as_of, expected in (("2026-11-02T01:32:00Z", 3), ("2026-11-02T01:33:00Z", None)):
        exporter.collector.on_committed(0, [kpi(value("dials", 1), entity="a-018", as_of=as_of)])
        assert exporter.window("dials") == expected, as_of


def test_a_late_correction_of_an_older_window_leaves_the_running_one_alone() -> None:
    exporter = Exporter()
    old = kpi(value("dials", 99), level="team", window="day", start="2026-10-31T16:00:00Z", end="2026-11-01T16:00:00Z")
    exporter.collector.on_committed(0, [kpi(value("dials", 3), level="team", window="day")])
    exporter.collector.on_committed(0, [old])
    assert exporter.window("dials", level="team", window="day") == 3


def test_revoked_numbers_end_their_series_and_no_others() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, [kpi(value("dials", 3))], [alert()])
    exporter.collector.on_committed(1, [kpi(value("dials", 4), entity="a-018")])
    exporter.collector.on_revoked(0)
    assert exporter.window("dials") is None
    assert exporter.window("dials", entity="a-018") == 4
    assert [f for f in exporter.families() if f.name == "collections_alert_active"] == []


def test_without_a_commit_for_a_session_the_series_end_and_come_back_with_the_next() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, [kpi(value("dials", 3))])
    shown = []
    for now_s in (1010.0, 1010.1):
        exporter.now_s = now_s
        shown.append(exporter.window("dials"))
    assert shown == [3, None]
    exporter.collector.on_committed(0, [])
    assert exporter.window("dials") == 3


def test_beyond_the_cap_whole_agents_are_withheld_and_counted() -> None:
    exporter, full = Exporter(limit_series=200), Exporter()
    for each in (exporter, full):
        each.collector.on_committed(0, floor())
    shown, every = (
        [s for f in of.families() for s in f.samples if s.labels.get("level") == "agent" and "window" in s.labels]
        for of in (exporter, full)
    )
    assert 0 < len(shown) <= 200 < len(every)
    assert exporter.value("series_dropped") == len(every) - len(shown)
    assert full.value("series_dropped") == 0


ALERT = {
    "rule": "connect_rate_low", "severity": "warning", "site": "main", "level": "team", "entity": "t-3",
    "kpi": "connect_rate", "window": "rolling_15m",
}  # fmt: skip


def test_an_alert_is_1_from_firing_to_resolved_then_0_for_ten_minutes_then_absent() -> None:
    """0 says that it ended; absent, that this worker does not know of it."""
    exporter = Exporter()
    seen = []
    for state in ("pending", "firing", "resolved"):
        exporter.collector.on_committed(0, [], [alert(state=state)])
        seen.append(exporter.value("alert_active", **ALERT))
    for seconds in (600, 0.001):
        exporter.now_s += seconds
        exporter.collector.on_committed(0, [])
        seen.append(exporter.value("alert_active", **ALERT))
    assert seen == [None, 1, 0, 0, None]


def test_an_alert_that_ended_and_fires_again_is_1() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, [], [alert("1"), alert("1", state="resolved"), alert("2")])
    assert exporter.value("alert_active", **ALERT) == 1


def test_an_alert_that_ended_elsewhere_lately_is_0_and_one_that_ended_long_ago_is_absent() -> None:
    for seconds_ago, expected in ((600, 0), (601, None)):
        exporter = Exporter()
        exporter.alerts.on_alert(alert(state="resolved")[1], round((exporter.now_s - seconds_ago) * 1000))
        exporter.collector.on_committed(0, [])
        assert exporter.value("alert_active", **ALERT) == expected


def test_an_alert_that_fired_elsewhere_is_active_where_its_entity_is_owned_now_and_only_there() -> None:
    """The topic tells every worker of every alert; crc32 of `main|team|t-3` modulo 4 is the number that owns it."""
    shown = []
    for number in range(4):
        exporter = Exporter(numbers=4)
        exporter.alerts.on_alert(alert()[1])
        assert exporter.value("alert_active", **ALERT) is None
        exporter.collector.on_committed(number, [])
        shown.append(exporter.value("alert_active", **ALERT))
    owner = crc32(b"main|team|t-3") % 4
    assert shown == [1 if number == owner else None for number in range(4)]


def test_an_alert_that_this_worker_resolved_is_not_raised_again_by_a_slow_reader_of_the_topic() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, [], [alert(), alert(state="resolved")])
    exporter.alerts.on_alert(alert()[1])
    assert exporter.value("alert_active", **ALERT) == 0


def test_as_of_is_the_greatest_of_the_site_and_never_falls() -> None:
    exporter = Exporter()
    seen = []
    for as_of in ("2026-11-02T01:17:20Z", "2026-11-02T01:17:10Z", "2026-11-02T09:00:00Z"):
        exporter.collector.on_committed(0, [kpi(value("dials", 1), entity=as_of, as_of=as_of)])
        seen.append(exporter.value("kpi_as_of_timestamp_seconds", site="main"))
    assert seen[0] == seen[1] == 1793582240
    exporter.collector.on_committed(0, [kpi(entity="2026-11-02T09:00:00Z", as_of="2026-11-02T09:00:00Z", revision=2)])
    seen += [exporter.value("kpi_as_of_timestamp_seconds", site="main") for _ in range(2)]
    assert all(a is not None and b is not None and a <= b for a, b in pairwise(seen)), seen


def test_a_kpi_of_a_newer_catalogue_is_left_out() -> None:
    exporter = Exporter()
    unknown = {"kpi": "made_up", "numerator": 1, "denominator": None, "value": 1, "status": "ok"}
    assert "made_up" not in CATALOGUE
    exporter.collector.on_committed(0, [kpi(unknown, value("dials", 2))])
    assert exporter.window("dials") == 2


def test_a_scrape_renders_only_what_was_committed_since_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, rendered, of = Exporter(), list[str](), LineLayout.lines

    def lines(self: LineLayout, place: Place, value: bytes) -> Lines:
        rendered.append(place[2])
        return of(self, place, value)

    monkeypatch.setattr(LineLayout, "lines", lines)
    exporter.collector.on_committed(0, [kpi(value("dials", n), entity=f"a-{n}") for n in range(3)])
    first = exporter.collector.agents_text()
    assert exporter.collector.agents_text() == first
    assert rendered == ["a-0", "a-1", "a-2"]
    exporter.collector.on_committed(0, [kpi(value("dials", 9), entity="a-1", revision=2)])
    assert exporter.window("dials", entity="a-1") == 9
    assert rendered[3:] == ["a-1"]


def test_names_of_any_characters_are_escaped() -> None:
    exporter, entity = Exporter(), 'a"b\\c\nd\u2028é'
    exporter.collector.on_committed(0, [kpi(value("dials", 3), entity=entity)])
    assert exporter.window("dials", entity=entity) == 3


def test_the_shipped_defaults_drop_nothing_of_two_thousand_agents_and_fifty_teams() -> None:
    exporter = Exporter()
    exporter.collector.on_committed(0, floor(agents=2000, teams=50))
    assert exporter.value("series_dropped") == 0
    assert exporter.value("window_entities", level="agent") == 2000
