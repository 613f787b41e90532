# ruff: noqa: E501  (a scheme is read best on one line)
"""`kpi-stream scores` and `measure` (scores 6), from a replay's folder."""

from pathlib import Path

import orjson
import pytest

from stream.facts.decode import decode
from stream.facts.fact import Measurement
from tests.cli.conftest import Command, command
from tests.scores.test_replay import call, measured

__all__ = ["command"]

CONFIG = """
indicators: [mark]
targets: [{kpi: dials, level: team, entity: "*", period: day, value: 4, from: 2026-01-01}]
scorecards: [{scorecard: day, version: 1, from: 2026-01-01, level: team, period: day, components: [
   {component: calls, kpi: dials, weight: 10, scoring: {attainment: {cap: 1}}},
   {component: reached, kpi: connect_rate, weight: 10, scoring: {steps: [["0.4", 3], ["0.9", 10]]}},
   {component: mark, indicator: mark, weight: 5, scoring: {steps: [[1, 5]]}}],
   gates: [{gate: qa, kpi: qa_pass_rate, below: "0.98", effect: {cap: 8}, if_no_data: missed}], grades: [[A, 12], [B, 5]]}]
contests: [{contest: best, version: 1, from: 2026-01-01, level: agent, period: day, kpi: dials, currency: CNY, top: {amounts: [500, 201]}}]
"""
LINES = [
    call("c-1", "a-1", "2026-03-02T09:00:00Z"), call("c-2", "a-1", "2026-03-02T10:00:00Z", "busy"),
    call("c-3", "a-2", "2026-03-03T09:00:00Z"), call("c-4", "a-1", "2026-03-03T09:00:00Z"), measured("m-1"),
]  # fmt: skip


@pytest.fixture
def made(command: Command, tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(LINES))
    ran = command(
        "replay",
        "--input",
        tmp_path / "in.jsonl",
        "--out",
        tmp_path / "out",
        "--config",
        tmp_path / "c.yaml",
        "--as-of",
        "end",
    )
    assert ran.code == 0, ran.error
    return tmp_path


def test_a_list_is_a_table_csv_or_json(command: Command, made: Path) -> None:
    ran = command("scores", "list", "--from", made / "out", "--period", "2026-03-02", "--format", "csv")
    assert ran.out.splitlines()[0].startswith("kind,name,version,site,level,entity,period,start,score")
    assert ran.out.splitlines()[1:] == [
        "contest,best,1,main,agent,a-1,day,2026-03-02,,500,CNY,1,1,,,,",
        "scorecard,day,1,main,team,t-1,day,2026-03-02,8.0000,,,1,1,B,,,",
    ]
    paid = command("scores", "list", "--from", made / "out", "--name", "best", "--period", "2026-03-02").out
    assert paid.splitlines()[0].split()[9:11] == ["amount", "currency"]  # people read major units
    assert "5.00" in paid.splitlines()[1].split()
    table = command("scores", "list", "--from", made / "out", "--name", "day")
    assert [line.split()[5] for line in table.out.splitlines()] == ["entity", "t-1", "t-1"]
    lines = command(
        "scores", "list", "--from", made / "out", "--format", "json", "--period", "2026-Q1"
    ).out.splitlines()
    assert len(lines) == 5
    assert orjson.loads(lines[0])["name"] == "best"


def test_a_sum_adds_up_daily_amounts(command: Command, made: Path) -> None:
    ran = command("scores", "list", "--from", made / "out", "--period", "2026-Q1", "--sum", "--format", "csv")
    assert ran.out.splitlines()[1:] == [
        "contest,best,main,agent,a-1,CNY,851,2,",
        "contest,best,main,agent,a-2,CNY,351,1,",
    ]


def test_show_prints_the_arithmetic(command: Command, made: Path) -> None:
    ran = command(
        "scores",
        "show",
        "day",
        "--entity",
        "t-1",
        "--period",
        "2026-03-02",
        "--from",
        made / "out",
        "--config",
        made / "c.yaml",
    )
    assert ran.out.splitlines() == [
        "scorecard day version 1: team t-1 at main, day from 2026-03-02 to 2026-03-03",
        "  calls (dials): 2; target 4, 0.5 of it, not under 0, not over 1; x weight 10 = 5.0000 points",
        "    one more of outbound calls, each by its first leg: 7.5000 points",
        "  reached (connect_rate): 1 / 2 = 0.5, step 0.4 = 3.0000 points",
        "    one more of outbound calls that a human answered: 10.0000 points",
        "    next step at 0.9, 0.4 away: 10 points",
        "  mark: 1, step 1 = 5.0000 points",
        "  gate qa (qa_pass_rate): no value, must not be below 0.98: missed (cap 8)",
        "  points: 5.0000 + 3.0000 + 5.0000 = 13.0000, not over 8",
        "  = score 8.0000, place 1 of 1, grade B",
        "  next grade: A at 12, 4 away",
    ]
    none = command("scores", "show", "day", "--entity", "t-9", "--period", "2026-03-02", "--from", made / "out")
    assert (none.code, none.error.count("\n")) == (1, 1)
    assert command("scores", "show", "day", "--entity", "t-1", "--period", "March", "--from", made / "out").code == 2


