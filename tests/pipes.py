"""A named pipe with somebody at its other end."""

import os
import threading
from pathlib import Path


class Reader:
    """Reads a pipe to its end, beside the test."""

    def __init__(self, pipe: Path) -> None:
        os.mkfifo(pipe)
        self._found = b""
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe: Path) -> None:
        self._found = pipe.read_bytes()

    def all(self) -> bytes:
        self._thread.join(20)
        assert not self._thread.is_alive(), "nobody opened the pipe for writing"
        return self._found
