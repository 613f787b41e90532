"""A file that a command writes: it appears under its name when it is whole; a pipe, a device or a symlink stays one."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file to write bytes to, which takes its place at `path` at the end of the block.

    Until then it is `.NAME.part` in the same folder; an exception removes that, and what was at `path` stays as it was.
    Of a symlink it is the target that is replaced. What is there and no regular file (a pipe, a device) can have no
    other put in its place: it is opened and written straight into. Raises OSError where that cannot be done.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    target = resolved(path)
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def resolved(path: Path) -> Path:
    """Where the links of a path end, whether or not something is there. OSError if they go in a circle."""
    try:
        return path.resolve()
    except RuntimeError as error:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error
