"""The folder beside the target in which a replay works: tasks that are done are not done again after a kill."""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from stream.replay import results
from stream.replay.tasks import Result, Task
from stream.written_file import resolved, written

_MANIFEST = "manifest.json"
_LOCK = "lock"


class OutputError(Exception):
    """The target cannot be written: one line that names it."""


class WorkFolder:
    """Remembers which tasks are done, and their results. `resumed`: it was found with the same manifest."""

    def __init__(self, path: Path, resumed: bool) -> None:
        self.path = path
        self.resumed = resumed

    @property
    def out(self) -> Path:
        """The folder whose files are moved into the target at the end."""
        return self.path / "out"

    def result(self, task: Task) -> Result | None:
        """The result of a task; None if it is not done."""
        try:
            found: Result = orjson.loads(self._marker(task).read_bytes())
        except FileNotFoundError:
            return None
        return found

    def done(self, task: Task, result: Result) -> None:
        """Notes that a task is done and its files are complete; the note survives a kill."""
        with written(self._marker(task)) as file:
            file.write(orjson.dumps(result))

    def _marker(self, task: Task) -> Path:
        kind, number = task
        return self.path / f"done-{kind}-{number}.json"


def beside(target: Path) -> Path:
    """The work folder of a target."""
    return target.absolute().parent / f".{target.absolute().name}.work"


def manifest_of(path: Path) -> Any:
    """The manifest in a work folder that a killed run left; None if there is none."""
    try:
        return orjson.loads((path / _MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None


@contextmanager
def working(
    target: Path,
    manifest: Mapping[str, Any],
    *,
    resumable: bool,
    drop_on: tuple[type[Exception], ...] = (),
    replace: bool = False,
) -> Iterator[WorkFolder]:
    """A work folder beside `target`. At the end of the block the files of its `out` are moved into `target`.

    If an exception ends the block, the folder is kept so that the next run goes on with it, unless the exception is one
    of `drop_on`, the run is not `resumable`, or the next run's `manifest` differs. OutputError if the target is a file
    or cannot be written, if another replay works for it, if the name of a result belongs to a pipe or the like there,
    or if it holds results that are not of this very run and `replace` is false.
    """
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target}: is a file, not a folder")
    path = beside(target)
    ours = orjson.loads(json.dumps(manifest))
    odd = next((place for place in results.held(target) if not place.is_file()), None)
    if odd is not None:
        raise OutputError(f"{odd}: is no regular file, and results are not written to it")
    if not replace:
        _check_free(target, ours, resumable)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with (path / _LOCK).open("w") as lock:
            _lock(lock.fileno(), target)
            try:
                work = _begun(path, ours, resumable)
                yield work
                target.mkdir(exist_ok=True)
                for old in results.held(target):
                    resolved(old).unlink(missing_ok=True)
                for file in sorted(work.out.iterdir()):
                    shutil.move(file, resolved(target / file.name))
            except BaseException as error:
                if not resumable or isinstance(error, drop_on):
                    shutil.rmtree(path, ignore_errors=True)
                raise
            shutil.rmtree(path, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{target}: {error.strerror or error}") from error


def _check_free(target: Path, manifest: Any, resumable: bool) -> None:
    """OutputError if the target holds results that are not those of this very run. What came on standard input is not
    known, so no two runs of it are the same."""
    there = results.of_whom(target)
    if there is None:
        held = results.held(target)
        # The summary goes first and comes last: without one, a run was killed while it moved its files, and its work
        # folder is still there; or the files are somebody else's.
        if held and not (resumable and manifest_of(beside(target)) == manifest):
            names = ", ".join(sorted(path.name for path in held))
            raise OutputError(f"{target}: holds results of an unknown run ({names}): --replace overwrites them")
        return
    fingerprint, words = there
    if not resumable or fingerprint != results.fingerprint(manifest):
        raise OutputError(f"{target}: holds the results of another run ({words}): --replace overwrites them")


def _lock(file: int, target: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"{target}: another replay is writing to it") from None


def _begun(path: Path, manifest: Any, resumable: bool) -> WorkFolder:
    same = resumable and manifest_of(path) == manifest
    for entry in path.iterdir():
        if entry.name != _LOCK and (not same or entry.name == "out"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    (path / "out").mkdir()
    if not same:
        with written(path / _MANIFEST) as file:
            file.write(orjson.dumps(manifest))
    return WorkFolder(path, same)
