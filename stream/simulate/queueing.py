"""Inbound calls: a queue for each team, callers with limited patience."""

from __future__ import annotations

from stream.simulate.chance import LongTail, Mix, between
from stream.simulate.conversation import Conversations
from stream.simulate.dialling import number_of
from stream.simulate.floor import SimulatedFloor
from stream.simulate.portfolio import SimulatedCase, whose
from stream.simulate.staff import Agent
from stream.simulate.stamp import SECOND_MS, instant

_PARTY = Mix(("right", 85.0), ("third", 10.0), ("unknown", 5.0))
_TALK = LongTail(60_000, 0.8, 2_400_000)
_PATIENCE = LongTail(75_000, 0.9, 900_000)
_HASTY_SHARE = 0.03  # so many hang up within seconds, whatever the queue
_CALLBACK_SHARE = 0.2  # of those whose patience ends: they leave their number instead
_UNTIMED_SHARE = 0.02  # some switches lose the time in the queue
_LINES = Mix(("service", 70.0), ("payment", 30.0))
_ANSWER_MS = (1 * SECOND_MS, 5 * SECOND_MS)


class QueuedCaller:
    """Somebody in a queue since `since_ms`, until answered or out of patience."""

    __slots__ = ("case", "gone", "line", "since_ms")

    def __init__(self, since_ms: int, case: SimulatedCase, line: str) -> None:
        self.since_ms = since_ms
        self.line = line
        self.case = case
        self.gone = False


class Queueing:
    """The inbound side; an agent who becomes free takes the caller who has waited longest."""

    def __init__(self, floor: SimulatedFloor, conversations: Conversations) -> None:
        self._floor = floor
        self._conversations = conversations
        floor.staff.when_free = self._serve

    def arrive(self, at_ms: int) -> None:
        """Somebody calls."""
        floor = self._floor
        team = floor.team()
        caller = QueuedCaller(at_ms, floor.portfolio.pick(team, near=True), _LINES.draw(floor.rng))
        if floor.rng.random() < _HASTY_SHARE:
            floor.agenda.later(at_ms + between(floor.rng, 800, 8 * SECOND_MS), self._give_up, caller)
        elif team.free:
            self._answer(at_ms, floor.staff.take(team), caller)
        else:
            team.waiting.append(caller)
            floor.agenda.later(at_ms + _PATIENCE.draw(floor.rng), self._give_up, caller)

    def _serve(self, at_ms: int, agent: Agent) -> bool:
        waiting = agent.team.waiting
        while waiting:
            caller = waiting.popleft()
            if isinstance(caller, QueuedCaller) and not caller.gone:
                caller.gone = True
                self._answer(at_ms, agent, caller)
                return True
        return False

    def _answer(self, at_ms: int, agent: Agent, caller: QueuedCaller) -> None:
        rng = self._floor.rng
        answered_ms = at_ms + between(rng, *_ANSWER_MS)
        more: dict[str, object] = {"direction": "inbound", "party": _PARTY.draw(rng), "queue_id": f"in-{caller.line}"}
        if rng.random() >= _UNTIMED_SHARE:
            more["queue_ms"] = answered_ms - caller.since_ms
        self._conversations.hold(caller.since_ms, answered_ms, agent, caller.case, _TALK.draw(rng), more)

    def _give_up(self, at_ms: int, caller: QueuedCaller) -> None:
        if caller.gone:
            return
        caller.gone = True
        floor = self._floor
        callback = at_ms - caller.since_ms > 10 * SECOND_MS and floor.rng.random() < _CALLBACK_SHARE
        call = {
            "type": "call",
            "event_id": floor.ids.event(),
            "occurred_at": instant(caller.since_ms),
            **whose(caller.case),
            "call_id": floor.ids.own("k"),
            "direction": "inbound",
            "outcome": "callback" if callback else "abandoned",
            "queue_id": f"in-{caller.line}",
            "ended_at": instant(at_ms),
            "queue_ms": at_ms - caller.since_ms,
            "number_id": number_of(caller.case, floor.rng.random()),
        }
        floor.agenda.emit(at_ms, call)
