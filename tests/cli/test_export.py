"""`kpi-stream export` and `replay --format csv`: one table, whichever command writes it."""

import csv
import io
import re
import shlex
from pathlib import Path

import duckdb
import orjson
import pytest

from tests.cli.conftest import Command
from tests.cli.test_explain import call, payment
from tests.cli.test_reconcile import wrote
from tests.pipes import Reader
from tests.replay.flat import kpis_of
from tests.worlds.world import world

RECIPES = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def events(tmp_path: Path) -> Path:
    """Two calls of a team, and a payment that the first of them is credited with."""
    file = tmp_path / "events.jsonl"
    if not file.exists():
        first = call(1, "human", talk_ms=15_000, debtor_id="d-1", case_id="k-1", party="right")
        wrote(file, *(orjson.dumps(event) for event in (first, call(2, "busy"), payment())))
    return file


def replayed(command: Command, tmp_path: Path, *options: object) -> Path:
    out = tmp_path / "numbers"
    ran = command("replay", "--input", events(tmp_path), "--out", out, *options)
    assert ran.code == 0, ran.error
    return out


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read(path: Path) -> list[dict[str, str]]:
    return rows(path.read_bytes().decode())


@pytest.mark.parametrize("seed", range(4))
def test_replay_writes_the_numbers_of_its_kpi_jsonl_and_its_alerts_as_tables(
    command: Command, tmp_path: Path, seed: int
) -> None:
    drawn = world(seed, with_rules=True)
    source, config = wrote(tmp_path / "world.jsonl", *drawn.lines), tmp_path / "config.yaml"
    config.write_bytes(orjson.dumps(drawn.config))
    for name in ("jsonl", "csv"):
        ran = command("replay", "--input", source, "--config", config, "--out", tmp_path / name, "--format", name)
        assert ran.code == 0, ran.error
    lines = {
        name: [orjson.loads(line) for line in (tmp_path / "jsonl" / f"{name}.jsonl").read_bytes().splitlines()]
        for name in ("kpi", "alerts")
    }
    table = read(tmp_path / "csv" / "kpi.csv")
    codes = sorted({kpi["currency"] for record in lines["kpi"] for kpi in record["kpis"] if "currency" in kpi})
    assert lines["kpi"]
    for row, record in zip(table, lines["kpi"], strict=True):
        assert [row[name] for name in ("site", "level", "entity", "window", "start", "end", "as_of", "run")] == [
            record[name] for name in ("site", "level", "entity", "window", "start", "end", "as_of", "run")
        ]
        assert list(kpis_of(row, codes)) == record["kpis"]
    alerts = read(tmp_path / "csv" / "alerts.csv")
    expected = [{name: written(each.get(name)) for name in alert}
                for alert, each in zip(alerts, lines["alerts"], strict=True)]  # fmt: skip
    assert alerts == expected
    assert all(each.keys() <= alert.keys() for alert, each in zip(alerts, lines["alerts"], strict=True))


def written(value: object) -> str:
    """A field of an alert as the table has it: as JSON where it is true, false or an object."""
    if isinstance(value, bool | dict):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)


def test_the_files_of_a_replay_as_csv_are_two_tables_in_the_place_of_two_files(
    command: Command, tmp_path: Path
) -> None:
    out = replayed(command, tmp_path, "--format", "csv")
    names = {"kpi.csv", "alerts.csv", "conduct.jsonl", "scores.jsonl", "deadletter.jsonl", "summary.json"}
    assert {path.name for path in out.iterdir()} == names
    for words in (["reconcile", out, out], ["openmetrics", out, "--out", "-"], ["export", "--from", out, "--out", "-"]):
        ran = command(*words)
        assert (ran.code, ran.out) == (1, "")
        assert ran.error.endswith(
            f"{out}: holds kpi.csv, a table for people, and no kpi.jsonl (`replay --format jsonl`)\n"
        )
    replayed(command, tmp_path)
    assert not [path for path in out.iterdir() if path.suffix == ".csv"]


def test_export_of_a_folder_is_the_table_that_replay_writes(command: Command, tmp_path: Path) -> None:
    table = replayed(command, tmp_path, "--format", "csv") / "kpi.csv"
    expected = table.read_bytes()
    for output in ("jsonl", "parquet"):
        numbers, out = replayed(command, tmp_path, "--format", output), tmp_path / f"{output}.csv"
        ran = command("export", "--from", numbers, "--out", out)
        assert (ran.code, ran.out, ran.error) == (0, f"{len(read(out))} rows in {out}\n", "")
        assert out.read_bytes() == expected
    assert command("export", "--from", tmp_path / "numbers" / "kpi.parquet", "--out", "-").out.encode() == expected


def test_parquet_is_asked_for_by_the_format_or_by_the_files_name(command: Command, tmp_path: Path) -> None:
    numbers, out, other = replayed(command, tmp_path), tmp_path / "kpi.parquet", tmp_path / "table"
    assert command("export", "--from", numbers, "--out", out).code == 0
    assert command("export", "--from", numbers, "--out", other, "--format", "parquet").code == 0
    with duckdb.connect() as connection:
        query = (
            "SELECT recovered_amount_minor_CNY, start FROM read_parquet(?) WHERE level = 'site' AND \"window\" = 'day'"
        )
        found = [connection.execute(query, [str(path)]).fetchall() for path in (out, other)]
    assert found[0] == found[1]
    ((amount, start),) = found[0]
    assert (amount, start.isoformat()) == (500, "2026-11-02T00:00:00+00:00")


