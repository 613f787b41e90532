"""A small disk of its own for a broker, which can really be full: a tmpfs that only the broker's processes see."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Self

SIZE_MIB = 64
WAYS = (
    (["unshare", "--mount", "--map-root-user"], ["--user", "--mount", "--preserve-credentials"]),
    (["unshare", "--mount"], ["--mount"]),
)
"""How to be alone with a mount, and how to follow: for everybody where user namespaces are allowed, else for root."""


class NoMountError(Exception):
    """This machine lets nobody mount anything here."""


class SmallDisk:
    """A tmpfs at `folder`, in a mount namespace of its own that lives as long as the process that holds it.

    `within` is the command that runs another one in there. Nothing is left behind, whoever is killed: with the last
    process of the namespace the disk is gone. Neither root nor a container is needed, only user namespaces or the right
    to mount; NoMountError where neither is to be had.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        refusals = []
        for alone, follow in WAYS:
            self._holder, refusal = _mounted(alone, folder)
            if refusal is None:
                pid = self._holder.pid
                self.within = ["nsenter", f"--target={pid}", *follow]
                self._filler = Path(f"/proc/{pid}/root{folder}/filler")
                return
            refusals.append(refusal)
        raise NoMountError(f"no disk of its own can be mounted here: {'; '.join(refusals)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.communicate()  # the end of its input is its end

    @property
    def free_bytes(self) -> int:
        there = os.statvfs(self._filler.parent)
        return there.f_bavail * there.f_frsize

    def fill(self) -> None:
        """Takes all the room that is left."""
        with self._filler.open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, self.free_bytes)

    def free(self) -> None:
        """Gives it back."""
        self._filler.unlink()


def _mounted(alone: list[str], folder: Path) -> tuple[subprocess.Popen[bytes], str | None]:
    """The process that holds the mount, and why there is none."""
    mount = f'mount -t tmpfs -o size={SIZE_MIB}m none "$1" && echo mounted && exec cat'
    try:
        holder = subprocess.Popen(
            [*alone, "sh", "-c", mount, "sh", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except FileNotFoundError as error:  # no Linux
        raise NoMountError(str(error)) from None
    assert holder.stdout is not None
    if holder.stdout.readline() == b"mounted\n":
        return holder, None
    _, why = holder.communicate()
    return holder, why.decode().strip()
