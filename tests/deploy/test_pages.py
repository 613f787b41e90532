"""What the pages in docs/ say of the tree is what the tree holds."""

from __future__ import annotations

import re
from pathlib import Path

from bench.part import PARTS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ROOM = re.compile(r"^  ([a-z]+)/  ")
BY_COMMAND = "cli"


def rooms() -> dict[str, set[str]]:
    """Room -> files that section 2 of docs/internals.md names in it."""
    section = (DOCS / "internals.md").read_text().split("## 2. Rooms\n")[1].split("```")[1]
    named: dict[str, set[str]] = {}
    room = ""
    for line in section.splitlines()[2:]:
        if found := ROOM.match(line):
            room = found[1]
        named.setdefault(room, set()).update(re.findall(r"\w+\.py", line))
    return named


def test_the_page_for_developers_names_every_file_of_every_room_and_no_other() -> None:
    there = {
        room.name: {file.name for file in room.glob("*.py")} - {"__init__.py"}
        for room in (ROOT / "stream").iterdir()
        if (room / "__init__.py").exists()
    }
    commands = {file for file in there[BY_COMMAND] if f"`kpi-stream {file[:-3]}" in first_line(BY_COMMAND, file)}
    there[BY_COMMAND] -= commands
    assert {room: sorted(files) for room, files in rooms().items()} == {
        room: sorted(files) for room, files in there.items()
    }


def first_line(room: str, file: str) -> str:
    return (ROOT / "stream" / room / file).read_text().partition("\n")[0]


def test_the_page_on_performance_has_one_row_for_each_part_of_the_bench() -> None:
    page = (DOCS / "performance.md").read_text()
    table = page.split("|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    parts = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table]
    assert sorted(name for names in parts for name in names) == sorted(part.name for part in PARTS)
    by_name = next(names for names, row in zip(parts, table, strict=True) if "only when they are named" in row)
    assert sorted(by_name) == sorted(part.name for part in PARTS if not part.full)


def test_every_link_to_a_file_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())]
    links = [(page, link) for page, link in links if "://" not in link]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []
