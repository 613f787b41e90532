"""In CI a skipped test is a failure, unless it needs the public data and they are absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NO_SHARED_DATA, ROOT

SKIPS = """
import pytest

def test_passes(): pass

@pytest.mark.skipif({guard}, reason={reason!r})
def test_skipped(): pass

@pytest.mark.xfail(strict=True)
def test_known_fault(): assert False
"""


def run(folder: Path, source: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "test_it.py"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def source(guard: bool = True, reason: str = "no Kafka here") -> str:
    return SKIPS.format(guard=guard, reason=reason)


def test_a_skip_fails_the_run_in_ci_and_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, source(), ci="true")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "test_it.py::test_skipped: Skipped: no Kafka here" in done.stdout


def test_a_skip_on_a_developers_machine_is_only_a_skip(tmp_path: Path) -> None:
    assert run(tmp_path, source(), ci="").returncode == pytest.ExitCode.OK


def test_the_absent_public_data_may_be_skipped_in_ci(tmp_path: Path) -> None:
    assert run(tmp_path, source(reason=NO_SHARED_DATA), ci="true").returncode == pytest.ExitCode.OK


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert run(tmp_path, source(guard=False), ci="true").returncode == pytest.ExitCode.OK


def test_a_module_that_skips_itself_fails_the_run_in_ci(tmp_path: Path) -> None:
    module = "import pytest\npytest.importorskip('no_such_module')\n" + source(guard=False)
    done = run(tmp_path, module, ci="true")
    assert done.returncode != pytest.ExitCode.OK


def test_the_broker_is_only_for_tests_that_say_so(tmp_path: Path) -> None:
    done = run(tmp_path, "def test_unmarked(broker): pass\n", ci="")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "uses broker and is not marked `broker`" in done.stdout
