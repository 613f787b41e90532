"""Breaches of conduct rules in a replay: found for each debtor at once, and merged into `conduct.jsonl` (conduct 7)."""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Iterator
from heapq import merge
from pathlib import Path

import orjson

from stream.conduct.breach import Breach
from stream.conduct.breaches import breaches
from stream.conduct.deciding import deciding_facts
from stream.conduct.history import History
from stream.conduct.rulebook import Rulebook
from stream.facts.fact import Complaint, Fact
from stream.facts.identity import own_id
from stream.ledger.complaints import complaint_credit
from stream.ledger.contribution import Credit, nobody
from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions
from stream.ledger.store.held_facts import FactList
from stream.windows.calendar import day_begins
from stream.windows.plan import WindowPlan

READ_AT_ONCE = 1_000
"""How many breaches of a file are in memory while all files are merged: there may be too many to hold them open."""

Line = tuple[tuple[int, str, str, str, str, str, str], bytes]
"""What a breach is sorted by (its instant first), and its record."""


class BreachFinder:
    """Judges debtors by a rulebook."""

    def __init__(self, rulebook: Rulebook, definitions: Definitions, plan: WindowPlan) -> None:
        self._rulebook = rulebook
        self._definitions = definitions
        self._midnight_ms = day_begins(plan)

    def of(self, facts: Collection[Fact]) -> list[Breach]:
        """The breaches of the facts of one key, those of the future included; none where the key is no debtor's."""
        history = self._history(facts)
        return [] if history is None else self._breaches(history, facts)

    def explained(self, facts: Collection[Fact]) -> list[tuple[Breach, tuple[Fact, ...]]]:
        """The same, each with the facts that decided it: the one that it is about first."""
        history = self._history(facts)
        if history is None:
            return []
        of_identity = {(fact.TYPE, own_id(fact)): fact for fact in facts}
        return [
            (breach, (of_identity[breach.type, breach.id], *deciding_facts(history, breach)))
            for breach in self._breaches(history, facts)
        ]

    def _history(self, facts: Collection[Fact]) -> History | None:
        debtor = next((fact.debtor_id for fact in facts if fact.debtor_id is not None), None)
        return None if debtor is None or self._rulebook.empty else History(self._rulebook, debtor, facts)

    def _breaches(self, history: History, facts: Collection[Fact]) -> list[Breach]:
        index: DebtorIndex | None = None
        if self._rulebook.deadlines and any(isinstance(fact, Complaint) for fact in facts):
            index = DebtorIndex(FactList(list(facts)), self._definitions, self._midnight_ms)
            index.take_in_all()

        def credit_of(complaint: Complaint) -> Credit:
            return nobody(complaint) if index is None else complaint_credit(index, complaint)

        return breaches(history, credit_of)


def write_found(path: Path, found: list[Breach], run: str) -> None:
    """Writes the breaches of one task, sorted."""
    with path.open("wb") as file:
        for breach in sorted(found, key=lambda each: each.order):
            marshal.dump((breach.order, orjson.dumps(breach.record(run, 1))), file)


def _read_found(path: Path) -> Iterator[Line]:
    """The breaches that `write_found` wrote, in order; none where there is no file."""
    size, at = path.stat().st_size if path.exists() else 0, 0
    while at < size:
        lines: list[Line] = []
        with path.open("rb") as file:
            file.seek(at)
            while len(lines) < READ_AT_ONCE and file.tell() < size:
                lines.append(marshal.load(file))
            at = file.tell()
        yield from lines


def write_conduct(path: Path, files: Iterable[Path], start_ms: int | None, end_ms: int | None) -> int:
    """Writes `conduct.jsonl` from the tasks' files: breaches in [start, end), None: no bound. Gives how many."""
    count = 0
    with path.open("wb") as out:
        for order, line in merge(*(_read_found(each) for each in files)):
            at_ms = order[0]
            if (start_ms is None or at_ms >= start_ms) and (end_ms is None or at_ms < end_ms):
                out.write(line + b"\n")
                count += 1
    return count
