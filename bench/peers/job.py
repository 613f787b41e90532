"""What a peer is told, and what it tells: the arguments of its process, and one line of JSON at the end.

Runs inside the peers' own environments: standard library only.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import NamedTuple

PANE_MS = 60_000
HOPPING_MS = 900_000
GRACE_MS = 60_000


class Job(NamedTuple):
    """`window`: tumbling, hopping or empty; `rekey`: the topic is keyed by debtor; `records`: how many it holds."""

    bootstrap: str
    source: str
    target: str
    window: str
    rekey: bool
    records: int
    group: str
    folder: str
    guarantee: str

    @property
    def size_ms(self) -> int:
        """Length of a window; each begins a minute after the one before."""
        return PANE_MS if self.window == "tumbling" else HOPPING_MS


def job() -> Job:
    """From the command line."""
    bootstrap, source, target, window, rekey, records, group, folder, guarantee = sys.argv[1:10]
    return Job(bootstrap, source, target, window, rekey == "1", int(records), group, folder, guarantee)


class Watch:
    """Time and CPU of this process from the first tenth of the records on, which is not counted, to the last."""

    def __init__(self, records: int) -> None:
        self.seen = 0
        self._records = records
        self._from = records // 10
        self._began: tuple[int, float, float] | None = None

    def saw(self, count: int = 1) -> bool:
        """Counts records; true once, with the last one."""
        before, self.seen = self.seen, self.seen + count
        if self._began is None and self.seen >= self._from:
            self._began = (self.seen, time.perf_counter(), time.process_time())
        return before < self._records <= self.seen

    def tell(self, **more: object) -> None:
        """Writes the line, about what was seen until now."""
        began, wall, cpu = self._began or (0, time.perf_counter(), time.process_time())
        line = {
            "records": self.seen - began,
            "seconds": time.perf_counter() - wall,
            "cpu_seconds": time.process_time() - cpu,
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            **more,
        }
        # Straight to the file: some engines take sys.stdout for their log.
        os.write(1, f"\n{json.dumps(line)}\n".encode())
