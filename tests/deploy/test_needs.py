"""`make setup` says in one line what a machine lacks."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

NEEDS = ROOT / "deploy" / "local" / "needs.sh"


def ask(what: str, folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run needs.sh on a machine that has only these programs: name -> shell script."""
    for tool in ("sed", "head"):
        (folder / tool).symlink_to(f"/usr/bin/{tool}" if Path(f"/usr/bin/{tool}").exists() else f"/bin/{tool}")
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        ["/bin/bash", str(NEEDS), what], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


JAVA_17 = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"
JAVA_11 = "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2"


@pytest.mark.parametrize(
    ("what", "programs", "words"),
    [
        ("python", {}, "no Python 3.11 or newer"),
        ("python", {"python3": "exit 1"}, "no Python 3.11 or newer"),
        ("java", {"mvn": "true"}, "no java on PATH"),
        ("java", {"java": JAVA_11, "mvn": "true"}, "java on PATH is version 11"),
        ("java", {"java": JAVA_17}, "no mvn on PATH"),
    ],
)
def test_what_is_missing_is_one_line_and_a_failure(
    tmp_path: Path, what: str, programs: dict[str, str], words: str
) -> None:
    done = ask(what, tmp_path, **programs)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_machine_that_has_all_is_told_nothing(tmp_path: Path) -> None:
    assert ask("java", tmp_path, java=JAVA_17, mvn="true").returncode == 0


def test_the_first_python_that_will_do_is_named(tmp_path: Path) -> None:
    done = ask("python", tmp_path, **{"python3.12": "exit 1", "python3": "exit 0"})
    assert done.stdout.strip() == str(tmp_path / "python3")
