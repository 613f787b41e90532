"""Laws of what is counted and told (contract 2: every event dropped is counted by reason)."""

import pytest
import structlog

from stream.engine.debtors.accepted import CountedFact
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.kafka.deadletter import REASONS
from stream.partition.counts import KINDS, EventCounts
from stream.publish.meters import Meters
from tests.kafka.records import NOON_MS, call


def fact(number: int, **fields: object) -> Fact:
    found = decode(call(number, **fields))  # type: ignore[arg-type]
    assert not isinstance(found, Rejection)
    return found


def counts(meters: Meters, metric: str, label: str = "") -> dict[str, float]:
    (family,) = (family for family in meters.collect() if f"{family.name}_total" == metric)
    return {sample.labels.get(label, ""): sample.value for sample in family.samples}


def test_every_type_and_every_reason_is_told_from_the_first_commit_on() -> None:
    meters = Meters()
    EventCounts(()).cut().report(meters)
    assert counts(meters, "collections_deadletters_total", "reason") == dict.fromkeys(REASONS, 0)
    assert counts(meters, "collections_events_rejected_total", "reason") == dict.fromkeys(REASONS, 0)
    assert counts(meters, "collections_events_consumed_total", "type") == dict.fromkeys(KINDS.values(), 0)


def test_of_each_site_the_last_event_is_told() -> None:
    meters, tally = Meters(), EventCounts(())
    tally.accepted([fact(1, at_ms=5_000, site_id="east"), fact(2, at_ms=3_000, site_id="east"), fact(3, at_ms=1_000)])
    tally.cut().report(meters)
    (family,) = (each for each in meters.collect() if each.name == "collections_last_event_timestamp_seconds")
    last_s = {sample.labels["site"]: sample.value for sample in family.samples}
    assert last_s == {"east": NOON_MS / 1000 + 5, "main": NOON_MS / 1000 + 1}


def test_what_is_counted_after_a_cut_is_told_with_the_next() -> None:
    meters, tally = Meters(), EventCounts(("main",))
    tally.accepted([fact(1), fact(2, site_id="elsewhere")])
    tally.known("duplicate")
    tally.refused("invalid")
    first = tally.cut()
    tally.accepted([fact(3)])
    tally.known("superseded")
    tally.refused("limit")
    first.report(meters)
    assert counts(meters, "collections_events_consumed_total", "type")["call"] == 2
    assert counts(meters, "collections_events_duplicate_total") == {"": 1}
    assert counts(meters, "collections_events_unconfigured_site_total") == {"": 1}
    assert counts(meters, "collections_events_superseded_total") == {"": 0}
    tally.cut().report(meters)
    assert counts(meters, "collections_events_consumed_total", "type")["call"] == 3
    assert counts(meters, "collections_events_superseded_total") == {"": 1}
    found = counts(meters, "collections_deadletters_total", "reason")
    assert {reason: count for reason, count in found.items() if count} == {"invalid": 1, "limit": 1}
    tally.cut().report(meters)
    assert counts(meters, "collections_events_consumed_total", "type")["call"] == 3


def test_a_site_that_is_not_configured_is_named_in_the_log_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventCounts, "_named", set())  # it lives as long as the process, which other tests share
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            for tally in (EventCounts(("main",)), EventCounts(("main",))):
                tally.accepted([fact(1), fact(2, site_id="nowhere"), fact(3, site_id="nowhere")])
                tally.cut().report(Meters())
    assert [(each["log_level"], each["site"]) for each in said] == [("warning", "nowhere")]


def by_team(meters: Meters) -> dict[str, dict[tuple[str, ...], float]]:
    """Counter -> (site, team, currency if there is one) -> its value, those with a team alone."""
    return {
        family.name.removeprefix("collections_"): {tuple(s.labels.values()): s.value for s in family.samples}
        for family in meters.collect()
        if any("team" in sample.labels for sample in family.samples)
    }


def test_calls_and_promises_count_for_their_own_team_and_each_team_that_is_named_has_every_counter() -> None:
    meters, tally = Meters(), EventCounts(("main",))
    reached = {"outcome": "human", "party": "right", "talk_ms": 1}
    calls = [
        fact(1, team_id="t-1", direction="outbound", outcome="no_answer"),
        fact(2, team_id="t-1", direction="outbound", **reached),
        fact(3, team_id="t-1", direction="inbound", **reached),
        fact(4, team_id="t-2", direction="outbound", transferred_from="k-1", **reached),
        fact(5, direction="outbound", outcome="no_answer", void=True),
    ]
    tally.accepted(calls)
    tally.credited(
        {CountedFact("recovered_minor", "main", "t-1", "CNY"): 700, CountedFact("payments", "main", "t-1"): 2}
    )
    tally.cut().report(meters)
    assert by_team(meters) == {
        "dials": {("main", "t-1"): 2},
        "contacts": {("main", "t-1"): 2},
        "promises": {("main", "t-1"): 0},
        "payments": {("main", "t-1"): 2},
        "complaints": {("main", "t-1"): 0},
        "corrections": {("main", "t-1"): 0},
        "recovered_minor_units": {("main", "t-1", "CNY"): 700},
    }
    tally.accepted([fact(9, team_id="t-1", direction="outbound", outcome="no_answer")])
    tally.cut().report(meters)
    assert by_team(meters)["dials"] == {("main", "t-1"): 3}
