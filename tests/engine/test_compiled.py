"""What is compiled never stands in for a source that says something else (ADR 0034)."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

import stream
from stream.core import COMPILED, NOTE, digest

MODULE = Path("ledger/difference.py")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the sources, with an extension module beside one of them, which cannot be loaded, and no note."""
    there = tmp_path / "stream"
    copytree(Path(stream.__file__).parent, there, ignore=ignore_patterns("*.so", NOTE, "__pycache__"))
    (there / MODULE).with_suffix(EXTENSION_SUFFIXES[0]).write_bytes(b"no extension module")
    return there


def imported(package: Path, **environment: str) -> str:
    """Where the module is taken from, or the error."""
    asked = "import stream.ledger.difference as found; print(found.__file__)"
    environment = {key: value for key, value in os.environ.items() if key != "KPI_STREAM_PURE"} | environment
    run = subprocess.run(
        [sys.executable, "-c", asked], cwd=package.parent, env=environment, capture_output=True, text=True, check=False
    )
    return run.stdout.strip() or run.stderr.strip().splitlines()[-1]


def test_sources_run_where_nothing_says_of_what_an_extension_module_was_made(package: Path) -> None:
    assert imported(package) == str(package / MODULE)


def test_an_extension_module_is_taken_where_it_was_made_of_these_sources(package: Path) -> None:
    (package / NOTE).write_text(digest(package))
    assert imported(package).startswith("ImportError")


@pytest.mark.parametrize("changed", [MODULE, Path("facts/fact.py"), Path("engine/entity.py")])
def test_sources_run_where_one_of_them_changed_since(package: Path, changed: Path) -> None:
    (package / NOTE).write_text(digest(package))
    with (package / changed).open("a") as source:
        source.write("\n")
    assert imported(package) == str(package / MODULE)


def test_sources_run_where_one_of_them_is_gone(package: Path) -> None:
    (package / NOTE).write_text(digest(package))
    (package / "ledger/whole.py").unlink()
    assert imported(package) == str(package / MODULE)


def test_sources_run_where_that_is_asked_for(package: Path) -> None:
    (package / NOTE).write_text(digest(package))
    assert imported(package, KPI_STREAM_PURE="1") == str(package / MODULE)


def test_what_runs_is_what_is_said() -> None:
    from stream.ledger import difference

    assert difference.__file__.endswith(".py") != COMPILED
