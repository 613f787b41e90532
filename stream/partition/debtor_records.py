"""What a commit of the debtor stage writes beside its state: deltas, agents' states, conduct and what scores need."""

from stream.engine.debtors.agents import agent_record
from stream.engine.debtors.changes import Changes
from stream.engine.deltas.routing import Routing
from stream.kafka.writer import Line
from stream.partition.context import WorkerSetup
from stream.partition.intake import key_partition
from stream.scores.inputs import cause_record, measurement_record


def records_of(
    changes: Changes, setup: WorkerSetup, partition: int, routing: Routing, run: str, *,
    agents_revision: int, conduct_revision: int,
) -> dict[tuple[str, int], list[Line]]:  # fmt: skip
    """(topic, partition) -> its records, in order. `partition`: that of the debtors. `run`: whose records they
    are. The revisions are those that
    records of agents and of conduct get in this commit."""
    names = setup.names
    outgoing: dict[tuple[str, int], list[Line]] = {}
    for key, value in changes.deltas:
        for place, name in routing.places(key):
            outgoing.setdefault((names.deltas, place), []).append(Line(name, value))
    for now in changes.agents:
        # By the agent's id, as its states are: what is said of one agent lies in one partition.
        place = key_partition(now.agent.encode(), setup.partitions[names.agents])
        outgoing.setdefault((names.agents, place), []).append(Line(*agent_record(now, agents_revision, run)))
    if changes.measured or changes.late:
        outgoing[names.scoring, 0] = [
            *(Line(*measurement_record(fact)) for fact in changes.measured),
            *(Line(*cause_record(*named)) for named in changes.late),
        ]
    for finding in changes.conduct:
        # As the debtor's events lie, wherever both topics have as many partitions.
        place = partition
        if setup.partitions[names.conduct] != setup.debtor_partitions:
            place = key_partition(finding.of.debtor.encode(), setup.partitions[names.conduct])
        outgoing.setdefault((names.conduct, place), []).append(Line(*finding.encoded(conduct_revision, run)))
    return outgoing
