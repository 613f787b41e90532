"""The agents, teams, queues, segments and sites that a debtor partition knows, and how many there may be (ADR 0045).

An entity is known from the first accepted fact of it until the last one lies before the horizon. That is state: whether
an event comes beyond a limit is the same after every restart. A record of the ledger topic keeps the day of the last
fact, so that an entity is written once a day; its key is `|site|level|id`, and no key of a debtor begins so.
"""

from __future__ import annotations

from stream.engine.deltas.buffer import entities_of
from stream.facts.fact import Call, Fact
from stream.facts.format import Format
from stream.ledger.contribution import own_credit, queue_of
from stream.ledger.judge import Verdict
from stream.windows.exact import Json, dumps, loads

DAY_MS = 86_400_000
SEEN_PLACES = 100_000
ENTITY: Format[Json] = Format("entity record")


Place = tuple[str | None, str | None, str | None, str | None, str | None]
"""Site, team, agent, queue and segment of a fact."""


class EntityLimits:
    """`per_site` and `total`: most entities of one site, and of all of them; 0: no limit. With two zeros nothing is
    counted and nothing kept."""

    def __init__(self, per_site: int, total: int) -> None:
        self._per_site = per_site
        self._total = total
        self.counted = bool(per_site or total)
        self._last_day: dict[str, int] = {}
        self._of_site: dict[str, int] = {}
        self._seen: dict[Place, int] = {}
        """As facts give it -> the last day of which this is known: most facts need no more."""
        self._swept_day = 0

    def __len__(self) -> int:
        return len(self._last_day)

    def knows(self, fact: Fact) -> bool:
        """Whether the fact says nothing new: its entities are known, on its day or a later one."""
        queue_id = fact.queue_id if isinstance(fact, Call) else None
        place = (fact.site_id, fact.team_id, fact.agent_id, queue_id, fact.segment_id)
        return self._seen.get(place, -1) >= fact.occurred_at // DAY_MS

    def refusal(self, fact: Fact) -> Verdict | None:
        """`limit` if the fact would make an entity more than there may be."""
        new = [text for text in _texts(fact) if text not in self._last_day]
        if not new:
            return None
        site = fact.site_id or ""
        of_site = self._of_site.get(site, 0)
        if self._per_site and of_site + len(new) > self._per_site:
            return Verdict("limit", f"{_levels(new)} would be new, and site {site} has {of_site} agents, teams and the "
                           f"like, as many as limits.entities_per_site allows")  # fmt: skip
        if self._total and len(self._last_day) + len(new) > self._total:
            return Verdict("limit", f"{_levels(new)} would be new, and there are {len(self._last_day)} sites, teams, "
                           f"agents and the like, as many as limits.entities allows")  # fmt: skip
        return None

    def note(self, fact: Fact) -> list[tuple[bytes, bytes | None]]:
        """The fact counts; the records of those of its entities of which it says something new."""
        day = fact.occurred_at // DAY_MS
        records: list[tuple[bytes, bytes | None]] = []
        for text in _texts(fact):
            if self._last_day.get(text, -1) < day:
                self._know(text, day)
                records.append((f"|{text}".encode(), dumps({"f": ENTITY.version, "day": day})))
        if len(self._seen) >= SEEN_PLACES:
            self._seen.clear()
        self._seen[_place(fact)] = day
        return records

    def forget(self, frontier_ms: int) -> list[tuple[bytes, bytes | None]]:
        """Entities whose last fact lies before the frontier are known no longer; their tombstones. Once a day."""
        day = frontier_ms // DAY_MS
        if day <= self._swept_day:
            return []
        self._swept_day = day
        gone = [text for text, last_day in self._last_day.items() if last_day < day]
        for text in gone:
            self._drop(text)
        self._seen.clear()
        return [(f"|{text}".encode(), None) for text in gone]

    def restore(self, text: str, value: bytes | None) -> None:
        """One record of the ledger topic. NewerFormatError: a newer version wrote it."""
        if value is not None:
            self._know(text, loads(value, ENTITY)["day"])
        elif text in self._last_day:
            self._drop(text)
        self._seen.clear()

    def _know(self, text: str, day: int) -> None:
        if text not in self._last_day:
            site = text.partition("|")[0]
            self._of_site[site] = self._of_site.get(site, 0) + 1
        self._last_day[text] = day

    def _drop(self, text: str) -> None:
        del self._last_day[text]
        site = text.partition("|")[0]
        self._of_site[site] -= 1
        if not self._of_site[site]:
            del self._of_site[site]


def _place(fact: Fact) -> Place:
    return fact.site_id, fact.team_id, fact.agent_id, queue_of(fact), fact.segment_id


def _texts(fact: Fact) -> tuple[str, ...]:
    return entities_of(own_credit(fact))


def _levels(texts: list[str]) -> str:
    return " and ".join(f"its {text.split('|')[1]}" for text in texts)
