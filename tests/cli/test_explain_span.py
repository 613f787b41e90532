"""`explain` asked as people ask: now, today, the board's names; as it was at an instant; as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from stream.cli.explain_span import span_of
from stream.cli.failure import CommandError
from stream.facts.instant import instant_ms, instant_text
from stream.settings import load
from tests.cli.conftest import Command
from tests.cli.test_explain import call, payment, wrote

CONFIG = "sites: {main: {zone: Asia/Shanghai, shifts: {early: ['09:00', '18:00']}}}\n"
NOW = "2026-11-02T01:47:13Z"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "c.yaml"
    file.write_text(CONFIG)
    return file


@pytest.mark.parametrize(
    ("window", "start", "name", "span"),
    [
        ("now", "now", "rolling_15m", "2026-11-02T01:32:10Z 2026-11-02T01:47:10Z"),
        ("rolling_1h", "now", "rolling_1h", "2026-11-02T00:47:10Z 2026-11-02T01:47:10Z"),
        ("rolling_5m", "2026-11-02T01:00:00Z", "rolling_5m", "2026-11-02T01:00:00Z 2026-11-02T01:05:00Z"),
        ("interval_30m", "now", "interval_30m", "2026-11-02T01:30:00Z 2026-11-02T02:00:00Z"),
        ("last_interval_30m", "now", "interval_30m", "2026-11-02T01:00:00Z 2026-11-02T01:30:00Z"),
        ("today", "now", "day", "2026-11-01T16:00:00Z 2026-11-02T16:00:00Z"),
        ("day", "today", "day", "2026-11-01T16:00:00Z 2026-11-02T16:00:00Z"),
        ("shift_early", "now", "shift_early", "2026-11-02T01:00:00Z 2026-11-02T10:00:00Z"),
        ("month", "now", "month", "2026-10-31T16:00:00Z 2026-11-30T16:00:00Z"),
        ("day", "2026-11-02", "day", "2026-11-01T16:00:00Z 2026-11-02T16:00:00Z"),
        ("month", "2026-11-01", "month", "2026-10-31T16:00:00Z 2026-11-30T16:00:00Z"),
        ("interval_30m", "2026-11-02", "interval_30m", "2026-11-01T16:00:00Z 2026-11-01T16:30:00Z"),
        ("shift_early", "2026-11-02", "shift_early", "2026-11-02T01:00:00Z 2026-11-02T10:00:00Z"),
        ("rolling_1h", "2026-11-02", "rolling_1h", "2026-11-01T16:00:00Z 2026-11-01T17:00:00Z"),
        ("day", "2026-11-01T16:00:00Z", "day", "2026-11-01T16:00:00Z 2026-11-02T16:00:00Z"),
    ],
)
def test_a_window_is_named_as_in_records_or_as_on_the_board(
    config: Path, window: str, start: str, name: str, span: str
) -> None:
    found = span_of(load(config, {}), "main", window, start, instant_ms(NOW))
    assert (found.window, f"{instant_text(found.start_ms)} {instant_text(found.end_ms)}") == (name, span)


@pytest.mark.parametrize(
    ("window", "start", "said"),
    [
        ("week", "now", "--window: no such window: 'week' (there are"),
        ("week", "now", "last_interval_30m, now, today)"),
        (
            "shift_early",
            "2026-11-02T12:00:00Z",
            "no shift_early of site main starts at 2026-11-02T12:00:00Z: none holds",
        ),
        ("day", "2026-11-02T00:00:00Z", "the one that holds it starts at 2026-11-01T16:00:00Z"),
    ],
)
def test_a_window_that_is_not_there_is_said_with_those_that_are(
    config: Path, window: str, start: str, said: str
) -> None:
    with pytest.raises(CommandError) as caught:
        span_of(load(config, {}), "main", window, start, instant_ms(NOW))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("events", "level", "entity", "start", "said"),
    [
        ([], "agent", "a-1", "2026-11-02", ": there are no events"),
        (
            [call(1, "human")],
            "agent",
            "a-1",
            "2026-11-09",
            ": the last event is of 2026-11-02T01:01:00Z, before this window",
        ),
        ([call(1, "human")], "site", "main", "2026-11-01", ""),
        ([call(1, "human")], "team", "t-9", "2026-11-02", ": is the team t-9 one of site main (--site)?"),
    ],
)
def test_that_nothing_contributes_is_said_with_why_it_may_be(
    command: Command, tmp_path: Path, events: list[dict[str, object]], level: str, entity: str, start: str, said: str
) -> None:
    file = wrote(tmp_path / "f", *events)
    asked = ["explain", "dials", "--level", level, "--entity", entity, "--window", "day", "--start", start]
    ran = command(*asked, "--input", str(file))
    assert ran.code == 0, ran.error
    assert ran.out.splitlines()[1].startswith(f"no fact contributes to it{said}")


def test_as_of_now_hears_what_lies_before_now(command: Command, tmp_path: Path) -> None:
    far = call(2, "busy", occurred_at="2190-11-02T01:00:00Z", ended_at="2190-11-02T01:01:00Z")
    file = wrote(tmp_path / "f", call(1, "human"), far)
    asked = ["explain", "dials", "--entity", "a-1", "--window", "day", "--start", "2026-11-02", "--input", str(file)]
    assert json.loads(command(*asked, "--as-of", "now", "--json").out)["value"] in (0, 1)  # by the machine's own clock
    later = [*asked[:-3], "2190-11-02", "--input", str(file)]
    assert json.loads(command(*later, "--json").out)["value"] == 1
    assert json.loads(command(*later, "--as-of", "now", "--json").out)["value"] == 0


def test_as_of_an_instant_is_the_number_by_the_events_before_it(command: Command, tmp_path: Path) -> None:
    reversal = payment(type="payment_reversal", event_id="e-8", amount_minor=200, occurred_at="2026-11-05T00:00:00Z")
    talk = call(1, "human", party="right", debtor_id="d-1", case_id="k-1")
    file = wrote(tmp_path / "f", reversal, payment(), talk)
    asked = [
        "explain",
        "recovered_amount",
        "--currency",
        "CNY",
        "--level",
        "team",
        "--entity",
        "t-1",
        "--window",
        "day",
    ]
    asked += ["--start", "2026-11-02T00:00:00Z", "--json", "--input", str(file)]
    for as_of, amount in (("2026-11-02T01:10:00Z", 0), ("2026-11-03T00:00:00Z", 500), ("2026-11-06T00:00:00Z", 300)):
        ran = command(*asked, "--as-of", as_of)
        assert ran.code == 0, ran.error
        assert json.loads(ran.out)["value"] == amount, as_of


def test_json_and_csv_say_the_same_contributions(command: Command, tmp_path: Path) -> None:
    file = wrote(tmp_path / "f", call(1, "human"), call(2, "busy"))
    asked = ["explain", "connect_rate", "--entity", "a-1", "--window", "interval_30m"]
    asked += ["--start", "2026-11-02T01:00:00Z", "--input", str(file)]
    said = json.loads(command(*asked, "--json").out)
    assert (said["value"], said["status"], said["window"]) == (0.5, "ok", "interval_30m")
    assert (said["numerator"], said["denominator"]) == (
        {"columns": ["connects"], "amount": 1},
        {"columns": ["dials"], "amount": 2},
    )
    rows = list(csv.DictReader(io.StringIO(command(*asked, "--csv").out)))
    told = [
        {
            "instant": each["instant"], "column": each["column"], "amount": str(each["amount"]),
            "rule": each["rule"] or "", "facts": " ".join(f"{fact['type']}:{fact['id']}" for fact in each["facts"]),
            "events": " ".join(fact["event_id"] for fact in each["facts"]),
        }
        for each in said["contributions"]
    ]  # fmt: skip
    assert rows == told
    assert len(rows) == 3
    refused = command(*asked, "--csv", "--json")
    assert (refused.code, refused.error.strip()) == (2, "kpi-stream: --csv: not beside --json")
