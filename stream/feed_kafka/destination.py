"""Where a feed's events and refusals go: the inbound topics and the dead letters, as the broker has them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stream.facts.murmur import murmur2
from stream.feed_kafka.errors import CannotSend
from stream.feeds.given import GivenEvent
from stream.kafka.group_member import GONE as BROKER_GONE
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, deadletter_takes, partition_counts
from stream.kafka.writer import Line
from stream.settings import Settings

KEYS_KEPT = 200_000


@dataclass(frozen=True)
class Destination:
    """The topics that a feed writes to. `partitions`: topic -> its partition count, of all topics that there are.
    `deadletter_bytes`: the greatest record that the dead-letter topic takes."""

    names: Names
    partitions: Mapping[str, int]
    deadletter_bytes: int
    _hashed: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def outgoing(
        self, events: Iterable[GivenEvent], letters: Sequence[Line], source_partition: int
    ) -> dict[tuple[str, int], list[Line]]:
        """The records of one transaction: each event in its topic under its key, in the partition that Kafka's default
        partitioner gives it (contract 1), and the dead letters."""
        found: dict[tuple[str, int], list[Line]] = {}
        topics = {name.split(".")[-2]: name for name in self.names.inbound}
        for event in events:
            topic = topics[event.topic]
            place = topic, self._hash(event.key) % self.partitions[topic]
            lines = found.get(place)
            if lines is None:
                lines = found[place] = []
            lines.append(Line(event.key.encode(), event.json))
        if letters:
            dead = self.names.deadletter
            found[dead, source_partition % self.partitions[dead]] = list(letters)
        return found

    def _hash(self, key: str) -> int:
        hashed = self._hashed.get(key)
        if hashed is None:
            if len(self._hashed) >= KEYS_KEPT:
                self._hashed.clear()
            hashed = self._hashed[key] = murmur2(key.encode()) & 0x7FFFFFFF
        return hashed


async def destination(settings: Settings) -> Destination:
    """The topics as they are now. KafkaError: there is no broker. CannotSend names a topic that is missing."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    async with admin_client(settings) as admin:
        counts = await partition_counts(admin)
        missing = next((name for name in (*names.inbound, names.deadletter) if name not in counts), None)
        if missing is not None:
            servers = settings.kafka.bootstrap_servers
            raise CannotSend(f"{servers}: there is no topic {missing}; `kpi-stream topics create` makes it")
        return Destination(names, counts, await deadletter_takes(admin, settings))


class TopicsChanged(Exception):  # noqa: N818 a sentence for the user
    """A topic has other partitions than when the feed began."""


GONE = (*BROKER_GONE, TopicsChanged)
"""After what a feed begins anew from its last commit: a broker that is gone, topics that are others now."""
