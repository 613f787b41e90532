"""Which group of keys an event belongs to: all events of a key belong to the same one."""

from collections.abc import Sequence
from zlib import crc32

import msgspec

from stream.facts.decode import Rejection, decode
from stream.facts.fact import KINDS, Call
from stream.facts.identity import expected_key


class _Who(msgspec.Struct, gc=False):
    type: str
    debtor_id: str | None = None
    agent_id: str | None = None
    call_id: str | None = None


_quick = msgspec.json.Decoder(_Who).decode
_CALL = Call.TYPE
_BY_DEBTOR, _BY_AGENT = (
    frozenset(kind.TYPE for kind in KINDS if name in kind.KEYED_BY) for name in ("debtor_id", "agent_id")
)


def _key(who: _Who) -> str | None:
    """The key where it is plain to see; None for what is keyed by an own id that is not read here."""
    if who.debtor_id is not None and who.type in _BY_DEBTOR:
        return who.debtor_id
    if who.type == _CALL:
        return who.call_id
    return who.agent_id if who.type in _BY_AGENT else None


def group_of(value: bytes, groups: int) -> int:
    """The number of the group, below `groups`, of this event; some group for what is no event."""
    try:
        who = _quick(value)
    except (msgspec.MsgspecError, ValueError):
        key = None
    else:
        key = _key(who)
    if key is None:
        # Keyed by its own id, or written in a way that the quick reader does not know: rare, and read in full.
        fact = decode(value)
        key = "" if isinstance(fact, Rejection) else expected_key(fact)
    return crc32(key.encode()) % groups


def groups_of(values: Sequence[bytes], groups: int) -> list[int]:
    """`group_of` of each."""
    if groups == 1:
        return [0] * len(values)
    try:
        keys = [_key(who) for who in map(_quick, values)]
        return [crc32(key.encode()) % groups for key in keys]  # type: ignore[union-attr]  # None: AttributeError
    except (msgspec.MsgspecError, ValueError, AttributeError):
        return [group_of(value, groups) for value in values]
