"""Contacts that came after others that follow them: what they change, found by counts instead of by all rules anew.

Contacts before the first of them are only counted. From there on the debtor is followed twice, without and with the new
ones: what differs is what they change. It is what `breaches.py` finds of all facts at once; a law holds them together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from stream.conduct.breach import Breach
from stream.conduct.counts import Noted
from stream.conduct.running import Running, SeenContacts, begun_with, contacts_of, zone_moved
from stream.conduct.sheet import RuleSheets
from stream.conduct.standing import ConductStanding
from stream.facts.fact import Fact


class Followed:
    """A debtor whose latecomers were taken in (`running`). `before`, `now`: the breaches by key, from the first of them
    on, without and with them; `standings`: those that are to be said."""

    def __init__(
        self, running: Running, before: dict[str, Breach], now: dict[str, Breach], standings: list[ConductStanding]
    ) -> None:
        self.running: Running = running
        self.before: dict[str, Breach] = before
        self.now: dict[str, Breach] = now
        self.standings: list[ConductStanding] = standings


def followed_again(
    debtor: str, facts: Sequence[Fact], new: Collection[tuple[str, str]], sheets: RuleSheets
) -> Followed | None:
    """What the `new` contacts (type, own id) change among these facts, which hold them; None: it cannot be told so."""
    contacts = contacts_of(facts)
    now = begun_with(facts, contacts)
    first = next((place for place, each in enumerate(contacts) if (each.type, each.id) in new), len(contacts))
    if now.whole or (sheets.third_ms and _has_ties(contacts)):
        return None
    now.follow(debtor, contacts[:first], sheets, Noted(tells=False))
    late = contacts[first:]
    former, said = now.copied(sheets), Noted()
    former.follow(debtor, [each for each in late if (each.type, each.id) not in new], sheets, said)
    if zone_moved(former):
        return None
    now.stands_as(former)
    noted = Noted()
    standings = now.follow(debtor, late, sheets, noted)
    if zone_moved(now):
        return None
    return Followed(now, _by_key(said.breaches), _by_key(noted.breaches), standings)


def _has_ties(contacts: SeenContacts) -> bool:
    """Whether any two are of one instant: what comes before one in the order may then not be before its time."""
    before_ms = -1
    for each in contacts:
        if each.at_ms == before_ms:
            return True
        before_ms = each.at_ms
    return False


def _by_key(breaches: Sequence[Breach]) -> dict[str, Breach]:
    return {each.key: each for each in breaches}
