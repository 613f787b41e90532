"""The Faust app of a worker: consumer group, assignor, and the agent that hands batches to the assignments."""

from typing import Any, cast

import faust
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from faust.assignor.client_assignment import ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor
from faust.types import TP
from mode.supervisors import CrashingSupervisor
from yarl import URL

from stream.facts.printable import error_text
from stream.kafka.authorized import refusal_of
from stream.kafka.bulk import BulkConsumer, BulkSchema, BulkTransport
from stream.kafka.exits import Exit
from stream.partition.context import WorkerSetup
from stream.worker.assignments import Assignments

FETCH_BYTES = 512 * 1024
QUEUED_BATCHES = 8


class Assignor(PartitionAssignor):
    """Faust's assignor, for members whose address may change: a static member that comes back within its session gets
    the assignment of its former life, which names its former address. Faust takes that for a fault; here it is none,
    and the group learns the new address with its next rebalance."""

    _told_url: URL | None = None

    @property
    def _url(self) -> URL:
        return self._told_url or self.app.conf.canonical_url

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Takes the assignment in, whatever address it names."""
        told = cast("ClientMetadata", ClientMetadata.loads(self._decompress(assignment.user_data)))
        self._told_url = URL(told.url)
        try:
            super().on_assignment(assignment)
        finally:
            self._told_url = None


class WorkerApp(faust.App):
    """A Faust app that ends the process after any internal failure, and creates no data folder."""

    setup: WorkerSetup

    async def crash(self, reason: BaseException) -> None:
        """Ends the process after a crash of Faust, its threads or the agent; a restart goes on from the last commit."""
        self._crash(reason)

    def _crash(self, reason: BaseException) -> None:
        """Called by Faust when a service below the app crashes."""
        refusal = refusal_of(reason, "worker", self.setup.settings)
        if refusal is not None:
            self.setup.end(Exit.CONFIGURATION, refusal)
        else:
            self.setup.end(Exit.RESTART, f"Faust failed: {reason!r}")

    def _create_directories(self) -> None:
        """Does nothing: a worker keeps no state on disk."""


def build_app(setup: WorkerSetup, url: str | None = None) -> WorkerApp:
    """An app for the configured group and broker, without an agent yet (`connect` adds it). `url`: where other machines
    reach this worker; the leader of the group tells it to all members.

    With a standby replica and no table Faust takes its own assignor: it is sticky, and gives partitions of the same
    index of all topics with equal counts to one worker. Without it they would be spread over workers (ADR 0011).
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
        canonical_url=None if url is None else URL(url),
        PartitionAssignor=Assignor,
    )
    app.setup = setup
    budgets = dict.fromkeys(setup.names.inbound, setup.settings.batch_bytes)
    app.transport = BulkTransport(broker, app).configure(
        setup.client_options, kafka.fetch_wait_ms, kafka.group_instance_id, budgets
    )
    return app


def connect(app: WorkerApp, assignments: Assignments) -> None:
    """Subscribes to all inbound topics and the deltas. The agent hands each batch to its partition task and never waits
    (live 1); assigned and revoked partitions go to `assignments`."""
    names = app.setup.names
    source = app.topic(*names.read, schema=BulkSchema(), maxsize=QUEUED_BATCHES, acks=False)

    @app.agent(source, name="batches")
    async def batches(stream: Any) -> None:
        async for batch in stream:
            try:
                assignments.feed(batch)
            except Exception as error:  # noqa: BLE001  Faust would acknowledge the batch and go on without it
                app.setup.end(Exit.RESTART, f"{batch.topic}-{batch.partition}: {error_text(error)}")

    async def assigned(_: Any, partitions: set[TP], **__: Any) -> None:
        assignments.assign(partitions)

    async def revoked(_: Any, __: set[TP], **___: Any) -> None:  # always all of them: Faust's rebalances are eager
        await assignments.revoke()

    app.on_partitions_assigned.connect(cast("Any", assigned))
    app.on_partitions_revoked.connect(cast("Any", revoked))


def url_of(app: WorkerApp, topic: str, partition: int) -> str | None:
    """The address of the worker that has a partition of an inbound topic, as of the last assignment; None: nobody."""
    assignor = cast("PartitionAssignor", app.assignor)
    for url, topics in assignor.external_topics_metadata().items():
        if partition in topics.get(topic, ()):
            return str(url)
    return None


def consumer_of(app: WorkerApp) -> BulkConsumer:
    """The app's consumer."""
    consumer = app.consumer
    assert isinstance(consumer, BulkConsumer)
    return consumer
