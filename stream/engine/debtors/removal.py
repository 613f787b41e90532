"""What leaves the ledger of a partition: facts that the horizon forgets, and debtors who are erased (ADR 0106)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stream.conduct.rulebook import Rulebook
from stream.engine.debtors.conduct import Conduct
from stream.engine.debtors.findings import NOTHING, Findings, contributed
from stream.engine.debtors.kept_for_conduct import kept_for_conduct
from stream.engine.debtors.sweep import Sweep
from stream.engine.debtors.timelines import forget_states
from stream.facts.fact import Fact
from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions
from stream.ledger.difference import Difference, DifferenceSums
from stream.ledger.fold import emit_linked
from stream.ledger.forgetting import LONGEST_WINDOW_MS, forgettable
from stream.ledger.kinds import MidnightMs
from stream.ledger.state_timeline import StateTimeline
from stream.ledger.store import dossier as dossiers
from stream.ledger.store import record
from stream.ledger.store.dossier import Dossier
from stream.ledger.store.dossier_cache import DossierCache
from stream.ledger.store.held_facts import FactList

Tombstones = list[tuple[bytes, bytes | None]]


class Erased(NamedTuple):
    """What was erased of a debtor: how many facts by type of event, the first and the last `occurred_at` of them, the
    keys of what the conduct rules found of them, and what is taken back of the numbers."""

    facts: dict[str, int]
    first_ms: int | None
    last_ms: int | None
    conduct_keys: list[str]
    taken_back: Difference
    state: Tombstones


class Removal:
    """Takes facts out of what a debtor stage holds. What the stage has to write of it is given back."""

    def __init__(
        self,
        definitions: Definitions,
        midnight_ms: MidnightMs,
        held: dict[str, Dossier],
        timelines: dict[str, StateTimeline],
        cache: DossierCache,
        conduct: Conduct | None,
        rulebook: Rulebook | None,
    ) -> None:
        self._definitions, self._midnight_ms = definitions, midnight_ms
        self._dossiers, self._timelines, self._cache = held, timelines, cache
        self._conduct, self._rulebook = conduct, rulebook
        self._sweep = Sweep()

    def forget(self, frontier_ms: int) -> tuple[int, Tombstones]:
        """Forgets a part of what nothing can ask for any more, under this frontier; how many facts, and tombstones.

        Every day of event time all keys are looked at, some at each call.
        """
        forgotten = 0
        state: Tombstones = []
        for key in self._sweep.some(frontier_ms, self._dossiers, self._timelines):
            dossier, timeline = self._dossiers.get(key), self._timelines.get(key)
            if dossier is not None and dossiers.kept_until(dossier) <= frontier_ms:
                gone = self._forget_facts(key, dossier, frontier_ms)
                forgotten += len(gone)
                state += gone
            if timeline is not None:
                states = forget_states(timeline, key, frontier_ms - LONGEST_WINDOW_MS)
                forgotten += len(states)
                state += states
        return forgotten, state

    def _forget_facts(self, key: str, dossier: Dossier, frontier_ms: int) -> Tombstones:
        facts = dossiers.facts(key, dossier)
        gone, until_ms = forgettable(facts, frontier_ms, self._definitions, self._midnight_ms)
        if gone and self._conduct is not None and self._rulebook is not None:
            self._conduct.before_forgetting(key, dossier)
            stays, again_ms = kept_for_conduct(self._rulebook, key, facts, gone, frontier_ms)
            gone = [fact for fact in gone if record.identity(fact) not in stays]
            until_ms = min(until_ms, until_ms if again_ms is None else again_ms)
        state = self._take_out(key, dossier, facts, gone) if gone else []
        if key in self._dossiers:
            self._dossiers[key] = dossiers.keep_until(self._dossiers[key], until_ms)
        return state

    def _take_out(self, key: str, dossier: Dossier, facts: Sequence[Fact], gone: Iterable[Fact]) -> Tombstones:
        names = {record.identity(fact) for fact in gone}
        kept = [fact for fact in facts if record.identity(fact) not in names]
        self._cache.take(key)
        if kept:
            left = dossiers.of(key, map(record.entry, kept))
            self._dossiers[key] = dossiers.with_reach(left, dossiers.reach_of(dossier))
        else:
            del self._dossiers[key]
        return [(f"{key}|{name}".encode(), None) for name in names]

    def erase(self, debtor: str, through_ms: int) -> Erased:
        """Takes out all facts of a debtor. What they counted up to `through_ms` stays as it is; deadlines that lie
        after it (instalments, first contacts, complaints) are taken back: nobody could meet them any more.

        An agent, or a fact without a debtor, whose key is the same text is not touched. An exception leaves everything
        as it was.
        """
        dossier = self._dossiers.get(debtor)
        facts = [] if dossier is None else dossiers.facts(debtor, dossier)
        gone = [fact for fact in facts if fact.debtor_id is not None]
        if dossier is None or not gone:
            return Erased({}, None, None, [], {}, [])
        kept = [fact for fact in facts if fact.debtor_id is None]
        taken_back = self._deadlines_after(through_ms, facts, kept)
        found = NOTHING if self._conduct is None else _found(self._conduct, debtor, dossier)
        ahead = {key: breach for key, breach in found.breaches.items() if breach.at_ms > through_ms}
        for at, amount in contributed(Findings(ahead, {}), NOTHING).items():
            taken_back[at] = taken_back.get(at, 0) + amount
        if self._conduct is not None:
            self._conduct.erased(debtor)
        state = self._take_out(debtor, dossier, facts, gone)
        times = [fact.occurred_at for fact in gone]
        keys = [*found.breaches, *found.standings]
        return Erased(dict(Counter(fact.TYPE for fact in gone)), min(times), max(times), keys, taken_back, state)

    def _deadlines_after(self, through_ms: int, facts: Sequence[Fact], kept: Sequence[Fact]) -> Difference:
        """What the linked contributions after an instant lose where only `kept` is left. What a fact counts by itself
        has happened, and stays."""
        sums = DifferenceSums()
        for some, sign in ((kept, 1), (facts, -1)):
            sums.sign = sign
            counting = [fact for fact in some if not fact.void]
            index = DebtorIndex(FactList(counting), self._definitions, self._midnight_ms)
            index.take_in_all()
            emit_linked(index, sums)
        return {at: amount for at, amount in sums.nonzero().items() if at[2] > through_ms}


def _found(conduct: Conduct, debtor: str, dossier: Dossier) -> Findings:
    """All that the rules find of a debtor; it is contributed by then."""
    try:
        conduct.before_forgetting(debtor, dossier)
        return conduct.findings(debtor, dossier)
    except Exception:  # noqa: BLE001  who cannot be judged is erased all the same
        return NOTHING
