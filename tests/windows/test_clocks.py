"""What the clocks let out, and when (live 2 and 4, contract 2): calls in at stage 1, records out of stage 2."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest

from stream.alerts.rules import Rule, exact
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.entities.publication import Publication
from stream.engine.entities.stage import EntityStage
from stream.facts.decode import Rejection, decode
from stream.facts.instant import instant_text
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.plan import WindowPlan
from tests.facts.events import event

MINUTE, PANE = 60_000, 10_000
NOON_MS = 1_793_620_800_000
"""2026-11-02T12:00:00Z."""
HALF_HOUR = 30 * MINUTE
GRACE = 10 * MINUTE
PLAN = WindowPlan(rolling=(("rolling_1m", MINUTE),), intervals=(("interval_30m", HALF_HOUR),), sites={})
LIVE = Publication(every_ms=0, grace_ms=GRACE)
BUSY = Rule("busy", "dials", "site", "rolling_1m", exact("1"), exact("1"), above=True)
Record = dict[str, Any]


class Floor:
    """One ledger, and one stage 2 that waits for `numbers` of them."""

    def __init__(self, numbers: int = 1, publication: Publication = LIVE) -> None:
        self.one = DebtorStage(Definitions(), PLAN, FactLimits(), 0, frozenset({"dials"}))
        self.two = EntityStage(PLAN, (BUSY,), publication, 0, numbers)
        self.now_ms = 0

    def call(self, name: str, at_ms: int, version: int = 1) -> None:
        """An outbound call that nobody answered, at `at_ms` after noon, in the deltas topic."""
        at = instant_text(NOON_MS + at_ms)
        raw = event("call", call_id=name, event_id=f"{name}-{version}", version=version, occurred_at=at, ended_at=at)
        fact = decode(orjson.dumps(raw | {"outcome": "no_answer", "direction": "outbound", "site_id": "s"}))
        assert not isinstance(fact, Rejection)
        self.one.apply(fact)
        for key, value in self.one.take().deltas:
            self.two.apply(key, value)

    def state(self, watermark_ms: int | None, greatest_ms: int | None = None, number: int = 0) -> None:
        """A number says what it knows of time, in ms after noon."""
        known = [None if ms is None else NOON_MS + ms for ms in (watermark_ms, greatest_ms)]
        self.two.apply(STATEMENT_KEY, encode_statement(number, known[0], known[0] if known[1] is None else known[1]))

    def tick(self) -> tuple[dict[str, Record], list[Record]]:
        """(window name -> the site's record, alerts) that go out now."""
        self.now_ms += 1_000
        output = self.two.tick(self.now_ms)
        records = [json.loads(value) for _, value in output.kpis]
        sites = {record["window"]: record for record in records if record["level"] == "site"}
        assert len(sites) == sum(record["level"] == "site" for record in records)
        return sites, [json.loads(value) for _, value in output.alerts]


def dials(record: Record) -> int | None:
    return next((k["numerator"] for k in record["kpis"] if k["kpi"] == "dials"), None)


def test_records_are_fresh_and_not_final_while_a_number_lags() -> None:
    floor = Floor(numbers=2)
    floor.call("k1", 0)
    floor.state(24 * 60 * MINUTE)  # far ahead; the other number has said nothing
    records, alerts = floor.tick()
    assert dials(records["interval_30m"]) == 1
    assert not records["interval_30m"]["final"]
    floor.state(5 * MINUTE, number=1)
    assert not any(record["final"] for record in floor.tick()[0].values())
    assert alerts == []


def test_as_of_is_the_end_of_the_pane_of_the_greatest_event_time_and_never_goes_back() -> None:
    floor = Floor()
    floor.call("k1", 12_345)
    assert floor.tick()[0]["day"]["as_of"] == instant_text(NOON_MS + 2 * PANE)
    floor.state(0, greatest_ms=MINUTE)
    floor.call("k2", 0)
    assert floor.tick()[0]["day"]["as_of"] == instant_text(NOON_MS + MINUTE + PANE)
    floor.state(0, greatest_ms=1)
    floor.call("k3", 1)
    assert floor.tick()[0]["day"]["as_of"] == instant_text(NOON_MS + MINUTE + PANE)


def test_a_live_window_does_not_count_instants_at_or_after_its_as_of() -> None:
    """The placing's first-contact deadline lies a day ahead: it counts once the clock has passed it."""
    floor = Floor()
    raw = event("case", change="placed", dpd=3, occurred_at=instant_text(NOON_MS), site_id="s")
    fact = decode(orjson.dumps(raw))
    assert not isinstance(fact, Rejection)
    floor.one.apply(fact)
    for key, value in floor.one.take().deltas:
        floor.two.apply(key, value)
    day_ms = 24 * 60 * MINUTE
    due = {"first_contact_rate"}
    assert not due & {k["kpi"] for record in floor.tick()[0].values() for k in record["kpis"]}
    floor.state(day_ms - 1)  # its pane ends with the deadline
    assert not due & {k["kpi"] for record in floor.tick()[0].values() for k in record["kpis"]}
    floor.state(day_ms)
    assert due <= {k["kpi"] for record in floor.tick()[0].values() for k in record["kpis"]}


def test_a_window_is_final_from_its_end_and_the_grace_on_by_the_least_watermark() -> None:
    floor = Floor(numbers=2)
    floor.call("k1", 0)
    floor.tick()
    ends = HALF_HOUR + GRACE
    floor.state(10 * ends)
    floor.state(ends - 1, number=1)
    assert "interval_30m" not in floor.tick()[0]
    floor.state(ends, number=1)
    assert floor.tick()[0]["interval_30m"]["final"]


def test_a_correction_of_a_final_window_has_a_higher_revision_and_is_final_again() -> None:
    floor = Floor()
    floor.call("k1", 0)
    floor.state(HALF_HOUR + GRACE)
    first = floor.tick()[0]["interval_30m"]
    floor.call("k2", 1_000)
    again = floor.tick()[0]["interval_30m"]
    assert (dials(first), dials(again)) == (1, 2)
    assert again["revision"] > first["revision"]
    assert first["final"]
    assert again["final"]


def test_a_window_that_is_corrected_to_nothing_is_published_once_without_kpis() -> None:
    floor = Floor()
    floor.call("k1", 0)
    floor.state(2 * HALF_HOUR)
    before = floor.tick()[0]["interval_30m"]
    floor.call("k1", 2 * HALF_HOUR, version=2)
    output = floor.two.tick(10_000)
    told = [json.loads(value) for _, value in output.kpis]
    emptied = [r for r in told if (r["window"], r["start"], r["level"]) == ("interval_30m", before["start"], "site")]
    assert [(r["kpis"], r["revision"] > before["revision"]) for r in emptied] == [([], True)]
    floor.state(3 * HALF_HOUR)
    floor.call("k9", 2 * HALF_HOUR + 1)
    later = [json.loads(value) for _, value in floor.two.tick(20_000).kpis]
    assert not [r for r in later if r["start"] == before["start"] and r["window"] == "interval_30m" and not r["final"]]


def test_an_evaluation_waits_for_the_watermark_of_all_and_for_the_delay_and_keeps_its_time() -> None:
    delay = 5 * MINUTE
    floor = Floor(numbers=2, publication=replace(LIVE, alert_delay_ms=delay))
    floor.call("k1", 0)
    floor.call("k2", 1_000)
    floor.state(10 * HALF_HOUR)
    assert floor.tick()[1] == []
    floor.state(PANE + delay - 1, number=1)
    assert floor.tick()[1] == []
    floor.state(PANE + delay, number=1)
    (alert,) = floor.tick()[1]
    assert (alert["state"], alert["at"]) == ("firing", instant_text(NOON_MS + PANE))


@pytest.mark.parametrize("every_ms", [1_000, 5_000])
def test_what_changes_goes_out_at_most_once_per_pace_and_at_once_when_final(every_ms: int) -> None:
    floor = Floor(publication=replace(LIVE, every_ms=every_ms))
    floor.call("k1", 0)
    assert any(json.loads(value)["window"] == "day" for _, value in floor.two.tick(0).kpis)
    floor.call("k2", 1)
    assert floor.two.tick(every_ms - 1).kpis == []
    floor.state(HALF_HOUR + GRACE)
    final = [json.loads(value) for _, value in floor.two.tick(every_ms - 1).kpis]
    assert {(record["window"], record["final"]) for record in final} == {("interval_30m", True)}
    assert all(dials(record) == 2 for record in final)
    rest = {json.loads(value)["window"] for _, value in floor.two.tick(every_ms).kpis}
    assert {"day", "month"} <= rest
