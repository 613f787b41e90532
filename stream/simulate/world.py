"""The seeded contact-centre world: a pure generator of events in the order in which a real one would send them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from random import Random

from stream.simulate.agenda import Agenda
from stream.simulate.casework import Casework
from stream.simulate.chance import Mix
from stream.simulate.complaining import Complaining
from stream.simulate.contacting import Contacting
from stream.simulate.conversation import Conversations
from stream.simulate.dialling import Dialling
from stream.simulate.floor import SimulatedFloor
from stream.simulate.identifiers import Identifiers, run_tag
from stream.simulate.incident import Incident
from stream.simulate.phase import Phase
from stream.simulate.portfolio import Portfolio
from stream.simulate.promising import Promising
from stream.simulate.queueing import Queueing
from stream.simulate.route import Event
from stream.simulate.sites import SITES, Place, SimulatedSite
from stream.simulate.staff import Staff, Team
from stream.simulate.stamp import MINUTE_MS

AGENTS_PER_RATE = 16.0
"""Agents on the rota for each event per second, unless a number is given."""

_CASES_PER_RATE = 400
_WIND_MS = 10 * MINUTE_MS
_PER_ACTION = 1.45  # events that come of one action in the end; corrected by what is seen
_PER_ACTION_WEIGHT = 20_000

_DEEDS = Mix(
    ("dial", 640.0), ("caller", 12.0), ("message", 110.0), ("bot", 50.0), ("payment", 20.0), ("case", 45.0),
    ("visit", 8.0), ("legal", 5.0), ("restriction", 3.0), ("complaint", 2.0), ("review", 8.0),
)  # fmt: skip


class World:
    """Sites, teams, agents, debtors and what they do; the same arguments give the same events.

    An event is a plain dict of contract 1 and is handed out with the instant (ms) at which a source system would send
    it: a call at its end, anything else when it happens. Time is no clock's: it comes from the phases.
    Too few agents for the rate are made up for by messages and bots, never by two calls at once.
    """

    def __init__(
        self,
        seed: int,
        phases: Sequence[Phase],
        *,
        sites: tuple[SimulatedSite, ...] = SITES,
        teams_per_site: int = 6,
        agents: int | None = None,
        incidents: Sequence[Incident] = (),
    ) -> None:
        self._phases = tuple(phases)
        self._full_rate = max(phase.rate for phase in phases)
        rng = Random(seed)
        agenda = Agenda()
        ids = Identifiers(run_tag(seed, phases[0].from_ms, [site.site_id for site in sites]))
        places = [Place(site) for site in sites]
        spread = [place for place in places for _ in range(teams_per_site)]
        teams = [Team(f"t-{index + 1}", index, place) for index, place in enumerate(spread)]
        staff = Staff(agenda, rng, ids, teams, agents or int(self._full_rate * AGENTS_PER_RATE))
        cases = int(self._full_rate * _CASES_PER_RATE)
        self._floor = SimulatedFloor(agenda, rng, ids, places, staff, Portfolio(seed, rng, teams, cases))
        self._promising = Promising(self._floor)
        self._complaining = Complaining(self._floor)
        self._contacting = Contacting(self._floor, self._promising)
        self._casework = Casework(self._floor, self._promising)
        consequences = (self._promising.after, self._complaining.after, self._contacting.after)
        self._conversations = Conversations(self._floor, consequences)
        self._dialling = Dialling(self._floor, self._conversations, incidents)
        self._queueing = Queueing(self._floor, self._conversations)
        self._deeds = 0
        self._phase = 0
        self._rate = 0.0
        self._next_ms = 0.0
        self._gap_ms = 0.0

    def events(self) -> Iterator[tuple[int, Event]]:
        """(instant in ms, event) in order of the instants. Only one iteration makes sense: the world moves on."""
        agenda, staff = self._floor.agenda, self._floor.staff
        first, last = self._phases[0], self._phases[-1]
        agenda.end_ms = last.to_ms
        self._floor.wind(first.from_ms)
        staff.open(first.from_ms)
        agenda.later(first.from_ms, self._wind)
        for index, phase in enumerate(self._phases):
            self._phase, self._rate = index, phase.rate
            self._floor.wind(phase.from_ms)
            staff.work(phase.from_ms, min(1.0, phase.rate / self._full_rate))
            self._pace()
            self._next_ms = float(phase.from_ms)
            agenda.later(phase.from_ms, self._act, index)
            yield from agenda.run(phase.to_ms)

    def _wind(self, at_ms: int) -> None:
        self._floor.wind(at_ms)
        self._pace()
        self._floor.agenda.later(at_ms + _WIND_MS, self._wind)

    def _pace(self) -> None:
        """Sets the mean time between actions so that the events that come of them have the rate."""
        seen = self._floor.agenda.emitted - self._floor.staff.signed
        per_deed = (_PER_ACTION * _PER_ACTION_WEIGHT + seen) / (_PER_ACTION_WEIGHT + self._deeds)
        self._gap_ms = 1000 * per_deed / (self._rate * self._floor.traffic)

    def _act(self, at_ms: int, phase: int) -> None:
        if phase != self._phase:
            return
        self._deeds += 1
        self._do(at_ms, _DEEDS.draw(self._floor.rng))
        self._next_ms -= log(1.0 - self._floor.rng.random()) * self._gap_ms
        self._floor.agenda.later(int(self._next_ms), self._act, phase)

    def _do(self, at_ms: int, action: str) -> None:
        if action == "dial" and self._dialling.dial(at_ms):
            return
        if action == "review" and self._contacting.review(at_ms, self._conversations):
            return
        {
            "dial": self._contacting.message if self._floor.rng.random() < 0.6 else self._contacting.bot,
            "caller": self._queueing.arrive,
            "message": self._contacting.message,
            "bot": self._contacting.bot,
            "payment": self._promising.spontaneous,
            "case": self._casework.change,
            "visit": self._casework.visit,
            "legal": self._casework.legal,
            "restriction": self._complaining.restriction,
            "complaint": self._complaining.spontaneous,
            "review": self._contacting.message,
        }[action](at_ms)
