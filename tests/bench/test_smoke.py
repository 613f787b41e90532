"""The bench runs from end to end at small sizes, so that it cannot rot; nothing is said about speed here."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.part import PARTS, Part

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_has_rows(part: Part) -> None:
    assert callable(importlib.import_module(part.module).rows)


@pytest.mark.broker
@pytest.mark.timeout(900)
def test_every_part_of_the_bench_measures_something_and_none_fails(broker: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke"],
        cwd=ROOT,
        env=os.environ | {"KAFKA_BOOTSTRAP_SERVERS": broker},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sections = dict(section.split("\n", 1) for section in done.stdout.split("\n## ")[1:])
    assert sections.keys() == {part.name for part in PARTS if part.smoke}
    for name, rows in sections.items():
        if name != "profile":  # its sampler is not installed in a smoke run
            assert rows.count("\n|") > 2, rows
    assert "| catch-up, ours: KPI records that differ | 0 |" in sections["catchup"]
    assert "| catch-up, ours: alert records that differ | 0 |" in sections["catchup"]
    assert "| catch-up, ours: alert records of replay | 0 |" not in sections["catchup"]
