"""The pages of points name tests that there are, and no point without one; so do the other pages."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import ROOT

PAGES = {"live-points.md": 6, "alerting-points.md": 3}
"""Page -> how many sections it has."""
TESTS = ROOT / "tests"
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
FILES = re.compile(r"`(tests/[\w/]+\.py)`|`([\w/]*test_\w+\.py)`")


def sections(page: str) -> dict[str, list[tuple[str, str]]]:
    """Heading -> its rows: (point, cell of tests)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for part in (ROOT / "docs" / page).read_text().split("\n## ")[1:]:
        heading, _, table = part.partition("\n")
        rows = [line.strip("|").split(" | ") for line in table.splitlines()[2:] if line.startswith("|")]
        found[heading] = [(point.strip(), tests.strip()) for point, tests in rows]
    return found


def names_in(file: str) -> set[str]:
    """The names of the tests that a file defines, as pytest collects them here: functions at its top."""
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("page", PAGES)
def test_every_point_of_every_section_names_at_least_one_test_and_nothing_else(page: str) -> None:
    found = sections(page)
    assert [heading[:2] for heading in found] == [f"{number}." for number in range(1, PAGES[page] + 1)]
    for heading, rows in found.items():
        assert len(rows) > 5, heading
        for point, cell in rows:
            assert NAMED.search(cell), point
            assert NAMED.sub("", cell).replace("<br>", "") == "", point


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    named = NAMED.findall((ROOT / "docs" / page).read_text())
    assert len(named) > 50
    there = {file: names_in(file) for file in {file for file, _ in named} if (TESTS / file).is_file()}
    assert [f"{file}::{name}" for file, name in named if name not in there.get(file, set())] == []


@pytest.mark.parametrize("page", ["runbook.md", "internals.md", "live-points.md"])
def test_every_file_of_tests_that_a_page_names_exists(page: str) -> None:
    named = [whole or short for whole, short in FILES.findall((ROOT / "docs" / page).read_text())]
    there = {file.name for file in TESTS.rglob("test_*.py")}
    assert [name for name in named if not (ROOT / name).is_file() and name.rpartition("/")[2] not in there] == []