@pytest.mark.parametrize(
    ("name", "entity", "period", "why"),
    [
        ("bests", "a-1", "2026-03-02", "no scheme 'bests' has any (there are best, day)"),
        ("best", "a-9", "2026-03-02", "no entity 'a-9' has any (there are a-1, a-2)"),
        ("best", "a-1", "2026-03-05", "periods of these begin on 2026-03-03, 2026-03-02"),
    ],
)
def test_where_there_is_nothing_what_there_is_is_told(
    command: Command, made: Path, name: str, entity: str, period: str, why: str
) -> None:
    asked = ("--entity", entity, "--period", period, "--from", made / "out", "--config", made / "c.yaml")
    shown = command("scores", "show", name, *asked)
    assert (shown.code, shown.error) == (1, f"kpi-stream: there is no score {name} of {entity} for {period}: {why}\n")
    listed = command("scores", "list", "--name", name, *asked)
    assert (listed.code, listed.error) == (0, f"kpi-stream: none: {why}\n")


def test_compute_makes_old_periods_under_another_version(command: Command, made: Path) -> None:
    (made / "new.yaml").write_text(
        CONFIG.replace("weight: 10, scoring: {attainment", "weight: 20, scoring: {attainment"), encoding="utf-8"
    )
    ran = command(
        "scores", "compute", "--config", made / "new.yaml", "--from", "2026-03-02", "--to", "2026-03-03", "--out", made / "new",
        "--records", made / "out", "--events", made / "in.jsonl",
    )  # fmt: skip
    assert (ran.code, ran.out) == (0, "")
    assert "warning" not in ran.error
    found = [orjson.loads(line) for line in (made / "new" / "scores.jsonl").read_bytes().splitlines()]
    assert [(each["name"], each["start"]) for each in found] == [("best", "2026-03-02"), ("day", "2026-03-02")]
    assert [part["points"] for part in found[1]["parts"]] == ["10.0000", "3.0000", "5.0000"]
    nothing = command(
        "scores",
        "compute",
        "--from",
        "2026-03-02",
        "--to",
        "2026-03-03",
        "--out",
        made / "x",
        "--records",
        made / "out",
    )
    assert nothing.code == 2


def test_compute_says_which_measurements_it_has_not(command: Command, made: Path) -> None:
    days = ("--from", "2026-03-02", "--to", "2026-03-03", "--records", made / "out", "--config", made / "c.yaml")
    ran = command("scores", "compute", *days, "--out", made / "without")
    assert ran.code == 0
    assert ran.error.splitlines()[0] == "warning: no --events, so there are no measurements: nothing counts of mark"


def test_the_ledger_is_read_from_a_file(command: Command, tmp_path: Path) -> None:
    said = {"version": 1, "score": "8.0000", "grade": "B", "flags": [], "amount_minor": None, "revision": 3}
    line = {"kind": "scorecard", "name": "day", "version": 1, "site": "main", "level": "team", "entity": "t-1", "period": "day",
            "start": "2026-03-02", "before": None, "after": said, "reason": "calls: 1 -> 2", "at": "2026-03-05T00:00:00Z", "by": "system", "run": "live"}  # fmt: skip
    (tmp_path / "ledger.jsonl").write_bytes(orjson.dumps(line))
    ran = command("scores", "ledger", "--from", tmp_path / "ledger.jsonl", "--format", "csv")
    assert ran.out.splitlines()[1] == "2026-03-05T00:00:00Z,day,1,main,t-1,2026-03-02,-,8.0000 B,calls: 1 -> 2,system"


