"""A call that is only asked about: whether a rule allows it, and if not, from when on (conduct 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from stream.conduct.contact import asked, is_counted
from stream.conduct.history import History, scope_of
from stream.conduct.judging import (
    Moment,
    breaks_pause,
    is_judged,
    last_opening,
    minute_of,
    outside_hours,
    pause_ends_ms,
    quiet_one,
    restricting_one,
    window_of,
)
from stream.conduct.local_time import midnight_ms, next_shown_ms
from stream.conduct.rule import ConductRule, Frequency, Hours, Quiet, Restricted, Spacing
from stream.conduct.standing import leaves_ms

SECOND_MS = 1_000


class AskedCall(NamedTuple):
    """A call to a debtor on a case and a number (None: on none that is known), from a site, under one rule."""

    rule: ConductRule
    case: str | None
    number: str | None
    site: str


def is_asked_of(rule: ConductRule) -> bool:
    """Whether a call can be asked about under a rule: the others depend on what the call brings."""
    return type(rule.parameters) in _ALLOWS


def moment_of(history: History, question: AskedCall, at_ms: int) -> Moment:
    """The call that is asked about, at an instant."""
    return Moment(history, asked(at_ms, question.case, question.number, question.site))


def allows(history: History, rule: ConductRule, moment: Moment) -> bool:
    """Whether a call would not breach a rule: an outbound, connected, recorded call with the debtor."""
    if not is_judged(rule, moment.zone, moment.at_ms):
        return True
    return _ALLOWS[type(rule.parameters)](history, rule.parameters, moment)


def first_allowed_ms(history: History, question: AskedCall, start_ms: int, end_ms: int) -> int | None:
    """The first whole second in [start, end] at which a rule allows the call, if nothing else happens; None: at none.

    `start_ms` is a whole second. From one refusal the search goes on where the answer can change, and nowhere else.
    """
    at_ms = start_ms
    while at_ms <= end_ms:
        moment = moment_of(history, question, at_ms)
        if allows(history, question.rule, moment):
            return at_ms
        changes_ms = _next_change_ms(history, question.rule, moment)
        if changes_ms is None:
            return None
        at_ms = -(-changes_ms // SECOND_MS) * SECOND_MS
    return None


def _next_change_ms(history: History, rule: ConductRule, moment: Moment) -> int | None:
    """The first instant after a refusal at which the answer can be another; None: it stays."""
    of, ends = rule.parameters, rule.effective_until
    found = [_RELEASES[type(of)](history, of, moment), history.next_zone_ms(moment.at_ms)]
    if ends is not None:
        found.append(midnight_ms(moment.zone, ends))
    if isinstance(of, Frequency | Spacing | Hours) and of.consent is not None:
        found.append(history.next_consent_ms(moment.contact))
    return min((each for each in found if each is not None), default=None)


def _within_limit(history: History, of: Frequency, moment: Moment) -> bool:
    if not is_counted(moment.contact, of) or scope_of(moment.contact, of.per) is None:
        return True
    if window_of(history, of, moment).count < of.limit:
        return True
    return history.covered(moment.contact, of.consent, of.per)


def _room_ms(history: History, of: Frequency, moment: Moment) -> int | None:
    """When so many have left the window that one more is within the limit."""
    if of.limit == 0:
        return None
    counted = window_of(history, of, moment)
    return leaves_ms(of, moment.zone, counted.contacts[counted.end - of.limit])


def _pause_over_ms(history: History, of: Spacing, moment: Moment) -> int | None:
    opening = last_opening(history, of, moment.contact)
    return None if opening is None else pause_ends_ms(of, opening, moment.zone)


def _opens_ms(_: History, of: Hours, moment: Moment) -> int:
    return next_shown_ms(moment.zone, moment.at_ms, of.from_minute)


def _quiet_over_ms(history: History, of: Quiet, moment: Moment) -> int | None:
    quiet = quiet_one(history, of, moment)
    if quiet is None:
        return None
    first, second = quiet.hours or ("00:00", "00:00")
    if first == second:
        return quiet.until
    shown_ms = next_shown_ms(moment.zone, moment.at_ms, minute_of(second))
    return shown_ms if quiet.until is None else min(quiet.until, shown_ms)


def _lifted_ms(history: History, of: Restricted, moment: Moment) -> int | None:
    restriction = restricting_one(history, of, moment.contact)
    return None if restriction is None else restriction.until


_ALLOWS: dict[type[Any], Callable[[History, Any, Moment], bool]] = {
    Frequency: _within_limit,
    Spacing: lambda history, of, moment: not breaks_pause(history, of, moment),
    Hours: lambda history, of, moment: not outside_hours(history, of, moment),
    Quiet: lambda history, of, moment: quiet_one(history, of, moment) is None,
    Restricted: lambda history, of, moment: restricting_one(history, of, moment.contact) is None,
}
_RELEASES: dict[type[Any], Callable[[History, Any, Moment], int | None]] = {
    Frequency: _room_ms,
    Spacing: _pause_over_ms,
    Hours: _opens_ms,
    Quiet: _quiet_over_ms,
    Restricted: _lifted_ms,
}
"""Why a refusal ends, by the kind of the rule, if nothing else changes."""
