"""Agents and teams: who is on duty, who is free, and the agent_state events that say so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil
from random import Random

from stream.simulate.agenda import Agenda
from stream.simulate.chance import between, one_of
from stream.simulate.identifiers import Identifiers
from stream.simulate.sites import SHIFT_MS, SHIFTS, STAFFING, Place
from stream.simulate.stamp import HOUR_MS, MINUTE_MS, instant

_SIGN_IN_MS = 2 * MINUTE_MS
_BREAKS = (("break", 15, 2.0), ("break", 30, 4.0), ("break", 15, 6.0))
_EXTRA = (("training", 30), ("meeting", 20))
_EXTRA_SHARE = 0.15


class Agent:
    """One agent: on duty until `off_ms`; free when `slot` is its place in the team's list of free agents."""

    __slots__ = ("agent_id", "off_ms", "on_duty", "pause", "slot", "team")

    def __init__(self, agent_id: str, team: Team) -> None:
        self.agent_id = agent_id
        self.team = team
        self.on_duty = False
        self.slot = -1
        self.off_ms = 0
        self.pause: tuple[str, int] | None = None


class Team:
    """Agents of one place by shift; `waiting` are the callers in its queue."""

    def __init__(self, team_id: str, index: int, place: Place) -> None:
        self.team_id = team_id
        self.index = index
        self.place = place
        self.site_id = place.site_id
        self.shifts: list[list[Agent]] = [[] for _ in SHIFTS]
        self.free: list[Agent] = []
        self.on_duty = 0
        self.waiting: deque[object] = deque()

    def anyone(self, number: int) -> Agent:
        """The agent who owns the case of this number."""
        shift = self.shifts[0 if number % 20 < 10 else 1 if number % 20 < 18 else 2]
        return shift[number // 20 % len(shift)]


class Staff:
    """All teams. `share` of each shift's agents work, at least one: a thinned world is a sample of the agents."""

    def __init__(self, agenda: Agenda, rng: Random, ids: Identifiers, teams: list[Team], agents: int) -> None:
        self._agenda = agenda
        self._rng = rng
        self._ids = ids
        self.teams = teams
        self.signed = 0
        self.when_free: Callable[[int, Agent], bool] = lambda _at_ms, _agent: False
        self._share = 1.0
        total = sum(team.place.site.share for team in teams)
        wanted = [[max(1, round(agents * t.place.site.share / total * part)) for part in STAFFING] for t in teams]
        width = max(3, len(str(sum(map(sum, wanted)))))
        number = 0
        for team, sizes in zip(teams, wanted, strict=True):
            for shift, size in zip(team.shifts, sizes, strict=True):
                for _ in range(size):
                    number += 1
                    shift.append(Agent(f"a-{number:0{width}}", team))

    def open(self, at_ms: int) -> None:
        """Starts the rota at `at_ms`; a shift that is running then begins at once."""
        for team in self.teams:
            today = team.place.day_number(at_ms)
            for index, (_, first, last) in enumerate(SHIFTS):
                day = today - 1
                while team.place.at_local(day, last * HOUR_MS) <= at_ms:
                    day += 1
                self._agenda.later(max(team.place.at_local(day, first * HOUR_MS), at_ms), self._begin, team, index, day)

    def work(self, at_ms: int, share: float) -> None:
        """From now on this share of the agents work; those of a running shift who are missing sign in."""
        self._share = share
        for team in self.teams:
            today = team.place.day_number(at_ms)
            for day in (today - 1, today):
                for index, (_, first, last) in enumerate(SHIFTS):
                    end_ms = team.place.at_local(day, last * HOUR_MS)
                    if team.place.at_local(day, first * HOUR_MS) < at_ms < end_ms:
                        self._call_in(at_ms, team, index, end_ms)

    def _begin(self, at_ms: int, team: Team, index: int, day: int) -> None:
        _, first, last = SHIFTS[index]
        self._call_in(at_ms, team, index, team.place.at_local(day, last * HOUR_MS))
        self._agenda.later(team.place.at_local(day + 1, first * HOUR_MS), self._begin, team, index, day + 1)

    def _call_in(self, at_ms: int, team: Team, index: int, end_ms: int) -> None:
        shift = team.shifts[index]
        for agent in shift[: ceil(len(shift) * self._share)]:
            if not agent.on_duty:
                agent.on_duty = True
                self._agenda.later(at_ms + between(self._rng, 0, _SIGN_IN_MS), self._sign_in, agent, end_ms)

    def _sign_in(self, at_ms: int, agent: Agent, end_ms: int) -> None:
        self.signed += 1
        agent.off_ms = end_ms - between(self._rng, 0, 3 * MINUTE_MS)
        agent.team.on_duty += 1
        begin_ms = end_ms - SHIFT_MS
        pauses = [(state, minutes, begin_ms + int(hours * HOUR_MS)) for state, minutes, hours in _BREAKS]
        if self._rng.random() < _EXTRA_SHARE:
            state, minutes = one_of(self._rng, _EXTRA)
            pauses.append((state, minutes, begin_ms + 5 * HOUR_MS))
        for state, minutes, pause_ms in pauses:
            pause_ms += between(self._rng, -40 * MINUTE_MS, 40 * MINUTE_MS)
            if pause_ms > at_ms:
                self._agenda.later(pause_ms, self._pause, agent, (state, minutes * MINUTE_MS))
        self._agenda.later(agent.off_ms, self._go, agent)
        self._available(at_ms, agent)

    def _go(self, at_ms: int, agent: Agent) -> None:
        if agent.slot >= 0:
            self._withdraw(agent)
            self._sign_out(at_ms, agent)

    def _sign_out(self, at_ms: int, agent: Agent) -> None:
        self.state(at_ms, agent, "logged_out")
        self.signed += 1
        agent.on_duty = False
        agent.pause = None
        agent.team.on_duty -= 1

    def _pause(self, at_ms: int, agent: Agent, pause: tuple[str, int]) -> None:
        if not agent.on_duty or agent.off_ms <= at_ms + pause[1]:
            return
        agent.pause = pause
        if agent.slot >= 0:
            self._withdraw(agent)
            self.release(at_ms, agent)

    def release(self, at_ms: int, agent: Agent) -> None:
        """The agent has nothing in hand: goes home, takes the pause that is due, or is available."""
        if at_ms >= agent.off_ms:
            self._sign_out(at_ms, agent)
        elif agent.pause is not None:
            state, length_ms = agent.pause
            agent.pause = None
            self.state(at_ms, agent, state)
            self._agenda.later(at_ms + length_ms + between(self._rng, 0, MINUTE_MS), self.release, agent)
        else:
            self._available(at_ms, agent)

    def _available(self, at_ms: int, agent: Agent) -> None:
        self.state(at_ms, agent, "available")
        if not self.when_free(at_ms, agent):
            agent.slot = len(agent.team.free)
            agent.team.free.append(agent)

    def _withdraw(self, agent: Agent) -> None:
        free = agent.team.free
        last = free.pop()
        if last is not agent:
            free[agent.slot] = last
            last.slot = agent.slot
        agent.slot = -1

    def take(self, team: Team) -> Agent:
        """A free agent of the team, no longer free; there must be one."""
        agent = one_of(self._rng, team.free)
        self._withdraw(agent)
        return agent

    def occupy(self, answered_ms: int, ended_ms: int, wrap_ms: int, agent: Agent) -> None:
        """The agent talks, wraps up and is released."""
        self._agenda.later(answered_ms, self.state, agent, "on_call")
        self._agenda.later(ended_ms, self.state, agent, "wrap")
        self._agenda.later(ended_ms + wrap_ms, self.release, agent)

    def state(self, at_ms: int, agent: Agent, state: str) -> None:
        """Says in what state the agent is from `at_ms` on."""
        event = {
            "type": "agent_state",
            "event_id": self._ids.event(),
            "occurred_at": instant(at_ms),
            "site_id": agent.team.site_id,
            "team_id": agent.team.team_id,
            "agent_id": agent.agent_id,
            "state": state,
        }
        self._agenda.emit(at_ms, event)
