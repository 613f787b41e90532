"""What a change of facts changes in the numbers: the fold with it less the fold without it."""

from __future__ import annotations

from stream.facts.fact import Fact
from stream.ledger.contribution import Credit
from stream.ledger.definitions import Definitions
from stream.ledger.fold import emit_linked, parts_touched
from stream.ledger.links import Links
from stream.ledger.own import emit_own
from stream.ledger.promises import MidnightMs

Difference = dict[tuple[Credit, str, int], int]
"""(credit, column, instant_ms) -> amount; entries that come to 0 are left out by `nonzero`."""


class Tally:
    """Adds contributions up with a sign."""

    def __init__(self) -> None:
        self.sums: Difference = {}
        self.sign = 1

    def __call__(self, credit: Credit, column: str, instant_ms: int, amount: int, *_because: Fact) -> None:
        """Takes one contribution (the `Emit` protocol)."""
        at = (credit, column, instant_ms)
        self.sums[at] = self.sums.get(at, 0) + self.sign * amount

    def nonzero(self) -> Difference:
        """What is left."""
        return {at: amount for at, amount in self.sums.items() if amount}


def added(links: Links, come: Fact, definitions: Definitions, midnight_ms: MidnightMs) -> Difference:
    """Adds a new fact to a key's facts; what that changes. Instants are exact."""
    tally = Tally()
    emit_own(come, definitions, tally)
    parts = parts_touched(come, links)
    if not parts:
        links.add(come)
        return tally.sums
    question = (frozenset(links.touched_by(come)), parts)

    def fold() -> Difference:
        folded = Tally()
        emit_linked(links, question[0], definitions, midnight_ms, folded, parts)
        return folded.sums

    # The fold of these cases and parts is what it was when it was last asked for: only facts that touch it change it.
    before = links.folded[1] if links.folded is not None and links.folded[0] == question else fold()
    links.add(come)
    after = fold()
    links.folded = (question, after)
    for at, amount in after.items():
        tally.sums[at] = tally.sums.get(at, 0) + amount
    for at, amount in before.items():
        tally.sums[at] = tally.sums.get(at, 0) - amount
    return tally.nonzero()


def replaced(
    before: Links, after: Links, gone: Fact, come: Fact, definitions: Definitions, midnight_ms: MidnightMs
) -> Difference:
    """What changes when `come` takes the place of `gone` among a key's facts; instants are exact."""
    touched = before.touched_by(come) | after.touched_by(come) | before.touched_by(gone) | after.touched_by(gone)
    parts = parts_touched(come, after) | parts_touched(gone, before)
    tally = Tally()
    emit_own(come, definitions, tally)
    emit_linked(after, touched, definitions, midnight_ms, tally, parts)
    tally.sign = -1
    emit_own(gone, definitions, tally)
    emit_linked(before, touched, definitions, midnight_ms, tally, parts)
    return tally.nonzero()
