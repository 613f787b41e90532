"""Outbound calls: the dialler's attempts, and conversations where a person answers."""

from __future__ import annotations

from collections.abc import Sequence

from stream.simulate.chance import LongTail, Mix, between, one_of
from stream.simulate.conversation import Conversations
from stream.simulate.floor import SimulatedFloor
from stream.simulate.incident import Incident
from stream.simulate.portfolio import SimulatedCase, segment, who, whose
from stream.simulate.staff import Team
from stream.simulate.stamp import SECOND_MS, instant

_OUTCOMES = Mix(
    ("no_answer", 52.0), ("human", 17.6), ("machine", 14.0), ("busy", 8.0), ("invalid_number", 5.0), ("failed", 3.0),
    ("abandoned", 0.4),  # a human answered, and no agent was there
)  # fmt: skip
_LENGTH_MS = {
    "no_answer": (15 * SECOND_MS, 35 * SECOND_MS),
    "machine": (8 * SECOND_MS, 25 * SECOND_MS),
    "busy": (1 * SECOND_MS, 4 * SECOND_MS),
    "invalid_number": (800, 3 * SECOND_MS),
    "failed": (100, 1 * SECOND_MS),
    "abandoned": (3 * SECOND_MS, 12 * SECOND_MS),
}
_PARTY = Mix(("right", 62.0), ("third", 25.0), ("unknown", 13.0))
_RING_MS = (2 * SECOND_MS, 10 * SECOND_MS)
_TALK = {
    "right": LongTail(36_000, 0.8, 1_800_000),
    "third": LongTail(13_000, 0.6, 300_000),
    "unknown": LongTail(7_000, 0.6, 120_000),
}
_RESERVE = 12  # one agent in so many stays free for callers


class Dialling:
    """The outbound dialler: it dials for free agents only, several numbers for each."""

    def __init__(self, floor: SimulatedFloor, conversations: Conversations, incidents: Sequence[Incident]) -> None:
        self._floor = floor
        self._conversations = conversations
        self._incidents = incidents

    def dial(self, at_ms: int) -> bool:
        """Whether there was an agent to dial for; if so, a call begins at `at_ms` and is told of at its end."""
        floor = self._floor
        for _ in range(3):
            team = floor.team()
            if len(team.free) > team.on_duty // _RESERVE:
                break
        else:
            return False
        case = floor.portfolio.pick(team, team.place.calling_near)
        outcome = _OUTCOMES.draw(floor.rng)
        if outcome in ("human", "machine"):
            for incident in self._incidents:
                if incident.touches(at_ms, team.site_id) and floor.rng.random() >= incident.factor:
                    outcome = "failed"
        if outcome == "human":
            self._converse(at_ms, team, case)
        else:
            self._attempt(at_ms, team, case, outcome)
        return True

    def _attempt(self, at_ms: int, team: Team, case: SimulatedCase, outcome: str) -> None:
        floor = self._floor
        ended_ms = at_ms + between(floor.rng, *_LENGTH_MS[outcome])
        call = {
            "type": "call",
            "event_id": floor.ids.event(),
            "occurred_at": instant(at_ms),
            **(whose(case) if outcome == "abandoned" else who(one_of(floor.rng, team.free), case)),
            "call_id": floor.ids.own("k"),
            "queue_id": campaign(case),
            "direction": "outbound",
            "outcome": outcome,
            "ended_at": instant(ended_ms),
            "number_id": number_of(case, floor.rng.random()),
        }
        floor.agenda.emit(ended_ms, call)

    def _converse(self, at_ms: int, team: Team, case: SimulatedCase) -> None:
        floor = self._floor
        agent = floor.staff.take(team)
        party = _PARTY.draw(floor.rng)
        answered_ms = at_ms + between(floor.rng, *_RING_MS)
        more = {"direction": "outbound", "party": party, "queue_id": campaign(case)}
        self._conversations.hold(at_ms, answered_ms, agent, case, _TALK[party].draw(floor.rng), more)


def campaign(case: SimulatedCase) -> str:
    """The dialler's campaign that a case is in: one for each stage."""
    return f"out-{segment(case)}"


def number_of(case: SimulatedCase, draw: float) -> str:
    """One of the debtor's two telephone numbers; the first mostly."""
    return f"n{case.debtor_id[1:]}-{1 if draw < 0.8 else 2}"
