"""`kpi-stream backfill`: KPIs and alerts from the inbound topics, without touching the live run (contract 3)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stream.kafka.exits import RefusedError
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, partition_counts
from stream.partition.context import WorkerSetup
from stream.rebuild.history import TopicPart, capture
from stream.rebuild.stopped_state import read_positions
from stream.replay.replay import Input, ReplayOptions, Summary, compute, job_of, manifest
from stream.replay.running import Watch
from stream.replay.workfolder import beside, manifest_of
from stream.settings import Settings

EVENT_BYTES = 400
"""About how large an event is: the groups of debtors that are folded together are sized by it."""


class TopicMissingError(Exception):
    """An inbound topic does not exist. The message is one line that names it."""


def backfill(settings: Settings, target: Path, options: ReplayOptions, watch: Watch) -> Summary:
    """Computes the windows and alerts that `options` asks for from everything in the inbound topics, into `target`. No
    offset is committed, no consumer group takes part, no topic is written.

    A run that was killed goes on with the offsets that it captured. Raises TopicMissingError, RefusedError if the
    inbound topics have different partition counts, and what `replay` raises.
    """
    parts = asyncio.run(captured(settings))
    return compute(settings, going_on(settings, parts, target, options), target, options, watch)


async def captured(settings: Settings) -> list[TopicPart]:
    """Every inbound partition with its offsets as of now. TopicMissingError; RefusedError: partition counts differ."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    async with admin_client(settings) as admin:
        counts = await partition_counts(admin)
    missing = next((topic for topic in names.inbound if topic not in counts), None)
    if missing is not None:
        raise TopicMissingError(f"there is no topic {missing} (`kpi-stream topics create` makes it)")
    partitions = {counts[topic] for topic in names.inbound}
    if len(partitions) > 1:
        raise RefusedError(f"the inbound topics have different numbers of partitions: {sorted(partitions)}")
    former: Sequence[int] = ()
    if names.windows in counts:
        setup = WorkerSetup(settings, counts, {}, settings.kafka_client_options())
        found = await read_positions(setup, names.windows, 0)
        former = found.counts if found is not None else ()
    return await capture(settings, partitions.pop(), former, counts.get(names.erasures, 0))


def going_on(settings: Settings, now: Sequence[TopicPart], target: Path, options: ReplayOptions) -> Input:
    """The input with the offsets that an earlier, unfinished run of the same job captured, if there is one; else with
    those of `now`."""
    found = manifest_of(beside(target))
    before = [
        replace(part, start=start, end=end)
        for part, (_, _, start, end, *_) in zip(now, found["inputs"] if found else (), strict=False)
        if part.start <= start <= end <= part.end
    ]
    if len(before) == len(now):
        earlier = _input(before)
        if manifest(job_of(settings, earlier, target, options), earlier) == found:
            return earlier
    return _input(now)


def _input(parts: Sequence[TopicPart]) -> Input:
    events = sum(part.end - part.start for part in parts)
    identities = tuple(
        [part.topic, part.partition, part.start, part.end, *(each.name for each in part.erased)] for part in parts
    )
    return Input(tuple(parts), events * EVENT_BYTES, events, identities)
