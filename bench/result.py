"""What a measurement found: rows with a key for programs and words for people, kept as a dated file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

Value = float | str


class Row(NamedTuple):
    """One figure. `key` is what programs look it up by, `unit` follows the value (empty: none)."""

    key: str
    what: str
    value: Value
    unit: str = ""

    @property
    def text(self) -> str:
        """The value as people read it."""
        return f"{_figure(self.value)} {self.unit}".strip()


def machine() -> dict[str, str]:
    """What the figures depend on: machine and versions."""
    ours = ("faust-streaming", "aiokafka", "msgspec", "pydantic", "orjson", "duckdb")
    return {
        "cores": f"{os.cpu_count()}",
        "processor": _processor(),
        "system": platform.platform(terse=True),
        "Python": platform.python_version(),
        "Apache Kafka": "4.2.0, one node on the same cores",
        "commit": _commit(),
        **{name: version(name) for name in ours},
    }


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    return "".join(["| what | measured |\n|---|---|\n", *(f"| {row.what} | {row.text} |\n" for row in rows)])


def save(folder: Path, day: str, about: Mapping[str, str], parts: Mapping[str, list[Row]]) -> list[Path]:
    """Writes the day's JSON, for programs, and its Markdown, for people.

    Parts that were measured earlier the same day and not again stay as they were.
    """
    folder.mkdir(exist_ok=True)
    kept = folder / f"{day}.json"
    before = load(kept)[1] if kept.exists() else {}
    parts = {**before, **parts}
    document = {"about": about, "parts": {name: [row._asdict() for row in rows] for name, rows in parts.items()}}
    kept.write_text(json.dumps(document, indent=1) + "\n")
    words = "; ".join(f"{name} {what}" for name, what in about.items())
    head = f"# Measured on {day}\n\n{words}. Command: `make bench`.\n"
    page = kept.with_suffix(".md")
    page.write_text(head + "".join(f"\n## {name}\n\n{table(rows)}" for name, rows in parts.items()))
    return [kept, page]


def load(file: Path) -> tuple[dict[str, str], dict[str, list[Row]]]:
    """What `save` wrote: about, and rows by part."""
    document = json.loads(file.read_text())
    return document["about"], {name: [Row(**row) for row in rows] for name, rows in document["parts"].items()}


def _figure(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
