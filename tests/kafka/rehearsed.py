"""The commands of the runbook, run as they stand there."""

import asyncio
import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

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
    for line in found:
        program, *words = shlex.split(line)
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name(program), *[str((stands_for or {}).get(word, word)) for word in words],
            cwd=config.parent, env=os.environ | {"KPI_STREAM_CONFIG": str(config)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), 180)
        assert process.returncode == 0, f"{line}: exit code {process.returncode}\n{said.decode()}"
