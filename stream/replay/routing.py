"""The group of keys that an event belongs to: all events of a key belong to the same group."""

from collections.abc import Sequence
from zlib import crc32

import msgspec

from stream.facts.decode import Rejection, decode
from stream.facts.fact import KINDS, Call
from stream.facts.identity import expected_key


class _KeyFields(msgspec.Struct, gc=False):
    type: str
    debtor_id: str | None = None
    agent_id: str | None = None
    call_id: str | None = None


_quick = msgspec.json.Decoder(_KeyFields).decode
_CALL = Call.TYPE
_BY_DEBTOR, _BY_AGENT = (
    frozenset(kind.TYPE for kind in KINDS if name in kind.KEYED_BY) for name in ("debtor_id", "agent_id")
)


def _key(fields: _KeyFields) -> str | None:
    """The key, where it can be seen at once; None where the whole event must be decoded."""
    if fields.debtor_id is not None and fields.type in _BY_DEBTOR:
        return fields.debtor_id
    if fields.type == _CALL:
        return fields.call_id
    return fields.agent_id if fields.type in _BY_AGENT else None


def group_of(value: bytes, groups: int) -> int:
    """The index of the group, in 0..groups-1, of an event; what is no event gets some group."""
    try:
        fields = _quick(value)
    except (msgspec.MsgspecError, ValueError):
        key = None
    else:
        key = _key(fields)
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
        keys = [_key(fields) for fields in map(_quick, values)]
        return [crc32(key.encode()) % groups for key in keys]  # type: ignore[union-attr]  # None: AttributeError
    except (msgspec.MsgspecError, ValueError, AttributeError):
        return [group_of(value, groups) for value in values]
