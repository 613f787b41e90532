"""The commands of the tutorial and of the recipes do what the pages say, one after the other, on their files."""

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

DOCS = Path(__file__).resolve().parents[2] / "docs"
TUTORIAL = DOCS / "tutorials" / "own-csv.md"
FILE = re.compile(r"`(\w[\w-]*\.\w+)`[^`]*:$")


def steps(page: Path) -> Iterator[tuple[str, str, str]]:
    """(name, language, content) of the blocks of the page in order; the name is that of the file that a block holds."""
    text = page.read_text("utf-8")
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


@pytest.mark.parametrize(("page", "least"), [(TUTORIAL, 6), (DOCS / "how-to.md", 6)], ids=["tutorial", "how-to"])
def test_the_commands_of_a_page_say_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: Path, least: int
) -> None:
    """Blocks of `sh` are run, blocks of `text` are what the last of them prints, a block after the name of a file is
    that file. An exit code other than 0 has to be shown."""
    monkeypatch.chdir(tmp_path)
    said, shown, failed = "", 0, list[str]()
    for name, language, content in steps(page):
        if name:
            Path(name).write_text(content, "utf-8")
        elif language == "sh":
            assert not failed, f"an exit code that the page does not show:\n{said}"
            said = "".join(said_by(command) for command in content.splitlines())
            failed = re.findall(r"^exit (\d)$", said, re.MULTILINE)
        elif language == "text":
            shown += 1
            missing = [line for line in content.splitlines() if line.strip() and line.strip() not in said]
            assert not missing, f"{missing} is not in:\n{said}"
            failed = [] if "exit " in content or content.startswith("kpi-stream: ") else failed
    assert not failed, said
    assert shown >= least


def test_the_table_of_the_tutorial_is_what_its_commands_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, language, content in steps(TUTORIAL):
        if name:
            Path(name).write_text(content, "utf-8")
        elif language == "sh" and ("feed run" in content or "replay" in content):
            for command in content.splitlines():
                said_by(command)
    with Path("numbers/kpi.csv").open(encoding="utf-8", newline="") as table:
        rows = {(row["level"], row["entity"]): row for row in csv.DictReader(table)}
    page = TUTORIAL.read_text("utf-8")
    told = re.findall(r"^\| (\w+) (\w+) \| (\w*) \| ([\d.]*) \| ([\d.]*) \|$", page, re.MULTILINE)
    assert len(told) >= 3
    for level, entity, dials, connect_rate, service_level in told:
        row = rows[level, entity]
        assert (row["dials_count"], row["connect_rate_ratio"], row["service_level_ratio"]) == (
            dials,
            connect_rate,
            service_level,
        )


def test_the_tutorial_ends_on_the_board() -> None:
    page = TUTORIAL.read_text("utf-8")
    board = page.split("## 7.")[1]
    for command in ("topics create", "worker", "feed run", "--kafka"):
        assert command in board
