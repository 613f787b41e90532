"""`kpi-stream explain`: the facts behind a number, and their sum is the number."""

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.cli.conftest import Command
from tests.worlds.world import world


def wrote(path: Path, *events: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    return path


def call(number: int, outcome: str, **change: Any) -> dict[str, Any]:
    at = f"2026-11-02T01:0{number}:00Z"
    event = {"type": "call", "event_id": f"e-{number}", "call_id": f"c-{number}", "occurred_at": at, "ended_at": at}
    return event | {"direction": "outbound", "outcome": outcome, "agent_id": "a-1", "team_id": "t-1"} | change


def payment(**change: Any) -> dict[str, Any]:
    event = {"type": "payment", "event_id": "e-7", "payment_id": "p-1", "occurred_at": "2026-11-02T01:20:00Z"}
    return event | {"debtor_id": "d-1", "case_id": "k-1", "amount_minor": 500, "currency": "CNY"} | change


def test_each_fact_is_a_line_and_the_sums_follow(command: Command, tmp_path: Path) -> None:
    events = [call(1, "human"), call(2, "busy"), call(2, "busy"), call(3, "busy", agent_id="a-2"), call(4, "human")]
    file = wrote(tmp_path / "f", *reversed(events))
    ran = command(
        "explain", "connect_rate", "--entity", "a-1", "--window", "interval_30m",
        "--start", "2026-11-02T09:00:00+08:00", "--input", file,
    )  # fmt: skip
    assert ran.code == 0, ran.error
    assert ran.out.splitlines() == [
        "connect_rate  main|agent|a-1  interval_30m  2026-11-02T01:00:00Z to 2026-11-02T01:30:00Z",
        "2026-11-02T01:01:00Z  connects +1  dials +1  call c-1 (event e-1)",
        "2026-11-02T01:02:00Z  dials +1  call c-2 (event e-2)",
        "2026-11-02T01:04:00Z  connects +1  dials +1  call c-4 (event e-4)",
        "numerator    connects = 2",
        "denominator  dials = 3",
        "value        0.6666666666666666 (ok)",
    ]


def test_what_decided_a_contribution_is_named_with_it(command: Command, tmp_path: Path) -> None:
    reversal = payment(type="payment_reversal", event_id="e-8", amount_minor=200, occurred_at="2026-11-05T00:00:00Z")
    talk = call(1, "human", party="right", debtor_id="d-1", case_id="k-1")
    file = wrote(tmp_path / "f", reversal, payment(), talk)
    ran = command(
        "explain", "recovered_amount", "--currency", "CNY", "--level", "team", "--entity", "t-1", "--window", "day",
        "--start", "2026-11-02T00:00:00Z", file,
    )  # fmt: skip
    assert ran.code == 0, ran.error
    _, fact, numerator, value = ran.out.splitlines()
    assert fact.startswith("2026-11-02T01:20:00Z  recovered_minor:CNY +300  payment p-1 (event e-7)")
    assert "call c-1 (event e-1)" in fact
    assert (numerator, value) == ("numerator    recovered_minor:CNY = 300", "value        300 = 3.00 CNY")


@pytest.mark.parametrize("seed", range(12))
def test_the_sum_is_the_number_of_the_replay(command: Command, tmp_path: Path, seed: int) -> None:
    drawn = world(seed)
    chance = random.Random(seed)
    config, file, out = tmp_path / "c.yaml", tmp_path / "f", tmp_path / "out"
    config.write_bytes(orjson.dumps(drawn.config))
    file.write_bytes(b"\n".join(drawn.lines))
    assert command("replay", "--input", file, "--out", out, "--config", config).code == 0
    records = [orjson.loads(line) for line in (out / "kpi.jsonl").read_bytes().splitlines()]
    numbers = [(record, kpi) for record in records for kpi in record["kpis"]]
    for record, kpi in chance.sample(numbers, min(12, len(numbers))):
        currency = ["--currency", kpi["currency"]] if "currency" in kpi else []
        ran = command(
            "explain", kpi["kpi"], *currency, "--level", record["level"], "--entity", record["entity"], "--site",
            record["site"], "--window", record["window"], "--start", record["start"], "--config", config,
            "--input", file,
        )  # fmt: skip
        assert ran.code == 0, ran.error
        said = {each.split()[0]: each for each in ran.out.splitlines()[1:] if not each[0].isdigit()}
        assert said["numerator"].endswith(f" = {kpi['numerator']}"), (record, kpi, ran.out)
        if kpi["denominator"] is not None:
            assert said["denominator"].endswith(f" = {kpi['denominator']}"), (record, kpi, ran.out)


GOOD = ["connect_rate", "--entity", "a", "--window", "day", "--start", "2026-11-02T00:00:00Z", "--input", "f"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: "connects"}, "no such KPI: 'connects'"),
        ({0: "recovered_amount"}, "recovered_amount needs a --currency"),
        ({4: "week"}, "--window: no such window: 'week'"),
        ({6: "yesterday"}, "--start: 'yesterday'"),
        ({6: "2026-11-02T01:00:00Z"}, "at 2026-11-02T01:00:00Z: the one that holds it starts at 2026-11-02T00:00:00Z"),
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(command: Command, change: dict[int, str], message: str) -> None:
    ran = command("explain", *(change.get(index, part) for index, part in enumerate(GOOD)))
    assert ran.code == 2
    assert message in ran.error


