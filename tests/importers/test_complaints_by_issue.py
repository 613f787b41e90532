"""The example of docs/conduct-packs.md: complaints by issue beside breaches by rule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stream.cli.main import run

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"


def shown(complaints: Path, folder: Path) -> str:
    """What the example prints of these complaints beside the breaches of the example's calls."""
    config, calls, out = EXAMPLES / "conduct.yaml", EXAMPLES / "conduct_calls.jsonl", folder / "found"
    inputs = ["--input", str(complaints), "--input", str(calls)]
    assert run(["replay", "--config", str(config), *inputs, "--out", str(out), "--no-progress"]) == 0
    command = [sys.executable, str(EXAMPLES / "complaints_by_issue.py"), str(complaints), str(out / "conduct.jsonl")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.shared_data
def test_the_page_shows_what_the_example_prints_of_the_public_complaints(shared_data: Path, tmp_path: Path) -> None:
    complaints = tmp_path / "complaints.jsonl"
    assert run(["import", "cfpb", str(shared_data / "cfpb_complaints_2013_1000.csv"), "--out", str(complaints)]) == 0
    said = shown(complaints, tmp_path)
    assert said.count("\n") == 7
    assert said in (DOCS / "conduct-packs.md").read_text(encoding="utf-8")


def test_breaches_are_shown_where_nobody_has_complained(tmp_path: Path) -> None:
    complaints = tmp_path / "complaints.jsonl"
    complaints.write_text("")
    counts = {line[52:].strip() for line in shown(complaints, tmp_path).splitlines()[1:]}
    assert counts == {
        "2  any.restricted",
        "2  us_ma.contacts_in_7_days",
        "1  house_calls_per_day",
        "1  us_ma.hours",
    }
