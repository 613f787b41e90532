"""The Faust app of a worker: group, assignor and agent. What happens to a batch is the roster's business."""

from typing import Any, cast

import faust
from faust.types import TP
from mode.supervisors import CrashingSupervisor
from yarl import URL

from stream.kafka.bulk import BulkConsumer, BulkSchema, BulkTransport
from stream.kafka.exits import Exit
from stream.partition.context import WorkerSetup
from stream.worker.assignments import Assignments

FETCH_BYTES = 512 * 1024
QUEUED_BATCHES = 8


class WorkerApp(faust.App):
    """A Faust app that never goes on after an internal failure, and leaves no folder behind."""

    setup: WorkerSetup

    async def crash(self, reason: BaseException) -> None:
        """Any crash of Faust, its threads or the agent ends the process: what is committed is right."""
        self._crash(reason)

    def _crash(self, reason: BaseException) -> None:
        """How a crash of any service below reaches its app."""
        self.setup.end(Exit.RESTART, f"Faust failed: {reason!r}")

    def _create_directories(self) -> None:
        """Nothing: there is no local state."""


def build_app(setup: WorkerSetup) -> WorkerApp:
    """An app that is subscribed to all inbound topics and the deltas topic, and does nothing with them yet.

    With a standby replica and no table Faust takes its own assignor, which is sticky and keeps partitions of one
    number of topics with equal counts together; without, partitions of a number would be spread (ADR 0011).
    """
    kafka = setup.settings.kafka
    broker = [URL(f"kafka://{server}") for server in kafka.bootstrap_servers.split(",")]
    app = WorkerApp(
        kafka.group,
        broker=broker,
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        table_standby_replicas=1,
        broker_session_timeout=kafka.session_timeout_ms / 1000,
        broker_heartbeat_interval=kafka.heartbeat_ms / 1000,
        broker_request_timeout=max(30.0, kafka.session_timeout_ms / 1000),
        broker_rebalance_timeout=60.0,
        broker_commit_interval=3600.0,
        consumer_max_fetch_size=FETCH_BYTES,
        agent_supervisor=CrashingSupervisor,
        logging_config=None,
    )
    app.setup = setup
    budgets = dict.fromkeys(setup.names.inbound, setup.settings.batch_bytes)
    app.transport = BulkTransport(broker, app).configure(
        setup.client_options, kafka.fetch_wait_ms, kafka.group_instance_id, budgets
    )
    return app


def connect(app: WorkerApp, roster: Assignments) -> None:
    """The agent hands each batch to its number and never waits for anything (live 1)."""
    names = app.setup.names
    source = app.topic(*names.read, schema=BulkSchema(), maxsize=QUEUED_BATCHES, acks=False)

    @app.agent(source, name="inlet")
    async def inlet(stream: Any) -> None:
        async for batch in stream:
            try:
                roster.feed(batch)
            except Exception as error:  # noqa: BLE001  Faust would acknowledge the batch and go on without it
                app.setup.end(Exit.RESTART, f"{batch.topic}-{batch.partition}: {error!r}")

    async def assigned(_: Any, partitions: set[TP], **__: Any) -> None:
        roster.assign(partitions)

    async def revoked(_: Any, __: set[TP], **___: Any) -> None:  # always all of them: Faust's rebalances are eager
        await roster.revoke()

    app.on_partitions_assigned.connect(cast("Any", assigned))
    app.on_partitions_revoked.connect(cast("Any", revoked))


def consumer_of(app: WorkerApp) -> BulkConsumer:
    """The app's consumer."""
    consumer = app.consumer
    assert isinstance(consumer, BulkConsumer)
    return consumer