def test_levels_and_windows_choose_rows(command: Command, tmp_path: Path) -> None:
    numbers = replayed(command, tmp_path)
    ran = command("export", "--from", numbers, "--out", "-", "--levels", "team,site", "--windows", "day")
    assert [(row["level"], row["window"]) for row in rows(ran.out)] == [("site", "day"), ("team", "day")]
    every = rows(command("export", "--from", numbers, "--out", "-").out)
    assert {row["level"] for row in every} >= {"agent", "team", "site"}
    assert {row["window"] for row in every} == {"interval_30m", "day", "month"}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--levels", "floor"], 2, "--levels: no such level: 'floor'"),
        (["--windows", "week"], 2, "--windows: no such window: 'week'"),
        (["--format", "xlsx"], 2, "--format"),
        (["--excel", "--format", "parquet"], 2, "--excel is about CSV, not Parquet"),
        (["--from", "-"], 2, "--from: standard input cannot be read twice; give a file"),
        (["--from", "nowhere"], 1, "nowhere: No such file or directory"),
        (["--from", "bad.jsonl"], 1, "bad.jsonl: line 2: no KPI record: "),
        (["--out", "gone/out.csv"], 1, "gone/out.csv: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, said: str
) -> None:
    good = (replayed(command, tmp_path) / "kpi.jsonl").read_bytes().splitlines()[0]
    wrote(tmp_path / "bad.jsonl", good, b'{"site":"main"}')
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    ran = command("export", "--from", "numbers", "--out", "out.csv", *options)
    assert (ran.code, ran.out) == (code, "")
    assert ran.error.startswith("kpi-stream: ")
    assert said in ran.error
    assert ran.error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_pipe_gets_the_table_and_stays_a_pipe(command: Command, tmp_path: Path) -> None:
    numbers, pipe = replayed(command, tmp_path), tmp_path / "pipe"
    reader = Reader(pipe)
    assert command("export", "--from", numbers, "--out", pipe).code == 0
    assert reader.all().decode() == command("export", "--from", numbers, "--out", "-").out
    assert pipe.is_fifo()


def test_a_file_for_excel_holds_the_same_table_with_a_byte_order_mark_and_dates(
    command: Command, tmp_path: Path
) -> None:
    numbers, out = replayed(command, tmp_path), tmp_path / "teams.csv"
    options = ["--levels", "team", "--windows", "day"]
    assert command("export", "--from", numbers, "--out", out, "--excel", *options).code == 0
    raw = out.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    (row,), (plain,) = (
        rows(raw.decode("utf-8-sig")),
        rows(command("export", "--from", numbers, "--out", "-", *options).out),
    )
    assert row["start"] == "2026-11-02 00:00:00"
    times = ("start", "end", "as_of")
    assert row | dict.fromkeys(times, "") == plain | dict.fromkeys(times, "")


def test_progress_counts_records(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # which rich takes for a terminal
    numbers = replayed(command, tmp_path)
    line = (numbers / "kpi.jsonl").read_bytes().splitlines()[0]
    many = wrote(tmp_path / "many.jsonl", *[line] * 3_000)
    ran = command("export", "--from", many, "--out", tmp_path / "out.csv", "--progress")
    assert ran.code == 0
    assert re.search(r"reading .*3,000 records", ran.error)
    assert re.search(r"writing .*3,000 records", ran.error)
    assert command("export", "--from", many, "--out", tmp_path / "out.csv", "--no-progress").error == ""


def test_the_recipes_answer(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = RECIPES.read_text("utf-8")
    commands = [shlex.split(line, comments=True)[1:] for line in re.findall(r"^kpi-stream .*", page, re.MULTILINE)]
    queries = re.findall(r"```sql\n(.*?);\n```", page, re.DOTALL)
    events(tmp_path)
    monkeypatch.chdir(tmp_path)
    for words in commands:
        if "live" not in words:  # tests/cli/test_export_live.py
            ran = command(*words)
            assert ran.code == 0, ran.error
    with duckdb.connect() as connection:
        teams, hours, tall = (connection.execute(query).fetchall() for query in queries)
        assert teams == [("t-1", 5.0, 0.5)]
        assert hours == [("09:00", 2, 15.0)]
        assert [(kpi, currency, numerator) for *_, kpi, currency, numerator, _, _ in tall] == [
            ("dials", None, 2), ("recovered_amount", "CNY", 500),
        ]  # fmt: skip
        (union,) = re.findall(r"`(read_csv\([^`]*union_by_name[^`]*)`", page)
        assert connection.execute(f"SELECT count(*) > 0 FROM {union}").fetchall() == [(True,)]
    (team,) = rows((tmp_path / "teams.csv").read_bytes().decode("utf-8-sig"))
    assert (team["entity"], team["start"], team["recovered_amount_minor_CNY"]) == ("t-1", "2026-11-02 00:00:00", "500")
