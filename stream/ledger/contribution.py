"""What a fact yields: amounts for a measure at an instant, credited to somebody (semantics 1)."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from stream.facts.fact import Fact
from stream.windows.measures import UNASSIGNED


class Credit(NamedTuple):
    """Who a contribution goes to."""

    site: str
    team: str
    agent: str


class Emit(Protocol):
    """Takes one contribution; `because` are the facts that decided it, the first being the one it is about."""

    def __call__(self, credit: Credit, column: str, instant_ms: int, amount: int, *because: Fact) -> None: ...


def own_credit(fact: Fact) -> Credit:
    """The credit that a fact states itself: its agent and team, where given, at its site."""
    return Credit(str(fact.site_id), fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED)


def nobody(site: str) -> Credit:
    """Unassigned: neither agent nor team."""
    return Credit(site, UNASSIGNED, UNASSIGNED)


def agent_credit(site: str, decider: Fact) -> Credit:
    """The agent and team of the fact that decided, at the site of the fact that is credited."""
    return Credit(site, decider.team_id or UNASSIGNED, decider.agent_id or UNASSIGNED)