def test_a_missing_file_is_exit_code_1(command: Command) -> None:
    ran = command("explain", *GOOD[:-1], "/nowhere/f")
    assert (ran.code, ran.error) == (1, "kpi-stream: /nowhere/f: No such file or directory\n")


def test_an_entity_of_which_no_fact_speaks_is_not_passed_over(command: Command, tmp_path: Path) -> None:
    file = wrote(tmp_path / "f", call(1, "human"))
    ran = command(
        "explain", "connect_rate", "--entity", "nobody", "--window", "interval_30m",
        "--start", "2026-11-02T09:00:00+08:00", "--input", file,
    )  # fmt: skip
    assert ran.code == 0, ran.error
    assert ran.out.splitlines()[1] == "no fact contributes to it: is the agent nobody one of site main (--site)?"


def test_a_number_of_a_queue_is_explained_and_one_that_is_not_there_refused(command: Command, tmp_path: Path) -> None:
    file = wrote(tmp_path / "f", call(1, "human", queue_id="q-1"), call(2, "busy", queue_id="q-2"))
    given = ("--level", "queue", "--entity", "q-1", "--window", "day", "--start", "2026-11-02T00:00:00Z", file)
    assert "numerator    dials = 1" in command("explain", "dials", *given).out
    ran = command("explain", "workload", *given)
    assert ran.code == 2
    assert "workload does not exist at level queue: calls alone contribute to it, and workload uses visits" in ran.error


RULES = """
sites: {main: {zone: Asia/Shanghai}}
conduct:
  packs: [any, cn_gbt_45251]
  rules:
    - {rule: house, kind: frequency, per: case, counts: attempts, limit: 1, window: {days: 1}}
    - {rule: pause, kind: spacing, per: debtor, days: 1}
"""


def test_a_breach_is_explained_by_its_rule_its_pack_and_the_facts_it_rests_on(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(RULES)
    told = {"type": "restriction", "event_id": "e-9", "restriction_id": "r-1", "debtor_id": "d-1", "kind": "dispute"}
    told |= {"occurred_at": "2026-11-02T01:02:30Z", "from": "2026-11-02T01:02:30Z"}
    mine = {"debtor_id": "d-1", "case_id": "k-1"}
    events = [call(1, "busy", **mine), call(2, "human", party="right", **mine), call(3, "human", party="third", **mine)]
    file = wrote(tmp_path / "f", told, *events)
    ran = command(
        "explain", "conduct_breaches", "--entity", "a-1", "--window", "day", "--start", "2026-11-01T16:00:00Z",
        "--config", config, "--input", file,
    )  # fmt: skip
    assert ran.code == 0, ran.error
    one, two, three = (f"call c-{number} (event e-{number})" for number in (1, 2, 3))
    first, second = "at 09:02:00 Asia/Shanghai", "at 09:03:00 Asia/Shanghai"
    said = [line.split("  conduct_breaches +1  ") for line in ran.out.splitlines()[1:-2]]
    assert said == [
        ["2026-11-02T01:02:00Z", f"house (own rule) case k-1 2 counted, limit 1 {first}  {two}, {one}"],
        ["2026-11-02T01:03:00Z", f"any.restricted (pack any) {second}  {three}, restriction r-1 (event e-9)"],
        ["2026-11-02T01:03:00Z", f"cn_gbt_45251.third_party (pack cn_gbt_45251) {second}  {three}, {one}, {two}"],
        ["2026-11-02T01:03:00Z", f"house (own rule) case k-1 3 counted, limit 1 {second}  {three}, {one}, {two}"],
        ["2026-11-02T01:03:00Z", f"pause (own rule) {second}  {three}, {two}"],
    ]
    assert ran.out.splitlines()[-2:] == ["numerator    conduct_breaches = 5", "value        5"]