@pytest.mark.parametrize(
    ("period", "kind", "start"),
    [("2026-04-07", "day", "2026-04-07"), ("2026-04", "month", "2026-04-01"), ("2026-Q2", "quarter", "2026-04-01")],
)
def test_measure_makes_a_valid_event(command: Command, period: str, kind: str, start: str) -> None:
    ran = command(
        "measure",
        "--indicator",
        "bad_rate",
        "--level",
        "team",
        "--entity",
        "t-3",
        "--period",
        period,
        "1237/100000",
        "--by",
        "anna",
        "--dry-run",
    )
    assert ran.code == 0
    assert "does not declare 'bad_rate'" in ran.error
    fact = decode(ran.out.encode())
    assert isinstance(fact, Measurement)
    assert (fact.period, fact.period_start, fact.numerator, fact.denominator, fact.entity) == (
        kind,
        start,
        1237,
        100_000,
        "t-3",
    )


@pytest.mark.parametrize(
    ("value", "more"),
    [("much", ()), ("1/0", ()), ("1.5.1", ()), ("1/-2", ()), ("1", ("--currency", "yuan")), ("1", ("--entity", "a|b"))],
)
def test_a_wrong_measurement_is_one_line(command: Command, value: str, more: tuple[str, ...]) -> None:
    ran = command(
        "measure",
        "--indicator",
        "bad_rate",
        "--entity",
        "t-3",
        "--period",
        "2026-04",
        value,
        "--by",
        "anna",
        "--dry-run",
        *more,
    )
    assert (ran.code, ran.out, ran.error.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("value", "numerator", "denominator"),
    [("95", 95, None), ("-3", -3, None), ("1237/100000", 1237, 100_000), ("0.01237", 1237, 100_000), ("-0.5", -5, 10)],
)
def test_a_value_is_exact_however_it_is_written(
    command: Command, value: str, numerator: int, denominator: int | None
) -> None:
    options = ("--indicator", "i", "--entity", "e", "--period", "2026-04", "--by", "anna", "--dry-run")
    ran = command("measure", *options, "--", value)
    assert ran.code == 0, ran.error
    event = orjson.loads(ran.out)
    assert (event["numerator"], event.get("denominator")) == (numerator, denominator)


def test_a_file_of_other_records_is_told_in_a_line(command: Command, made: Path) -> None:
    ledger = command("scores", "ledger", "--from", made / "out" / "scores.jsonl")
    assert (ledger.code, ledger.error.count("\n")) == (1, 1)
    assert ledger.error.endswith("scores.jsonl: not records of the ledger of scores: record 1 has no `before`\n")
    listed = command("scores", "list", "--from", made / "out" / "kpi.jsonl")
    assert (listed.code, listed.error.count("\n")) == (1, 1)
    assert listed.error.endswith("kpi.jsonl: not records of scores: record 1 has no `kind`\n")


def test_show_of_a_file_of_scores_alone_says_what_they_say_and_compute_names_what_is_no_kpi_record(
    command: Command, made: Path
) -> None:
    only = made / "only.jsonl"
    only.write_bytes((made / "out" / "scores.jsonl").read_bytes())
    asked = ("--from", only, "--config", made / "c.yaml")
    shown = command("scores", "show", "best", "--entity", "a-1", "--period", "2026-03-02", *asked)
    assert shown.code == 0
    assert shown.out.splitlines()[-1].startswith("  = amount ")
    assert shown.error.startswith("warning: only what the records of scores say: ")
    assert (shown.error.count("\n"), "not a KPI record" in shown.error) == (1, True)
    days = ("--from", "2026-03-02", "--to", "2026-03-03", "--out", made / "x", "--events", made / "in.jsonl")
    ran = command("scores", "compute", *days, "--records", only, "--config", made / "c.yaml")
    assert (ran.code, ran.error.count("\n")) == (1, 1)


def test_show_reads_measurements_of_the_files_that_are_named(command: Command, tmp_path: Path) -> None:
    scheme = "{reward: r, version: 1, from: 2026-01-01, level: team, period: day, currency: CNY, indicator: mark, at_least: 1, amount: 5}"
    (tmp_path / "c.yaml").write_text(f"indicators: [mark]\nrewards: [{scheme}]\n", encoding="utf-8")
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(LINES))
    made_by = ("--config", tmp_path / "c.yaml")
    assert command("replay", "--input", tmp_path / "in.jsonl", "--out", tmp_path / "out", *made_by).code == 0
    asked = ("scores", "show", "r", "--entity", "t-1", "--period", "2026-03-02", "--from", tmp_path / "out", *made_by)
    assert "mark" not in command(*asked).out
    assert "  mark: 1" in command(*asked, "--events", tmp_path / "in.jsonl").out.splitlines()
