"""First task: a part of the input to the groups of keys."""

import shutil

from stream.replay.chunks import FilePosition
from stream.replay.deadletters import Dead, write_dead
from stream.replay.job import Job
from stream.replay.routing import groups_of
from stream.replay.spill import Spill
from stream.replay.tasks import Result, Tell, later


def split(job: Job, number: int, tell: Tell) -> Result:
    """Reads part `number`: its events, by group, are files `split-NUMBER/GROUP`; those that the source itself refuses
    `dead-split-NUMBER`. InputError: the source is missing or torn.

    Result: `events`, `tombstones`, `lines` that the part has, and the greatest instants that its blocks tell.
    """
    part = job.parts[number]
    folder = job.folder / f"split-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    spill, position = Spill(folder, job.groups), FilePosition()
    events = lines = told = tombstones = 0
    dead: list[Dead] = []
    greatest_ms: int | None = None
    stamp_ms: int | None = None
    for block in part.blocks(position):
        spill.add(groups_of(block.values, job.groups), block.lines, block.values)
        events += len(block.values) + len(block.refused)
        tombstones += block.tombstones
        lines = max(lines, block.passed)
        dead += [(number, line, value, reason, detail) for line, value, reason, detail in block.refused]
        greatest_ms, stamp_ms = later(greatest_ms, block.greatest_ms), later(stamp_ms, block.stamp_ms)
        tell(len(block.values) + len(block.refused), position.read - told)
        told = position.read
    tell(0, position.read - told)
    spill.flush()
    write_dead(job.folder / f"dead-split-{number}", dead)
    return {
        "events": events,
        "tombstones": tombstones,
        "lines": lines,
        "greatest_ms": greatest_ms,
        "stamp_ms": stamp_ms,
        "dead": len(dead),
    }
