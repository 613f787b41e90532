"""Which of several processes folds an event: all events of a key go to the same one."""

from zlib import crc32

import msgspec

from stream.facts.decode import Rejection, decode
from stream.facts.fact import AgentState
from stream.facts.identity import expected_key


class _Who(msgspec.Struct):
    type: str
    debtor_id: str | None = None
    agent_id: str | None = None


_quick = msgspec.json.Decoder(_Who).decode


def process_of(value: bytes, processes: int) -> int:
    """The number of the process, below `processes`, that folds this event; 0 for what is no event."""
    try:
        who = _quick(value)
    except (msgspec.MsgspecError, ValueError):
        key = None
    else:
        key = who.agent_id if who.type == AgentState.TYPE else who.debtor_id or who.agent_id
    if key is None:
        # Keyed by its own id, or written in a way that the quick reader does not know: rare, and read in full.
        fact = decode(value)
        key = "" if isinstance(fact, Rejection) else expected_key(fact)
    return crc32(key.encode()) % processes
