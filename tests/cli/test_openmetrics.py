"""`kpi-stream openmetrics`: numbers of the past in Prometheus' own storage."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.facts.instant import instant_ms
from tests.cli.conftest import Command
from tests.cli.test_explain import call
from tests.cli.test_reconcile import wrote
from tests.deploy.prometheus import running


def replayed(command: Command, tmp_path: Path, *events: dict[str, Any]) -> Path:
    file = wrote(tmp_path / "f", *(orjson.dumps(event) for event in events))
    assert command("replay", "--input", file, "--out", tmp_path / "numbers").code == 0
    return tmp_path / "numbers"


def test_every_part_of_every_window_is_a_sample_at_its_last_millisecond(command: Command, tmp_path: Path) -> None:
    numbers = replayed(command, tmp_path, call(1, "human", talk_ms=1_500), call(2, "busy"))
    out = tmp_path / "history.om"
    ran = command("openmetrics", numbers, "--out", out, "--windows", "day", "--levels", "agent")
    assert ran.code == 0, ran.error
    lines = out.read_text().splitlines()
    labels = 'site="main",level="agent",entity="a-1",window="day"'
    assert f"collections_window_dials{{{labels}}} 2 1793663999.999" in lines
    assert f"collections_window_talk_seconds{{{labels}}} 1.5 1793663999.999" in lines
    assert lines.index("# TYPE collections_window_dials gauge") < lines.index(
        "# TYPE collections_window_talk_seconds gauge"
    )
    assert lines[-1] == "# EOF"
    assert not [line for line in lines if 'window="month"' in line or 'level="team"' in line]
    assert ran.out == f"{sum(not line.startswith('#') for line in lines)} samples in {out}\n"


def test_a_dash_is_standard_output_and_gets_nothing_but_samples(command: Command, tmp_path: Path) -> None:
    numbers = replayed(command, tmp_path, call(1, "human"))
    assert command("openmetrics", numbers, "--out", tmp_path / "out").code == 0
    assert command("openmetrics", numbers, "--out", "-").out == (tmp_path / "out").read_text()


def test_what_is_no_kpi_record_is_named_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    ran = command("openmetrics", wrote(tmp_path / "f", b"{}"), "--out", tmp_path / "out")
    assert ran.code == 1
    assert f"{tmp_path / 'f'}: line 1: no KPI record" in ran.error
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_level_that_there_is_not_is_exit_code_2(command: Command, tmp_path: Path) -> None:
    assert command("openmetrics", tmp_path, "--out", tmp_path / "out", "--levels", "floor").code == 2


@pytest.mark.prometheus
async def test_prometheus_answers_from_the_blocks_that_promtool_makes(
    command: Command, program: Callable[[str], str], tmp_path: Path
) -> None:
    days = [call(n, "human", occurred_at=f"2026-11-0{day}T01:00:00Z", event_id=f"e-{day}-{n}", call_id=f"c-{day}-{n}")
            for day, calls in ((2, 3), (3, 5)) for n in range(calls)]  # fmt: skip
    payment: dict[str, Any] = {"type": "payment", "event_id": "e-p", "payment_id": "p-1", "currency": "CNY"}
    payment |= {"occurred_at": "2026-11-02T01:20:00Z", "debtor_id": "d-1", "case_id": "k-1", "amount_minor": 500}
    history = tmp_path / "history.om"
    assert command("openmetrics", replayed(command, tmp_path, *days, payment), "--out", history).code == 0
    promtool = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(history), str(tmp_path / "data")]
    made = await asyncio.to_thread(subprocess.run, promtool, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    async with running(program("prometheus"), tmp_path, [], "--storage.tsdb.retention.time=100y") as prometheus:
        for at, dials in (("2026-11-02T23:59:59.999Z", "3"), ("2026-11-03T23:59:59.999Z", "5")):
            query = f'collections_window_dials{{entity="t-1",window="day"}} @ {_seconds(at)}'
            (sample,) = await prometheus.query(query)
            assert sample["value"][1] == dials
            assert sample["metric"]["level"] == "team"
        sums = "sum_over_time(collections_window_dials{level='site',window='interval_30m'}[30d] @ 1795000000)"
        assert [sample["value"][1] for sample in await prometheus.query(sums)] == ["8"]
        end = _seconds("2026-11-02T23:59:59.999Z")
        recovered = f'collections_window_recovered_minor_units{{level="site",window="day"}} @ {end}'
        (sample,) = await prometheus.query(recovered)
        assert (sample["value"][1], sample["metric"]["currency"]) == ("500", "CNY")


def _seconds(at: str) -> float:
    return instant_ms(at) / 1000


def test_rolling_windows_which_are_never_written_are_refused_by_name(command: Command, tmp_path: Path) -> None:
    ran = command("openmetrics", tmp_path, "--out", tmp_path / "out", "--windows", "day,rolling_15m")
    assert (ran.code, ran.out) == (2, "")
    assert "rolling_15m: rolling windows are not written" in ran.error
    assert not (tmp_path / "out").exists()
