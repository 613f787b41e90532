"""The command `worker`: one process that takes part in the group until it is stopped (contract 3)."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from stream.engine.fingerprint import fingerprint
from stream.http.access import Access, access_of
from stream.kafka.clocks import wall_ms
from stream.kafka.exits import Exit, RefusedError, end_now, leave
from stream.kafka.topics import TopicsError
from stream.kafka.versions import WrongVersionError, check_versions
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.debtors import DebtorPartition
from stream.partition.entities import EntityPartition
from stream.partition.work import Work
from stream.publish.headroom import HeadroomPage
from stream.publish.monitoring import build_monitoring
from stream.publish.web import HealthAnswers, Web
from stream.settings import Settings, SettingsError
from stream.worker.app import build_app, connect, consumer_of, url_of
from stream.worker.assignments import Assignments, StagePartition
from stream.worker.erasures import Erasures
from stream.worker.headroom import WorkerHeadroom, advertised_url
from stream.worker.health import Health
from stream.worker.housekeeping import Housekeeping
from stream.worker.logs import set_up_logging
from stream.worker.startup import DeniedError, prepare_topics

STOP_SECONDS = 12.0
WEB_STOP_SECONDS = 3.0
GC_THRESHOLD = (5_000, 20, 1_000)
"""Young objects are looked through often, so that it takes a millisecond and not twenty: a dialler waits meanwhile."""

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


def run_worker(settings: Settings, *, http_port: int | None = None) -> int:
    """Runs a worker until SIGTERM or SIGINT, and returns 0 then. `http_port`: instead of http.port; 0: any free one.

    Prints the address of its pages; everything else is logged on stderr. Waits for a broker that is not there, at the
    start and later. Returns 1 if it cannot listen or the broker refuses a topic, 2 for wrong versions of the pinned
    packages, files of certificates, tokens or secrets that cannot be used, or a broker that answers and lets nobody in
    for kafka.patience, 4 if the topics do not fit together. Later it ends the process itself: with 3 (fenced by a
    successor), 4 (refuses its state) or 5 (stops itself, to be started anew by its supervisor), each with one line that
    says why.
    """
    set_up_logging()
    try:
        check_versions()
        options = settings.kafka_client_options()
        access = access_of(settings)
    except (WrongVersionError, SettingsError) as error:
        return _fails(Exit.CONFIGURATION, str(error))
    # A ledger is many objects that live long: with Python's defaults, full collections stop the loop for seconds.
    gc.set_threshold(*GC_THRESHOLD)
    port = settings.http.port if http_port is None else http_port
    return asyncio.run(_run_to_the_end(settings, options, access, port))


def _fails(code: Exit, reason: str) -> int:
    sys.stderr.write(f"kpi-stream worker: {reason}\n")
    return int(code)


async def _run_to_the_end(settings: Settings, options: Mapping[str, Any], access: Access, port: int) -> int:
    code = await _run(settings, options, access, port)
    # What a client still does with a broker that does not answer could keep the loop from ending for minutes.
    leave(code)
    return code


async def _run(settings: Settings, options: Mapping[str, Any], access: Access, port: int) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stopped.set)
    health = Health()
    headroom = WorkerHeadroom()
    answers = HealthAnswers(health.live, health.ready)
    monitoring = build_monitoring(settings, answers, HeadroomPage(headroom, wall_ms), access)
    host = settings.http.host
    try:
        port = await monitoring.web.start(host, port)
    except OSError as error:
        return _fails(Exit.FAILED, f"cannot listen on {host}:{port}: {error.strerror or error}")
    sys.stdout.write(f"worker on {access.url(port)}/\n")
    sys.stdout.flush()
    headroom.own_url = advertised_url(settings, access, port)
    try:
        health.waits("the broker cannot be reached")
        topics = await unless(stopped, prepare_topics(settings, health.waits))
        if topics is not None:
            health.waits(None)
            of_state = fingerprint(settings.definitions(), settings.plan(), settings.conduct())
            setup = WorkerSetup(
                settings, topics.partitions, of_state, options, monitoring.meters, monitoring.collector,
                topics.deadletter_bytes,
            )  # fmt: skip
            await take_part(setup, LiveState(setup, topics.leaderless), health, stopped, headroom)
            await _stopped(monitoring.web)
            # Threads of Faust and aiokafka may take longer to end than a supervisor waits.
            end_now(Exit.DONE, "stopped by a signal")
    except TopicsError as error:
        return _fails(Exit.FAILED, str(error))
    except (DeniedError, SettingsError) as error:
        return _fails(Exit.CONFIGURATION, str(error))
    except RefusedError as error:
        return _fails(Exit.REFUSED, str(error))
    finally:
        await _stopped(monitoring.web)
    return int(Exit.DONE)


async def _stopped(web: Web) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(WEB_STOP_SECONDS):
            await web.stop()


async def take_part(
    setup: WorkerSetup, live: LiveState, health: Health, stopped: asyncio.Event, headroom: WorkerHeadroom
) -> None:
    """Takes part in the consumer group until `stopped`; then commits and leaves, in 12 s at most."""
    app = build_app(setup, headroom.own_url)
    assignments = Assignments(setup, live, lambda: consumer_of(app), lambda owned: make_work(setup, live, owned))
    connect(app, assignments)
    health.has(live, assignments)
    headroom.has(setup, assignments, lambda partition: url_of(app, setup.names.inbound[0], partition))
    housekeeping = Housekeeping(setup, live, app, assignments)
    await app.start()
    housekeeping.start()
    erasures = asyncio.create_task(Erasures(setup, assignments).run())
    await stopped.wait()
    erasures.cancel()
    log.info("stopping")
    assignments.closing = True
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await assignments.revoke()
            stays = setup.settings.kafka.group_instance_id
            log.info(
                "committed; the group keeps our partitions for a session" if stays else "committed; leaving the group"
            )
            await app.stop()
    except TimeoutError:
        log.warning("could not end in order; what is committed is safe")
    housekeeping.stop()


def make_work(setup: WorkerSetup, live: LiveState, owned: StagePartition) -> Work:
    """The work of a (stage, partition), with an empty engine."""
    stage, partition = owned
    return DebtorPartition(setup, live, partition) if stage == 1 else EntityPartition(setup, partition, live=live)


async def unless(stopped: asyncio.Event, waiting: Coroutine[Any, Any, _T]) -> _T | None:
    """What the coroutine returns; None if `stopped` is set first, and the coroutine is cancelled."""
    task, stop = asyncio.create_task(waiting), asyncio.create_task(stopped.wait())
    await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return None
