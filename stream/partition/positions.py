"""The record `~offsets` of a state topic: how far the inputs are in the state, and what the state depends on
(internals 6). It is the authority; the group's offsets are for lag tools only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from stream.facts.format import Format
from stream.windows.exact import Json, loads

KEY = b"~offsets"
OFFSETS: Format[Json] = Format("offset record", 2, {1: lambda old: {**old, "f": 2}})
"""Version 1 knows nothing of agents' records."""


@dataclass(frozen=True)
class Position:
    """How far one topic partition is in the state. `offset`: the next one to be applied. `watermark_ms`: greatest event
    time applied, None for none. `refused`: `DeadLetterLimit.state`, empty for nothing. `stamp_ms`: greatest timestamp
    of a record that was read, by which a topic that was made anew is told (opening.py)."""

    offset: int
    watermark_ms: int | None = None
    refused: tuple[tuple[int, ...], ...] = ()
    stamp_ms: int | None = None

    def fields(self) -> dict[str, Any]:
        """The JSON object of this position in the record."""
        fields: dict[str, Any] = {"offset": self.offset, "watermark": self.watermark_ms, "stamp": self.stamp_ms}
        return fields | {"refused": self.refused} if self.refused else fields


class AgentsSaid(NamedTuple):
    """What was said of agents (contract 2, `collections.agents.v1`). `revision`: the highest that was given.
    `complete`: whether everything that the state knows was said; else it is to be, with higher revisions."""

    revision: int = 0
    complete: bool = False


class ConductSaid(NamedTuple):
    """What was said of the conduct rules' findings (`collections.conduct.v1`). `revision`: the highest that was given.
    `judged_ms`: deadlines before it were judged; None: none were yet."""

    revision: int = 0
    judged_ms: int | None = None


NOTHING_SAID = AgentsSaid()
NOTHING_FOUND = ConductSaid()


@dataclass(frozen=True)
class Positions:
    """How far the inputs of one partition are in its state, and what that state depends on.

    `partitions`, `deltas`: partition counts of the inbound topics and of the deltas topic. `tps`: by topic.
    `greatest_ms`: greatest event time known (debtor stage). `former`: counts that the inbound topics had before they
    were grown (entity stage). Of the debtor stage: `agents`, `conduct`: what was said of agents and by the conduct
    rules; `measured`: whether every measurement that the state knows was said for scores.
    """

    fingerprint: Mapping[str, Any]
    partitions: int
    deltas: int
    tps: Mapping[str, Position] = field(default_factory=dict)
    greatest_ms: int | None = None
    former: tuple[int, ...] = ()
    agents: AgentsSaid = NOTHING_SAID
    conduct: ConductSaid = NOTHING_FOUND
    measured: bool = False

    def encode(self) -> bytes:
        """The record's value."""
        tps = {topic: at.fields() for topic, at in self.tps.items()}
        return orjson.dumps(
            {
                "f": OFFSETS.version,
                "fingerprint": dict(self.fingerprint),
                "partitions": self.partitions,
                "deltas": self.deltas,
                "tps": tps,
                "greatest": self.greatest_ms,
                **({"former": self.former} if self.former else {}),
                **({"agents": list(self.agents)} if any(self.agents) else {}),
                **({"conduct": list(self.conduct)} if self.conduct != NOTHING_FOUND else {}),
                **({"measured": True} if self.measured else {}),
            }
        )

    @property
    def counts(self) -> tuple[int, ...]:
        """All partition counts by which keys of the inbound topics may have been hashed, the present one first."""
        return self.partitions, *self.former


def decode(value: bytes) -> Positions:
    """The value's positions. NewerFormatError: a newer version wrote it."""
    raw = loads(value, OFFSETS)
    tps = {topic: _position(at) for topic, at in raw["tps"].items()}
    former = tuple(raw.get("former", ()))
    said = AgentsSaid(*raw.get("agents", ()))
    return Positions(
        raw["fingerprint"], raw["partitions"], raw["deltas"], tps, raw["greatest"], former, said,
        ConductSaid(*raw.get("conduct", ())), raw.get("measured", False),
    )  # fmt: skip


def _position(at: Mapping[str, Any]) -> Position:
    refused = tuple(tuple(counts) for counts in at.get("refused", ()))
    return Position(at["offset"], at["watermark"], refused, at.get("stamp"))


def stamp_of(positions: Positions | None, topic: str) -> int | None:
    """The greatest timestamp that is known to have been read of a topic, ms."""
    at = positions.tps.get(topic) if positions else None
    return at.stamp_ms if at else None
