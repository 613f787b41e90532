"""The pure core of conduct on a world: each debtor's facts in any order, without ledger, stage or files."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from stream.conduct.breaches import breaches
from stream.conduct.headroom import Query, headroom
from stream.conduct.history import History
from stream.conduct.rulebook import Rulebook
from stream.conduct.standing import standings
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Complaint, Fact
from stream.ledger.contribution import Credit
from tests.oracle.conduct import conduct_records, persons_of
from tests.oracle.config import Config, read_config
from tests.oracle.deadlines import complaint_credit
from tests.oracle.debtor import Debtor
from tests.oracle.identity import facts_of
from tests.oracle.reading import Event, read_event
from tests.worlds.conduct_world import ConductWorld
from tests.worlds.folded import settings_of

Raw = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """A world whose facts are chosen, and whose complaints are credited, as the oracle does; the rest is the core's."""

    rulebook: Rulebook
    config: Config
    events: list[Event]
    debtors: dict[str, list[Fact]]

    def history(self, debtor: str) -> History:
        return History(self.rulebook, debtor, self.debtors.get(debtor, []))

    def credit_of(self, complaint: Complaint) -> Credit:
        facts = Debtor(persons_of(self.events, self.config)[str(complaint.debtor_id)].told)
        told = next(each for each in facts.all("complaint") if each["complaint_id"] == complaint.complaint_id)
        credit = complaint_credit(told, facts)
        return Credit(complaint.site_id or "main", credit.team, credit.agent)

    def breaches(self) -> list[Raw]:
        found = [each for debtor in self.debtors for each in breaches(self.history(debtor), self.credit_of)]
        return [each.record("replay", 1) for each in sorted(found, key=lambda each: each.order)]

    def expected_breaches(self) -> list[Raw]:
        return conduct_records(self.events, self.config, "replay")

    def standings(self) -> dict[str, Raw]:
        found = [each for debtor in self.debtors for each in standings(self.history(debtor))]
        return {each.key: each.record("live", 1) for each in found}

    def headroom(self, query: Query) -> Raw:
        return headroom(self.history(query.debtor), query, None)


def judged(drawn: ConductWorld, folder: Path, random: Random) -> Judged:
    """The facts of a world that count, debtor by debtor, in a random order."""
    drawn.prepare(folder)
    rulebook = settings_of(drawn.config, folder).conduct()
    assert rulebook is not None
    read = [(read_event(line), decode(line)) for line in random.sample(drawn.lines, len(drawn.lines))]
    debtors: dict[str, list[Fact]] = defaultdict(list)
    events = facts_of(event for event, _ in read if isinstance(event, dict))
    for winner in events:
        fact = next(fact for event, fact in read if event == winner)
        assert not isinstance(fact, Rejection)
        if fact.debtor_id is not None:
            debtors[fact.debtor_id].append(fact)
    return Judged(rulebook, read_config(drawn.config, drawn.packs), events, debtors)
