"""A measure costs two files of the product, a KPI one: all else follows from their rows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import stream
from tests.facts.events import wire

SOURCES = Path(stream.__file__).parent
MEASURE = {
    "windows/measures.py": (
        "\n)  # fmt: skip\n\n_IN_CURRENCY",
        '\n    Measure({next}, "reviews_perfect", "count", "reviews_perfect", OTHERS, "reviews of 100", "满分"),',
    ),
    "ledger/columns.py": (
        "    if review.score is None:\n",
        '    if review.score == 100:\n        ones += ("reviews_perfect",)\n',
    ),
}
KPI = {
    "kpis/of_people.py": (
        "\n)  # fmt: skip\n\nBOTS",
        '\n    Kpi("perfect_rate", ("reviews_perfect",), ("reviews", "surveys"), "ratio", None, "-", "满分率", "-"),',
    ),
}


def run(copy: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(copy), "KPI_STREAM_PURE": "1"}
    program = "from stream.cli.program import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product with one more measure and one more KPI, put in before these anchors."""
    root = tmp_path_factory.mktemp("product")
    shutil.copytree(SOURCES, root / "stream", ignore=shutil.ignore_patterns("*.so", "core.sha256", "__pycache__"))
    plain = (root / "stream/windows/measures.py").read_text("utf-8").partition("_IN_CURRENCY")[0].count("    Measure(")
    for name, (anchor, text) in (MEASURE | KPI).items():
        path = root / "stream" / name
        before, found, after = path.read_text("utf-8").partition(anchor)
        assert found, f"{name} has changed: where does a row go now?"
        path.write_text(before + text.replace("{next}", str(plain)) + found + after, "utf-8")
    return root


def test_a_measure_costs_two_files_and_a_kpi_one() -> None:
    assert (len(MEASURE), len(KPI)) == (2, 1)


def test_a_new_measure_and_a_new_kpi_are_counted_named_explained_and_exported(copy: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    reviews = [
        wire("quality_review", event_id=f"e-{n}", review_id=f"r-{n}", score=score) for n, score in enumerate((100, 70))
    ]
    events.write_bytes(b"".join(line + b"\n" for line in reviews))
    run(copy, "replay", "--input", str(events), "--out", str(tmp_path / "out"), "--windows", "day")
    records = [json.loads(line) for line in (tmp_path / "out/kpi.jsonl").read_text().splitlines()]
    found: dict[str, Any] = {
        record["level"]: item for record in records for item in record["kpis"] if item["kpi"] == "perfect_rate"
    }
    assert found["site"] == {"kpi": "perfect_rate", "numerator": 1, "denominator": 2, "value": 0.5, "status": "ok"}
    (row,) = json.loads(run(copy, "kpis", "perfect_rate", "--json"))["kpis"]
    assert row["numerator_words"] == "reviews of 100"
    assert row["levels"] == ["agent", "team", "segment", "site"]
    run(copy, "openmetrics", str(tmp_path / "out"), "--out", str(tmp_path / "history.om"))
    history = (tmp_path / "history.om").read_text()
    assert 'collections_window_reviews_perfect{site="main",level="site"' in history
    assert "collections_window_reviews_and_surveys{" in history
