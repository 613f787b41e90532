"""How the tests of the command line run it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
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


@pytest.fixture
def config(tmp_path: Path, broker: str, topic_prefix: str, command: Command) -> Path:
    """A configuration whose topics are there, on a real broker."""
    file = tmp_path / "c.yaml"
    kafka = {"bootstrap_servers": broker, "topic_prefix": topic_prefix, "group": topic_prefix, "partitions": 2}
    file.write_bytes(orjson.dumps({"kafka": kafka}))
    ran = command("topics", "create", "--config", file)
    assert ran.code == 0, ran.error
    return file
