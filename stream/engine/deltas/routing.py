"""Where a delta goes: to the partition of its entity, and as a copy to every partition where alerts of the entity
inhibit those of others (ADR 0075)."""

from collections.abc import Iterator, Sequence

from stream.alerts.inhibition import asked_from_afar
from stream.alerts.rules import Rule
from stream.engine.deltas.delta import entity_partition

COPY = b"|"
"""What the key of a copy begins with; the entity's text follows, which no entity's text does itself."""


class Routing:
    """The way of deltas under these alert rules, to so many partitions."""

    def __init__(self, rules: Sequence[Rule], partitions: int) -> None:
        self._partitions = partitions
        self._asked: dict[str, list[Rule]] = {}
        for rule in asked_from_afar(rules):
            self._asked.setdefault(rule.level, []).append(rule)

    def places(self, key: bytes) -> Iterator[tuple[int, bytes]]:
        """(partition, key) of each record that the delta of this key becomes."""
        text = key.decode()
        yield entity_partition(text, self._partitions), key
        if self._asked and self._is_asked(text):
            copy = COPY + key
            for partition in range(self._partitions):
                yield partition, copy

    def _is_asked(self, text: str) -> bool:
        _, level, name = text.split("|")
        return any(rule.entities is None or name in rule.entities for rule in self._asked.get(level, ()))
