"""A conversation of an agent with a person: the call, the agent's states, and what comes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from stream.simulate.chance import LongTail, between
from stream.simulate.floor import SimulatedFloor
from stream.simulate.portfolio import SimulatedCase, who
from stream.simulate.staff import Agent
from stream.simulate.stamp import instant

_WRAP = LongTail(8_000, 0.6, 180_000)
_HOLD = LongTail(15_000, 0.8, 300_000)
_HOLD_SHARE = 0.08
_TRANSFER_SHARE = 0.08  # of the conversations that end with a colleague free
_TRANSFERRED = LongTail(45_000, 0.7, 1_200_000)
_HANDOVER_MS = (2_000, 15_000)
_MEASURED_SHARE = 0.3  # the recorder tells substantive talk apart in so many calls


class Spoken(NamedTuple):
    """A conversation that is over."""

    call_id: str
    agent: Agent
    case: SimulatedCase
    direction: str
    party: str
    queue_id: str
    ended_ms: int
    wrap_ms: int


class Consequence(Protocol):
    """Something that may come of a conversation."""

    def __call__(self, at_ms: int, spoken: Spoken) -> None:
        """Called at the conversation's end."""


class Conversations:
    """Holds conversations and remembers the last few hundred, for quality reviews."""

    def __init__(self, floor: SimulatedFloor, consequences: tuple[Consequence, ...]) -> None:
        self._floor = floor
        self._consequences = consequences
        self.recent: deque[Spoken] = deque(maxlen=300)

    def hold(
        self, at_ms: int, answered_ms: int, agent: Agent, case: SimulatedCase, talk_ms: int, more: Mapping[str, object]
    ) -> None:
        """A call that begins at `at_ms` and is answered at `answered_ms` by an agent who is taken already."""
        floor = self._floor
        rng = floor.rng
        hold_ms = _HOLD.draw(rng) if rng.random() < _HOLD_SHARE else 0
        wrap_ms = _WRAP.draw(rng)
        ended_ms = answered_ms + talk_ms + hold_ms
        call = {
            "type": "call",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **who(agent, case),
            "call_id": floor.ids.own("k"),
            "outcome": "human",
            "ended_at": instant(ended_ms),
            "talk_ms": talk_ms,
            "hold_ms": hold_ms,
            "wrap_ms": wrap_ms,
            "number_id": f"n{case.debtor_id[1:]}-1",
            "recorded": rng.random() < 0.99,
            **more,
        }
        if rng.random() < _MEASURED_SHARE:
            call["effective_ms"] = talk_ms * between(rng, 50, 96) // 100
        floor.agenda.emit(ended_ms, call)
        floor.staff.occupy(answered_ms, ended_ms, wrap_ms, agent)
        spoken = Spoken(
            str(call["call_id"]), agent, case, str(more["direction"]), str(more["party"]), str(more["queue_id"]),
            ended_ms, wrap_ms,
        )  # fmt: skip
        floor.agenda.later(ended_ms, self._over, spoken)

    def _over(self, at_ms: int, spoken: Spoken) -> None:
        self.recent.append(spoken)
        for consequence in self._consequences:
            consequence(at_ms, spoken)
        if spoken.agent.team.free and self._floor.rng.random() < _TRANSFER_SHARE:
            self._transfer(at_ms, spoken)

    def _transfer(self, at_ms: int, spoken: Spoken) -> None:
        """A colleague goes on with the conversation: a call of its own, which names the leg before."""
        floor = self._floor
        more: dict[str, object] = {
            "direction": spoken.direction,
            "party": spoken.party,
            "queue_id": spoken.queue_id,
            "transferred_from": spoken.call_id,
        }
        answered_ms = at_ms + between(floor.rng, *_HANDOVER_MS)
        if spoken.direction == "inbound":
            more["queue_ms"] = answered_ms - at_ms
        agent = floor.staff.take(spoken.agent.team)
        self.hold(at_ms, answered_ms, agent, spoken.case, _TRANSFERRED.draw(floor.rng), more)
