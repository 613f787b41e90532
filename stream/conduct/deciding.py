"""Which other facts decide a breach: what was counted, the conversation that asks for a pause, the restriction."""

from __future__ import annotations

from collections.abc import Iterator

from stream.conduct.breach import Breach
from stream.conduct.contact import Contact
from stream.conduct.history import History
from stream.conduct.judging import (
    Moment,
    found_by,
    is_judged,
    last_opening,
    quiet_one,
    reached_before,
    restricting_one,
)
from stream.conduct.rule import Frequency, Quiet, Restricted, Spacing, ThirdParty
from stream.facts.fact import Fact

MOST_NAMED = 20
"""As many as a record names: the last ones."""


def deciding_facts(history: History, breach: Breach) -> tuple[Fact, ...]:
    """The facts beside its own that a breach of the history rests on, in their order: none for a rule that looks at the
    fact alone."""
    contact = next((each for each in history.contacts if (each.type, each.id) == (breach.type, breach.id)), None)
    return () if contact is None else tuple(_deciding(history, breach, contact))


def _deciding(history: History, breach: Breach, contact: Contact) -> Iterator[Fact]:
    moment = Moment(history, contact)
    for rule in history.rulebook.at(contact.site):
        of = rule.parameters
        if rule.name != breach.rule or not is_judged(rule, moment.zone, moment.at_ms):
            continue
        if isinstance(of, Frequency):
            found = found_by(history, rule, moment)
            if found is not None:
                counted = found.contacts[max(found.start, found.end - MOST_NAMED) : found.end]
                yield from (each.fact for each in counted if each.fact is not None and each != contact)
        elif isinstance(of, Spacing):
            opening = last_opening(history, of, contact)
            if opening is not None and opening.fact is not None:
                yield opening.fact
        elif isinstance(of, ThirdParty):
            yield from (each.fact for each in reached_before(history, of, contact) if each.fact is not None)
        else:
            limits = quiet_one(history, of, moment) if isinstance(of, Quiet) else None
            if isinstance(of, Restricted):
                limits = restricting_one(history, of, contact)
            if limits is not None:
                yield limits
