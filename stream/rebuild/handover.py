"""Hand-over: with the workers stopped, the state from which they go on under another configuration (live 4).

    capture ──> split, fold ──> fence, read what is left ──> stage 2 ──> mark ──> write ──> offsets, one by one
                 (resumable)                                             └─ from here on, until the last offset record
                                                                            is written, every worker refuses the state

Everything that is written is a function of the topics' content: after a kill at any point the same command ends it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from stream.engine.deltas.delta import encode_statement
from stream.engine.deltas.delta import entity_partition as entity_home
from stream.engine.fingerprint import fingerprint
from stream.kafka.exits import RefusedError
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, partition_counts
from stream.partition.context import WorkerSetup
from stream.partition.intake import key_partition
from stream.partition.positions import AgentsSaid, Position, Positions
from stream.rebuild.backfill import captured, going_on
from stream.rebuild.handover_writer import HandOverWriter
from stream.rebuild.history import TopicPart
from stream.rebuild.stopped_state import (
    Published,
    StoppedState,
    agents_revision,
    merged_clock,
    positions_left,
    published,
    windows_left,
)
from stream.replay.chunks import InputError
from stream.replay.crew import Alone, hired
from stream.replay.handover_state import FormerClocks, is_kept
from stream.replay.job import Job
from stream.replay.replay import Summary, Wish, job_of, manifest, processes_of, summed_up
from stream.replay.results import fingerprint as identity_of
from stream.replay.running import ReplayRun, Watch, perform
from stream.replay.tasks import Result, later
from stream.replay.workfolder import working
from stream.settings import Settings

LIVE = "live"
SESSION_MARGIN_SECONDS = 2.0


def handed_over(settings: Settings, target: Path, wish: Wish, watch: Watch) -> Summary:
    """Makes ledger, windows and KPI records anew from the inbound topics; `target` gets the summary and dead letters.

    Windows that begin before `wish.from_ms` stay as they are. RefusedError: a worker of the group is alive, the topics
    begin after what the windows need, or partition counts cannot be reached. Errors as `backfill` has.
    """
    started = monotonic()
    asyncio.run(_no_worker(settings))
    parts = asyncio.run(captured(settings))
    _check_start(settings, parts, wish)
    wish = replace(wish, run=LIVE, to_ms=None)
    source = going_on(settings, parts, target, wish)
    counts = _counts(settings, parts)
    job = replace(
        job_of(settings, source, target, wish),
        buckets=settings.deltas_partitions,
        ledger_home=partial(_home, counts),
    )
    made_of = manifest(job, source)
    with (
        working(target, made_of, resumable=True, drop_on=(InputError,), replace=wish.replace) as work,
        hired(job, perform, processes_of(source, wish)) as crew,
    ):
        run = ReplayRun(job, work, crew, Alone(job, perform), watch)
        read = run.split(source.total_bytes)
        folded = run.fold(sum(result["events"] for result in read))
        captured_parts = [part for part in source.parts if isinstance(part, TopicPart)]
        made = asyncio.run(_write(settings, job, captured_parts, run, read, folded, watch))
        return summed_up(job, work, read, folded, made, started, identity_of(made_of))


async def _write(
    settings: Settings,
    job: Job,
    parts: Sequence[TopicPart],
    run: ReplayRun,
    read: Sequence[Result],
    folded: Sequence[Result],
    watch: Watch,
) -> tuple[int, int]:
    """Everything after the fold; how many KPI records and alerts were published."""
    await _no_worker(settings)
    meaning = fingerprint(settings.definitions(), settings.plan())
    async with admin_client(settings) as admin:
        counts = await partition_counts(admin)
    setup = WorkerSetup(settings, counts, meaning, settings.kafka_client_options())
    succession = HandOverWriter(setup, _counts(settings, parts), job.buckets)
    try:
        await succession.prepare()
        setup = succession.setup
        lefts = [
            await windows_left(setup, number, partial(is_kept, from_ms=job.from_ms))
            for number in range(setup.partitions[setup.names.windows])
        ]
        said = await published(setup)
        positions = await _positions(setup, parts, read, lefts)
        legacies = _legacies(job, lefts, said, positions)
        indexes = [result["index"] for result in folded]
        run.each_bucket("hand_over", [(indexes, len(positions), legacy) for legacy in legacies], remembered=False)
        watch("writing", 0, 0, 0)
        ledgers = [(job.folder / f"ledger-{group}", result["ledger"]) for group, result in enumerate(folded)]
        return await succession.write(job, lefts, legacies, said, positions, ledgers)
    finally:
        await succession.close()


def _legacies(
    job: Job, lefts: Sequence[StoppedState], said: Published, positions: Sequence[Positions]
) -> list[FormerClocks]:
    """What each number of stage 2 takes over. While there are as many as before, its own clock; else what all say."""
    same = len([left for left in lefts if left.clock]) == job.buckets
    alerts: list[dict[bytes, bytes]] = [{} for _ in range(job.buckets)]
    for number, left in enumerate(lefts):
        for key, value in left.alerts.items():
            home = entity_home("|".join(key.decode().split("|")[1:4]), job.buckets)
            # A hand-over that was killed may have left a copy at the entity's old place: its own one is newer.
            if home == number or key not in alerts[home]:
                alerts[home][key] = value
    statements = [_statement(number, each) for number, each in enumerate(positions)]
    return [
        FormerClocks(
            merged_clock([lefts[number]] if same else lefts), sorted(alerts[number].items()), said.revision, statements
        )
        for number in range(job.buckets)
    ]


def _statement(number: int, positions: Positions) -> bytes:
    marks = [at.watermark_ms for at in positions.tps.values()]
    known = [mark for mark in marks if mark is not None]
    return encode_statement(number, min(known) if len(known) == len(marks) else None, positions.greatest_ms)


async def _positions(
    setup: WorkerSetup, parts: Sequence[TopicPart], read: Sequence[Result], lefts: Sequence[StoppedState]
) -> list[Positions]:
    """The offset record of each ledger: the captured ends, and watermarks that do not go back. The workers say anew
    what agents do, above every revision that was given: an agent may have moved to another partition."""
    numbers = setup.debtor_partitions
    former = next((left.positions.partitions for left in lefts if left.positions is not None), numbers)
    there = setup.partitions[setup.names.ledger]
    old = [await positions_left(setup, setup.names.ledger, number) for number in range(there)]
    revisions = [each.agents.revision for each in old if each is not None]
    said = AgentsSaid(max([await agents_revision(setup), *revisions]))
    found: list[Positions] = []
    for number in range(numbers):
        before = old[number] if former == numbers == there else None
        tps: dict[str, Position] = {}
        for part, result in zip(parts, read, strict=True):
            if part.partition == number:
                known = before.tps.get(part.topic) if before is not None else None
                mark_ms = later(result["greatest_ms"], known.watermark_ms if known is not None else None)
                tps[part.topic] = Position(part.end, mark_ms, stamp_ms=result["stamp_ms"])
        greatest_ms = later(
            max((at.watermark_ms for at in tps.values() if at.watermark_ms is not None), default=None),
            before.greatest_ms if before is not None else None,
        )
        found.append(Positions(setup.fingerprint, numbers, setup.entity_partitions, tps, greatest_ms, agents=said))
    return found


def _counts(settings: Settings, parts: Sequence[TopicPart]) -> int:
    """How many numbers stage 1 has from now on."""
    first = Names(settings.kafka.topic_prefix, settings.kafka.group).inbound[0]
    return sum(part.topic == first for part in parts)


def _home(numbers: int, key: str) -> int:
    return key_partition(key.encode(), numbers)


def _check_start(settings: Settings, parts: Sequence[TopicPart], wish: Wish) -> None:
    numbers = _counts(settings, parts)
    if numbers != settings.kafka.partitions:
        wanted = settings.kafka.partitions
        raise RefusedError(f"the inbound topics have {numbers} partitions, kafka.partitions is {wanted}")
    cut = next((part for part in parts if part.start > 0), None)
    if cut is not None and wish.from_ms is None:
        raise RefusedError(
            f"{cut.source} begins at offset {cut.start}: older events are gone, and windows that need them cannot be "
            f"made anew; --from T leaves those that begin before T as they are"
        )


async def _no_worker(settings: Settings) -> None:
    """RefusedError if the group still has members when the sessions of those that were killed must be over."""
    group, wait_seconds = settings.kafka.group, settings.kafka.session_timeout_ms / 1000 + SESSION_MARGIN_SECONDS
    until = monotonic() + wait_seconds
    async with admin_client(settings) as admin:
        while members := await _members(admin, group):
            if monotonic() >= until:
                raise RefusedError(f"group {group} has {members} members: stop the workers first")
            await asyncio.sleep(0.5)


async def _members(admin: Any, group: str) -> int:
    described = [each for response in await admin.describe_consumer_groups([group]) for each in response.groups]
    return sum(len(members) for _, _, _, _, _, members, *_ in described)
