"""First task: splits a part of the input into groups of keys."""

import shutil

from stream.replay.chunks import FilePosition
from stream.replay.deadletters import Dead, write_dead
from stream.replay.job import Job
from stream.replay.routing import groups_of
from stream.replay.spill import Spill
from stream.replay.tasks import Report, Result, later


def split(job: Job, part: int, report: Report) -> Result:
    """Reads a part: its events go, by group, to the files `split-PART/GROUP`, and those that the source itself refuses
    to `dead-split-PART`. InputError: the source is missing or torn.

    Result: counts of `events`, `tombstones`, `dead` and of the part's `lines`, and `greatest_ms` and `stamp_ms` over
    its blocks.
    """
    source = job.parts[part]
    folder = job.folder / f"split-{part}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    spill, position = Spill(folder, job.groups), FilePosition()
    events = lines = reported_bytes = tombstones = 0
    dead: list[Dead] = []
    greatest_ms: int | None = None
    stamp_ms: int | None = None
    for block in source.blocks(position):
        spill.add(groups_of(block.values, job.groups), block.lines, block.values)
        events += len(block.values) + len(block.refused)
        tombstones += block.tombstones
        lines = max(lines, block.passed)
        dead += [(part, line, value, reason, detail) for line, value, reason, detail in block.refused]
        greatest_ms, stamp_ms = later(greatest_ms, block.greatest_ms), later(stamp_ms, block.stamp_ms)
        report(len(block.values) + len(block.refused), position.read - reported_bytes)
        reported_bytes = position.read
    report(0, position.read - reported_bytes)
    spill.flush()
    write_dead(job.folder / f"dead-split-{part}", dead)
    return {
        "events": events,
        "tombstones": tombstones,
        "lines": lines,
        "greatest_ms": greatest_ms,
        "stamp_ms": stamp_ms,
        "dead": len(dead),
    }
