"""The oracle on examples whose answers were computed by hand from the text."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.calendar import local_instant, windows_touching
from tests.oracle.config import Config, Site, read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of, utc
from tests.oracle.reading import Rejected, instant, read_event
from tests.oracle.replay import expected_replay
from tests.worlds import events as e

SHANGHAI = {"main": Site("Asia/Shanghai", {"day": (9 * 60, 18 * 60), "night": (22 * 60, 6 * 60)})}
CONFIG = Config(sites=SHANGHAI)


def record(raws: list[e.Raw], key: str, config: Config = CONFIG) -> dict[str, Any]:
    """{kpi or kpi:currency: (numerator, denominator)} of one expected record; empty if there is none."""
    found = expected_replay(e.lines(raws), config, as_of="end").kpis.get(key)
    kpis = found["kpis"] if found else []
    return {":".join(filter(None, (k["kpi"], k.get("currency")))): (k["numerator"], k["denominator"]) for k in kpis}


def test_a_promise_is_kept_by_ninety_per_cent_in_the_last_millisecond_before_the_cut_off() -> None:
    #  made 2 Nov 10:00          due 5 Nov   +3 days -> cut-off = midnight that ends 8 Nov (Shanghai) = 8 Nov 16:00Z
    made = e.promise("2026-11-02T10:00:00+08:00", "p", ("2026-11-05", 1000))
    paid = e.payment("2026-11-08T23:59:59.999+08:00", "y", 900)
    due_day = record([paid, made], "main|agent|a1|day|2026-11-08T16:00:00Z")
    assert due_day == {"promise_kept_rate": (1, 1), "promise_kept_amount_rate:CNY": (900, 1000)}
    paid_day = record([paid, made], "main|agent|a1|day|2026-11-07T16:00:00Z")
    per_hour = {"recovered_per_hour:CNY": (900, 0)}
    assert paid_day == {"payments": (1, None), "recovered_amount:CNY": (900, None)} | per_hour


@pytest.mark.parametrize(
    ("at", "amount", "kept"), [("2026-11-09T00:00:00+08:00", 1000, 0), ("2026-11-08T12:00:00+08:00", 899, 0)]
)
def test_a_payment_at_the_cut_off_or_a_unit_short_does_not_keep(at: str, amount: int, kept: int) -> None:
    made = e.promise("2026-11-02T10:00:00+08:00", "p", ("2026-11-05", 1000))
    due_day = record([made, e.payment(at, "y", amount)], "main|team|t1|day|2026-11-08T16:00:00Z")
    assert due_day["promise_kept_rate"] == (kept, 1)


def test_a_reversal_takes_money_back_but_not_the_credit() -> None:
    made = e.promise("2026-11-02T10:00:00+08:00", "p", ("2026-11-05", 1000))
    paid = e.payment("2026-11-03T10:00:00+08:00", "y", 1000)
    back = e.reversal("2027-01-03T10:00:00+08:00", "y", 400, case_id="elsewhere")
    foreign = e.reversal("2027-01-03T10:00:00+08:00", "y", 70, currency="USD", event_id="f")
    raws = [foreign, back, made, paid]
    assert record(raws, "main|agent|a1|day|2026-11-02T16:00:00Z")["recovered_amount:CNY"] == (600, None)
    assert record(raws, "main|agent|a1|day|2027-01-02T16:00:00Z") == {
        "reversed_amount:CNY": (400, None),
        "reversed_amount:USD": (70, None),
    }
    assert record(raws, "main|agent|a1|day|2026-11-08T16:00:00Z")["promise_kept_rate"] == (0, 1)


def test_the_later_promise_supersedes_only_what_is_still_open() -> None:
    #  p: two instalments, cut-offs 5 Nov 0:00 and 10 Nov 0:00 (UTC); q is made on 5 Nov 0:00 exactly
    first = e.promise("2026-10-20T00:00:00Z", "p", ("2026-11-01", 10), ("2026-11-06", 10), site_id="x")
    second = e.promise("2026-11-05T00:00:00Z", "q", ("2026-11-20", 10), site_id="x", currency="USD")
    due = [
        (c.credit.agent, utc(c.at_ms))
        for c in contributions_of(facts_of(valid([first, second])), CONFIG)
        if c.measure == "promises_due"
    ]
    assert sorted(due) == [("a1", "2026-11-05T00:00:00Z"), ("a1", "2026-11-24T00:00:00Z")]


def valid(raws: list[e.Raw]) -> list[dict[str, Any]]:
    found = [read_event(line) for line in e.lines(raws)]
    assert not [event for event in found if isinstance(event, Rejected)]
    return [event for event in found if not isinstance(event, Rejected)]


@pytest.mark.parametrize(
    ("extra", "credited"),
    [
        ([], ("unassigned", "unassigned")),
        ([e.case("2026-11-02T00:00:00Z", "assigned", "k", agent_id="owner")], ("owner", "unassigned")),
        (
            [
                e.case("2026-11-02T00:00:00Z", "assigned", "k", agent_id="owner"),
                e.call("2026-11-01T12:00:00Z", "k7", party="right", case_id="c1", agent_id="caller", team_id="t9"),
            ],
            ("caller", "t9"),
        ),
        ([e.call("2026-11-01T11:59:59.999Z", "k7", party="right", case_id="c1")], ("unassigned", "unassigned")),
        ([e.call("2026-11-08T12:00:00Z", "k7", party="right", case_id="c1")], ("unassigned", "unassigned")),
    ],
)
def test_a_payment_is_credited_to_call_then_owner_then_nobody(extra: list[e.Raw], credited: tuple[str, str]) -> None:
    paid = e.payment("2026-11-08T12:00:00Z", "y", 5)
    found = contributions_of(facts_of(valid([paid, *extra])), CONFIG)
    assert [(c.credit.agent, c.credit.team) for c in found if c.measure == "recovered_minor"] == [credited]


def test_a_night_shift_belongs_to_its_start_date_and_a_skipped_hour_is_read_before_the_change() -> None:
    london = Site("Europe/London", {"night": (22 * 60, 6 * 60), "small": (75, 105)})
    config = Config(sites={"l": london}, intervals=(), month=False)
    at = instant("2026-03-29T00:30:00Z")
    names = {w.name: (utc(w.start_ms), utc(w.end_ms)) for w in windows_touching(config, "l", at, at + 1)}
    assert names == {
        "day": ("2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"),
        "shift_night": ("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
    }
    assert utc(local_instant("Europe/London", instant_day("2026-03-29"), 90)) == "2026-03-29T01:30:00Z"
    assert utc(local_instant("Europe/London", instant_day("2026-10-25"), 90)) == "2026-10-25T00:30:00Z"


def test_the_oracle_knows_nothing_of_the_product() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        imported = re.search(r"^\s*(from|import) stream\b", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert imported is None, path.name


def instant_day(text: str) -> date:
    return date.fromisoformat(text)


def test_the_last_interval_of_a_short_day_ends_at_midnight() -> None:
    config = Config(sites={"h": Site("Australia/Lord_Howe")}, intervals=("1h",), day=False, month=False)
    #  4 Oct 2026: 02:00 -> 02:30, the day has 23.5 h: 13:30Z (3 Oct) to 13:00Z (4 Oct)
    at = instant("2026-10-04T12:45:00Z")
    (last,) = windows_touching(config, "h", at, at + 1)
    assert (utc(last.start_ms), utc(last.end_ms)) == ("2026-10-04T12:30:00Z", "2026-10-04T13:00:00Z")


def test_a_state_lasts_until_the_next_at_most_twelve_hours_and_is_split_at_midnight() -> None:
    config = Config(sites={"main": Site("UTC")})
    raws = [
        e.state("2026-11-02T23:00:00Z", "s1", "on_call"),
        e.state("2026-11-03T01:00:00Z", "s2", "break"),
        e.state("2026-11-03T20:00:00Z", "s3", "logged_out"),
    ]
    assert record(raws, "main|agent|a1|day|2026-11-02T00:00:00Z", config)["occupancy_ratio"] == (3_600_000, 3_600_000)
    found = contributions_of(facts_of(valid(raws)), config)
    assert sum(c.amount for c in found if c.measure == "signed_in_ms") == 14 * 3_600_000


def test_of_two_contents_the_smaller_event_id_counts_also_when_a_duplicate_brings_it() -> None:
    first = e.call("2026-11-02T00:00:00Z", "k") | {"event_id": "e5"}
    rival = first | {"outcome": "busy", "event_id": "e3"}
    again = first | {"event_id": "e1"}
    for raws in ([first, rival, again], [again, first, rival], [first, again, rival]):
        (fact,) = facts_of(valid(raws))
        assert fact["outcome"] == "human"


def test_a_higher_version_counts_whatever_its_event_id() -> None:
    old = e.call("2026-11-02T00:00:00Z", "k", version=1) | {"event_id": "a"}
    new = e.call("2026-11-02T00:00:00Z", "k", version=2, outcome="busy") | {"event_id": "b"}
    (fact,) = facts_of(valid([new, old]))
    assert fact["outcome"] == "busy"


def test_an_alert_waits_for_its_time_fires_once_and_resolves_after_its_rest() -> None:
    rule = {"rule": "many", "kpi": "dials", "level": "team", "window": "rolling_1m", "above": 1, "for": "20s"}
    raw = {
        "windows": {"pane": "10s", "rolling": ["1m"]},
        "alerts": [rule | {"keep_firing_for": "10s", "severity": "info"}],
    }
    #  two dials at :00 and :05 -> breached for T = :10 .. 1:00 (at 1:10 the window [0:10, 1:10) is empty)
    raws = [
        e.call("2026-11-02T00:00:00Z", "k1"),
        e.call("2026-11-02T00:00:05Z", "k2"),
        e.visit("2026-11-02T00:02:00Z", "v"),
    ]
    found = expected_replay(e.lines(raws), read_config(raw)).alerts
    assert [(r["state"], r["at"], r["active_since"], r["numerator"]) for r in found] == [
        ("firing", "2026-11-02T00:00:30Z", "2026-11-02T00:00:10Z", 2),
        ("resolved", "2026-11-02T00:01:20Z", "2026-11-02T00:00:10Z", 0),
    ]
