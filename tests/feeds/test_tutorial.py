"""The commands of docs/tutorials/own-csv.md do what the page says, one after the other, on its files."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.cli.main import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "own-csv.md"
FILE = re.compile(r"`([\w.-]+)`[^`]*:$")


def steps() -> Iterator[tuple[str, str, str]]:
    """(name, language, content) of the blocks of the page in order; the name is that of the file that a block holds."""
    text = PAGE.read_text("utf-8")
    for match in re.finditer(r"```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        before = text[: match.start()].rstrip().rsplit("\n", 1)[-1]
        named = FILE.search(before)
        yield named[1] if named else "", match[1], match[2]


def said_by(command: str) -> str:
    """What a command of the page says on both streams, with its exit code where it is not 0."""
    said = io.StringIO()
    words = shlex.split(command)
    assert words[0] == "kpi-stream"
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(words[1:])
    return said.getvalue() + (f"exit {code}\n" if code else "")


def test_the_commands_of_the_tutorial_say_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said, shown = "", 0
    for name, language, content in steps():
        if name:
            Path(name).write_text(content, "utf-8")
        elif language == "sh":
            said = "".join(said_by(command) for command in content.splitlines())
        elif language == "text":
            shown += 1
            missing = [line for line in content.splitlines() if line.strip() and line.strip() not in said]
            assert not missing, f"{missing} is not in:\n{said}"
    assert shown >= 3
    with Path("numbers/kpi.csv").open(encoding="utf-8", newline="") as table:
        rows = {(row["level"], row["entity"]): row for row in csv.DictReader(table)}
    told = re.findall(r"^\| (\w+) (\w+) \| (\w*) \| ([\d.]*) \| ([\d.]*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(told) >= 3
    for level, entity, dials, connect_rate, service_level in told:
        row = rows[level, entity]
        assert (row["dials_count"], row["connect_rate_ratio"], row["service_level_ratio"]) == (
            dials,
            connect_rate,
            service_level,
        )


def test_the_tutorial_ends_on_the_board() -> None:
    page = PAGE.read_text("utf-8")
    board = page.split("## 5.")[1]
    for command in ("topics create", "worker", "feed run", "--kafka"):
        assert command in board
