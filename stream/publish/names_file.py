"""The file of names, read again when it has changed; one that is wrong then is logged, and the former names stay."""

import time

import structlog

from stream.settings import Settings, SettingsError
from stream.settings.board import NamesOfIds

LOOK_EVERY_S = 5.0

log = structlog.get_logger(__name__)


class NamesFile:
    """The names that `board.names` tells. A file that is wrong from the start gives none: the numbers are shown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.names_path
        self._names = NamesOfIds()
        self._seen: tuple[int, int] | None = None
        self._looked_s: float | None = None

    def latest(self) -> NamesOfIds:
        """The names as the file has them; looks at the file every five seconds at most."""
        now_s = time.monotonic()
        if self._path is None or (self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S):
            return self._names
        self._looked_s = now_s
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
        except OSError:
            seen = (0, 0)
        if seen != self._seen:
            self._seen = seen
            try:
                self._names = self._settings.names()
            except SettingsError as error:
                log.warning("names not read", problem=str(error))
        return self._names
