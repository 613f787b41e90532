"""The end of replay, and alerts, each rule of catalogue version 2 on an example worked out by hand from the pages."""

from __future__ import annotations

from typing import Any

from tests.oracle.config import read_config
from tests.oracle.told import record, replay
from tests.worlds import events as e


def test_replay_ends_with_the_pane_of_the_last_event_a_losing_one_included() -> None:
    made = e.promise("2026-11-02T10:00:00Z", "p", ("2026-11-02", 100))
    last = e.visit("2026-11-02T10:29:55Z", "v") | {"version": 2, "void": True}
    told = replay([made, last]).kpis
    assert {r["window"]: (r["as_of"], r["final"]) for r in told.values() if r["level"] == "site"} == {
        "interval_30m": ("2026-11-02T10:30:00Z", True),
        "day": ("2026-11-02T10:30:00Z", False),
        "month": ("2026-11-02T10:30:00Z", False),
    }
    assert not [key for key in told if key.endswith("2026-11-06T00:00:00Z")]  # the promise's deadline is not yet
    ended = replay([made, last], as_of="end").kpis
    assert all(record["final"] and record["as_of"] == record["end"] for record in ended.values())
    assert "main|site|main|day|2026-11-06T00:00:00Z" in ended


def test_an_end_between_two_panes_is_rounded_up_and_what_lies_at_or_after_it_is_not_counted() -> None:
    raws = [e.visit(f"2026-11-02T10:00:{second}Z", f"v{second}") for second in ("09.999", "10", "20")]
    for as_of, visits in (("10:00:10Z", 1), ("10:00:10.001Z", 2), ("10:00:20Z", 2), ("10:00:20.001Z", 3)):
        assert record(raws, "site|main", as_of=f"2026-11-02T{as_of}")["visits"] == (visits, None), as_of
    assert record(raws, "site|main", as_of="2026-11-02T10:00:00Z") == {}


def test_facts_after_the_end_of_replay_are_known_all_the_same() -> None:
    paid = e.payment("2026-11-02T10:00:00Z", "y", 100)
    back = e.reversal("2026-11-05T10:00:00Z", "y", 40)
    assert record([paid, back], "site|main", as_of="2026-11-02T12:00:00Z")["recovered_amount:CNY"] == (60, None)
    void = paid | {"event_id": "z", "version": 2, "void": True, "occurred_at": "2026-11-06T10:00:00Z"}
    assert record([paid, void], "site|main", as_of="2026-11-02T12:00:00Z") == {}


LOW = {"rule": "low", "kpi": "connect_rate", "level": "team", "window": "day", "below": 0.5, "exit": 0.8}


def alerts(raws: list[e.Raw], as_of: str | None = None, **rule: Any) -> list[tuple[str, str]]:
    config = read_config({"windows": {"pane": "10s"}, "alerts": [LOW | rule]})
    return [(a["state"], a["at"][11:-1]) for a in replay(raws, config, as_of).alerts]


def test_a_pending_rate_between_limit_and_exit_level_is_not_breached() -> None:
    raws = [
        e.call("2026-11-02T10:00:00Z", "k1", outcome="busy"),  # T = 10: 0/1, pending
        e.call("2026-11-02T10:00:10Z", "k2"),  # T = 20: 1/2, no longer below 0.5
        e.visit("2026-11-02T10:01:00Z", "v"),
    ]
    assert alerts(raws, **{"for": "20s"}) == []
    assert alerts(raws) == [("firing", "10:00:10")]  # firing, it goes on until 0.8


def test_a_void_version_is_known_to_alerts_from_its_own_time_on() -> None:
    busy = e.call("2026-11-02T10:00:00Z", "k1", outcome="busy")
    void = busy | {"event_id": "z", "version": 2, "void": True, "occurred_at": "2026-11-02T10:00:30Z"}
    raws = [busy, void, e.visit("2026-11-02T10:01:00Z", "v")]
    assert alerts(raws) == [("firing", "10:00:10"), ("resolved", "10:00:40")]
    assert alerts(raws, as_of="2026-11-02T10:00:10Z") == [("firing", "10:00:10"), ("resolved", "10:00:40")]


def test_a_rule_may_watch_a_queue_or_a_segment() -> None:
    busy = e.call("2026-11-02T10:00:00Z", "k1", outcome="busy", queue_id="q", segment_id="s")
    raws = [busy, e.visit("2026-11-02T10:01:00Z", "v")]
    for level in ("queue", "segment"):
        assert alerts(raws, level=level) == [("firing", "10:00:10")]


def test_an_open_state_is_seen_by_a_rule_while_it_lasts() -> None:
    raws = [e.state("2026-11-02T10:00:00Z", "s1", "break"), e.visit("2026-11-02T10:01:00Z", "v", agent_id="a2")]
    rule: dict[str, Any] = {
        "kpi": "break_time",
        "level": "agent",
        "window": "rolling_1h",
        "below": None,
        "above": 30_000,
        "exit": None,
    }
    assert alerts(raws, **rule) == [("firing", "10:00:40")]
