"""What the parts of the world share."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from stream.simulate.agenda import Agenda
from stream.simulate.chance import one_of
from stream.simulate.identifiers import Identifiers
from stream.simulate.portfolio import Portfolio
from stream.simulate.sites import Place
from stream.simulate.staff import Staff, Team


@dataclass
class SimulatedFloor:
    """The agenda, the source of chance, the people and the cases."""

    agenda: Agenda
    rng: Random
    ids: Identifiers
    places: list[Place]
    staff: Staff
    portfolio: Portfolio

    def __post_init__(self) -> None:
        self._teams = [[team for team in self.staff.teams if team.place is place] for place in self.places]
        self.traffic = 1.0

    def wind(self, at_ms: int) -> None:
        """Sets the clocks of all places."""
        for place in self.places:
            place.wind(at_ms)
        self.traffic = sum(place.traffic for place in self.places)

    def team(self) -> Team:
        """Any team, places with more traffic first."""
        mark = self.rng.random() * self.traffic
        for place, teams in zip(self.places, self._teams, strict=True):
            mark -= place.traffic
            if mark < 0:
                return one_of(self.rng, teams)
        return one_of(self.rng, self._teams[-1])
