"""What a fact yields: amounts for a measure at an instant, credited to somebody (definitions 1)."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from stream.facts.fact import AgentState, Call, Fact
from stream.windows.measures import UNASSIGNED


class Credit(NamedTuple):
    """Who a contribution goes to: always its site, team and agent; a queue and a segment only where there is one."""

    site: str
    team: str
    agent: str
    queue: str | None = None
    segment: str | None = None


class Emit(Protocol):
    """Takes one contribution; `because` are the facts that decided it, the first being the one it is about."""

    def __call__(self, credit: Credit, column: str, instant_ms: int, amount: int, *because: Fact) -> None: ...


def own_credit(fact: Fact) -> Credit:
    """The credit that a fact states itself: its agent and team, queue and segment, where given, at its site.

    An agent's state belongs to no segment.
    """
    segment = None if fact.LETTER == AgentState.LETTER else fact.segment_id
    return Credit(str(fact.site_id), fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED, queue_of(fact), segment)


def queue_of(fact: Fact) -> str | None:
    """The queue to which a fact contributes by itself: only calls have one."""
    return fact.queue_id if isinstance(fact, Call) else None


def nobody(fact: Fact) -> Credit:
    """Unassigned, neither agent nor team, at the site and the segment of the fact that is credited."""
    return Credit(str(fact.site_id), UNASSIGNED, UNASSIGNED, None, fact.segment_id)


def agent_credit(fact: Fact, decider: Fact) -> Credit:
    """The agent and team of the fact that decided, at the site and the segment of the fact that is credited."""
    return Credit(
        str(fact.site_id), decider.team_id or UNASSIGNED, decider.agent_id or UNASSIGNED, None, fact.segment_id
    )
