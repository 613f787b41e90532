"""What contacts change that come after all others of their debtor, as most do: their own breaches, and the standings of
their own scopes. Nothing else need be judged."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

from stream.conduct.breaches import breaches_of
from stream.conduct.history import History
from stream.conduct.rule import Frequency
from stream.conduct.standing import ConductStanding, standing_of
from stream.engine.debtors.findings import NOTHING, Findings

Name = tuple[str, str]
"""Type and own id of a contact."""


def judged_alone(history: History, new: Collection[Name]) -> tuple[Findings, Findings] | None:
    """Before and after the `new` contacts of a history came: what is found of all that they change. None: one of them
    comes before another that is not new, so that more may have changed."""
    rows = history.contacts, history.talks
    come = [each for row in rows for each in row if (each.type, each.id) in new]
    if not come:
        return NOTHING, NOTHING
    first = min(come)
    for row in rows:
        if any((each.type, each.id) not in new for each in row[bisect_left(row, first) :]):
            return None
    contacts = history.contacts[bisect_left(history.contacts, first) :]
    found = {breach.key: breach for each in contacts for breach in breaches_of(history, each)}
    before: dict[str, ConductStanding] = {}
    after: dict[str, ConductStanding] = {}
    for rule in history.rulebook.rules:
        if isinstance(rule.parameters, Frequency):
            for counted in history.counted(rule.parameters).values():
                at = bisect_left(counted, first)
                if at < len(counted):
                    was = standing_of(history, rule, counted[at - 1]) if at else None
                    now = standing_of(history, rule, counted[-1])
                    if was is not None:
                        before[was.key] = was
                    if now is not None:
                        after[now.key] = now
    return Findings({}, before), Findings(found, after)
