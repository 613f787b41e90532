"""States, payments, reviews and messages, each rule of catalogue version 2 by an example worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.agents import agent_records
from tests.oracle.config import HOUR_MS, Config, read_config
from tests.oracle.told import SHANGHAI, record, replay, valid
from tests.worlds import events as e

SITTING = e.state("2026-11-02T09:00:00+08:00", "s1", "on_call")
NIGHT = "day|2026-11-01T16:00:00Z"


@pytest.mark.parametrize(
    ("definitions", "as_of", "hours"),
    [
        ({}, "2026-11-02T10:30:00+08:00", 1.5),
        ({}, "end", 12),
        ({"open_state_max": "2h"}, "end", 2),
        ({"open_state_ends_with_shift": True}, "end", 9),
        ({"open_state_ends_with_shift": True, "open_state_max": "1h"}, "end", 1),
    ],
)
def test_an_open_state_counts_from_the_moment_it_is_known(definitions: e.Raw, as_of: str, hours: float) -> None:
    shifts = {"early": ["09:00", "18:00"], "thin": ["09:00", "09:30"]}
    raw = {"sites": {"main": {"zone": "Asia/Shanghai", "shifts": shifts}}, "definitions": definitions}
    found = record([SITTING], "agent|a1", read_config(raw), as_of, NIGHT)
    sat_ms = int(hours * HOUR_MS)
    assert found == {
        "occupancy_ratio": (sat_ms, sat_ms),
        "productive_time": (sat_ms, None),
        "signed_in_time": (sat_ms, None),
        "dials_per_hour": (0, sat_ms),
        "contacts_per_hour": (0, sat_ms),
        "right_party_contacts_per_hour": (0, sat_ms),
        "promises_per_hour": (0, sat_ms),
    }


def test_the_end_of_a_shift_bounds_a_state_that_has_a_next_one_too() -> None:
    raws = [
        e.state("2026-11-02T17:30:00+08:00", "s1", "break"),  # in both shifts: until 22:00
        e.state("2026-11-02T23:00:00+08:00", "s2", "available"),  # in none: until the next
        e.state("2026-11-02T23:30:00+08:00", "s3", "logged_out"),
    ]
    with_shift = Config(sites=SHANGHAI.sites, shifts=False, open_state_ends_with_shift=True)
    found = record(raws, "agent|a1", with_shift, window=NIGHT)
    assert (found["break_time"], found["productive_time"]) == ((4.5 * HOUR_MS, None), (HOUR_MS / 2, None))
    assert found["signed_in_time"] == (5 * HOUR_MS, None)
    assert record(raws, "agent|a1", SHANGHAI, window=NIGHT)["break_time"] == (5.5 * HOUR_MS, None)


def test_a_void_state_gives_its_time_to_the_one_before() -> None:
    raws = [SITTING, e.state("2026-11-02T10:00:00+08:00", "s2", "break")]
    void = raws[1] | {"version": 2, "void": True}
    end = "2026-11-02T11:00:00+08:00"
    assert record(raws, "agent|a1", SHANGHAI, end, NIGHT)["occupancy_ratio"] == (HOUR_MS, HOUR_MS)
    assert record([*raws, void], "agent|a1", SHANGHAI, end, NIGHT)["occupancy_ratio"] == (2 * HOUR_MS, 2 * HOUR_MS)


def test_per_hour_kpis_need_no_numerator_but_money_per_hour_does() -> None:
    raws = [SITTING, e.call("2026-11-02T09:10:00+08:00", "k"), e.payment("2026-11-02T09:20:00+08:00", "y", 60)]
    found = replay(raws, SHANGHAI, "2026-11-02T11:00:00+08:00").kpis["main|agent|a1|day|2026-11-01T16:00:00Z"]
    told = {k["kpi"]: (k["numerator"], k["denominator"], k["value"]) for k in found["kpis"]}
    assert told["dials_per_hour"] == (1, 2 * HOUR_MS, 0.5)
    assert told["promises_per_hour"] == (0, 2 * HOUR_MS, 0.0)
    assert "recovered_per_hour" not in told


def dated(payment_id: str, day: str, amount_minor: int = 100, **fields: Any) -> e.Raw:
    raw = e.payment("", payment_id, amount_minor, occurred_on=day, **fields)
    del raw["occurred_at"]
    return raw


def test_a_dated_payment_counts_at_the_start_of_its_day_and_is_ordered_at_its_end() -> None:
    made = e.promise("2026-11-02T17:00:00+08:00", "p", ("2026-11-02", 100))
    day = "day|2026-11-01T16:00:00Z"
    found = record([made, dated("y", "2026-11-02")], "agent|a1", SHANGHAI, window=day)
    assert found["recovered_amount:CNY"] == (100, None)
    kept = record([made, dated("y", "2026-11-05")], "agent|a1", SHANGHAI, window="day|2026-11-05T16:00:00Z")
    assert kept["promise_kept_rate"] == (1, 1)  # 5 Nov is the last day of grace
    late = record([made, dated("y", "2026-11-06")], "agent|a1", SHANGHAI, window="day|2026-11-05T16:00:00Z")
    assert late["promise_kept_rate"] == (0, 1)


def test_a_dated_payment_moves_the_end_of_replay_to_the_start_of_its_day() -> None:
    told = replay([dated("y", "2026-11-02")], SHANGHAI).kpis
    assert told["main|site|main|day|2026-11-01T16:00:00Z"]["as_of"] == "2026-11-01T16:00:10Z"


def test_a_dated_reversal_counts_at_its_day_too() -> None:
    paid = e.payment("2026-10-20T10:00:00Z", "y", 100)
    back = e.reversal("", "y", 30) | {"occurred_on": "2026-11-02"}
    del back["occurred_at"]
    assert record([paid, back], "site|main")["reversed_amount:CNY"] == (30, None)


def test_a_payment_without_a_case_belongs_to_the_only_case_that_the_others_name() -> None:
    owner = e.case("2026-11-01T10:00:00Z", "assigned", "x", agent_id="owner")
    paid = e.payment("2026-11-02T10:00:00Z", "y", 50, case_id=None)
    other = e.visit("2026-11-01T10:00:00Z", "v", case_id="c2")
    assert record([owner, paid], "agent|owner")["recovered_amount:CNY"] == (50, None)
    assert record([owner, paid, other], "agent|owner") == {}
    assert record([owner, paid, other], "agent|unassigned")["recovered_amount:CNY"] == (50, None)
    assert record([owner, paid, other | {"void": True}], "agent|owner")["recovered_amount:CNY"] == (50, None)


def test_the_delay_of_a_payment_runs_from_the_first_placing_to_where_it_is_ordered() -> None:
    placed = e.case("2026-11-02T09:00:00Z", "placed", "x")
    first = record([placed, e.payment("2026-11-02T10:00:00Z", "y", 50)], "site|main")
    assert first["payment_delay_mean"] == (HOUR_MS, 1)
    assert record([placed, dated("y", "2026-11-02")], "site|main")["payment_delay_mean"] == (15 * HOUR_MS - 1, 1)
    assert "payment_delay_mean" not in record([placed, e.payment("2026-11-02T08:59:59Z", "y", 50)], "site|main")
    paid, back = e.payment("2026-11-02T10:00:00Z", "y", 50), e.reversal("2026-11-02T10:00:00Z", "y", 50)
    assert "payment_delay_mean" not in record([placed, paid, back], "site|main")


def test_points_of_reviews_and_delivery_of_messages_count_where_they_are_known() -> None:
    review = {"agent_id": "a1", "passed": True}
    raws = [
        e.event("quality_review", "2026-11-02T10:00:00Z", "w1", review_id="w1", score=80, **review),
        e.event("quality_review", "2026-11-02T10:00:00Z", "w2", review_id="w2", score=0, **review),
        e.event("quality_review", "2026-11-02T10:00:00Z", "w3", review_id="w3", **review),
        e.message("2026-11-02T10:00:00Z", "m1", delivered=True),
        e.message("2026-11-02T10:00:00Z", "m2", delivered=False),
        e.message("2026-11-02T10:00:00Z", "m3"),
        e.message("2026-11-02T10:00:00Z", "m4", delivered=True, direction="inbound"),
    ]
    found = record(raws, "agent|a1")
    assert found["qa_score_mean"] == (80, 2)
    assert found["qa_pass_rate"] == (3, 3)
    assert found["delivered_rate"] == (1, 2)


def test_the_latest_state_of_an_agent_at_a_site_is_the_one_that_counts_last() -> None:
    first = e.state("2026-11-02T09:00:00Z", "s1", "available")
    lunch = e.state("2026-11-02T12:00:00Z", "s2", "break", reason="lunch", team_id=None)
    tie = e.state("2026-11-02T12:00:00Z", "s3", "meeting")
    there = e.state("2026-11-02T10:00:00Z", "s4", "on_call", site_id="two")
    base = {"site": "main", "agent": "a1", "team": None, "state": "break", "reason": "lunch"}
    assert agent_records(valid([lunch, first]))["main|a1"] == base | {"since": "2026-11-02T12:00:00Z"}
    assert agent_records(valid([lunch, tie, first]))["main|a1"]["state"] == "meeting"
    assert agent_records(valid([there, lunch]))["two|a1"]["state"] == "on_call"
    void = [raw | {"version": 2, "void": True} for raw in (first, lunch)]
    assert agent_records(valid([first, lunch, void[1]]))["main|a1"]["state"] == "available"
    gone = agent_records(valid([first, lunch, *void]))["main|a1"]
    assert (gone["state"], gone["team"], gone["reason"], gone["since"]) == (None, None, None, None)
