"""What the pages in docs/ say of the tree is what the tree holds."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.part import PARTS
from deploy.local.screenshots import PICTURES
from stream.cli.main import run
from stream.engine.entities.outputs import KpiRecord

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_every_file_of_the_product_says_what_it_is_in_its_first_sentence() -> None:
    files = list((ROOT / "stream").rglob("*.py"))
    assert files
    silent = [path for path in files if len((ast.get_docstring(ast.parse(path.read_text())) or "").split()) < 3]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_the_page_on_performance_has_one_row_for_each_part_of_the_bench() -> None:
    page = (DOCS / "performance.md").read_text()
    table = page.split("|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    parts = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table]
    assert sorted(name for names in parts for name in names) == sorted(part.name for part in PARTS)
    by_name = next(names for names, row in zip(parts, table, strict=True) if "only when they are named" in row)
    assert sorted(by_name) == sorted(part.name for part in PARTS if not part.full)


def test_every_link_to_a_file_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), ROOT / "tests/README.md", *DOCS.rglob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())]
    links = [(page, link) for page, link in links if "://" not in link]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_the_page_on_tests_has_every_folder_of_tests() -> None:
    table = (ROOT / "tests/README.md").read_text().split("| folder | holds |")[1].split("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == {path.parent.name for path in (ROOT / "tests").glob("*/*.py") if path.name.startswith("test_")}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """(page, anchor) of every link of a page to a file here; the anchor is "" without one."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield (page.parent / file).resolve() if file else page, anchor


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them: the second of the same text has a number behind it."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w -]", "", plain).replace(" ", "-")
        numbered = (name if number == 0 else f"{name}-{number}" for number in range(1000))
        found.add(next(each for each in numbered if each not in found))
    return found


def test_every_link_to_a_heading_leads_to_one() -> None:
    pages = [*ROOT.glob("*.md"), ROOT / "tests/README.md", *DOCS.rglob("*.md")]
    linked = [(page, *link) for page in pages for link in links(page) if link[1]]
    assert len(linked) > 50
    lost = [f"{page.name}: {to.name}#{anchor}" for page, to, anchor in linked if anchor not in anchors(to)]
    assert lost == []


def test_no_page_is_an_orphan() -> None:
    """From the README every page can be reached by links, and the index of docs/ names each page that lies there."""
    reached, todo = set[Path](), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page not in reached and page.suffix == ".md" and page.is_file():
            reached.add(page)
            todo += [to for to, _ in links(page)]
    assert {str(page.relative_to(ROOT)) for page in set(DOCS.rglob("*.md")) - reached} == set()
    named = {to for to, _ in links(DOCS / "README.md")}
    assert {page.name for page in set(DOCS.glob("*.md")) - named} == {"README.md"}


def test_every_picture_is_one_that_the_command_makes_and_stands_on_a_page() -> None:
    made = {picture.name for picture in PICTURES}
    assert made == {path.name for path in (DOCS / "images").iterdir()}
    shown = {to.name for page in (ROOT / "README.md", *DOCS.glob("*.md")) for to, _ in links(page)}
    assert made <= shown


def test_the_commands_of_the_readmes_trial_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trial = (ROOT / "README.md").read_text("utf-8").split("## A ten-minute trial")[1].split("\n## ")[0]
    commands = re.findall(r"^\$ kpi-stream (.+)$", trial, re.MULTILINE)
    assert len(commands) >= 3
    assert [(command, run(shlex.split(command))) for command in commands] == [(command, 0) for command in commands]
    record = json.loads(Path("numbers/kpi.jsonl").read_text("utf-8").splitlines()[0])
    assert KpiRecord.model_validate(record).kpis


def test_every_test_that_a_page_names_exists() -> None:
    named = {
        found for page in DOCS.rglob("*.md") for found in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text())
    }
    assert named
    missing = [(file, name) for file, name in named if name not in _functions(ROOT / file)]
    assert missing == []


def _functions(file: Path) -> set[str]:
    if not file.exists():
        return set()
    nodes = ast.walk(ast.parse(file.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_runbook_of_upgrade_scaling_and_disaster_is_rehearsed() -> None:
    page = (DOCS / "runbook.md").read_text()
    for head in ("To upgrade", "Going back", "To scale", "The state is lost", "All of Kafka is lost"):
        section = re.split(rf"(?m)^#+ {head}$", page)[1].split("\n#")[0]
        assert "\nRehearsed by `tests/" in section, head
