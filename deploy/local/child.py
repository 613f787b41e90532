"""A command that the demo runs: its output in a file, its end in order."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TAIL_LINES = 15


class ChildError(Exception):
    """A child failed; the text says which, how, and how its log ends."""


class Child:
    """A running command. Its process group is its own, so a Ctrl-C at the terminal reaches the demo alone."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = list(command)
        self._environment = dict(environment)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """Of the process as it was last started."""
        return self._process.pid

    def restart(self) -> None:
        self._process = self._start()

    def succeed(self, seconds: float) -> None:
        """Wait for the end. Raises ChildError when it takes longer or does not exit with 0."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop(1.0)
            raise ChildError(f"{self.name} did not finish within {seconds:.0f} s{self.tail()}") from None
        if self.exit_code != 0:
            raise self.failure()

    def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL if it still runs after that long."""
        if self.exit_code is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def failure(self) -> ChildError:
        return ChildError(f"{self.name} ended with exit code {self.exit_code}{self.tail()}")

    def tail(self) -> str:
        """The end of the log, ready to follow a sentence."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return "".join(f"\n  | {line}" for line in [f"({self.log})", *lines])
