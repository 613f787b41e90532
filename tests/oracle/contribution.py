"""Semantics 1: what a fact adds to a measure, for whom and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.oracle.reading import Event

UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class Credit:
    """Who gets a contribution."""

    agent: str = UNASSIGNED
    team: str = UNASSIGNED


def or_unassigned(credit: Credit | None) -> Credit:
    return Credit() if credit is None else credit


def own_credit(event: Event) -> Credit:
    """The event's own agent and team."""
    return Credit(event.get("agent_id", UNASSIGNED), event.get("team_id", UNASSIGNED))


def site_of(event: Event) -> str:
    return str(event.get("site_id", "main"))


@dataclass(frozen=True)
class Contribution:
    """`amount` at the instant `at_ms`; or, with `until_ms`, as many ms as a window shares with [at_ms, until_ms)."""

    site: str
    credit: Credit
    measure: str
    currency: str | None
    at_ms: int
    amount: int
    until_ms: int | None = None
    queue: str | None = None
    segment: str | None = None

    def within(self, start_ms: int, end_ms: int) -> int:
        """What of it a window [start_ms, end_ms) counts."""
        if self.until_ms is not None:
            return max(0, min(self.until_ms, end_ms) - max(self.at_ms, start_ms))
        return self.amount if start_ms <= self.at_ms < end_ms else 0

    def entities(self) -> list[tuple[str, str, str]]:
        """The (site, level, entity) that it counts for."""
        found = [
            (self.site, "agent", self.credit.agent),
            (self.site, "team", self.credit.team),
            (self.site, "site", self.site),
        ]
        if self.queue is not None:
            found.append((self.site, "queue", self.queue))
        if self.segment is not None:
            found.append((self.site, "segment", self.segment))
        return found

    def before(self, end_ms: int) -> Contribution | None:
        """What of it lies before an instant."""
        if self.at_ms >= end_ms:
            return None
        if self.until_ms is None or self.until_ms <= end_ms:
            return self
        return replace(self, until_ms=end_ms, amount=end_ms - self.at_ms)


def add(
    event: Event, measure: str, amount: int = 1, currency: str | None = None, at_ms: int | None = None
) -> Contribution:
    """A contribution at the event's own site, agent, team and segment; at its own time unless another is given."""
    at_ms = event["occurred_at"] if at_ms is None else at_ms
    segment = event.get("segment_id")
    return Contribution(site_of(event), own_credit(event), measure, currency, at_ms, amount, segment=segment)
