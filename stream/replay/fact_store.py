"""All facts of some keys in memory, each in the version that counts, for a fold that runs once at the end."""

from collections.abc import Collection, Iterator, Sequence

from stream.facts.fact import AgentState, Call, Fact
from stream.facts.identity import expected_key
from stream.ledger.definitions import FactLimits
from stream.ledger.judge import ACCEPTED, Verdict, judge
from stream.ledger.state_timeline import StateTimeline
from stream.ledger.store import record

Facts = dict[str, Fact]
"""The facts of one key by identity."""


class FactStore:
    """Takes events in any order and gives the facts of each key. All are held in memory."""

    def __init__(self, limits: FactLimits) -> None:
        self._limits = limits
        self._least_limit = min(limits.facts_per_case, limits.facts_per_debtor)
        self._keys: dict[str, Facts] = {}
        self._losers: dict[tuple[str, str], tuple[bytes, ...]] = {}
        self.greatest_ms: int | None = None
        """The greatest `occurred_at` of all events taken in, refused ones included; None before the first."""
        self._timelines: dict[str, StateTimeline] = {}
        """The state timelines of agents with many states, which tell what states only repeat the one before."""

    def add(self, fact: Fact) -> Verdict:
        """Takes an event in. Of several for the same fact the one that counts is kept, in whatever order they come."""
        others = self.add_all([fact])
        return others[0][1] if others else ACCEPTED

    def add_all(self, facts: Sequence[Fact | None]) -> list[tuple[int, Verdict]]:
        """Takes a block of events in; None stands for no event. Gives (index, verdict) of those not accepted."""
        keys, least_limit = self._keys, self._least_limit
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
            elif name in known or len(known) >= least_limit:
                verdict = self._judge(key, name, fact, known)
                if verdict is not ACCEPTED:
                    others.append((place, verdict))
            else:
                known[name] = fact
        return others

    def groups(self) -> Iterator[Collection[Fact]]:
        """The facts of each key, in no particular order. The store keeps them."""
        return (facts.values() for facts in self._keys.values())

    def _judge(self, key: str, name: str, fact: Fact, facts: Facts) -> Verdict:
        known = facts.get(name)
        if known is None:
            full = self._full(key, fact, facts)
            if full is None:
                facts[name] = fact
                if isinstance(fact, AgentState) and key in self._timelines:
                    self._timelines[key].put(fact)
            return full or ACCEPTED
        judgement = judge(known, self._losers.get((key, name), ()), fact)
        facts[name] = judgement.fact
        self._timelines.pop(key, None)
        if judgement.losers:
            self._losers[key, name] = judgement.losers
        else:
            self._losers.pop((key, name), None)
        return judgement.verdict

    def _full(self, key: str, fact: Fact, facts: Facts) -> Verdict | None:
        if isinstance(fact, AgentState):
            timeline = self._timelines.get(key)
            if timeline is None:
                timeline = self._timelines[key] = StateTimeline()
                for each in facts.values():
                    if isinstance(each, AgentState):
                        timeline.put(each)
            if timeline.weight() >= self._limits.facts_per_debtor:
                return Verdict(
                    "limit", f"the agent has {len(timeline)} states, as many as limits.facts_per_debtor allows"
                )
            return None
        # An agent's states have a limit of their own (above); a debtor has none.
        held = len(facts) if fact.debtor_id else sum(not isinstance(each, AgentState) for each in facts.values())
        if held >= self._limits.facts_per_debtor:
            return Verdict("limit", f"its key has {held} facts, as many as limits.facts_per_debtor allows")
        if fact.case_id is not None:
            of_case = sum(each.case_id == fact.case_id for each in facts.values())
            if of_case >= self._limits.facts_per_case:
                return Verdict("limit", f"its case has {of_case} facts, as many as limits.facts_per_case allows")
        return None
