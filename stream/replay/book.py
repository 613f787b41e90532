"""The facts of some keys, each as the event that counts: what a fold that comes once, at the end, starts from."""

from collections.abc import Collection, Iterator, Sequence

from stream.facts.fact import AgentState, Call, Fact
from stream.facts.identity import expected_key
from stream.ledger.definitions import FactLimits
from stream.ledger.judge import ACCEPTED, Verdict, judge
from stream.ledger.state_timeline import StateTimeline
from stream.ledger.store import record

Facts = dict[str, Fact]
"""The facts of one key by identity."""


class Book:
    """Takes events in, in any order, and gives the facts of one key after the other. All are in memory."""

    def __init__(self, limits: FactLimits) -> None:
        self._limits = limits
        self._fewest = min(limits.facts_per_case, limits.facts_per_debtor)
        self._keys: dict[str, Facts] = {}
        self._losers: dict[tuple[str, str], tuple[bytes, ...]] = {}
        self.greatest_ms: int | None = None
        """The greatest `occurred_at` of all that was taken in, whatever became of it."""
        self._chains: dict[str, StateTimeline] = {}
        """Of agents with many states, the same in their order: which of them only repeat the one before."""

    def add(self, fact: Fact) -> Verdict:
        """Takes an event in; of several that state the same fact the one that counts stays, whatever their order."""
        others = self.add_all([fact])
        return others[0][1] if others else ACCEPTED

    def add_all(self, facts: Sequence[Fact | None]) -> list[tuple[int, Verdict]]:
        """Takes a block of events in; (place, verdict) of those that are not simply accepted. None is passed over."""
        keys, fewest = self._keys, self._fewest
        others: list[tuple[int, Verdict]] = []
        for place, fact in enumerate(facts):
            if fact is None:
                continue
            if self.greatest_ms is None or fact.occurred_at > self.greatest_ms:
                self.greatest_ms = fact.occurred_at
            key = fact.debtor_id or expected_key(fact)
            name = "c" + fact.call_id if type(fact) is Call else record.identity(fact)  # most facts are calls
            known = keys.get(key)
            if known is None:
                keys[key] = {name: fact}
            elif name in known or len(known) >= fewest:
                verdict = self._judge(key, name, fact, known)
                if verdict is not ACCEPTED:
                    others.append((place, verdict))
            else:
                known[name] = fact
        return others

    def groups(self) -> Iterator[Collection[Fact]]:
        """The facts of each key, in no order. They are still there afterwards."""
        return (facts.values() for facts in self._keys.values())

    def _judge(self, key: str, name: str, fact: Fact, facts: Facts) -> Verdict:
        known = facts.get(name)
        if known is None:
            full = self._full(key, fact, facts)
            if full is None:
                facts[name] = fact
                if isinstance(fact, AgentState) and key in self._chains:
                    self._chains[key].put(fact)
            return full or ACCEPTED
        judgement = judge(known, self._losers.get((key, name), ()), fact)
        facts[name] = judgement.fact
        self._chains.pop(key, None)
        if judgement.losers:
            self._losers[key, name] = judgement.losers
        else:
            self._losers.pop((key, name), None)
        return judgement.verdict

    def _full(self, key: str, fact: Fact, facts: Facts) -> Verdict | None:
        if isinstance(fact, AgentState):
            chain = self._chains.get(key)
            if chain is None:
                chain = self._chains[key] = StateTimeline()
                for each in facts.values():
                    if isinstance(each, AgentState):
                        chain.put(each)
            if chain.weight() >= self._limits.facts_per_debtor:
                return Verdict("limit", f"the agent has {len(chain)} states, as many as limits.facts_per_debtor allows")
            return None
        # Of a key that is an agent's, states are counted apart; a debtor has none.
        held = len(facts) if fact.debtor_id else sum(not isinstance(each, AgentState) for each in facts.values())
        if held >= self._limits.facts_per_debtor:
            return Verdict("limit", f"its key has {held} facts, as many as limits.facts_per_debtor allows")
        if fact.case_id is not None:
            of_case = sum(each.case_id == fact.case_id for each in facts.values())
            if of_case >= self._limits.facts_per_case:
                return Verdict("limit", f"its case has {of_case} facts, as many as limits.facts_per_case allows")
        return None
