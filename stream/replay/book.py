"""All facts of a run by key, each as the event that counts: what a fold that comes once, at the end, starts from."""

from collections.abc import Iterator

from stream.facts.fact import AgentState, Fact
from stream.facts.identity import expected_key
from stream.ledger import dossier as dossiers
from stream.ledger import record
from stream.ledger.definitions import Limits
from stream.ledger.judge import ACCEPTED, Verdict, judge

_LARGE_BYTES = 4_096
"""A longer dossier is searched by a dictionary, which takes three times the memory."""


class Book:
    """Takes events in, in any order, and gives the facts of one key after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._fewest = min(limits.facts_per_case, limits.facts_per_debtor)
        self._small_bytes = min(_LARGE_BYTES, self._fewest * dossiers.SMALLEST_RECORD)
        self._small: dict[str, bytearray] = {}
        self._large: dict[str, dict[str, bytes]] = {}

    def add(self, fact: Fact) -> Verdict:
        """Takes an event in; of several that state the same fact the one that counts stays, whatever their order."""
        key = fact.debtor_id or expected_key(fact)
        name = record.identity(fact)
        large = self._large.get(key)
        if large is None:
            dossier = self._small.get(key)
            if dossier is None:
                dossier = self._small[key] = bytearray(dossiers.NOTHING)
            mark = dossiers.token(name)
            # Finding the mark is no proof that the fact is there; finding none is one that it is not.
            if len(dossier) < self._small_bytes and mark not in dossier:
                dossiers.append(dossier, mark, record.encode(fact))
                return ACCEPTED
            large = dict(dossiers.records(dossier))
            if len(dossier) >= self._small_bytes:
                self._large[key] = large
                del self._small[key]
        return self._judge(key, name, fact, large)

    def groups(self) -> Iterator[list[Fact]]:
        """The facts of each key, in no order. They are still there afterwards."""
        for dossier in self._small.values():
            yield [record.decode(name, value)[0] for name, value in dossiers.records(dossier)]
        for facts in self._large.values():
            yield [record.decode(name, value)[0] for name, value in facts.items()]

    def _judge(self, key: str, name: str, fact: Fact, facts: dict[str, bytes]) -> Verdict:
        known = facts.get(name)
        if known is None:
            full = self._full(fact, facts) if len(facts) >= self._fewest else None
            if full is not None:
                return full
            verdict, value = ACCEPTED, record.encode(fact)
        else:
            judgement = judge(*record.decode(name, known), fact)
            verdict, value = judgement.verdict, record.encode(judgement.fact, judgement.losers)
        facts[name] = value
        dossier = self._small.get(key)
        if dossier is None:
            return verdict
        if known is None:
            dossiers.append(dossier, dossiers.token(name), value)
        elif known != value:
            self._small[key] = dossiers.replaced(dossier, name, value)
        return verdict

    def _full(self, fact: Fact, facts: dict[str, bytes]) -> Verdict | None:
        if len(facts) >= self._limits.facts_per_debtor:
            return Verdict("limit", f"its key has {len(facts)} facts, as many as limits.facts_per_debtor allows")
        if fact.case_id is not None and not isinstance(fact, AgentState):
            of_case = sum(record.decode(name, value)[0].case_id == fact.case_id for name, value in facts.items())
            if of_case >= self._limits.facts_per_case:
                return Verdict("limit", f"its case has {of_case} facts, as many as limits.facts_per_case allows")
        return None
