"""Third task of a hand-over: the state of one entity partition, from which live workers go on (live 4)."""

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
    """What an entity partition takes over from the workers that were stopped: the fields of its clock, the open alerts
    (records of the windows topic), the highest revision it ever published, and the `statements` of the debtor
    partitions as of the captured offsets."""

    clock: Mapping[str, object]
    alerts: Sequence[Record]
    revision: int
    statements: Sequence[bytes]


def make_state(job: Job, partition: int, indexes: list[Index], debtor_partitions: int, former: FormerClocks) -> Result:
    """Computes the state of an entity partition and what it publishes first: the file `handover-PARTITION`, which holds
    (kpis, alerts, state).

    `debtor_partitions` is their count. Windows that begin before `job.from_ms` are left out of KPI records and state.
    Result: how many `kpis` and `alerts` there are.
    """
    settings = job.settings
    stage = EntityStage(job.plan, settings.rules(), settings.publication(job.run), partition, debtor_partitions)
    clock = _clock(job, partition, debtor_partitions, former)
    stage.restore(CLOCK_KEY, clock)
    for key, value in former.alerts:
        stage.restore(key, value)
    files = [(job.folder / f"parcels-{group}", index) for group, index in enumerate(indexes)]
    for _, deltas in read_parcels(files, partition):
        for key, value in deltas:
            stage.apply(key, value)
    for statement in former.statements:
        stage.apply(STATEMENT_KEY, statement)
    output = stage.tick(0)
    kpis = [(key, value) for key, value in output.kpis if _begins(job, value)]
    state = [(key, value) for key, value in output.state if not is_kept(key, job.from_ms)]
    if not any(key == CLOCK_KEY for key, _ in state):
        # Nothing has moved it since; the one that was left knows other partitions and no floor of the revisions.
        state.append((CLOCK_KEY, clock))
    with (job.folder / f"handover-{partition}").open("wb") as file:
        marshal.dump((kpis, output.alerts, state), file)
    return {"kpis": len(kpis), "alerts": len(output.alerts)}


def _clock(job: Job, partition: int, debtor_partitions: int, former: FormerClocks) -> bytes:
    """The clock record of a stage that has applied nothing yet, with the fields that are taken over."""
    new = EntityStage(job.plan, job.settings.rules(), job.settings.publication(job.run), partition, debtor_partitions)
    fresh = loads(dict(new.tick(0).state)[CLOCK_KEY] or b"")
    watermark = {**fresh["watermark"], "value": former.clock.get("watermark")}
    taken = {name: former.clock[name] for name in ("as_of", "greatest", "evaluated") if name in former.clock}
    return dumps({**fresh, **taken, "watermark": watermark, "floor": former.revision})


def _begins(job: Job, record: bytes) -> bool:
    """Whether a KPI record's window begins at `from_ms` or later; a rolling window always does."""
    if job.from_ms is None:
        return True
    read = orjson.loads(record)
    return read["window"].startswith("rolling_") or instant_ms(read["start"]) >= job.from_ms


def is_kept(key: bytes, from_ms: int | None) -> bool:
    """Whether a record of the windows topic is left as it is, because its window begins before `from_ms`."""
    if from_ms is None or not key.startswith(b"w|"):
        return False
    start = key.rpartition(b"|")[2]
    return bool(start) and int(start) < from_ms
