"""A large dossier: an entry is read, added or exchanged at the same cost however many there are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from stream.facts.fact import Fact
from stream.ledger.store import record
from stream.ledger.store.held_facts import HeldFacts

READ = 64
"""So many facts stay as read: those that decide something are asked for again and again."""

TOGETHER = 256
"""So many are read at once where all are."""

GONE = b""
"""Stands where an entry was."""


class LargeDossier(HeldFacts):
    """The entries of one key, with the sorted hashes of their identities: about 120 bytes a fact."""

    def __init__(self, key: str, header: bytes) -> None:
        self.header = header
        """What the dossier says of itself (`dossier.py`)."""
        self.entries: list[bytes] = []
        self._key = key
        self._hashes = array("q")
        self._places = array("q")
        self._read: dict[int, Fact] = {}
        self._of_case: dict[str | None, int] | None = None
        self._gone = 0

    def __len__(self) -> int:
        return len(self.entries)

    def count(self) -> int:
        """How many facts it holds."""
        return len(self.entries) - self._gone

    def fact(self, place: int) -> Fact:
        """The fact at a place."""
        found = self._read.get(place)
        if found is None:
            if len(self._read) >= READ:
                self._read.clear()
            found = self._read[place] = record.decode(self._key, self.entries[place])
        return found

    def each(self) -> Iterator[tuple[int, Fact]]:
        """Every place with its fact."""
        for start in range(0, len(self.entries), TOGETHER):
            some = [
                (place, entry) for place, entry in enumerate(self.entries[start : start + TOGETHER], start) if entry
            ]
            array_of = b"\xdd" + len(some).to_bytes(4, "big") + b"".join([entry for _, entry in some])
            yield from zip([place for place, _ in some], record.decode_all(self._key, array_of), strict=True)

    def place_of(self, name: str) -> int | None:
        """The place of the fact of this identity."""
        code = hash(name)
        at = bisect_left(self._hashes, code)
        while at < len(self._hashes) and self._hashes[at] == code:
            place = self._places[at]
            if record.identity(self.fact(place)) == name:
                return place
            at += 1
        return None

    def may_hold(self, name: str) -> bool:
        """Whether the fact of this identity may be there; False is proof."""
        code = hash(name)
        at = bisect_left(self._hashes, code)
        return at < len(self._hashes) and self._hashes[at] == code

    def fill(self, facts: Iterable[Fact]) -> None:
        """Takes in facts that were read from entries, none of which is there yet."""
        named: list[tuple[int, int]] = []
        for place, fact in enumerate(facts, len(self.entries)):
            self.entries.append(record.entry(fact))
            named.append((hash(record.identity(fact)), place))
        named += zip(self._hashes, self._places, strict=True)
        named.sort()
        self._hashes = array("q", [code for code, _ in named])
        self._places = array("q", [place for _, place in named])
        self._of_case = None

    def append(self, name: str, case_id: str | None, entry: bytes) -> None:
        """Takes in the entry of a fact that is not there yet, of this identity and case."""
        code = hash(name)
        at = bisect_left(self._hashes, code)
        self._hashes.insert(at, code)
        self._places.insert(at, len(self.entries))
        self.entries.append(entry)
        if self._of_case is not None:
            self._of_case[case_id] = self._of_case.get(case_id, 0) + 1

    def undo(self, name: str, case_id: str | None) -> None:
        """Takes the entry out that was appended last."""
        place = len(self.entries) - 1
        self._unname(name, place)
        self.entries.pop()
        self._read.pop(place, None)
        if self._of_case is not None:
            self._of_case[case_id] -= 1

    def exchange(self, place: int, fact: Fact) -> None:
        """Puts a fact that was read from its entry in the place of another of its identity."""
        if self._of_case is not None:
            self._of_case[self.fact(place).case_id] -= 1
            self._of_case[fact.case_id] = self._of_case.get(fact.case_id, 0) + 1
        self.entries[place] = record.entry(fact)
        self._read.pop(place, None)

    def restore(self, name: str, entry: bytes | None) -> None:
        """Holds this entry for an identity, whatever was there; None: no longer any."""
        place = self.place_of(name)
        if place is not None:
            self._unname(name, place)
            self.entries[place] = GONE
            self._read.pop(place, None)
            self._gone += 1
        self._of_case = None
        if entry is not None:
            self.append(name, None, entry)

    def of_case(self, case_id: str | None) -> int:
        """How many of the facts name this case."""
        if self._of_case is None:
            counts: dict[str | None, int] = {}
            for _, fact in self.each():
                counts[fact.case_id] = counts.get(fact.case_id, 0) + 1
            self._of_case = counts
        return self._of_case.get(case_id, 0)

    def _unname(self, name: str, place: int) -> None:
        at = bisect_left(self._hashes, hash(name))
        while self._places[at] != place:
            at += 1
        del self._hashes[at], self._places[at]
