"""How far a partition of the alerts topic is forwarded: the offset that is committed, and who was told nothing."""

import hashlib
from collections.abc import Iterable

import msgspec

MOST_HELD, SHOWN_DIGITS = 240, 12
"""A broker takes 4,096 bytes of text with an offset."""


class _Said(msgspec.Struct, frozen=True):
    to: str = ""
    held: list[str] = []


_SAID = msgspec.json.Decoder(_Said)


class PartitionPlace:
    """One partition. Records are taken in the order of their offsets and are done in any order; all below `offset` are
    done. `target`: where alerts are sent to, said by a digest with the offset. `first`: nothing of it was ever sent.

    Held are alerts of which nobody was told that they fire, so that nobody need be told that they have ended. Beyond
    MOST_HELD the oldest are forgotten: then an end is told without a beginning.
    """

    def __init__(self, offset: int, target: str, held: Iterable[str] = (), *, first: bool = False) -> None:
        self.first = first
        self._next = offset
        self._waiting: dict[int, None] = {}
        self._held = dict.fromkeys(held)
        self._target = target

    @property
    def offset(self) -> int:
        """Everything before it is done."""
        return next(iter(self._waiting), self._next)

    @property
    def waiting(self) -> int:
        """How many records are taken and not done."""
        return len(self._waiting)

    def take(self, offset: int) -> None:
        """Takes a record. Offsets rise."""
        self._waiting[offset] = None
        self._next = offset + 1

    def read_to(self, offset: int) -> None:
        """There is nothing to be told before `offset`: what lies there are marks of transactions."""
        self._next = max(self._next, offset)

    def done(self, offset: int) -> None:
        """The record need not be taken again."""
        del self._waiting[offset]

    def hold(self, alert_id: str) -> None:
        """Nobody is told of the alert."""
        self._held[alert_id[:SHOWN_DIGITS]] = None
        while len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]

    def holds(self, alert_id: str) -> bool:
        """Whether nobody was told that it fires."""
        return alert_id[:SHOWN_DIGITS] in self._held

    def let_go(self, alert_id: str) -> None:
        """It is told after all, or has ended."""
        self._held.pop(alert_id[:SHOWN_DIGITS], None)

    @property
    def metadata(self) -> str:
        """What is committed beside the offset."""
        return msgspec.json.encode(_Said(digest(self._target), list(self._held))).decode()


def digest(target: str) -> str:
    """A short digest of an address, which may hold a secret."""
    return hashlib.sha256(target.encode()).hexdigest()[:8]


def said(metadata: str) -> tuple[str, list[str]]:
    """The digest of the target, and the alerts that are held, of committed metadata; nothing of what is none."""
    try:
        read = _SAID.decode(metadata)
    except msgspec.MsgspecError:
        return "", []
    return read.to, read.held
