"""A thread that ends a worker that makes no progress (live 1): an event loop that hangs cannot notice it itself."""

import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping

import structlog

from stream.kafka.exits import End, Exit

EVERY_SECONDS = 1.0
LOOP_SECONDS = 60.0
WARN_SHARE = 0.5
PROBE_SECONDS = 2.0

log = structlog.get_logger(__name__)

Snapshot = Mapping[str, int]
"""Name -> a value that should change, for each thing that should be making progress at the moment."""


class Stalls:
    """Finds what should make progress and does not. A name that is absent from a snapshot is not expected to."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit_seconds = limit_seconds
        self._since: dict[str, tuple[int, float]] = {}

    def find(self, snapshot: Snapshot, now_seconds: float) -> list[str]:
        """The names whose value has been the same for longer than the limit, in order."""
        since = self._since
        self._since = {
            name: since[name] if since.get(name, (None,))[0] == value else (value, now_seconds)
            for name, value in snapshot.items()
        }
        return self.standing(now_seconds, self._limit_seconds)

    def standing(self, now_seconds: float, longer_than_seconds: float) -> list[str]:
        """The names whose value had been the same for longer than this when last looked at, in order."""
        return sorted(name for name, age in self.ages(now_seconds).items() if age > longer_than_seconds)

    def ages(self, now_seconds: float) -> dict[str, float]:
        """Name -> seconds for which its value has been the same, as of the last look."""
        return {name: now_seconds - seconds for name, (_, seconds) in self._since.items()}

    def forgive(self) -> None:
        """Starts counting again from the next snapshot."""
        self._since.clear()


class Watchdog:
    """Ends the process, with exit code 5, when the loop has not called `beat` for a minute, or something in `snapshot`
    has not changed for `stall_seconds`.

    `snapshot` and `excused` are called from the watchdog's thread: they may only read. What `excused` names may stand
    still; so may everything while no server accepts a connection, since it waits for the broker, which is no fault.
    `standing`: name -> seconds for what has not changed for a quarter of the limit; from half of it on it is logged.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        servers: str,
        end: End,
        stall_seconds: float,
        excused: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self.standing: dict[str, float] = {}
        self._snapshot = snapshot
        self._excused = excused
        self._servers = servers
        self._end = end
        self._stall_seconds = stall_seconds
        self._stalls = Stalls(stall_seconds)
        self._warned: set[str] = set()
        self._beat = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end; returns at once."""
        self._stop.set()

    def beat(self) -> None:
        """To be called by the event loop, at least twice a second: says that it turns."""
        self._beat = time.monotonic()

    def _watch(self) -> None:
        looked = time.monotonic()
        while not self._stop.wait(EVERY_SECONDS):
            now = time.monotonic()
            if now - looked > 5 * EVERY_SECONDS:  # this process was stopped, its loop with it
                self._beat = now
                self._stalls.forgive()
            looked = now
            if now - self._beat > LOOP_SECONDS:
                self._end(Exit.RESTART, f"the event loop has not turned for {LOOP_SECONDS:.0f} s")
            excused = self._excused()
            stalled = [name for name in self._stalled(now) if name not in excused]
            self._warn(now)
            if not stalled:
                continue
            if any_answers(self._servers):
                self._end(Exit.RESTART, f"no progress for {self._stall_seconds:.0f} s: {', '.join(stalled[:5])}")
            self._stalls.forgive()

    def _stalled(self, now: float) -> list[str]:
        try:
            return self._stalls.find(self._snapshot(), now)
        except RuntimeError:  # a dictionary changed while it was read; the next second will do
            return []

    def _warn(self, now: float) -> None:
        limit = self._stall_seconds
        self.standing = {name: age for name, age in self._stalls.ages(now).items() if age > limit / 4}
        slow = {name for name, age in self.standing.items() if age > limit * WARN_SHARE}
        for name in sorted(slow - self._warned):
            log.warning("no progress", what=name, for_s=round(self.standing[name]), restart_after_s=round(limit))
        self._warned = slow


def any_answers(servers: str) -> bool:
    """Whether a TCP connection can be made to any of `host:port,host:port`."""
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=PROBE_SECONDS):
                return True
        except OSError:
            continue
    return False
