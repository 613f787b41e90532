"""Third task of a hand-over: the state of one number of stage 2, from which live workers go on (live 4)."""

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from stream.engine.deltas.delta import STATEMENT_KEY
from stream.engine.entities.publication import Record
from stream.engine.entities.stage import EntityStage
from stream.engine.entities.windows_state import CLOCK_KEY
from stream.facts.instant import instant_ms
from stream.replay.job import Job
from stream.replay.parcels import Index, read_parcels
from stream.replay.tasks import Result
from stream.windows.exact import dumps, loads


@dataclass(frozen=True)
class FormerClocks:
    """What a number of stage 2 takes over from the workers that were stopped: the clock's fields, the alerts that are
    open (records of the windows topic), the highest revision that was ever published, and the `statements` of the
    stage-1 numbers as of the captured offsets."""

    clock: Mapping[str, object]
    alerts: Sequence[Record]
    revision: int
    statements: Sequence[bytes]


def make_state(job: Job, number: int, indexes: list[Index], numbers: int, legacy: FormerClocks) -> Result:
    """Makes the state of number `number` of stage 2, what it publishes first, and the alerts up to now: the file
    `succession-NUMBER` holds (kpis, alerts, state).

    `numbers`: count of stage-1 numbers. Windows that begin before `from_ms` are left out of all three.
    """
    settings = job.settings
    stage2 = EntityStage(job.plan, settings.rules(), settings.publication(job.run), number, numbers)
    clock = _clock(job, number, numbers, legacy)
    stage2.restore(CLOCK_KEY, clock)
    for key, value in legacy.alerts:
        stage2.restore(key, value)
    files = [(job.folder / f"parcels-{group}", index) for group, index in enumerate(indexes)]
    for _, deltas in read_parcels(files, number):
        for key, value in deltas:
            stage2.apply(key, value)
    for statement in legacy.statements:
        stage2.apply(STATEMENT_KEY, statement)
    output = stage2.tick(0)
    kpis = [(key, value) for key, value in output.kpis if _begins(job, value)]
    state = [(key, value) for key, value in output.state if not is_kept(key, job.from_ms)]
    if not any(key == CLOCK_KEY for key, _ in state):
        # Nothing has moved it since; the one that was left knows other numbers and no floor of the revisions.
        state.append((CLOCK_KEY, clock))
    with (job.folder / f"succession-{number}").open("wb") as file:
        marshal.dump((kpis, output.alerts, state), file)
    return {"kpis": len(kpis), "alerts": len(output.alerts)}


def _clock(job: Job, number: int, numbers: int, legacy: FormerClocks) -> bytes:
    """The clock of a stage that has heard nothing yet, with what is taken over."""
    new = EntityStage(job.plan, job.settings.rules(), job.settings.publication(job.run), number, numbers)
    fresh = loads(dict(new.tick(0).state)[CLOCK_KEY] or b"")
    watermark = {**fresh["watermark"], "value": legacy.clock.get("watermark")}
    taken = {name: legacy.clock[name] for name in ("as_of", "greatest", "evaluated") if name in legacy.clock}
    return dumps({**fresh, **taken, "watermark": watermark, "floor": legacy.revision})


def _begins(job: Job, record: bytes) -> bool:
    """Whether a record's window begins within what the hand-over is about; a rolling one always does."""
    if job.from_ms is None:
        return True
    read = orjson.loads(record)
    return read["window"].startswith("rolling_") or instant_ms(read["start"]) >= job.from_ms


def is_kept(key: bytes, from_ms: int | None) -> bool:
    """Whether a record of the windows topic stays as it is: a window that begins before `from_ms`."""
    if from_ms is None or not key.startswith(b"w|"):
        return False
    start = key.rpartition(b"|")[2]
    return bool(start) and int(start) < from_ms
