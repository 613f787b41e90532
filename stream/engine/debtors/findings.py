"""What the conduct rules find of one debtor, and which records say what has changed of it (conduct 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from stream.conduct.breach import Breach
from stream.conduct.standing import ConductStanding, gone
from stream.ledger.difference import Difference

COLUMN = "conduct_breaches"
"""What a breach contributes to: 1 at its instant."""


class Findings(NamedTuple):
    """All that the rules find of a debtor, by the keys of the records. Deadlines of the future are among the
    breaches."""

    breaches: dict[str, Breach]
    standings: dict[str, ConductStanding]


NOTHING = Findings({}, {})


class ConductFinding(NamedTuple):
    """One record to be published. `withdrawn`: of a breach that stands no longer."""

    of: Breach | ConductStanding
    withdrawn: bool = False

    def encoded(self, revision: int, run: str) -> tuple[bytes, bytes]:
        """Key and value of the record of `collections.conduct.v1`."""
        of = self.of
        record = (
            of.record(run, revision, withdrawn=self.withdrawn) if isinstance(of, Breach) else of.record(run, revision)
        )
        return of.key.encode(), orjson.dumps(record)


def stands(breach: Breach, judged_ms: int | None) -> bool:
    """Whether a breach is one already, where deadlines before `judged_ms` were judged; a contact's always is."""
    return breach.type != "complaint" or (judged_ms is not None and breach.at_ms < judged_ms)


def changes(said: Findings, said_ms: int | None, now: Findings, now_ms: int | None) -> Iterator[ConductFinding]:
    """The records that say `now`, to readers who know of `said`. `said_ms`, `now_ms`: deadlines before it were judged.

    A breach that is undone, or a deadline that was met after all, is withdrawn. A standing that is clear is said only
    after another one; one that nothing is counted for any more becomes clear.
    """
    for key, was in said.breaches.items():
        if stands(was, said_ms) and (key not in now.breaches or not stands(now.breaches[key], now_ms)):
            yield ConductFinding(was, withdrawn=True)
    for key, breach in now.breaches.items():
        if stands(breach, now_ms):
            known = said.breaches.get(key)
            if known != breach or not stands(known, said_ms):
                yield ConductFinding(breach)
    for key, stood in said.standings.items():
        if stood.state != "clear" and key not in now.standings:
            yield ConductFinding(gone(stood))
    for key, standing in now.standings.items():
        before = said.standings.get(key)
        if before != standing and (standing.state != "clear" or (before is not None and before.state != "clear")):
            yield ConductFinding(standing)


def contributed(before: Findings, now: Findings) -> Difference:
    """What a change of findings changes in the numbers, deadlines of the future included."""
    sums: Difference = {}
    for found, sign in ((before, -1), (now, 1)):
        for breach in found.breaches.values():
            at = (breach.credit, COLUMN, breach.at_ms)
            sums[at] = sums.get(at, 0) + sign
    return {at: amount for at, amount in sums.items() if amount}
