"""The commands of the runbook, run as they stand there."""

import asyncio
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from stream.cli.main import run
from tests.conftest import ROOT

RUNBOOK = ROOT / "docs" / "runbook.md"


def commands(heading: str) -> list[str]:
    """The lines of the section's blocks that begin with `kpi-stream`, without what is said behind a #."""
    section = re.split(rf"(?m)^#+ {re.escape(heading)}$", RUNBOOK.read_text("utf-8"))[1]
    section = re.split(r"(?m)^##", section)[0]
    blocks = re.findall(r"(?ms)^```\n(.*?)^```$", section)
    lines = [re.sub(r"\s+#.*$", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("kpi-stream ")]


async def rehearse(heading: str, config: Path, stands_for: Mapping[str, object] | None = None) -> None:
    """Runs the commands of a section in its order, under this configuration. `stands_for`: word of the page -> what it
    is here. AssertionError: one of them failed."""
    found = commands(heading)
    assert found, f"docs/runbook.md has no commands under {heading}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KPI_STREAM_CONFIG", str(config))
        patch.chdir(config.parent)
        for line in found:
            words = [str((stands_for or {}).get(word, word)) for word in shlex.split(line)[1:]]
            assert await asyncio.to_thread(run, words) == 0, f"{line}: failed; what it said stands above"
