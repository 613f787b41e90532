"""Whether a debtor may have one fact more (contract 4, `limits`)."""

from __future__ import annotations

from stream.facts.fact import Fact
from stream.ledger.definitions import FactLimits
from stream.ledger.judge import Verdict
from stream.ledger.store import dossier as dossiers
from stream.ledger.store.dossier import Dossier


def no_room_for(fact: Fact, key: str, dossier: Dossier, limits: FactLimits) -> Verdict | None:
    """`limit` if the dossier, or the fact's case in it, is full."""
    facts = dossiers.count(dossier)
    if facts < min(limits.facts_per_case, limits.facts_per_debtor):
        return None
    if facts >= limits.facts_per_debtor:
        return Verdict("limit", f"the debtor has {facts} facts, as many as limits.facts_per_debtor allows")
    if fact.case_id is not None and facts >= limits.facts_per_case:
        of_case = dossiers.count_of_case(key, dossier, fact.case_id)
        if of_case >= limits.facts_per_case:
            return Verdict("limit", f"the case has {of_case} facts, as many as limits.facts_per_case allows")
    return None
