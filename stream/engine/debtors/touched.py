"""A debtor whom the facts since the last commit may have changed something of, as conduct rules see it (ADR 0067)."""

from __future__ import annotations

from stream.conduct.counts import Noted
from stream.engine.debtors.findings import Findings
from stream.engine.debtors.following import Name
from stream.facts.fact import Fact
from stream.facts.identity import own_id
from stream.ledger.store.dossier import Dossier


class TouchedDebtor:
    """A debtor whom the facts since the last commit may have changed something of.

    `said`: as of that commit. `settled`: up to where the contributions are in the buffer. Each is the dossier as it was
    then, or what was found in it; None: there was no dossier. `contacts`: those that came since, as long as nothing
    else has; else None. A large dossier changes where it is: what it was then is all of it but the contacts.
    `noted`: what was found so far, as long as the debtor could be followed; then nothing else of this is looked at.
    """

    __slots__ = ("contacts", "noted", "said", "settled")

    def __init__(self, said: Dossier | Findings | None, noted: Noted | None = None) -> None:
        self.said = said
        self.settled = said
        self.contacts: list[Fact] | None = []
        self.noted = noted

    def is_not_followed(self) -> None:
        """What is noted no longer counts."""
        self.noted = None

    def names(self) -> set[Name] | None:
        """Which contacts came since the last commit; None: other facts did, too."""
        return None if self.contacts is None else {(each.TYPE, own_id(each)) for each in self.contacts}
