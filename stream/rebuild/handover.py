"""Hand-over: with all workers stopped, makes the state from which they go on under another configuration (live 4).

    capture ──> split, fold ──> fence, read stopped state ──> entity stage ──> mark ──> write ──> offset records
                 (resumable)                                                   └─ from here until the last offset
                                                                        record is written, workers refuse the state

What is written follows from the topics' content alone: after a kill at any point, the same command finishes the work.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from stream.alerts.state import AFAR
from stream.engine.deltas.delta import encode_statement
from stream.engine.deltas.routing import Routing
from stream.engine.fingerprint import fingerprint
from stream.kafka.exits import RefusedError
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, partition_counts
from stream.partition.context import WorkerSetup
from stream.partition.intake import key_partition
from stream.partition.positions import NOTHING_FOUND, AgentsSaid, ConductSaid, Position, Positions
from stream.rebuild.backfill import captured, going_on
from stream.rebuild.handover_writer import HandOverWriter
from stream.rebuild.history import TopicPart
from stream.rebuild.stopped_state import (
    Published,
    StoppedState,
    agents_revision,
    merged_clock,
    read_conduct,
    read_positions,
    read_published,
    read_stopped,
)
from stream.replay.chunks import InputError
from stream.replay.handover_state import FormerClocks, is_kept
from stream.replay.job import Job
from stream.replay.replay import ReplayOptions, Summary, job_of, manifest, processes_of, summed_up
from stream.replay.results import fingerprint as identity_of
from stream.replay.running import ReplayRun, Watch, perform
from stream.replay.tasks import Result, later
from stream.replay.worker_pool import ThisProcess, worker_pool
from stream.replay.workfolder import working
from stream.settings import Settings

LIVE = "live"
SESSION_MARGIN_SECONDS = 2.0


def handed_over(settings: Settings, target: Path, options: ReplayOptions, watch: Watch) -> Summary:
    """Makes ledger, windows and KPI records anew from the inbound topics; `target` gets the summary and dead letters.

    Windows that begin before `options.from_ms` stay as they are. RefusedError: a worker of the group is alive, the
    events that the windows need are no longer in the topics, or a topic cannot get the configured partition count.
    Otherwise raises what `backfill` raises.
    """
    started = monotonic()
    asyncio.run(_no_worker(settings))
    parts = asyncio.run(captured(settings))
    _check_start(settings, parts, options)
    options = replace(options, run=LIVE, to_ms=None)
    source = going_on(settings, parts, target, options)
    partitions = _debtor_partitions(settings, parts)
    job = replace(
        job_of(settings, source, target, options),
        buckets=settings.deltas_partitions,
        ledger_home=partial(_partition_of, partitions),
    )
    made_of = manifest(job, source)
    with (
        working(target, made_of, resumable=True, drop_on=(InputError,), replace=options.replace) as work,
        worker_pool(job, perform, processes_of(source, options)) as pool,
    ):
        run = ReplayRun(job, work, pool, ThisProcess(job, perform), watch)
        read = run.split(source.total_bytes)
        folded = run.fold(sum(result["events"] for result in read))
        captured_parts = [part for part in source.parts if isinstance(part, TopicPart)]
        made = asyncio.run(_write(settings, job, captured_parts, run, read, folded, watch))
        return summed_up(job, work, read, folded, (*made, None), started, identity_of(made_of))


async def _write(
    settings: Settings,
    job: Job,
    parts: Sequence[TopicPart],
    run: ReplayRun,
    read: Sequence[Result],
    folded: Sequence[Result],
    watch: Watch,
) -> tuple[int, int]:
    """Does everything after the fold; returns how many KPI records and alerts were published."""
    await _no_worker(settings)
    of_state = fingerprint(settings.definitions(), settings.plan(), settings.conduct())
    async with admin_client(settings) as admin:
        counts = await partition_counts(admin)
    setup = WorkerSetup(settings, counts, of_state, settings.kafka_client_options())
    writer = HandOverWriter(setup, _debtor_partitions(settings, parts), job.buckets)
    try:
        await writer.prepare()
        setup = writer.setup
        stopped = [
            await read_stopped(setup, partition, partial(is_kept, from_ms=job.from_ms))
            for partition in range(setup.partitions[setup.names.windows])
        ]
        published = await read_published(setup)
        conduct = await read_conduct(setup)
        positions = await _positions(setup, parts, read, stopped, conduct.revision)
        clocks = _former_clocks(job, stopped, published, positions)
        indexes = [result["index"] for result in folded]
        run.each_bucket("hand_over", [(indexes, len(positions), each) for each in clocks], remembered=False)
        watch("writing", 0, 0, 0)
        ledgers = [(job.folder / f"ledger-{group}", result["ledger"]) for group, result in enumerate(folded)]
        await writer.mark(stopped, positions)
        found = [(job.folder / f"found-{group}", result["found"]) for group, result in enumerate(folded)]
        await writer.write_conduct(job, conduct, found, positions)
        return await writer.write(job, stopped, clocks, published, positions, ledgers)
    finally:
        await writer.close()


def _former_clocks(
    job: Job, stopped: Sequence[StoppedState], published: Published, positions: Sequence[Positions]
) -> list[FormerClocks]:
    """What each entity partition takes over: its own clock while there are as many as before, else all clocks merged;
    and the alerts of its entities, and of those whose alerts inhibit from afar."""
    routing = Routing(job.settings.rules(), job.buckets)
    same = len([state for state in stopped if state.clock]) == job.buckets
    alerts: list[dict[bytes, bytes]] = [{} for _ in range(job.buckets)]
    for partition, state in enumerate(stopped):
        for key, value in state.alerts.items():
            entity = "|".join(key.decode().split("|")[1:4])
            (home, _), *copies = routing.places(entity.encode())
            # A hand-over that was killed may have left a copy in the entity's former partition: the present one wins.
            if home == partition or key not in alerts[home]:
                alerts[home][key] = value
                for other, _ in copies:
                    alerts[other][AFAR.encode() + key[1:]] = value
    statements = [_statement(partition, each) for partition, each in enumerate(positions)]
    return [
        FormerClocks(
            merged_clock([stopped[partition]] if same else stopped),
            sorted(alerts[partition].items()),
            published.revision,
            statements,
        )
        for partition in range(job.buckets)
    ]


def _statement(partition: int, positions: Positions) -> bytes:
    """The watermark that a debtor partition states to the entity stage: none while one of its topics has none."""
    return encode_statement(partition, _least_mark(positions.tps.values()), positions.greatest_ms)


def _least_mark(tps: Collection[Position]) -> int | None:
    """The least watermark; None while one of them has none."""
    known = [at.watermark_ms for at in tps if at.watermark_ms is not None]
    return min(known) if len(known) == len(tps) else None


async def _positions(
    setup: WorkerSetup,
    parts: Sequence[TopicPart],
    read: Sequence[Result],
    stopped: Sequence[StoppedState],
    conduct_revision: int,
) -> list[Positions]:
    """The offset record of each ledger partition: the captured ends, and watermarks that do not go back unless the
    partition count has changed. The workers say anew what agents do, above every revision that was given: an agent may
    have moved to another partition. `conduct_revision`: the highest in the topic of conduct; what has changed there is
    written with one more than any.
    """
    count = setup.debtor_partitions
    former = next((state.positions.partitions for state in stopped if state.positions is not None), count)
    ledgers = setup.partitions[setup.names.ledger]
    old = [await read_positions(setup, setup.names.ledger, partition) for partition in range(ledgers)]
    revisions = [each.agents.revision for each in old if each is not None]
    said = AgentsSaid(max([await agents_revision(setup), *revisions]))
    conduct = max([conduct_revision, *(each.conduct.revision for each in old if each is not None)]) + 1
    found: list[Positions] = []
    for partition in range(count):
        before = old[partition] if former == count == ledgers else None
        tps: dict[str, Position] = {}
        for part, result in zip(parts, read, strict=True):
            if part.partition == partition:
                known = before.tps.get(part.topic) if before is not None else None
                mark_ms = later(result["greatest_ms"], known.watermark_ms if known is not None else None)
                tps[part.topic] = Position(part.end, mark_ms, stamp_ms=result["stamp_ms"])
        greatest_ms = later(
            max((at.watermark_ms for at in tps.values() if at.watermark_ms is not None), default=None),
            before.greatest_ms if before is not None else None,
        )
        judged = NOTHING_FOUND
        if setup.settings.conduct() is not None:
            judged = ConductSaid(conduct, _least_mark(tps.values()))
        elif conduct_revision:  # what was found by rules that are gone is withdrawn
            judged = ConductSaid(conduct)
        found.append(
            Positions(
                setup.fingerprint, count, setup.entity_partitions, tps, greatest_ms, agents=said, conduct=judged
            )
        )  # fmt: skip
    return found


def _debtor_partitions(settings: Settings, parts: Sequence[TopicPart]) -> int:
    """How many partitions the debtor stage has from now on."""
    first = Names(settings.kafka.topic_prefix, settings.kafka.group).inbound[0]
    return sum(part.topic == first for part in parts)


def _partition_of(partitions: int, key: str) -> int:
    return key_partition(key.encode(), partitions)


def _check_start(settings: Settings, parts: Sequence[TopicPart], options: ReplayOptions) -> None:
    """RefusedError: partition counts are not the configured ones, or events are gone and no `--from` was given."""
    partitions = _debtor_partitions(settings, parts)
    if partitions != settings.kafka.partitions:
        wanted = settings.kafka.partitions
        raise RefusedError(f"the inbound topics have {partitions} partitions, kafka.partitions is {wanted}")
    cut = next((part for part in parts if part.start > 0), None)
    if cut is not None and options.from_ms is None:
        raise RefusedError(
            f"{cut.source} begins at offset {cut.start}: older events are gone, and windows that need them cannot be "
            f"made anew; --from T leaves those that begin before T as they are"
        )


async def _no_worker(settings: Settings) -> None:
    """RefusedError if the group still has members once the session of any worker that was killed must have ended."""
    group, wait_seconds = settings.kafka.group, settings.kafka.session_timeout_ms / 1000 + SESSION_MARGIN_SECONDS
    until = monotonic() + wait_seconds
    async with admin_client(settings) as admin:
        while (members := await _members(admin, group)) != 0:
            if monotonic() >= until:
                has = "is not known to the broker yet" if members is None else f"has {members} members"
                raise RefusedError(f"group {group} {has}: stop the workers first")
            await asyncio.sleep(0.5)


async def _members(admin: Any, group: str) -> int | None:
    """How many members the consumer group has; None: its coordinator does not know (it may be reading the group)."""
    described = [each for response in await admin.describe_consumer_groups([group]) for each in response.groups]
    if any(code for code, *_ in described):
        return None
    return sum(len(members) for _, _, _, _, _, members, *_ in described)
