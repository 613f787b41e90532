"""Fixtures for tests that need something real (a broker, a program, the public data); in CI nothing is left out.

Tests share one broker and keep apart by `topic_prefix`; a test that stops or kills its broker asks for `own_broker`.
With CI=true a skipped test fails the run: only what needs the public data may be skipped, where they are absent.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings

from deploy.local.broker import LocalBroker
from stream.core import COMPILED

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
NO_SHARED_DATA = "the public data sets are not here (../shared/data)"
CI = os.environ.get("CI", "").lower() in {"1", "true"}

# No example has a deadline: the machine may be shared. CI draws the same examples in every run, and spends no minutes
# on making a failing one smaller; a run under CI=true fails in the same way on a developer's machine.
hypothesis_settings.register_profile("developer", deadline=None, print_blob=True)
hypothesis_settings.register_profile(
    "ci", deadline=None, print_blob=True, derandomize=True, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
hypothesis_settings.load_profile("ci" if CI else "developer")

_numbers = count(1)
_forbidden_skips: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """A SIGTERM (`timeout`, a cancelled job) unwinds like a Ctrl-C, so that fixtures end the brokers they started."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def pytest_report_header() -> str:
    """Which of the two this run is about (ADR 0034)."""
    return f"core: {'compiled' if COMPILED else 'interpreted'}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What looks into the interpreter is left to the run with KPI_STREAM_PURE=1."""
    if COMPILED:
        left_out = [item for item in items if item.get_closest_marker("interpreted") is not None]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def session_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The broker that the whole run shares; ask for `broker` instead."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    with LocalBroker(tmp_path_factory.mktemp("kafka")) as local:
        yield local.bootstrap


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> str:
    """Bootstrap servers of a real Kafka: KAFKA_BOOTSTRAP_SERVERS, else one of our own. For tests marked `broker`."""
    _must_be_marked(request, "broker")
    return str(request.getfixturevalue("session_broker"))


@pytest.fixture
def own_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalBroker]:
    """A running broker that the test may stop, kill, pause and restart. For tests marked `broker`."""
    _must_be_marked(request, "broker")
    with LocalBroker(tmp_path / "kafka") as local:
        yield local


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> str:
    """A topic prefix (and base of group names) that no other test and no other run on the same broker uses."""
    name = re.sub(r"[^a-zA-Z0-9]+", "-", request.node.name)[:40].strip("-").lower()
    return f"t{os.getpid()}-{next(_numbers)}-{name}"


@pytest.fixture
def shared_data() -> Path:
    """The folder of the public data sets; skips where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(NO_SHARED_DATA)
    return SHARED_DATA


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """`program("promtool")`: the path of an installed program; skips where it is missing (which CI refuses)."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed")
        return found

    return find


def _must_be_marked(request: pytest.FixtureRequest, mark: str) -> None:
    if request.node.get_closest_marker(mark) is None:
        pytest.fail(f"{request.node.nodeid} uses {request.fixturename} and is not marked `{mark}`")


def _note_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if reason.removeprefix("Skipped: ") != NO_SHARED_DATA:
        _forbidden_skips.append(f"{report.nodeid}: {reason}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note_skip(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note_skip(report)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if CI and _forbidden_skips and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CI and _forbidden_skips:
        terminalreporter.section("skipped in CI, which is a failure", red=True)
        for line in _forbidden_skips:
            terminalreporter.line(line)
