"""Debtors who are followed: their contacts are judged as they come, by counts that are kept in memory (ADR 0068)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from stream.conduct.counts import Detail, Noted, by_itself
from stream.conduct.latecomers import Followed, followed_again
from stream.conduct.rulebook import Rulebook
from stream.conduct.running import (
    CALM,
    JUDGED,
    UNTOUCHED,
    WHOLE,
    Running,
    may_move,
    may_restrict,
    running_of,
    take_restriction,
    take_zone,
)
from stream.conduct.seen import Seen, seen
from stream.conduct.sheet import RuleSheets
from stream.conduct.standing import ConductStanding
from stream.facts.fact import Case, Complaint, Fact, Restriction
from stream.ledger.store import dossier as dossiers
from stream.ledger.store.dossier import Dossier

MOST_FOLLOWED = 500_000
"""Debtors in memory; after so many, each is read anew from its dossier."""
MOST_DETAILED = 20_000
"""Of these, debtors with all their counts, which take one to four KiB each; others are read anew when a rule may be
touched."""


class FollowedDebtors:
    """What is kept of each debtor. `asks` about a fact before it comes, then `come` once it has come.

    Nothing of it is at rest, and nothing is lost with it: it is what the debtor's dossier says.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self._sheets = RuleSheets(rulebook)
        self._can_follow = self._sheets.can_follow()
        self._running: dict[str, Running] = {}
        self._detailed: dict[str, Running] = {}
        self._coming: Running | None = None
        self._contact: Seen | None = None
        self._judged = False

    def asks(self, key: str, fact: Fact, dossier: Dossier | None) -> int:
        """What becomes of a new fact of a debtor with this dossier (`running.py`)."""
        self._coming, self._contact, self._judged = None, None, False
        verdict = self._asked(key, fact, dossier)
        if verdict == WHOLE and not self._is_never_followed(key):
            self.drop(key)
        self._judged = verdict == JUDGED
        return verdict

    def _asked(self, key: str, fact: Fact, dossier: Dossier | None) -> int:
        if fact.void:
            return UNTOUCHED
        if isinstance(fact, Case):
            if fact.debtor_zone is None:
                return UNTOUCHED
            running = self._running_of(key, dossier)
            self._coming = running
            return WHOLE if may_move(running, fact) else CALM
        if isinstance(fact, Restriction):
            running = self._running_of(key, dossier)
            self._coming = running
            return WHOLE if may_restrict(running, fact) else CALM
        contact = seen(fact)
        if contact is None:
            return WHOLE if isinstance(fact, Complaint) else UNTOUCHED
        running = self._running_of(key, dossier)
        self._coming, self._contact = running, contact
        if not running.can_come(contact):
            return WHOLE
        if not contact.outbound:
            return CALM
        sheet = self._sheets.at(contact.site, running.zone, contact.at_ms)
        if running.is_apart(contact, sheet):
            return JUDGED if by_itself(contact, sheet) else CALM
        if running.detail is None and not running.last_ms:  # the first of all
            running.detail = Detail(self._sheets)
        elif running.detail is None:
            running = self._read(key, dossier)
            self._coming = running
            if not running.can_come(contact):
                return WHOLE
        self._keep_detailed(key, running)
        return JUDGED

    def come(self, key: str, fact: Fact, noted: Noted | None) -> None:
        """The fact that was asked about last has come. `noted`: where what it breaks is noted, if it is judged."""
        running, contact = self._coming, self._contact
        if running is None:
            return
        if contact is None:
            if isinstance(fact, Case):
                take_zone(running, fact)
            elif isinstance(fact, Restriction):
                take_restriction(running, fact)
        elif noted is None or not self._judged:
            running.take_in(contact, self._sheets)
        else:
            running.judge(key, contact, self._sheets, noted)

    def settle(self, key: str, noted: Noted) -> list[ConductStanding]:
        """At a commit: the standings of a debtor that have changed since the last one."""
        return self._running[key].settle(key, self._sheets, noted)

    def again(self, key: str, facts: Sequence[Fact], new: Collection[tuple[str, str]]) -> Followed | None:
        """What `new` contacts change among all facts of a debtor that they have come to in another order, and he is
        followed from here on; None: this way does not tell."""
        if not self._can_follow:
            return None
        found = followed_again(key, facts, new, self._sheets)
        if found is not None:
            self._running[key] = found.running
            self._detailed[key] = found.running
        return found

    def drop(self, key: str) -> None:
        """Facts of a debtor have changed in another way: he is read anew."""
        self._running.pop(key, None)
        self._detailed.pop(key, None)

    def _is_never_followed(self, key: str) -> bool:
        """Whether it is known of a debtor that he cannot be followed, and no further fact changes that."""
        known = self._running.get(key)
        return known is not None and known.whole

    def make_room(self) -> None:
        """To be called when nothing is noted of anybody: forgets whom there is no room for."""
        if len(self._running) > MOST_FOLLOWED:
            self._running.clear()
            self._detailed.clear()
        over = len(self._detailed) - MOST_DETAILED
        if over > 0:
            for key in list(islice(self._detailed, over + MOST_DETAILED // 4)):
                self._detailed.pop(key).detail = None

    def _running_of(self, key: str, dossier: Dossier | None) -> Running:
        found = self._running.get(key)
        if found is None:
            if dossier is not None:
                return self._read(key, dossier)
            found = self._running[key] = Running()
            found.whole = not self._can_follow
        return found

    def _read(self, key: str, dossier: Dossier | None) -> Running:
        facts = [] if dossier is None else dossiers.facts(key, dossier)
        found = self._running[key] = running_of(key, facts, self._sheets)
        found.whole |= not self._can_follow
        if found.detail is not None:
            self._keep_detailed(key, found)
        return found

    def _keep_detailed(self, key: str, running: Running) -> None:
        if key not in self._detailed:
            self._detailed[key] = running
