"""Cases and their debtors. A case is computed from its number; only what happened to it is remembered."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import NamedTuple

from stream.simulate.chance import one_of
from stream.simulate.staff import Agent, Team

_MASK = (1 << 64) - 1
_AWAY = 5  # every fifth debtor lives far away
_SECOND = 8  # every eighth case is the second case of a debtor
_HOT_SHARE = 0.3
_FEWEST = 200  # old cases of a team, however small the world


class SimulatedCase(NamedTuple):
    """A debt: amounts in minor units of the site's currency, `dpd` days past due."""

    number: int
    case_id: str
    debtor_id: str
    team: Team
    zone: str
    overdue_minor: int
    dpd: int


class Portfolio:
    """All cases of all teams: case number k x teams + i belongs to team i."""

    def __init__(self, seed: int, rng: Random, teams: list[Team], cases: int) -> None:
        self._rng = rng
        self._teams = teams
        self._salt = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
        self._counts = [max(_FEWEST, cases // len(teams))] * len(teams)
        self._hot: list[deque[int]] = [deque(maxlen=200) for _ in teams]
        self._closed: set[int] = set()
        self.promised_until_ms: dict[int, int] = {}
        sample = Random(self._salt)
        self._amounts = [int(sample.lognormvariate(12.4, 1.0)) // 100 * 100 + 5_000 for _ in range(256)]
        self._dpds = [_dpd(sample) for _ in range(256)]

    def case(self, number: int) -> SimulatedCase:
        """The case of this number, always the same."""
        mixed = ((number + 1) * 0x9E3779B97F4A7C15 + self._salt) & _MASK
        mixed ^= mixed >> 29
        mixed = mixed * 0xBF58476D1CE4E5B9 & _MASK
        teams = len(self._teams)
        team = self._teams[number % teams]
        row = number // teams
        debtor = number - teams if row % _SECOND == _SECOND - 1 else number
        site = team.place.site
        return SimulatedCase(
            number,
            f"c-{number:06}",
            f"d-{debtor:06}",
            team,
            site.away if debtor // teams % _AWAY == 0 else site.zone,
            self._amounts[mixed >> 56],
            self._dpds[mixed >> 48 & 255],
        )

    def pick(self, team: Team, near: bool) -> SimulatedCase:
        """A case of the team to work on; unless `near`, one whose debtor lives far away."""
        hot = self._hot[team.index]
        number = 0
        for _ in range(4):
            if near and hot and self._rng.random() < _HOT_SHARE:
                number = one_of(self._rng, hot)
            else:
                row = int(self._rng.random() * self._counts[team.index])
                if not near:
                    row -= row % _AWAY
                    row -= _AWAY if row % _SECOND == _SECOND - 1 else 0
                number = row * len(self._teams) + team.index
            if number not in self._closed:
                break
        return self.case(number)

    def place(self, team: Team) -> SimulatedCase:
        """A new case; agents call it more often than old ones, for a while."""
        number = self._counts[team.index] * len(self._teams) + team.index
        self._counts[team.index] += 1
        self._hot[team.index].append(number)
        return self.case(number)

    def close(self, case: SimulatedCase) -> bool:
        """Whether the case was open; it is closed now."""
        if case.number in self._closed:
            return False
        self._closed.add(case.number)
        return True


def segment(case: SimulatedCase) -> str:
    """The stage of a case by its days past due, as a producer states it with each event."""
    return "m1" if case.dpd <= 30 else "m2-m3" if case.dpd <= 90 else "m4-up"


def who(agent: Agent, case: SimulatedCase) -> dict[str, str]:
    """The fields that say which agent did something about which case."""
    return {
        "site_id": agent.team.site_id,
        "team_id": agent.team.team_id,
        "agent_id": agent.agent_id,
        "segment_id": segment(case),
        "debtor_id": case.debtor_id,
        "case_id": case.case_id,
    }


def whose(case: SimulatedCase) -> dict[str, str]:
    """The fields that say which case something is about that no agent did."""
    return {
        "site_id": case.team.site_id,
        "team_id": case.team.team_id,
        "segment_id": segment(case),
        "debtor_id": case.debtor_id,
        "case_id": case.case_id,
    }


def _dpd(rng: Random) -> int:
    return int(1 + rng.random() * 30) if rng.random() < 0.6 else int(31 + rng.expovariate(1 / 60))
