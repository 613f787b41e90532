"""What every part of a run shares: the broker, folders, and how large the run is."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "bench"
"""Where peers and profiler are installed; git ignores it."""


@dataclass(frozen=True)
class Setting:
    """`scale` 1 is the full run. `smoke`: only that everything runs, without peers that are not installed yet."""

    bootstrap: str
    folder: str
    scale: float
    smoke: bool
    broker_pid: int | None = None
    broker_logs: str | None = None
    """The broker's own folder of topics, where it is a local one."""

    def events(self, full: int, least: int = 1_000) -> int:
        """So many of something of which a full run has `full`; even, and a multiple of a thousand."""
        return max(least, int(full * self.scale) // 1_000 * 1_000)

    def seconds(self, full: int) -> int:
        """How long to measure what a full run measures for `full` seconds."""
        return full if self.scale >= 1 else max(5, int(full * self.scale))

    @property
    def path(self) -> Path:
        """The scratch folder, which lives as long as the run."""
        return Path(self.folder)

    def named(self, what: str) -> str:
        """A name of topics and groups that no other run on the same broker has."""
        return f"bench-{self.path.name}-{what}"

    def dumps(self) -> str:
        """For the process that measures one part."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Self:
        """The counterpart of `dumps`."""
        return cls(**json.loads(text))


def step(line: str) -> None:
    """A line of progress that stays."""
    sys.stderr.write(f"{_clear()}{time.strftime('%H:%M:%S', time.gmtime())}  {line}\n")
    sys.stderr.flush()


def say(line: str) -> None:
    """Progress that the next line overwrites; on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{_clear()}{line[: os.get_terminal_size(2).columns - 1]}")
        sys.stderr.flush()


def _clear() -> str:
    return "\r\x1b[K" if sys.stderr.isatty() else ""
