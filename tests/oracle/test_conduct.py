"""Conduct rules at their boundaries, on examples whose answers were worked out by hand from the page.

Each is put to the oracle and to replay.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.oracle.config import read_config
from tests.oracle.replay import expected_replay
from tests.worlds import events as e
from tests.worlds.replayed import replayed

CHICAGO = {"main": {"zone": "America/Chicago"}, "two": {"zone": "Europe/London"}}


def config_of(rules: list[e.Raw] | None = None, **section: Any) -> e.Raw:
    return {"sites": CHICAGO, "conduct": {"rules": rules or [], **section}}


def own(kind: str, **values: Any) -> list[e.Raw]:
    return [{"rule": "own", "kind": kind, **values}]


def records(raws: list[e.Raw], config: e.Raw, as_of: str | None = "end", packs: Sequence[e.Raw] = ()) -> list[e.Raw]:
    """What conduct.jsonl must hold, and does."""
    told = expected_replay(e.lines(raws), read_config(config, packs), as_of=as_of)
    assert told.rejected == []
    with TemporaryDirectory() as folder:
        (Path(folder) / "packs.yaml").write_text(json.dumps(packs), encoding="utf-8")
        content = b"".join(line + b"\n" for line in e.lines(raws))
        got = replayed(config, [content], Path(folder), options=() if as_of is None else ("--as-of", as_of))
    assert got.conduct == told.conduct
    return told.conduct


def found(
    raws: list[e.Raw], config: e.Raw, as_of: str | None = "end", packs: Sequence[e.Raw] = ()
) -> list[tuple[str, str]]:
    """(rule, own id of the fact) of each breach, in order."""
    return [(record["rule"], record["fact"]["id"]) for record in records(raws, config, as_of, packs)]


def on_case(at: str, call_id: str, **fields: Any) -> e.Raw:
    """An outbound call on case c1 that nobody answers."""
    return e.call(at, call_id, **({"case_id": "c1", "outcome": "no_answer"} | fields))


def a_week_of(count: int, last: str) -> list[e.Raw]:
    """That many calls from 1 November 18:00Z on, a minute apart, and one at `last`."""
    return [*(on_case(f"2026-11-01T18:{n:02}:00Z", f"k{n}") for n in range(count)), on_case(last, "last")]


REG_F: e.Raw = {"packs": ["us_reg_f"]}
WEEK = {"window": {"days": 7}}
TODAY = {"window": {"days": 1, "local": True}}


@pytest.mark.parametrize(
    ("raws", "expected"),
    [
        (a_week_of(6, "2026-11-02T18:00:00Z"), []),  # the seventh
        (a_week_of(7, "2026-11-02T18:00:00Z"), [("us_reg_f.calls_in_7_days", "last")]),  # the eighth
        (a_week_of(7, "2026-11-08T17:59:59.999Z"), [("us_reg_f.calls_in_7_days", "last")]),
        (a_week_of(7, "2026-11-08T18:00:00Z"), []),  # the first is 7 x 24 h old
    ],
)
def test_seven_calls_in_seven_days(raws: list[e.Raw], expected: list[tuple[str, str]]) -> None:
    assert found(raws, config_of(**REG_F)) == expected


@pytest.mark.parametrize("outcome", ["busy", "invalid_number", "failed"])
def test_a_call_that_never_connects_is_neither_counted_nor_judged(outcome: str) -> None:
    raws = a_week_of(7, "2026-11-02T18:00:00Z")
    assert found([*raws[:-1], raws[-1] | {"outcome": outcome}], config_of(**REG_F)) == []
    assert found([raws[0] | {"outcome": outcome}, *raws[1:]], config_of(**REG_F)) == []


def test_calls_without_a_case_of_others_and_later_legs_are_in_no_count() -> None:
    raws = a_week_of(7, "2026-11-02T18:00:00Z")
    for change in ({"case_id": None}, {"case_id": "c2"}, {"debtor_id": "d2"}, {"transferred_from": "k"}):
        assert found([raws[0] | change, *raws[1:]], config_of(**REG_F)) == [], change


def test_the_eighth_of_one_instant_is_the_last_by_id() -> None:
    raws = [on_case("2026-11-02T18:00:00Z", f"k{n}") for n in range(8)]
    assert found(raws[::-1], config_of(**REG_F)) == [("us_reg_f.calls_in_7_days", "k7")]


def test_a_record_says_what_was_counted_where_the_debtor_lives() -> None:
    raws = a_week_of(7, "2026-11-02T18:00:00.500Z")
    (record,) = records(raws, config_of(**REG_F))
    assert record == {
        "record": "breach",
        "rule": "us_reg_f.calls_in_7_days",
        "pack": "us_reg_f",
        "site": "main",
        "debtor": "d1",
        "case": "c1",
        "number": None,
        "fact": {"type": "call", "id": "last"},
        "at": "2026-11-02T18:00:00.500Z",
        "count": 8,
        "limit": 7,
        "counted": [*(f"k{n}" for n in range(7)), "last"],
        "local_time": "12:00:00",
        "zone": "America/Chicago",
        "zone_assumed": True,
        "agent": "a1",
        "team": "t1",
        "withdrawn": False,
        "revision": 1,
        "run": "replay",
    }


def test_at_most_the_last_twenty_ids_are_listed() -> None:
    rules = own("frequency", counts="attempts", per="debtor", limit=20, window={"days": 1})
    raws = [on_case(f"2026-11-02T18:00:{n:02}Z", f"k{n:02}") for n in range(22)]
    listed = records(raws, config_of(rules))
    assert [(r["count"], r["counted"][0], len(r["counted"])) for r in listed] == [(21, "k01", 20), (22, "k02", 20)]


# The conversation is on Sunday 1 November at 20:00 in Chicago, the day on which the clocks go back: day 1.
TALKED = e.call("2026-11-02T02:00:00Z", "talk", case_id="c1", party="right")


@pytest.mark.parametrize(("at", "closed"), [("2026-11-08T05:59:59.999Z", True), ("2026-11-08T14:00:00Z", False)])
def test_the_day_of_a_conversation_is_day_one_of_seven(at: str, closed: bool) -> None:
    config = config_of(packs=["us_reg_f"], parameters={"us_reg_f.hours": {"from": "00:00", "until": "24:00"}})
    expected = [("us_reg_f.after_conversation", "next")] if closed else []
    assert found([TALKED, on_case(at, "next")], config) == expected
    assert found([TALKED | {"direction": "inbound"}, on_case(at, "next")], config) == expected
    assert found([TALKED | {"party": "third"}, on_case(at, "next")], config) == []
    assert found([TALKED, on_case(at, "next", outcome="busy")], config) == []


@pytest.mark.parametrize(("at", "closed"), [("2026-11-04T01:59:59.999Z", True), ("2026-11-04T02:00:00Z", False)])
def test_spacing_by_the_hour(at: str, closed: bool) -> None:
    config = config_of(own("spacing", per="case", days=2))
    assert bool(found([TALKED, on_case(at, "next")], config)) is closed


@pytest.mark.parametrize(
    ("at", "outside"),
    [
        ("2026-11-02T13:59:59.999Z", True),  # 07:59:59.999 in Chicago
        ("2026-11-02T14:00:00Z", False),
        ("2026-11-03T02:59:59.999Z", False),
        ("2026-11-03T03:00:00Z", True),  # 21:00
    ],
)
def test_hours_are_those_of_the_debtor(at: str, outside: bool) -> None:
    assert bool(found([on_case(at, "k")], config_of(**REG_F))) is outside
    moved = e.case("2026-11-01T00:00:00Z", "placed", "z", debtor_zone="Asia/Tokyo")
    shifted = found([moved, on_case(at, "k")], config_of(**REG_F))  # 22:59:59, 23:00, 11:59:59 and 12:00 there
    assert bool(shifted) is (at < "2026-11-02T20")


def test_the_zone_is_of_the_contacts_own_case_then_of_any_then_of_the_site() -> None:
    rules = own("hours", **{"from": "08:00", "until": "21:00"})
    elsewhere = e.case("2026-11-01T00:00:00Z", "placed", "e1", case_id="c2", debtor_zone="Asia/Tokyo")
    own_case = e.case("2026-10-01T00:00:00Z", "placed", "e2", debtor_zone="Europe/Paris")
    nonsense = e.case("2026-11-01T00:00:01Z", "stage", "e3", debtor_zone="Mars/Olympus")
    later = e.case("2026-11-02T03:00:00.001Z", "stage", "e4", debtor_zone="UTC")
    call = on_case("2026-11-02T03:00:00Z", "k")

    def zone(*raws: e.Raw) -> tuple[str, bool]:
        (record,) = records([*raws, call], config_of(rules))
        return record["zone"], record["zone_assumed"]

    assert zone(nonsense, later) == ("America/Chicago", True)
    assert zone(own_case, elsewhere, nonsense, later) == ("Europe/Paris", False)
    assert found([elsewhere, nonsense, later, call], config_of(rules)) == []  # noon in Tokyo
    tie = elsewhere | {"event_id": "e0", "debtor_zone": "Asia/Shanghai"}
    both = [elsewhere, tie, call | {"occurred_at": "2026-11-01T15:00:00Z"}]
    (record,) = records(both, config_of(rules))
    assert record["zone"] == "Asia/Tokyo"


def test_a_call_that_begins_inside_the_hours_may_end_outside() -> None:
    late = on_case("2026-11-03T02:59:00Z", "k", ended_at="2026-11-03T03:30:00Z")
    assert found([late], config_of(**REG_F)) == []


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-11-03T03:59:59.999Z", False),  # 21:59:59.999
        ("2026-11-03T04:00:00Z", True),
        ("2026-11-03T13:59:59.999Z", True),
        ("2026-11-03T14:00:00Z", False),
    ],
)
def test_quiet_hours_over_midnight(at: str, quiet: bool) -> None:
    wish = e.restriction("2026-11-01T00:00:00Z", "r", "quiet_hours", hours=["22:00", "08:00"])
    config = config_of(own("quiet"))
    assert bool(found([wish, on_case(at, "k")], config)) is quiet
    assert found([wish, e.message(at, "m")], config) == []  # a letter
    whole_day = wish | {"hours": ["12:00", "12:00"]}
    assert found([whole_day, on_case(at, "k")], config) == [("own", "k")]


@pytest.mark.parametrize(
    ("fields", "breaks"),
    [
        ({}, True),
        ({"from": "2026-11-02T18:00:00.001Z"}, False),
        ({"until": "2026-11-02T18:00:00Z"}, False),
        ({"until": "2026-11-02T18:00:00.001Z"}, True),
        ({"case_id": "c2"}, False),
        ({"number_id": "n1"}, False),  # the call names no number
        ({"kind": "breathing_space"}, False),
        ({"void": True}, False),
        ({"debtor_id": "d2"}, False),
        ({"occurred_at": "2027-01-01T00:00:00Z"}, True),  # whenever it became known
    ],
)
def test_a_restriction_holds_from_its_start_to_its_end_for_what_it_concerns(fields: e.Raw, breaks: bool) -> None:
    cease = e.restriction("2026-11-02T18:00:00Z", "r", "cease_contact") | fields
    got = found([cease, on_case("2026-11-02T18:00:00Z", "k")], config_of(packs=["any"]))
    assert got == ([("any.restricted", "k")] if breaks else [])


def consent(at: str, **fields: Any) -> e.Raw:
    return e.restriction(at, "yes", "consent", **fields)


@pytest.mark.parametrize(
    ("given", "breaks"),
    [
        (consent("2026-11-02T18:00:00Z"), False),
        (consent("2026-11-02T18:00:00.001Z"), True),
        (consent("2026-10-26T18:00:00Z"), True),  # exactly seven days old
        (consent("2026-10-26T18:00:00.001Z"), False),
        (consent("2026-11-02T18:00:00Z", case_id="c2"), True),
        (consent("2026-11-02T17:00:00Z", until="2026-11-02T18:00:00Z"), True),
        (consent("2026-11-02T18:00:00Z", occurred_at="2026-12-24T00:00:00Z"), False),  # recorded late
    ],
)
def test_a_consent_covers_the_eighth_call_for_seven_days(given: e.Raw, breaks: bool) -> None:
    raws = [on_case(f"2026-11-02T17:00:0{n}Z", f"k{n}") for n in range(7)]
    last = on_case("2026-11-02T18:00:00Z", "last", number_id="n9")
    assert bool(found([*raws, last, given | {"number_id": "n9"}], config_of(**REG_F))) is breaks


def test_a_consent_is_used_up_by_a_conversation_after_it() -> None:
    rules = own("frequency", counts="attempts", per="case", limit=0, consent=True, consent_ends="conversation", **WEEK)
    given = consent("2026-11-02T18:00:00Z")
    talk = e.call("2026-11-02T18:00:01Z", "talk", case_id="c1", direction="inbound")
    call = on_case("2026-11-02T18:00:01Z", "then")
    assert found([given, call], config_of(rules)) == []
    assert found([given, call, talk], config_of(rules)) == [("own", "then")]  # t-a-l-k is before t-h-e-n
    assert found([given, call | {"call_id": "and"}, talk], config_of(rules)) == []
    assert found([given, call, talk | {"occurred_at": given["from"]}], config_of(rules)) == []
    assert found([given, call, talk | {"case_id": "c2"}], config_of(rules)) == []


def test_a_covered_conversation_starts_no_spacing_but_an_inbound_one_does() -> None:
    rules = own("spacing", per="case", days=1, consent=True, consent_days=7)
    given = consent("2026-11-01T00:00:00Z", until="2026-11-02T03:00:00Z")
    call = on_case("2026-11-02T18:00:00Z", "next")
    assert found([TALKED, call], config_of(rules)) == [("own", "next")]
    assert found([TALKED, given, call], config_of(rules)) == []
    assert found([TALKED | {"direction": "inbound"}, given, call], config_of(rules)) == [("own", "next")]


@pytest.mark.parametrize(
    ("tries", "breaks"),
    [
        (["2026-10-30T18:00:00Z", "2026-10-31T18:00:00Z", "2026-11-02T17:59:59.999Z"], False),
        (["2026-10-30T17:59:59.999Z", "2026-10-31T18:00:00Z", "2026-11-01T18:00:00Z"], True),
        (["2026-10-31T18:00:00Z", "2026-11-01T18:00:00Z", "2026-11-02T18:00:00Z"], True),
    ],
)
def test_a_third_party_may_be_asked_after_three_tries_in_three_days(tries: list[str], breaks: bool) -> None:
    raws = [on_case(at, f"k{n}", case_id=f"c{n}") for n, at in enumerate(tries)]
    third = e.call("2026-11-02T18:00:00Z", "third", party="third", recorded=True)
    config = config_of(own("third_party"))
    assert bool(found([*raws, third], config)) is breaks
    assert found([*raws, third, raws[1] | {"outcome": "human", "call_id": "k9"}], config) == [("own", "third")]
    assert found([third | {"outcome": "machine"}], config) == []


def test_a_human_call_is_recorded() -> None:
    config = config_of(own("recorded"))
    raws = [e.call("2026-11-02T18:00:00Z", f"k{n}", recorded=said) for n, said in enumerate((True, False, None))]
    assert found([*raws, on_case("2026-11-02T18:00:00Z", "k9")], config) == [("own", "k1"), ("own", "k2")]


@pytest.mark.parametrize(
    ("closed_at", "overdue"),
    [(None, True), ("2026-11-02T18:00:00Z", True), ("2026-11-02T17:59:59.999Z", False)],
)
def test_a_complaint_is_answered_before_its_deadline(closed_at: str | None, overdue: bool) -> None:
    asked = e.complaint("2026-10-31T18:00:00Z", "q", closed_at=closed_at, case_id="c1", call_id="k")
    taken = e.call("2026-10-31T17:00:00Z", "k", agent_id="a7", team_id="t7", transferred_from="k0")
    config = config_of(own("deadline", days=2))
    late = records([asked, taken], config)
    assert [(r["at"], r["case"], r["local_time"], r["agent"], r["team"]) for r in late] == [
        ("2026-11-02T18:00:00Z", None, "12:00:00", "a7", "t7")
    ] * overdue


def test_a_deadline_that_the_input_does_not_reach_is_no_breach_yet() -> None:
    asked = e.complaint("2026-10-31T18:00:00Z", "q")
    config = config_of(own("deadline", days=2))
    for seen, breached in (("2026-11-02T17:59:59Z", False), ("2026-11-02T18:00:00Z", True)):
        assert bool(found([asked, e.visit(seen, "v", void=True)], config, as_of=None)) is breached


def test_dates_of_a_rule_judge_but_do_not_hide() -> None:
    dates = {"effective_from": "2026-11-03", "effective_until": "2026-11-04"}
    rules = own("frequency", counts="attempts", per="debtor", limit=1, **WEEK, **dates)
    raws = [
        on_case("2026-11-03T05:59:59.998Z", "k1"),
        on_case("2026-11-03T05:59:59.999Z", "k2"),  # still 2 November in Chicago
        on_case("2026-11-03T06:00:00Z", "k3"),
        on_case("2026-11-04T05:59:59.999Z", "k4"),
        on_case("2026-11-04T06:00:00Z", "k5"),
    ]
    assert found(raws, config_of(rules)) == [("own", "k3"), ("own", "k4")]


def test_sites_drafts_and_parameters_choose_what_is_evaluated() -> None:
    night = on_case("2026-11-02T04:00:00Z", "k")
    at_two = night | {"site_id": "two", "call_id": "k2"}
    section: e.Raw = {"packs": ["in_rbi"], "sites": {"two": []}}
    talk = e.call("2026-11-02T18:00:00Z", "k3")
    assert found([night, at_two, talk], config_of(**section)) == [("in_rbi.hours", "k")]
    section["parameters"] = {"in_rbi.recorded": {"status": "in_force"}, "in_rbi.hours": {"status": "draft"}}
    assert found([night, at_two, talk], config_of(**section)) == [("in_rbi.recorded", "k3")]
    here = [{"rule": "own", "kind": "hours", "from": "08:00", "until": "22:00", "sites": ["two"]}]
    assert found([night, at_two], config_of(here)) == [("own", "k2")]  # 04:00 in London


def test_versions_of_a_pack_of_ones_own_replace_the_shipped_one() -> None:
    rule = {"rule": "hours", "kind": "hours", "from": "08:00"}
    packs = [
        {"pack": "us_ma", "effective_until": "2026-11-03", "rules": [rule | {"until": "20:00"}]},
        {"pack": "us_ma", "effective_from": "2026-11-03", "rules": [rule | {"until": "22:00"}]},
    ]
    config = config_of(packs=["us_ma"], pack_files=["packs.yaml"])
    raws = [on_case("2026-11-03T02:30:00Z", "old"), on_case("2026-11-04T02:30:00Z", "new")]
    assert found(raws, config, packs=packs) == [("us_ma.hours", "old")]


def test_the_local_day_is_the_day_on_which_the_clocks_change() -> None:
    rules = own("frequency", counts="attempts", per="debtor", limit=1, **TODAY)
    # 1 November in Chicago: 05:00Z to 06:00Z next day, 25 hours.
    raws = [on_case("2026-11-01T05:00:00Z", "first"), on_case("2026-11-02T05:59:59.999Z", "last")]
    assert found(raws, config_of(rules)) == [("own", "last")]
    assert found([raws[0] | {"occurred_at": "2026-11-01T04:59:59.999Z"}, raws[1]], config_of(rules)) == []
    assert found([raws[0], raws[1] | {"occurred_at": "2026-11-02T06:00:00Z"}], config_of(rules)) == []


def test_breaches_are_a_kpi_of_agent_team_queue_segment_and_site() -> None:
    night = on_case("2026-11-02T04:00:00Z", "k", queue_id="q", segment_id="s")
    told = expected_replay(e.lines([night]), read_config({"sites": CHICAGO}))
    assert all("conduct" not in str(record) for record in told.kpis.values())
    told = expected_replay(e.lines([night, on_case("2026-11-02T20:00:00Z", "k2")]), read_config(config_of(**REG_F)))
    for level, entity in (("agent", "a1"), ("team", "t1"), ("queue", "q"), ("segment", "s"), ("site", "main")):
        record = told.kpis[f"main|{level}|{entity}|interval_30m|2026-11-02T04:00:00Z"]
        kpis = {kpi["kpi"]: kpi for kpi in record["kpis"]}
        assert kpis["conduct_breaches"]["numerator"] == 1
        assert (kpis["conduct_breach_rate"]["denominator"], kpis["conduct_breach_rate"]["value"]) == (1, 1000.0)
