"""A call that counts at its end (`calls_counted_at: end`): what it counts waits for that, and nothing else moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.entities.stage import EntityStage, Publication
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_ms
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.forgetting import LONGEST_WINDOW_MS, forgettable
from stream.windows.calendar import local_midnight_ms
from stream.windows.plan import WindowPlan
from tests.engine.deltas import rows_of
from tests.facts.events import wire

PLAN = WindowPlan(rolling=(("rolling_15m", 900_000),), intervals=(("interval_30m", 1_800_000),))
DAY = "2026-11-02T"
AT_END = Definitions(calls_counted_at="end")


def call(start: str, end: str, **more: Any) -> Fact:
    fact = decode(wire("call", occurred_at=f"{DAY}{start}Z", ended_at=f"{DAY}{end}Z", **more))
    assert not isinstance(fact, Rejection), fact
    return fact


def ms(time: str) -> int:
    return instant_ms(f"{DAY}{time}Z")


def stage(definitions: Definitions = AT_END) -> DebtorStage:
    return DebtorStage(definitions, PLAN, FactLimits(), 0)


def dials(two: EntityStage, window: str) -> int | None:
    """What the last record of the site says, published as of now."""
    said = {key: json.loads(value) for key, value in two.tick(two.as_of_ms).kpis}
    records = [record for key, record in said.items() if key.startswith(f"main|site|main|{window}|".encode())]
    found = [item["numerator"] for record in records for item in record["kpis"] if item["kpi"] == "dials"]
    return found[-1] if found else None


@pytest.mark.parametrize(("counted", "shown"), [("start", None), ("end", 3)])
def test_calls_longer_than_a_rolling_window_show_in_it_only_at_their_end(counted: str, shown: int | None) -> None:
    #  calls of 20 minutes end at 10:00, 10:05, 10:10; told of then. The window of 15 minutes as of 10:10:10
    one, two = stage(Definitions(calls_counted_at=counted)), EntityStage(PLAN, (), Publication(), 0, 1)
    for n, (start, end) in enumerate((("09:40:00", "10:00:00"), ("09:45:00", "10:05:00"), ("09:50:00", "10:10:00"))):
        one.apply(call(start, end, call_id=f"k-{n}", event_id=f"e-{n}"))
    for key, value in one.take().deltas:
        two.apply(key, value)
    two.apply(STATEMENT_KEY, encode_statement(0, ms("10:10:01"), ms("10:10:01")))
    assert dials(two, "rolling_15m") == shown


def test_what_a_call_counts_waits_for_its_end_as_a_deadline_does() -> None:
    one, two = stage(), EntityStage(PLAN, (), Publication(), 0, 1)
    one.apply(call("10:00:00", "10:40:00"))
    for key, value in one.take().deltas:
        two.apply(key, value)
    assert dials(two, "interval_30m") is None
    two.apply(STATEMENT_KEY, encode_statement(0, ms("10:41:00"), ms("10:41:00")))
    assert dials(two, "interval_30m") == 1


def test_an_end_before_the_start_counts_at_the_start() -> None:
    one = stage()
    one.apply(call("10:00:00", "09:00:00"))
    grains = {place[0] for _, value in one.take().deltas for place, _ in rows_of(value)}
    assert grains == {ms("10:00:00") // PLAN.grain_ms}


def test_too_late_is_told_by_the_start_and_a_frozen_window_by_what_counts_in_it() -> None:
    one, frontier = stage(), ms("10:10:00")
    assert one.apply(call("10:00:00", "10:20:00", call_id="k-1"), frontier).kind == "too_late"
    assert one.apply(call("10:05:00", "10:08:00", call_id="k-2"), None).kind == "accepted"
    one.take()
    gone = call("10:11:00", "10:30:00", call_id="k-2", event_id="e-2", version=2)
    assert one.apply(gone, frontier).kind == "superseded"  # the first version is
    rows = {place: amounts["dials"] for _, value in one.take().deltas for place, amounts in rows_of(value)}
    grain = PLAN.grain_ms
    assert rows == {(ms("10:08:00") // grain, 0, frontier, 1): -1, (ms("10:30:00") // grain, 0, 0, 1): 1}


def test_a_call_is_kept_until_what_it_counts_is_past_every_correction() -> None:
    def midnight_ms(_: str, day: str, days: int) -> int:
        return local_midnight_ms("UTC", day, days)

    late = decode(wire("call", occurred_at="2026-11-02T10:00:00Z", ended_at="2027-11-02T10:00:00Z", case_id=None))
    assert not isinstance(late, Rejection)
    frontier = late.occurred_at + 2 * LONGEST_WINDOW_MS
    assert forgettable([late], frontier, Definitions(), midnight_ms)[0] == [late]
    assert forgettable([late], frontier, AT_END, midnight_ms)[0] == []
