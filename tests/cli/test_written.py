"""Where the commands write, pipes stay pipes and links stay links."""

from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Command
from tests.cli.test_explain import call
from tests.importers.rows import call_log
from tests.pipes import Reader


@pytest.mark.parametrize("name", ["openmetrics", "simulate", "import"])
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_every_command_that_writes_a_file_leaves_a_pipe_a_pipe_and_a_link_a_link(
    command: Command, tmp_path: Path, name: str, kind: str
) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(orjson.dumps(call(1, "human")))
    assert command("replay", "--input", events, "--out", tmp_path / "numbers").code == 0
    words = {
        "openmetrics": ["openmetrics", tmp_path / "numbers"],
        "simulate": ["simulate", "--events", 20],
        "import": ["import", "anonymous-bank", call_log(tmp_path, {})],
    }[name]
    plain, out, target = tmp_path / "plain", tmp_path / "out", tmp_path / "target"
    assert command(*words, "--out", plain).code == 0
    if kind == "pipe":
        reader = Reader(out)
        ran = command(*words, "--out", out)
        found = reader.all()
        assert out.is_fifo()
    else:
        out.symlink_to("target")
        ran = command(*words, "--out", out)
        found = target.read_bytes()
        assert out.is_symlink()
    assert ran.code == 0, ran.error
    assert found == plain.read_bytes()
