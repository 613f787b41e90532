"""`kpi-stream headroom` from files; and what other commands say of conduct rules."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.cli.conftest import Command

CONFIG = """
sites: {main: {zone: America/Chicago}, berlin: {zone: Europe/Berlin}}
conduct:
  packs: [us_reg_f, in_rbi]
  sites: {berlin: [uk_conc], delhi: []}
  parameters: {us_reg_f.hours: {until: "20:30"}}
"""


def call(number: int, at: str = "2026-11-02T15:00:00Z", **change: Any) -> dict[str, Any]:
    event = {"type": "call", "event_id": f"e-{number}", "call_id": f"k-{number}", "occurred_at": at, "ended_at": at}
    who = {"debtor_id": "d-7", "case_id": "c-7", "number_id": "n-1", "agent_id": "a-1", "team_id": "t-1"}
    return event | who | {"direction": "outbound", "outcome": "no_answer"} | change


def wrote(path: Path, *events: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


PLACED = {"type": "case", "event_id": "p", "occurred_at": "2026-11-01T00:00:00Z", "change": "placed"} | {
    "debtor_id": "d-7",
    "case_id": "c-7",
}
SEVEN = [call(n, f"2026-11-02T14:1{n}:00Z") for n in range(7)]


def test_one_json_object_from_several_files_in_any_order(command: Command, tmp_path: Path, config: Path) -> None:
    one, other = wrote(tmp_path / "1.jsonl", *SEVEN[4:], PLACED), tmp_path / "2.jsonl.gz"
    late = call(9, "2026-11-05T00:00:00Z", debtor_id="d-8")
    other.write_bytes(gzip.compress(b"".join(orjson.dumps(event) + b"\n" for event in (late, *SEVEN[:5]))))
    ran = command("headroom", "d-7", "--at", "2026-11-02T15:00:00Z", "--config", config, "--input", one, other)
    assert ran.code == 0, ran.error
    answer = orjson.loads(ran.out)
    assert list(answer) == [
        "debtor", "at", "allowed", "allowed_from", "known_until", "local_time", "zone", "zone_assumed", "rules",
    ]  # fmt: skip
    assert (answer["allowed"], answer["allowed_from"]) == (False, "2026-11-09T14:10:00Z")
    assert answer["known_until"] == "2026-11-05T00:00:00Z"  # of all events read, whosesoever
    assert [(rule["rule"], rule["case"], rule["count"]) for rule in answer["rules"]] == [
        ("in_rbi.hours", None, None),
        ("us_reg_f.after_conversation", "c-7", None),
        ("us_reg_f.calls_in_7_days", "c-7", 7),
        ("us_reg_f.hours", None, None),
    ]


def test_a_correction_in_a_later_file_counts(command: Command, tmp_path: Path, config: Path) -> None:
    void = call(3, event_id="e-x", version=2, void=True)
    file = wrote(tmp_path / "1.jsonl", void, *SEVEN, PLACED)
    ran = command("headroom", "d-7", "--at", "2026-11-02T15:00:00Z", "--config", config, "--input", file)
    assert [rule["count"] for rule in orjson.loads(ran.out)["rules"] if rule["limit"]] == [6]


def test_events_that_are_left_out_are_said(command: Command, tmp_path: Path, config: Path) -> None:
    path = wrote(tmp_path / "1.jsonl", PLACED, *SEVEN, call(8, "yesterday"), {"type": "letter"})
    ran = command("headroom", "d-7", "--at", "2026-11-02T15:00:00Z", "--config", config, "--input", path)
    assert ran.code == 0
    assert not orjson.loads(ran.out)["allowed"]
    assert ran.error == "kpi-stream: 2 events are refused and left out: `replay` names them\n"


def test_an_unknown_debtor_is_allowed_as_far_as_the_hours_go(command: Command, tmp_path: Path, config: Path) -> None:
    empty = wrote(tmp_path / "1.jsonl")
    for at, allowed in (("2026-11-02T15:00:00Z", True), ("2026-11-03T05:00:00Z", False)):
        ran = command("headroom", "nobody", "--at", at, "--config", config, "--input", empty)
        answer = orjson.loads(ran.out)
        assert (ran.code, answer["allowed"], answer["known_until"]) == (0, allowed, None)


def test_without_a_section_everything_is_allowed(command: Command, tmp_path: Path) -> None:
    ran = command("headroom", "d-7", "--case", "c-7", "--site", "main", "--input", wrote(tmp_path / "1.jsonl", *SEVEN))
    assert ran.code == 0, ran.error
    answer = orjson.loads(ran.out)
    assert (answer["allowed"], answer["rules"], answer["zone"]) == (True, [], "UTC")
    assert answer["allowed_from"] == answer["at"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at", "noon"], "--at: 'noon'"),
        (["--case", "a|b"], "--case: 'a|b' is not a name"),
        (["--site", " x"], "--site: ' x' is not a name"),
        (["--input", "nowhere.jsonl"], "nowhere.jsonl"),
    ],
)
def test_what_is_wrong_is_one_line(command: Command, tmp_path: Path, arguments: list[str], message: str) -> None:
    file = wrote(tmp_path / "1.jsonl")
    ran = command("headroom", "d-7", "--input", file, *arguments)
    assert ran.code in (1, 2)
    assert message in ran.error
    assert len(ran.error.splitlines()) == 1


def test_config_check_lists_the_rules_of_every_site_with_parameters_status_dates_and_sources(
    command: Command, config: Path
) -> None:
    ran = command("config", "check", config)
    assert ran.code == 0, ran.error
    said = ran.out.splitlines()
    assert [line for line in said if not line.startswith("  ")] == [
        "conduct rules at berlin:", "conduct rules at delhi: none", "conduct rules at main:", "ok",
    ]  # fmt: skip
    (hours,) = [line for line in said if "us_reg_f.hours" in line]
    assert hours.startswith(
        '  us_reg_f.hours hours {consent: true, from: "08:00", until: "20:30", channels: [call, sms, email, chat, '
        "visit]} in_force from 2021-11-30 (US; 12 CFR part 1006 (Regulation F); "
    )
    assert hours.endswith("https://www.consumerfinance.gov/rules-policy/regulations/1006/14/)")
    (recorded,) = [line for line in said if "in_rbi.recorded" in line]
    assert recorded.startswith("  in_rbi.recorded recorded {} draft from 2022-08-12 (IN; ")


def test_a_replay_writes_the_breaches_and_explain_names_the_facts(
    command: Command, tmp_path: Path, config: Path
) -> None:
    events = wrote(tmp_path / "1.jsonl", *SEVEN, call(7, queue_id="q-1"), PLACED)
    ran = command("replay", "--config", config, "--input", events, "--out", tmp_path / "out", "--no-progress")
    assert ran.code == 0, ran.error
    (line,) = (tmp_path / "out" / "conduct.jsonl").read_bytes().splitlines()
    breach = orjson.loads(line)
    assert (breach["rule"], breach["fact"], breach["count"]) == (
        "us_reg_f.calls_in_7_days", {"type": "call", "id": "k-7"}, 8,
    )  # fmt: skip
    assert orjson.loads((tmp_path / "out" / "summary.json").read_bytes())["conduct_breaches"] == 1
    question = ["explain", "conduct_breach_rate", "--level", "queue", "--entity", "q-1", "--window", "day"]
    ran = command(*question, "--start", "2026-11-02T06:00:00Z", "--config", config, "--input", events)
    assert ran.code == 0, ran.error
    facts = ", ".join(f"call k-{n} (event e-{n})" for n in (7, *range(7)))
    rule = "us_reg_f.calls_in_7_days (pack us_reg_f) case c-7 8 counted, limit 7 at 09:00:00 America/Chicago"
    assert ran.out.splitlines()[1:] == [
        f"2026-11-02T15:00:00Z  conduct_breaches +1  {rule}  {facts}",
        "2026-11-02T15:00:00Z  dials +1  call k-7 (event e-7)",
        "numerator    conduct_breaches = 1",
        "denominator  dials = 1",
        "value        1000.0 (ok)",
    ]
    refused = command(*question, "--start", "2026-11-02T00:00:00Z", "--input", events)
    assert (refused.code, refused.error.strip()) == (
        2, "kpi-stream: no such KPI: 'conduct_breach_rate' without a section `conduct`",
    )  # fmt: skip


def test_a_deadline_after_the_end_of_a_replay_is_no_breach_yet(command: Command, tmp_path: Path, config: Path) -> None:
    at = "2026-03-01T12:00:00Z"
    complaint = {"type": "complaint", "event_id": "q", "complaint_id": "q-1", "occurred_at": at, "received_at": at} | {
        "status": "received", "debtor_id": "d-7", "site_id": "berlin",
    }  # fmt: skip
    for options, wanted in (
        ([], 0),
        (["--as-of", "2026-04-26T12:00:00Z"], 0),  # at its very instant
        (["--as-of", "2026-04-26T12:00:00.001Z"], 1),
        (["--as-of", "end"], 1),
    ):
        file, out = wrote(tmp_path / "1.jsonl", complaint), tmp_path / "out"
        ran = command("replay", "--config", config, "--input", file, "--out", out, "--replace", *options)
        assert ran.code == 0, ran.error
        assert len((out / "conduct.jsonl").read_bytes().splitlines()) == wanted
        assert orjson.loads((out / "summary.json").read_bytes())["conduct_breaches"] == wanted
