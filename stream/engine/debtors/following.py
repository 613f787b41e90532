"""What new contacts change: their own breaches, those of the contacts that follow them, and the standings of their
scopes. Nothing before them need be judged."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence

from stream.conduct.breach import Breach
from stream.conduct.breaches import breaches_of
from stream.conduct.contact import Contact
from stream.conduct.history import History
from stream.conduct.rule import Frequency
from stream.conduct.standing import ConductStanding, standing_of
from stream.engine.debtors.findings import NOTHING, Findings
from stream.facts.fact import Fact
from stream.facts.identity import own_id

Name = tuple[str, str]
"""Type and own id of a contact."""


def judged_alone(history: History, facts: Sequence[Fact], new: Collection[Name]) -> tuple[Findings, Findings]:
    """Before and after the `new` contacts came to a history of these facts: what is found of all that they change."""
    rows = history.contacts, history.talks
    come = [each for row in rows for each in row if (each.type, each.id) in new]
    if not come:
        return NOTHING, NOTHING
    first = min(come)
    if all((each.type, each.id) in new for row in rows for each in row[bisect_left(row, first) :]):
        before = _standings(history, history, first, came_last=True)
        return Findings({}, before), Findings(_breaches(history, first), _standings(history, history, first))
    former = History(history.rulebook, history.debtor, [each for each in facts if (each.TYPE, own_id(each)) not in new])
    return (
        Findings(_breaches(former, first), _standings(former, history, first)),
        Findings(_breaches(history, first), _standings(history, history, first)),
    )


def _breaches(history: History, first: Contact) -> dict[str, Breach]:
    contacts = history.contacts[bisect_left(history.contacts, first) :]
    return {breach.key: breach for each in contacts for breach in breaches_of(history, each)}


def _standings(
    history: History, now: History, first: Contact, *, came_last: bool = False
) -> dict[str, ConductStanding]:
    """The standings of a history in the scopes in which, now, something from `first` on is counted. `came_last`: as
    they were before all that."""
    found: dict[str, ConductStanding] = {}
    for rule in history.rulebook.rules:
        if isinstance(rule.parameters, Frequency):
            counted = history.counted(rule.parameters)
            for scope, row in now.counted(rule.parameters).items():
                mine = counted.get(scope)
                if not mine or not row[-1] >= first:
                    continue
                at = bisect_left(mine, first) if came_last else len(mine)
                standing = standing_of(history, rule, mine[at - 1]) if at else None
                if standing is not None:
                    found[standing.key] = standing
    return found
