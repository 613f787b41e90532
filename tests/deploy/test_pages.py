"""What the pages in docs/ say of the tree is what the tree holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from bench.part import PARTS

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


def test_every_page_is_among_those_that_the_readme_lists() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)\)", (ROOT / "README.md").read_text()))
    assert linked == {f"docs/{page.name}" for page in DOCS.glob("*.md")}


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
