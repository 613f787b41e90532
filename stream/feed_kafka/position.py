"""Where a feed goes on in a partition of its topic: the committed offset, and what its metadata say (ADR 0062)."""

from dataclasses import dataclass
from typing import Any

import orjson

FORMAT = 1
MOST_METADATA = 4_000
"""Just under what a broker takes by default (offset.metadata.max.bytes), in bytes."""


@dataclass(frozen=True)
class SourcePosition:
    """`offset`: the oldest row that a join still needs, else the next one. `begin`: from where reading begins, at or
    before `offset`; `clock`: the feed's event time there. `through`: what lies before it has been given out, and is not
    given again. `refused`: the counts of the dead-letter limit."""

    offset: int
    begin: int
    through: int
    clock: str = ""
    refused: tuple[tuple[int, ...], ...] = ()

    def metadata(self, feed: str) -> str:
        """What is committed beside the offset; empty where the offset says everything."""
        if (self.begin, self.through) == (self.offset, self.offset) and not self.clock and not self.refused:
            return ""
        said: dict[str, Any] = {"f": FORMAT, "feed": feed, "offset": self.offset, "through": self.through}
        said |= {"begin": self.begin} if self.begin != self.offset else {}
        said |= {"clock": self.clock} if self.clock else {}
        said |= {"refused": self.refused} if self.refused else {}
        return orjson.dumps(said).decode()


def position_of(offset: int, metadata: str, feed: str) -> SourcePosition:
    """The position that was committed. Metadata of another feed or program, or of a former offset, say nothing: then it
    goes on at the offset."""
    plain = SourcePosition(offset, offset, offset)
    try:
        said = orjson.loads(metadata)
        if (said["f"], said["feed"], said["offset"]) != (FORMAT, feed, offset):
            return plain
        refused = tuple(tuple(int(number) for number in part) for part in said.get("refused", ()))
        found = SourcePosition(offset, said.get("begin", offset), said["through"], said.get("clock", ""), refused)
    except (ValueError, KeyError, TypeError):
        return plain
    whole = all(type(number) is int for number in (found.begin, found.through)) and isinstance(found.clock, str)
    return found if whole and 0 <= found.begin <= offset <= found.through else plain
