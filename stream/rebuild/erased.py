"""Debtors who were erased, in a history that still holds their events: a rebuild must not bring them back (ADR 0107).

Their events up to the erasure are read under another name, made of the id of the erasure. So they count what they
counted, what came later begins anew, and whatever keeps debtors (ledger, records of conduct) leaves such names out.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from aiokafka import TopicPartition
from msgspec import structs

from stream.engine.debtors.erasure import Done, read_erasure, subject_of, through_ms
from stream.facts.fact import Fact
from stream.facts.identity import canonical_json
from stream.kafka.names import Names
from stream.partition.restore import restore
from stream.settings import Settings


class ErasedDebtor(NamedTuple):
    """One erasure, as far as one partition of an inbound topic goes: events before `offset` are read as of `name`.
    `through_ms`: up to when what they count stays."""

    name: str
    salt: str
    subject: str
    offset: int
    through_ms: int

    def is_about(self, debtor: str) -> bool:
        """Whether this debtor was erased."""
        return subject_of(self.salt, debtor) == self.subject


ErasedByPlace = dict[tuple[str, int], tuple[ErasedDebtor, ...]]
"""(inbound topic, partition) -> what was erased of it, in the order of offsets."""


async def read_erased(settings: Settings, partitions: int) -> ErasedByPlace:
    """What the erasures topic says, of which there are so many partitions."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    found: dict[str, Done] = {}
    for number in range(partitions):
        topic = TopicPartition(names.erasures, number)
        await restore(settings.kafka_client_options(), topic, 0, partial(_take, found), lambda _: None)
    erased: ErasedByPlace = {}
    for done in found.values():
        for inbound, offset in done.offsets.items():
            one = ErasedDebtor(f"erased-{done.id}", done.salt, done.subject, offset, through_ms(done))
            place = inbound, done.partition
            erased[place] = tuple(sorted((*erased.get(place, ()), one), key=lambda each: each.offset))
    return erased


def _take(found: dict[str, Done], key: bytes, value: bytes | None) -> None:
    try:
        erasure = read_erasure(key, value)
    except ValueError:
        return  # nothing was erased for it
    if isinstance(erasure, Done):
        found[erasure.id] = erasure


class Renaming:
    """Events of debtors who were erased, as of other names; for the events of one partition of a topic."""

    def __init__(self, erased: Sequence[ErasedDebtor]) -> None:
        self._erased = erased
        self._last = max((each.offset for each in erased), default=0)
        self._known: dict[str, tuple[ErasedDebtor, ...]] = {}

    def renamed(self, offset: int, fact: Fact) -> bytes | None:
        """The event under the other name; None: it keeps its own."""
        debtor = fact.debtor_id
        if debtor is None or offset >= self._last:
            return None
        known = self._known.get(debtor)
        if known is None:
            known = self._known[debtor] = tuple(each for each in self._erased if each.is_about(debtor))
        name = next((each.name for each in known if offset < each.offset), None)
        return None if name is None else canonical_json(structs.replace(fact, debtor_id=name))


NOBODY_ERASED = Renaming(())
