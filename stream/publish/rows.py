"""The rows of the page's tables: an entity, what it is called, its alert, its score and its cells."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from stream.alerts.rules import Rule
from stream.publish.cells import BoardColumn, cells_of
from stream.publish.colour import ORDER
from stream.publish.people import People, ScoreHead
from stream.publish.reading import PublishedAlert, PublishedKpis
from stream.publish.sight import sees
from stream.publish.view import Policy, View
from stream.windows.measures import UNASSIGNED

Json = dict[str, Any]
_SALT = secrets.token_bytes(16)


class FloorRows:
    """Makes the rows of one view. `named`: the rules that name `unassigned`; `alerts`: those that are open."""

    def __init__(
        self,
        people: People,
        rules: Sequence[Rule],
        view: View,
        policy: Policy,
        columns: Sequence[BoardColumn],
        alerts: Iterable[PublishedAlert] = (),
    ) -> None:
        self.people = people
        self.view = view
        self.policy = policy
        self.columns = columns
        self.rules = rules
        self.named = [rule for rule in rules if UNASSIGNED in (rule.entities or ())]
        self._severity = _severities(alert for alert in alerts if not is_apart(alert, self.named))
        self._card = {level: self._card_of(level) for level in ("agent", "team", "leader", "queue", "segment", "site")}

    def row(self, record: PublishedKpis) -> Json:
        """The row of a record. Who has opted out of being named has a row without an id."""
        level, entity = record.level, record.entity
        head = self.head(level, entity)
        cells = cells_of(record, self.columns, self.judges(record))
        row = {"alert": self._severity.get((level, entity)), "score": None if head is None else score_cell(head)}
        return self.called(level, entity) | row | {"cells": cells}

    def called(self, level: str, entity: str) -> Json:
        """`entity` and `name`, null of an agent who is not to be named; of an agent `team`."""
        hidden = self.hides(level, entity)
        called: Json = {"entity": None, "name": None} if hidden else self._called(level, entity)
        if level == "agent":
            called["team"] = self.people.team_of(self.view.site, entity)
        return called

    def hides(self, level: str, entity: str) -> bool:
        """Whether somebody has opted out of being named to others."""
        return self.policy.hides(level, entity) and self.view.sight.agent != entity

    def nameless(self, entity: str) -> bool:
        """Whether an agent's place is shown without saying whose it is: he has opted out, or the view names nobody."""
        return not self.view.sight.names or self.hides("agent", entity)

    def sees(self, level: str, entity: str) -> bool:
        """Whether the rows that the view shows have one of this entity: what nobody sees need not be made."""
        team_of = self.people.team_of
        return sees(self.view.sight, level, entity, lambda agent: team_of(self.view.site, agent))

    def judges(self, record: PublishedKpis) -> Sequence[Rule]:
        """The rules that colour an entity's values: of `unassigned` those that name it."""
        return self.named if is_unassigned(record) else self.rules

    def card(self, level: str) -> str | None:
        """The scorecard that the table of a level shows."""
        return self._card.get(level)

    def head(self, level: str, entity: str) -> ScoreHead | None:
        """The score that the table of a level shows of an entity."""
        scheme, day = self.card(level), self.policy.day
        if scheme is None or day is None or entity == UNASSIGNED:
            return None
        return self.people.card(self.view.site, level, entity, scheme, day)

    def _called(self, level: str, entity: str) -> Json:
        return {"entity": entity, "name": self.people.names.of(level, entity)}

    def _card_of(self, level: str) -> str | None:
        cards = self.policy.cards(level)
        return self.view.score if self.view.score in cards else next(iter(cards), None)


def score_cell(head: ScoreHead) -> Json:
    """What a table shows of a score."""
    return {
        "scheme": head.name, "version": head.version, "score": head.score, "place": head.place, "of": head.of,
        "grade": head.grade, "flags": head.flags, "period": head.period, "start": head.start, "end": head.end,
        "provisional": head.provisional,
    }  # fmt: skip


def is_unassigned(thing: PublishedKpis | PublishedAlert) -> bool:
    """Whether it is of `unassigned`, which stands for events that name no team or no agent (definitions 1)."""
    return thing.entity == UNASSIGNED and thing.level in ("team", "agent")


def is_apart(alert: PublishedAlert, named: Sequence[Rule]) -> bool:
    """Whether it is of `unassigned`, and its rule does not name that entity: nobody can act on it."""
    return is_unassigned(alert) and alert.rule not in {rule.rule for rule in named}


@lru_cache(maxsize=65_536)
def natural(entity: str) -> list[tuple[int, str, str]]:
    """A key that sorts t-7 before t-10, as people do; ties by the text itself."""
    parts = re.split(r"([0-9]+)", entity)
    # Length before digits, and no int(): it refuses thousands of digits.
    return [(len(part.lstrip("0")), part.lstrip("0"), part) if n % 2 else (0, "", part) for n, part in enumerate(parts)]


def among_equals(entity: str, *, nameless: bool) -> tuple[bytes, list[tuple[int, str, str]]]:
    """A key that sorts equal ones by id, and behind them those who are not named in an order that nobody can foretell:
    whoever knows the ids could read from an order by id whose row it is."""
    return (_scattered(entity), []) if nameless else (b"", natural(entity))


@lru_cache(maxsize=65_536)
def _scattered(entity: str) -> bytes:
    return blake2b(entity.encode(), key=_SALT, digest_size=8).digest()


def _severities(alerts: Iterable[PublishedAlert]) -> Mapping[tuple[str, str], str]:
    """The worst severity that fires for each (level, entity)."""
    worst: dict[tuple[str, str], str] = {}
    for alert in alerts:
        place = (alert.level, alert.entity)
        if alert.state == "firing" and _weight(alert.severity) > _weight(worst.get(place)):
            worst[place] = alert.severity
    return worst


def _weight(severity: str | None) -> int:
    return ORDER.index(severity) if severity in ORDER else 0
