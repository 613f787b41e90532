"""Calls, queues and segments, each rule of catalogue version 2 on an example worked out by hand from the pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.catalogue import CATALOGUE
from tests.oracle.config import read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of
from tests.oracle.reading import instant
from tests.oracle.records import rolling_records
from tests.oracle.told import measures, record, valid
from tests.worlds import events as e


def test_a_queue_has_what_its_calls_count_by_themselves_and_no_other_kpi() -> None:
    call = e.call("2026-11-02T10:00:00Z", "k", party="right", queue_id="q", segment_id="s", case_id="c1")
    promise = e.promise("2026-11-02T10:01:00Z", "p", ("2026-11-05", 10), segment_id="s")
    on_call = e.state("2026-11-02T10:00:00Z", "s1", "on_call", segment_id="s")
    raws = [call, promise, on_call]
    calls_only = {
        "dials": (1, None),
        "contacts": (1, None),
        "right_party_contacts": (1, None),
        "connect_rate": (1, 1),
        "right_party_rate": (1, 1),
        "drop_rate": (0, 1),
        "talk_time_mean": (0, 1),
        "handle_time_mean": (0, 1),
        "hold_time_mean": (0, 1),
        "wrap_time_mean": (0, 1),
        "transfer_rate": (0, 1),
    }
    assert record(raws, "queue|q") == calls_only
    promised = {"promises": (1, None), "promised_amount:CNY": (10, None), "promise_rate": (1, 1)}
    more = {"workload": (1, None), "complaint_rate": (0, 1)}
    assert record(raws, "segment|s") == calls_only | promised | more
    assert record([e.call("2026-11-02T10:00:00Z", "k")], "queue|unassigned") == {}


def test_which_kpis_exist_at_queue_and_segment() -> None:
    at_queue = {kpi.kpi for kpi in CATALOGUE.values() if kpi.exists_at("queue")}
    assert at_queue == {
        *("dials", "contacts", "right_party_contacts", "offered", "callbacks", "drops", "transfers_in"),
        *("connect_rate", "right_party_rate", "talk_time_mean", "handle_time_mean", "effective_talk_ratio"),
        *("service_level", "abandonment_rate", "drop_rate", "answer_wait_mean", "abandon_wait_mean"),
        *("hold_time_mean", "wrap_time_mean", "transfer_rate"),
    }
    missing = {kpi.kpi for kpi in CATALOGUE.values() if not kpi.exists_at("segment")}
    per_hour = {f"{kpi}_per_hour" for kpi in ("dials", "contacts", "right_party_contacts", "promises", "recovered")}
    assert missing == per_hour | {"occupancy_ratio", "signed_in_time", "productive_time", "break_time"}
    assert all(kpi.exists_at(level) for kpi in CATALOGUE.values() for level in ("agent", "team", "site"))


def test_a_reversal_goes_to_the_segment_of_its_payment_and_to_none_where_that_has_none() -> None:
    paid = e.payment("2026-11-02T10:00:00Z", "y", 100, segment_id="s1")
    back = e.reversal("2026-11-02T11:00:00Z", "y", 10, segment_id="s2")
    assert record([paid, back], "segment|s1")["reversed_amount:CNY"] == (10, None)
    assert record([paid, back], "segment|s2") == {}
    assert record([paid | {"segment_id": None}, back], "segment|s2") == {}
    assert record([paid | {"void": True}, back], "segment|s2") == {"reversed_amount:CNY": (10, None)}
    assert record([back], "segment|s2") == {"reversed_amount:CNY": (10, None)}


def test_a_promises_deadline_is_of_its_segment_and_a_payment_of_its_own() -> None:
    made = e.promise("2026-11-01T10:00:00Z", "p", ("2026-11-01", 100), segment_id="s1")
    paid = e.payment("2026-11-02T10:00:00Z", "y", 100, segment_id="s2")
    config = read_config({"definitions": {"promise_grace_days": 1}})
    deadline = record([made, paid], "segment|s1", config, window="day|2026-11-03T00:00:00Z")
    assert deadline["promise_kept_rate"] == (1, 1)
    assert record([made, paid], "segment|s2", config)["recovered_amount:CNY"] == (100, None)


def inbound(call_id: str, outcome: str, queue_ms: int | None, **fields: Any) -> e.Raw:
    at = "2026-11-02T10:00:00Z"
    return e.call(at, call_id, direction="inbound", outcome=outcome, queue_ms=queue_ms, queue_id="q", **fields)


WAITED = [
    inbound("k1", "human", 20_000),
    inbound("k2", "human", 20_001),
    inbound("k3", "human", None),
    inbound("k4", "abandoned", 5_000),
    inbound("k5", "abandoned", 5_001),
    inbound("k6", "abandoned", None),
    inbound("k7", "callback", 1_000),
    inbound("k8", "busy", 0),
]


@pytest.mark.parametrize(
    ("formula", "judged"),
    [
        ("offered", 5),  # k1, k2, k4, k5, k8
        ("answered", 2),  # k1, k2
        ("without_short_abandons", 4),  # k1, k2, k5, k8
    ],
)
def test_the_three_formulas_of_the_service_level(formula: str, judged: int) -> None:
    config = read_config({"definitions": {"service_level_formula": formula}})
    found = record(WAITED, "queue|q", config)
    assert found["service_level"] == (1, judged)
    assert found["offered"] == (8, None)
    assert found["callbacks"] == (1, None)
    assert found["abandonment_rate"] == (2, 5)  # k5 and k6: an unknown wait excuses nobody
    assert found["answer_wait_mean"] == (40_001, 2)
    assert found["abandon_wait_mean"] == (10_001, 2)


def test_one_conversation_over_two_transfers_is_one_offered_call() -> None:
    first = inbound("k1", "human", 3_000, talk_ms=60_000)
    second = inbound("k2", "human", 9_000, talk_ms=120_000, transferred_from="k1", agent_id="a2", party="right")
    third = inbound("k3", "human", None, talk_ms=180_000, transferred_from="never seen", agent_id="a3")
    found = measures([first, second, third])
    assert [found[m] for m in ("offered", "answered", "contacts", "handled", "transfers_in")] == [1, 1, 1, 3, 2]
    assert (found["talk_ms"], found["answered_timed"], found["answer_wait_ms"]) == (360_000, 1, 3_000)
    assert found["right_party_contacts"] == 0
    assert measures([second | {"agent_id": None}]) == {}


def test_a_later_leg_is_a_call_like_any_other_wherever_facts_are_linked() -> None:
    leg = e.call("2026-11-02T10:00:00Z", "k2", transferred_from="k1", party="right", case_id="c1", agent_id="a2")
    paid = e.payment("2026-11-02T12:00:00Z", "y", 50)
    assert record([leg, paid], "agent|a2")["recovered_amount:CNY"] == (50, None)
    placed = e.case("2026-11-02T09:00:00Z", "placed", "x", dpd=1)
    next_day = "day|2026-11-03T00:00:00Z"
    found = record([placed, leg | {"outcome": "busy"}], "site|main", window=next_day)
    assert found["first_contact_rate"] == (1, 1)


def test_an_abandoned_outbound_call_is_a_drop() -> None:
    raws = [
        e.call("2026-11-02T10:00:00Z", "k1", outcome="abandoned"),
        e.call("2026-11-02T10:00:00Z", "k2"),
        e.call("2026-11-02T10:00:00Z", "k3", outcome="busy"),
        e.call("2026-11-02T10:00:00Z", "k4", outcome="abandoned", transferred_from="k2"),
    ]
    found = record(raws, "site|main")
    assert (found["drops"], found["drop_rate"], found["dials"]) == ((1, None), (1, 2), (3, None))


def test_all_that_a_call_counts_may_count_at_its_end() -> None:
    long = e.call("2026-11-02T23:50:00Z", "k1", ended_at="2026-11-03T00:10:00Z", talk_ms=1_200_000)
    odd = e.call("2026-11-02T23:50:00Z", "k2", ended_at="2026-11-02T23:40:00Z")
    at_end = read_config({"definitions": {"calls_counted_at": "end"}})
    next_day = "day|2026-11-03T00:00:00Z"
    assert record([long, odd], "site|main")["dials"] == (2, None)
    assert record([long, odd], "site|main", at_end)["dials"] == (1, None)
    assert record([long, odd], "site|main", at_end, window=next_day)["talk_time_mean"] == (1_200_000, 1)


def test_a_long_call_shows_in_a_short_rolling_window_only_when_it_counts_at_its_end() -> None:
    raws = [
        e.call("2026-11-02T10:00:00Z", "k1", ended_at="2026-11-02T10:20:00Z"),
        e.message("2026-11-02T10:21:00Z", "m", agent_id="a2"),
    ]
    for counted_at, shown in (("start", False), ("end", True)):
        config = read_config({"definitions": {"calls_counted_at": counted_at}})
        facts = facts_of(valid(raws))
        as_of = instant("2026-11-02T10:21:10Z")  # the end of the pane of the last event
        found = rolling_records(contributions_of(facts, config), config, as_of)
        assert ("main|agent|a1|rolling_15m|" in found) is shown
