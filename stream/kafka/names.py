"""The names of topics and transactional ids (contract 1 and 2, internals 6)."""

from dataclasses import dataclass

from stream.facts.fact import TOPICS

INBOUND = TOPICS


@dataclass(frozen=True)
class Names:
    """Every name that follows from `kafka.topic_prefix` and `kafka.group`."""

    prefix: str
    group: str

    @property
    def inbound(self) -> tuple[str, ...]:
        """The topics of events, in a fixed order."""
        return tuple(f"{self.prefix}.{name}.v1" for name in INBOUND)

    @property
    def read(self) -> tuple[str, ...]:
        """The topics that a worker subscribes to."""
        return (*self.inbound, self.deltas)

    @property
    def kpi(self) -> str:
        return f"{self.prefix}.kpi.v1"

    @property
    def alerts(self) -> str:
        return f"{self.prefix}.alerts.v1"

    @property
    def alertactions(self) -> str:
        return f"{self.prefix}.alertactions.v1"

    @property
    def agents(self) -> str:
        return f"{self.prefix}.agents.v1"

    @property
    def conduct(self) -> str:
        return f"{self.prefix}.conduct.v1"

    @property
    def scores(self) -> str:
        return f"{self.prefix}.scores.v1"

    @property
    def scoreledger(self) -> str:
        return f"{self.prefix}.scoreledger.v1"

    @property
    def names(self) -> str:
        """What ids are called, if somebody tells it (`board.names_topic`)."""
        return f"{self.prefix}.names.v1"

    @property
    def deadletter(self) -> str:
        return f"{self.prefix}.deadletter.v1"

    @property
    def ledger(self) -> str:
        return f"{self.prefix}.{self.group}.ledger"

    @property
    def deltas(self) -> str:
        return f"{self.prefix}.{self.group}.deltas"

    @property
    def windows(self) -> str:
        return f"{self.prefix}.{self.group}.windows"

    @property
    def scoring(self) -> str:
        """What scores are computed from beside KPI records: measurements, and how far each entity partition is."""
        return f"{self.prefix}.{self.group}.scoring"

    @property
    def erasures(self) -> str:
        """Which debtors were to be erased, and what was done (ADR 0105)."""
        return f"{self.prefix}.{self.group}.erasures"

    def feed_id(self, *names: str) -> str:
        """The transactional id of what a feed writes: whoever owns it is the one that may."""
        return "-".join((f"{self.prefix}.{self.group}-feed", *names))

    def transactional_id(self, stage: int, partition: int) -> str:
        """Of a partition's producer: whoever owns the id owns the partition. `stage`: 1 debtors, 2 entities."""
        return f"{self.prefix}.{self.group}-{stage}-{partition}"
