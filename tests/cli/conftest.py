"""How the tests of the command line run it."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from stream.cli.main import run


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    error: str


Command = Callable[..., Ran]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `kpi-stream` with arguments, in this process and without the environment's configuration."""
    monkeypatch.delenv("KPI_STREAM_CONFIG", raising=False)

    def ran(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran
