"""Headroom and standings on examples by hand, and the oracle's `allowed_from` against asking second by second.

What a dialler is told is asked of the oracle and of the command.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.oracle.conduct_headroom import REACH_MS, asked, headroom
from tests.oracle.conduct_standing import standings
from tests.oracle.config import read_config
from tests.oracle.identity import facts_of
from tests.oracle.reading import instant
from tests.oracle.replay import sort_lines
from tests.worlds import events as e
from tests.worlds.conduct_world import conduct_world
from tests.worlds.replayed import told_by_command

SITES = {"main": {"zone": "America/Chicago"}}
WEEK = {"window": {"days": 7}}


def config_of(rules: list[e.Raw] | None = None, **section: Any) -> e.Raw:
    return {"sites": SITES, "conduct": {"rules": rules or [], **section}}


def answer(raws: list[e.Raw], config: e.Raw, at: str, **fields: str) -> dict[str, Any]:
    """What must be said of debtor d1, and is."""
    events, refused, _ = sort_lines(e.lines(raws))
    assert refused == []
    question = asked(facts_of(events), read_config(config), "d1", instant(at), **fields)
    expected = headroom(question, "d1", max((event["occurred_at"] for event in events), default=None))
    with TemporaryDirectory() as folder:
        told = Path(folder) / "events.jsonl"
        told.write_bytes(b"".join(line + b"\n" for line in e.lines(raws)))
        assert told_by_command(config, Path(folder), {"debtor": "d1", "at": at, **fields}, [told]) == expected
    return expected


def entries(said: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(r["rule"], r["case"], r["number"], r["allowed"], r["count"], r["allowed_from"]) for r in said["rules"]]


def daily_or_weekly(window: e.Raw, **values: Any) -> list[e.Raw]:
    return [{"rule": "r", "kind": "frequency", **values, **window}]


CALLS = [
    e.call(f"2026-11-02T16:0{n}:00.250Z", f"k{n}", case_id="c1", outcome="no_answer", number_id="n1") for n in range(7)
]
PLACED = e.case("2026-11-01T00:00:00Z", "placed", "p", case_id="c1")
REG_F = config_of(packs=["us_reg_f"])


def test_after_seven_calls_the_next_waits_for_the_first_whole_second_at_which_one_is_a_week_old() -> None:
    said = answer([*CALLS, PLACED], REG_F, "2026-11-02T18:00:00Z")
    assert entries(said) == [
        ("us_reg_f.after_conversation", "c1", None, True, None, "2026-11-02T18:00:00Z"),
        ("us_reg_f.calls_in_7_days", "c1", None, False, 7, "2026-11-09T16:00:01Z"),
        ("us_reg_f.hours", None, None, True, None, "2026-11-02T18:00:00Z"),
    ]
    assert (said["allowed"], said["allowed_from"]) == (False, "2026-11-09T16:00:01Z")
    assert (said["local_time"], said["zone"], said["zone_assumed"]) == ("12:00:00", "America/Chicago", True)


def test_the_whole_answer_waits_for_a_moment_at_which_every_rule_allows() -> None:
    late = [
        call | {"occurred_at": call["occurred_at"].replace("T16", "T02").replace("-02", "-03", 1)} for call in CALLS
    ]
    late = [call | {"occurred_at": f"2026-11-03T02:3{n}:00Z"} for n, call in enumerate(late)]
    said = answer([*late, PLACED], REG_F, "2026-11-03T03:30:00Z")
    starts = {entry["rule"]: entry["allowed_from"] for entry in said["rules"]}
    assert starts["us_reg_f.hours"] == "2026-11-03T14:00:00Z"
    assert starts["us_reg_f.calls_in_7_days"] == "2026-11-10T02:30:00Z"  # 20:30 in Chicago
    assert said["allowed_from"] == "2026-11-10T02:30:00Z"
    said = answer([*late[1:], late[0] | {"occurred_at": "2026-11-03T03:10:00Z"}, PLACED], REG_F, "2026-11-03T03:30:00Z")
    assert said["allowed_from"] == "2026-11-10T02:31:00Z"


def test_cases_and_numbers_are_those_as_of_the_instant() -> None:
    rules: list[e.Raw] = [
        {"rule": "number", "kind": "frequency", "counts": "attempts", "per": "number", "limit": 9, **WEEK},
        {"rule": "quiet", "kind": "quiet"},
        {"rule": "case", "kind": "spacing", "per": "case", "days": 1},
    ]
    raws = [
        *CALLS[:1],
        e.call("2026-10-26T18:00:00Z", "old", number_id="n0", direction="inbound"),
        e.call("2026-11-02T17:00:00Z", "in", number_id="n2", direction="inbound", outcome="busy"),
        e.call("2026-11-02T18:00:00.001Z", "later", number_id="n3"),
        PLACED,
        e.case("2026-11-01T00:00:00Z", "placed", "p2", case_id="c2"),
        e.case("2026-11-02T18:00:00Z", "closed", "p3", case_id="c2"),
    ]
    at = "2026-11-02T18:00:00Z"
    said = [entry[:3] for entry in entries(answer(raws, config_of(rules), at))]
    both = [("quiet", "c1", "n1"), ("quiet", "c1", "n2")]
    assert said == [("case", "c1", None), ("number", None, "n1"), ("number", None, "n2"), *both]
    said = [entry[:3] for entry in entries(answer(raws, config_of(rules), at, case="c2", number="n9"))]
    assert said == [("case", "c2", None), ("number", None, "n9"), ("quiet", "c2", "n9")]
    said = [entry[:3] for entry in entries(answer([], config_of(rules), at))]
    assert said == [("quiet", None, None)]


def test_an_open_restriction_never_ends_and_one_beyond_sixty_days_is_not_waited_for() -> None:
    config = config_of(packs=["any"])
    at = "2026-11-02T18:00:00Z"
    for until, allowed_from in (
        (None, None),
        ("2027-01-01T18:00:00Z", "2027-01-01T18:00:00Z"),
        ("2027-01-01T18:00:00.001Z", None),
    ):
        cease = e.restriction("2026-11-01T00:00:00Z", "r", "cease_contact", until=until)
        assert answer([cease], config, at)["allowed_from"] == allowed_from


def test_what_is_asked_comes_after_every_fact_of_its_instant_and_an_unanswered_rule_takes_it_as_unanswered() -> None:
    rules: list[e.Raw] = [
        {"rule": "r", "kind": "frequency", "counts": "unanswered_attempts", "per": "debtor", "limit": 1, **WEEK}
    ]
    told = [e.call("2026-11-02T18:00:00Z", "zzz", outcome="busy")]
    said = answer(told, config_of(rules), "2026-11-02T18:00:00Z")
    assert entries(said) == [("r", None, None, False, 1, "2026-11-09T18:00:00Z")]
    said = answer(told, config_of(rules), "2026-11-02T17:59:59.999Z")
    assert entries(said)[0][3:] == (True, 0, "2026-11-02T17:59:59.999Z")


def test_without_a_conduct_section_everything_is_allowed() -> None:
    said = answer(CALLS, {"sites": SITES}, "2026-11-02T18:00:00Z")
    assert (said["allowed"], said["allowed_from"], said["rules"]) == (True, "2026-11-02T18:00:00Z", [])


WORLDS = 40


@pytest.mark.timeout(300)
def test_allowed_from_is_the_first_second_of_all_that_are_asked() -> None:
    """Every second near the ends and some between: none allows before it, and it does."""
    later = 0
    for seed in range(WORLDS):
        drawn, random = conduct_world(seed), Random(seed)
        config = read_config(drawn.config, drawn.packs)
        facts = facts_of(sort_lines(drawn.lines)[0])
        times = [fact["occurred_at"] for fact in facts]
        for _ in range(3):
            at_ms = random.choice(times) + random.choice((0, 1, -1, 60_000))
            asks = asked(facts, config, "d1", at_ms)
            said = headroom(asks, "d1", None)
            if said["allowed"]:
                continue
            found = said["allowed_from"]
            end_ms = at_ms + REACH_MS + 1 if found is None else instant(found)
            later += found is not None
            first = -(-(at_ms + 1) // 1000) * 1000
            seconds = {first + n * 1000 for n in range(20)} | {end_ms - n * 1000 for n in range(1, 20)}
            seconds |= {random.randrange(first, end_ms + 1000, 1000) for _ in range(60)}
            for second in seconds:
                if at_ms < second < end_ms:
                    assert not asks.allows_all(second // 1000 * 1000), (seed, at_ms, second)
            assert found is None or asks.allows_all(end_ms), (seed, at_ms)
    assert later > WORLDS // 3


def test_a_standing_is_that_of_the_latest_counted_fact_and_lowers_when_the_oldest_leaves() -> None:
    rules = daily_or_weekly(WEEK, counts="attempts", per="case", limit=2)

    def stands(count: int) -> tuple[Any, ...]:
        found = standings(facts_of(sort_lines(e.lines(CALLS[:count]))[0]), read_config(config_of(rules)), "live")
        record = found["S|d1|r|c1"]
        return record["state"], record["count"], record["headroom"], record["at"], record["clears_at"]

    assert stands(1) == ("near", 1, 1, "2026-11-02T16:00:00.250Z", "2026-11-09T16:00:00.250Z")
    assert stands(2) == ("reached", 2, 0, "2026-11-02T16:01:00.250Z", "2026-11-09T16:00:00.250Z")
    assert stands(4) == ("breached", 4, 0, "2026-11-02T16:03:00.250Z", "2026-11-09T16:01:00.250Z")


def test_a_standing_by_the_day_lowers_at_midnight_where_the_debtor_lives() -> None:
    today = {"window": {"days": 1, "local": True}}
    rules: list[e.Raw] = [
        {"rule": "r", "kind": "frequency", "counts": "attempts", "per": "number", "limit": 3, **today}
    ]
    found = standings(facts_of(sort_lines(e.lines(CALLS[:3]))[0]), read_config(config_of(rules)), "live")
    assert found["S|d1|r|n1"]["clears_at"] == "2026-11-03T06:00:00Z"
