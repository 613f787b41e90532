"""What is known of people beside their numbers: scores, what each agent does now, and the names behind ids.

No clock and no I/O. Of each key the highest revision counts, of equal ones the later (contract 2).
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, NamedTuple

import msgspec
import orjson
import structlog

from stream.publish.names_topic import NamesOfTopic
from stream.publish.reading import instant
from stream.settings.board import NamesOfIds

KINDS = ("scorecard", "payout", "contest", "reward")
KEPT_PERIODS = 2  # the running period of a scheme and the one before it
LOGGED_EVERY = 1_000


class ScoreHead(msgspec.Struct, frozen=True, gc=False):
    """What a table shows of a score; the rest of its record is read when somebody asks for the arithmetic."""

    kind: Literal["scorecard", "payout", "contest", "reward"]
    name: str
    version: int
    trial: bool
    site: str
    level: str
    entity: str
    period: str
    start: str
    end: str
    score: str | None
    amount_minor: int | None
    currency: str | None
    place: int | None
    of: int | None
    grade: str | None
    flags: list[str]
    provisional: bool
    revision: int


class StateNow(msgspec.Struct, frozen=True, gc=False):
    """What an agent does, since an instant. `state` None: all that was said of it has been taken back."""

    site: str
    agent: str
    team: str | None
    state: str | None
    reason: str | None
    since: str | None
    revision: int

    @property
    def since_ms(self) -> int:
        return 0 if self.since is None else instant(self.since)


class _Held(NamedTuple):
    head: ScoreHead
    value: bytes


log = structlog.get_logger(__name__)
_HEAD = msgspec.json.Decoder(ScoreHead)
_AGENT = msgspec.json.Decoder(StateNow)
Who = tuple[str, str, str]
"""(site, level, entity)"""
Version = tuple[str, str, int]
"""(kind, name, version)"""


class People:
    """Takes the records of the topics of scores, of agents and of names. `names`: what is known of ids; set those of
    the file anew when it has changed: they stand over those of the topic."""

    def __init__(self) -> None:
        self._given = NamesOfTopic()
        self._names = self._given.names
        self._scores: dict[Who, dict[Version, dict[str, _Held]]] = {}
        self._agents: dict[str, dict[str, StateNow]] = {}
        self.unreadable = 0

    @property
    def names(self) -> NamesOfIds:
        return self._names

    @names.setter
    def names(self, of_file: NamesOfIds) -> None:
        self._names = of_file.over(self._given.names)

    def on_name(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record of the topic of names; one that is none changes nothing."""
        try:
            self._given.put(key, value)
        except ValueError as error:
            self.unreadable += 1
            if self.unreadable == 1 or self.unreadable % LOGGED_EVERY == 0:
                log.warning("record refused", topic="names", problem=str(error), refused=self.unreadable)

    def on_score(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record of the scores topic; without a value nobody has this score any more. Of each version of a
        scheme the running period and the one before it are kept."""
        try:
            kind, name, version, site, level, entity, start = (key or b"").decode().split("|")
            periods = self._scores.setdefault((site, level, entity), {}).setdefault((kind, name, int(version)), {})
            head = None if value is None else _HEAD.decode(value)
        except (ValueError, msgspec.MsgspecError):
            self.unreadable += 1
            return
        if head is None or value is None:
            periods.pop(start, None)
        elif start not in periods or periods[start].head.revision <= head.revision:
            periods[start] = _Held(head, value)
            if len(periods) > KEPT_PERIODS:
                del periods[min(periods)]

    def on_agent(self, value: bytes | None) -> None:
        """Takes one record of the agents topic."""
        try:
            said = _AGENT.decode(value or b"")
            since_ms = said.since_ms
        except (ValueError, msgspec.MsgspecError):
            self.unreadable += 1
            return
        of_site = self._agents.setdefault(said.site, {})
        if since_ms >= 0 and (said.agent not in of_site or of_site[said.agent].revision <= said.revision):
            of_site[said.agent] = said

    def agents(self, site: str) -> list[StateNow]:
        """What the agents of a site do now, in no order; those of whom nothing is known any more are left out."""
        return [said for said in list(self._agents.get(site, {}).values()) if said.state is not None]

    def agent(self, site: str, agent: str) -> StateNow | None:
        """What one agent does now."""
        said = self._agents.get(site, {}).get(agent)
        return said if said is not None and said.state is not None else None

    def team_of(self, site: str, agent: str) -> str | None:
        """The agent's team: that of the latest state, else the one that the file of names gives."""
        said = self.agent(site, agent)
        return said.team if said is not None and said.team is not None else self.names.teams.get(agent)

    def entities(self, site: str, level: str) -> set[str]:
        """The ids at a level that are known from scores, states and the file of names."""
        scored = {who[2] for who in list(self._scores) if who[:2] == (site, level)}
        if level == "agent":
            return scored | set(self._agents.get(site, {}))
        if level == "team":
            return scored | {said.team for said in self.agents(site) if said.team is not None}
        return scored

    def card(self, site: str, level: str, entity: str, scheme: str, day: date) -> ScoreHead | None:
        """The score of an entity by a scorecard, in its latest period that has begun by `day`; no trial."""
        found = [
            head
            for head in self._heads((site, level, entity), day)
            if (head.kind, head.name) == ("scorecard", scheme) and not head.trial
        ]
        return max(found, key=lambda head: (head.start, head.version), default=None)

    def records(self, site: str, level: str, entity: str, day: date) -> list[dict[str, Any]]:
        """The records of an entity: of each version of a scheme the latest period that has begun by `day`."""
        found = []
        for periods in list(self._scores.get((site, level, entity), {}).values()):
            begun = [held for held in list(periods.values()) if held.head.start <= day.isoformat()]
            if begun:
                found.append(orjson.loads(max(begun, key=lambda held: held.head.start).value))
        return sorted(found, key=lambda record: (KINDS.index(record["kind"]), record["name"], -record["version"]))

    def schemes(self, site: str, level: str) -> set[str]:
        """The scorecards, no trials, of which somebody at a level has a score."""
        return {
            held.head.name
            for who, versions in list(self._scores.items())
            if who[:2] == (site, level)
            for periods in list(versions.values())
            for held in list(periods.values())
            if held.head.kind == "scorecard" and not held.head.trial
        }

    def _heads(self, who: Who, day: date) -> Iterator[ScoreHead]:
        for periods in list(self._scores.get(who, {}).values()):
            for held in list(periods.values()):
                if held.head.start <= day.isoformat():
                    yield held.head
