"""The measurements of a ledger in the version that counts, for the scores that are computed from them (ADR 0073)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from stream.facts.fact import Measurement
from stream.ledger.store import dossier as dossiers
from stream.ledger.store import record
from stream.ledger.store.dossier import Dossier


class Measured:
    """The measurements that have changed since the last `take`, each once, as it counts now. `entries`: by key."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def note_all(self, ledger: Mapping[str, Dossier]) -> None:
        """As if nothing had ever been said of any measurement of the ledger."""
        for key, dossier in ledger.items():
            name = Measurement.LETTER + key
            if dossiers.may_hold(dossier, name):
                for fact in dossiers.facts(key, dossier):
                    if fact.LETTER == Measurement.LETTER:
                        self.entries[key] = record.entry(fact)

    def take(self) -> list[Measurement]:
        """Those that have changed, by the order of their ids; void ones are among them."""
        if not self.entries:
            return []
        entries, self.entries = self.entries, {}
        return [cast("Measurement", record.plain(record.decode(key, entry))) for key, entry in sorted(entries.items())]
