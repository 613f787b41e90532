"""What the system says of a process: memory, open files, threads."""

from contextlib import suppress
from dataclasses import dataclass
from os import sysconf
from pathlib import Path

PAGE_BYTES = sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """Resident memory, open files and sockets, threads."""

    rss_bytes: int
    files: int
    threads: int


def usage(pid: int) -> Usage | None:
    """None: there is no such process any more."""
    process = Path(f"/proc/{pid}")
    try:
        pages = int((process / "statm").read_text().split()[1])
        return Usage(pages * PAGE_BYTES, len(list((process / "fd").iterdir())), len(list((process / "task").iterdir())))
    except (OSError, IndexError):
        return None


def group_usage(leader: int) -> Usage | None:
    """Of all processes of a group together; what they share is counted for each. None: there is none."""
    found = [each for pid in _group(leader) if (each := usage(pid)) is not None]
    if not found:
        return None
    return Usage(
        sum(each.rss_bytes for each in found), sum(each.files for each in found), sum(each.threads for each in found)
    )


def _group(leader: int) -> list[int]:
    members = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError, IndexError):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == leader:
                    members.append(int(process.name))
    return members
