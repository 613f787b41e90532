"""Erases debtors as the owner of their partition: within one of its commits, with the record of it (ADR 0105)."""

from collections.abc import Iterable, Mapping, Sequence

import structlog

from stream.engine.debtors.erasure import Asked, Done, Erasure, NotErased, encode_erasure, text_of
from stream.engine.debtors.findings import ConductFinding
from stream.engine.debtors.removal import Erased
from stream.engine.debtors.stage import DebtorStage
from stream.facts.instant import instant_text
from stream.facts.printable import error_text
from stream.kafka.writer import Line
from stream.partition.context import WorkerSetup
from stream.partition.intake import key_partition

log = structlog.get_logger(__name__)


class Erasing:
    """The erasures that a debtor partition is asked for. `ask` hands one in, the next commit performs it.

    The topic of conduct holds records of a debtor whose facts the ledger has long forgotten. Whoever asks looks there
    for their keys; what this partition writes there meanwhile is noted from `announce` on.
    """

    def __init__(self, setup: WorkerSetup, partition: int) -> None:
        self._setup, self._partition = setup, partition
        self._asked: dict[str, tuple[Asked, frozenset[str]]] = {}
        self._last: Sequence[ConductFinding] = ()
        self._noted: list[ConductFinding] | None = None

    def reset(self) -> None:
        """Nothing is asked for: the partition begins to read, and is asked anew by what the topic holds then."""
        self._asked.clear()
        self._noted = None

    @property
    def waiting(self) -> bool:
        """Whether the next commit has something to erase."""
        return bool(self._asked)

    def announce(self) -> None:
        """Somebody begins to look through the topic of conduct. What the last commit wrote may not be there yet."""
        if self._noted is None:
            self._noted = list(self._last)

    def ask(self, asked: Asked, conduct_keys: Iterable[str] = ()) -> None:
        """Asks for an erasure. `conduct_keys`: what the topic of conduct holds of the debtor."""
        self._asked[asked.id] = asked, frozenset(conduct_keys)

    def wrote(self, found: Sequence[ConductFinding]) -> None:
        """A commit writes these records of conduct."""
        self._last = found
        if self._noted is not None:
            self._noted += found

    def perform(
        self, engine: DebtorStage, greatest_ms: int | None, offsets: Mapping[str, int]
    ) -> dict[tuple[str, int], list[Line]]:
        """Erases what was asked for; what the commit has to write of it beside what the engine gives.

        `greatest_ms`: the greatest event time that the partition knows. `offsets`: inbound topic -> next offset to be
        applied. No failure stops a worker: one is in the record, and then nothing was erased.
        """
        outgoing: dict[tuple[str, int], list[Line]] = {}
        for asked, known in self._asked.values():
            done, keys = self._performed(asked, known, engine, greatest_ms, offsets)
            for key in sorted(keys):
                outgoing.setdefault((self._setup.names.conduct, self._home(key)), []).append(Line(key.encode(), None))
            outgoing.setdefault((self._setup.names.erasures, self._partition), []).append(Line(*encode_erasure(done)))
        self._asked.clear()
        self._noted = None
        return outgoing

    def _performed(
        self, asked: Asked, known: frozenset[str], engine: DebtorStage, greatest_ms: int | None,
        offsets: Mapping[str, int],
    ) -> tuple[Erasure, frozenset[str]]:  # fmt: skip
        now = instant_text(self._setup.wall_ms())
        of = asked.model_dump(exclude={"state"})
        partitions = self._setup.debtor_partitions
        if asked.partitions != partitions:
            why = f"there were {asked.partitions} partitions when it was asked for, there are {partitions}: ask again"
            return NotErased(**of, done_at=now, why=why), frozenset()
        try:
            erased = _erased(asked, engine, greatest_ms or 0)
        except Exception as error:  # noqa: BLE001  one debtor must never stop a partition (live 6)
            log.error("erasure failed", partition=self._partition, id=asked.id, error=error_text(error))
            return NotErased(
                **of, done_at=now, why=f"internal: {type(error).__name__}; nothing was erased"
            ), frozenset()
        keys = known.union(erased.conduct_keys, {each.of.key for each in self._noted or () if is_of(asked, each)})
        done = Done(
            **of, done_at=now, through=text_of(greatest_ms), facts=erased.facts, first=text_of(erased.first_ms),
            last=text_of(erased.last_ms), conduct=None if self._setup.settings.conduct() is None else len(keys),
            offsets=dict(offsets),
        )  # fmt: skip
        log.info("erased", partition=self._partition, id=asked.id, facts=sum(erased.facts.values()), conduct=len(keys))
        return done, keys

    def _home(self, key: str) -> int:
        """The partition of the topic of conduct in which records of this key are."""
        return key_partition(key.split("|")[1].encode(), self._setup.partitions[self._setup.names.conduct])


def is_of(asked: Asked, finding: ConductFinding) -> bool:
    """Whether a record of conduct is about the debtor who is to be erased."""
    return asked.is_about(finding.of.debtor)


def _erased(asked: Asked, engine: DebtorStage, through_ms: int) -> Erased:
    debtor = asked.first_among(engine.debtors())
    # A name that no debtor has: nothing is held, and nothing is erased.
    return engine.erase("" if debtor is None else debtor, through_ms)
