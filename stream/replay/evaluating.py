"""Third task where alert rules are configured: the deltas of a bucket of entities through the entity stage, by time."""

from collections.abc import Iterator
from itertools import groupby

import orjson

from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.entities.publication import Record
from stream.engine.entities.stage import EntityStage
from stream.facts.instant import instant_ms
from stream.replay.job import Job
from stream.replay.parcels import Index, read_parcels
from stream.replay.scoring import ScoredRecords
from stream.replay.segments import Segments
from stream.replay.slices import SLICE_MS
from stream.replay.tasks import Result


def evaluate(job: Job, bucket: int, indexes: list[Index], greatest_ms: int | None) -> Result:
    """Writes the KPI records of a bucket to the file `records-BUCKET` and its alerts, a line each, to `alerts-BUCKET`.

    `indexes` are those of the groups' parcels; `greatest_ms` is the greatest `occurred_at` of the input, None if it has
    no facts. Result: `segments` of the records.
    """
    stage = EntityStage(job.plan, job.settings.rules(), job.publication, 0, 1)
    alerts: list[Record] = []
    files = [(job.folder / f"parcels-{group}", index) for group, index in enumerate(indexes)]
    for slice_, parcels in groupby(read_parcels(files, bucket), key=lambda parcel: parcel[0]):
        for _, deltas in parcels:
            for key, value in deltas:
                stage.apply(key, value)
        if greatest_ms is not None:
            # Every row up to the end of the slice has been applied, which is what a watermark promises.
            now_ms = min((slice_ + 1) * SLICE_MS, greatest_ms)
            stage.apply(STATEMENT_KEY, encode_statement(0, now_ms, now_ms))
            alerts += stage.tick(now_ms).alerts
    stage.apply(STATEMENT_KEY, encode_statement(0, greatest_ms, greatest_ms))
    output = stage.close()
    scored = ScoredRecords(job, f"records-{bucket}")
    for record in output.kpis:
        scored.add(record)
    scored.close()
    segments = Segments(job.folder / f"records-{bucket}")
    for entity, records in groupby(_wanted(job, output.kpis), key=lambda record: _entity(record[0])):
        segments.add(entity, records)
    with (job.folder / f"alerts-{bucket}").open("wb") as file:
        file.writelines(value + b"\n" for _, value in alerts + output.alerts if _decided_within(job, value))
    return {"segments": segments.close()}


def _entity(key: bytes) -> str:
    return key.rsplit(b"|", 2)[0].decode()


def _wanted(job: Job, records: list[Record]) -> Iterator[Record]:
    for key, value in records:
        if key.rsplit(b"|", 2)[1].decode() not in job.windows:
            continue
        if job.from_ms is None and job.to_ms is None:
            yield key, value
            continue
        record = orjson.loads(value)
        if job.wants(instant_ms(record["start"]), instant_ms(record["end"])):
            yield key, value


def _decided_within(job: Job, alert: bytes) -> bool:
    if job.from_ms is None and job.to_ms is None:
        return True
    at_ms = instant_ms(orjson.loads(alert)["at"])
    return job.wants(at_ms, at_ms + 1)
