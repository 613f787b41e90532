"""What rules count of one debtor, by scope, and what they find of contacts that come one after the other.

It is what `breaches.py` and `standing.py` find of all facts at once; a law holds them together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from stream.conduct.breach import Breach
from stream.conduct.history import is_open
from stream.conduct.judging import holds
from stream.conduct.seen import Seen
from stream.conduct.sheet import (
    CASE,
    DEBTOR,
    FREQUENCY,
    HOURS,
    NUMBER,
    RECORDED,
    RESTRICTED,
    SPACING,
    Check,
    RuleSheet,
    RuleSheets,
    Tally,
)
from stream.conduct.standing import ConductStanding, gone, state_of
from stream.facts.fact import Restriction

MOST_COUNTED = 20
TRIMMED = 64
"""So many instants are looked through for what has left every window."""


class Counts:
    """What a tally has counted in a scope, in order; what has left every window is dropped now and then."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.ids: list[str] = []

    def copied(self) -> Counts:
        """The same counts, to be added to by themselves."""
        found = Counts()
        found.times, found.ids = self.times.copy(), self.ids.copy()
        return found

    def add(self, at_ms: int, own_id: str, window_ms: int) -> None:
        """One more, after all others."""
        times = self.times
        times.append(at_ms)
        self.ids.append(own_id)
        if len(times) >= TRIMMED and times[len(times) // 2] < at_ms - window_ms:
            left = bisect_left(times, at_ms - window_ms)
            del times[:left]
            del self.ids[:left]

    def count(self, start_ms: int) -> int:
        """How many have a time from this instant on."""
        return len(self.times) - bisect_left(self.times, start_ms)


class Stood:
    """A scope in which something was counted since the last commit. `before`: the standing that was published then, if
    it was not clear. `latest`, `sheet`: what was counted last; `judged`: whether the rule judges that."""

    def __init__(
        self, check: Check, scope: str, before: ConductStanding | None, latest: Seen, sheet: RuleSheet
    ) -> None:
        self.check: Check = check
        self.scope: str = scope
        self.before: ConductStanding | None = before
        self.latest: Seen = latest
        self.sheet: RuleSheet = sheet
        self.judged: bool = False


class Noted:
    """What was found of one debtor since the last commit: breaches, and scopes whose standing may have changed, by
    (number of the check, scope). Not `tells`: no breaches, they were said long ago."""

    def __init__(self, *, tells: bool = True) -> None:
        self.tells: bool = tells
        self.breaches: list[Breach] = []
        self.stood: dict[tuple[int, str], Stood] = {}


class Detail:
    """The counts of a debtor per tally and scope, the latest conversation per scope (`talks`), attempts to reach the
    debtor (`tries`), and the standings that are not clear, by (number of the check, scope)."""

    def __init__(self, sheets: RuleSheets) -> None:
        self.counts: list[dict[str, Counts]] = [{} for _ in sheets.tallies]
        self.talks: list[dict[str, int]] = [{}, {}, {}]
        self.tries: list[int] = []
        self.standings: dict[tuple[int, str], ConductStanding] = {}

    def copied(self, sheets: RuleSheets) -> Detail:
        """The same, to be followed by itself."""
        found = Detail(sheets)
        found.counts = [{scope: counts.copied() for scope, counts in scopes.items()} for scopes in self.counts]
        found.talks = [talks.copy() for talks in self.talks]
        found.tries, found.standings = self.tries.copy(), self.standings.copy()
        return found

    def add(self, contact: Seen, sheets: RuleSheets) -> None:
        """Counts a contact or conversation that comes after all others."""
        if contact.outbound:
            for number, tally in enumerate(sheets.tallies):
                scope = contact.scope(tally.per) if contact.is_counted(tally) else None
                if scope is not None:
                    self._count(number, tally, scope, contact)
        self._reach(contact, sheets)

    def _count(self, number: int, tally: Tally, scope: str, contact: Seen) -> Counts:
        scopes = self.counts[number]
        counts = scopes.get(scope)
        if counts is None:
            counts = scopes[scope] = Counts()
        counts.add(contact.at_ms, contact.id, tally.window_ms)
        return counts

    def _reach(self, contact: Seen, sheets: RuleSheets) -> None:
        """Takes in an attempt to reach the debtor, and a conversation with him."""
        at_ms = contact.at_ms
        if sheets.third_ms and contact.outbound and contact.is_call and not contact.third:
            tries = self.tries
            tries.append(at_ms)
            if len(tries) >= TRIMMED and tries[len(tries) // 2] < at_ms - sheets.third_ms:
                del tries[: bisect_left(tries, at_ms - sheets.third_ms)]
        if contact.is_talk():
            talks = self.talks
            talks[DEBTOR][""] = at_ms
            if contact.case is not None:
                talks[CASE][contact.case] = at_ms
            if contact.number is not None:
                talks[NUMBER][contact.number] = at_ms

    def judge(
        self, debtor: str, contact: Seen, sheet: RuleSheet, assumed: bool, limits: Sequence[Restriction],
        sheets: RuleSheets, noted: Noted,
    ) -> None:  # fmt: skip
        """Counts an outbound contact, and notes what it breaks and where the debtor may stand elsewhere now.

        `assumed`: its zone is the site's. `limits`: the debtor's restrictions.
        """
        tells = noted.tells
        for check in sheet.checks if tells else ():
            if check.kind != FREQUENCY and self._breaks(contact, check, sheet, sheets, limits):
                noted.breaches.append(_breach(debtor, contact, check, sheet, assumed, None, 0))
        self._reach(contact, sheets)
        for number, tally in enumerate(sheets.tallies):
            scope = contact.scope(tally.per) if contact.is_counted(tally) else None
            if scope is not None:
                counts = self._count(number, tally, scope, contact)
                for check in tally.checks:
                    count = counts.count(start_ms(check, sheet, contact.at_ms)) if check.number in sheet.judging else -1
                    if tells and count > check.limit:
                        noted.breaches.append(_breach(debtor, contact, check, sheet, assumed, counts, count))
                    self._note(contact, check, scope, sheet, count, noted)

    def _note(self, contact: Seen, check: Check, scope: str, sheet: RuleSheet, count: int, noted: Noted) -> None:
        """`count`: with the contact; -1: the rule does not judge it."""
        key = (check.number, scope)
        stood = noted.stood.get(key)
        if stood is None:
            before = self.standings.get(key)
            if before is None and (count < 0 or count < check.limit - 1):
                return
            stood = noted.stood[key] = Stood(check, scope, before, contact, sheet)
        stood.latest, stood.sheet, stood.judged = contact, sheet, count >= 0

    def _breaks(
        self, contact: Seen, check: Check, sheet: RuleSheet, sheets: RuleSheets, limits: Sequence[Restriction]
    ) -> bool:
        kind = check.kind
        if kind == HOURS:
            return contact.channel in check.channels and is_outside(check, sheet, contact.at_ms)
        if kind == SPACING:
            return contact.connected and self._is_paused(contact, check, sheet, sheets)
        if kind == RECORDED:
            return contact.human and not contact.recorded
        if check.attempts >= 0:
            return contact.human and contact.third and self._was_reached(contact.at_ms, check)
        return bool(limits) and contact.channel in check.channels and _restricted(contact, check, sheet, limits)

    def _is_paused(self, contact: Seen, check: Check, sheet: RuleSheet, sheets: RuleSheets) -> bool:
        scope = contact.scope(check.per)
        talk_ms = None if scope is None else self.talks[check.per].get(scope)
        if talk_ms is None:
            return False
        if check.local:
            return contact.at_ms < sheets.midnight_ms(sheet.zone, talk_ms, check.days)
        return contact.at_ms < talk_ms + check.days_ms

    def _was_reached(self, at_ms: int, check: Check) -> bool:
        """Whether the debtor was spoken to before, or was tried too seldom."""
        from_ms, talk_ms = at_ms - check.days_ms, self.talks[DEBTOR].get("")
        if talk_ms is not None and talk_ms >= from_ms:
            return True
        return len(self.tries) - bisect_left(self.tries, from_ms) < check.attempts

    def settle(self, debtor: str, sheets: RuleSheets, noted: Noted) -> list[ConductStanding]:
        """At a commit: the standings that have changed since the last one."""
        changed: list[ConductStanding] = []
        for key, stood in noted.stood.items():
            before, now = stood.before, self._standing(debtor, stood, sheets)
            if now is not None and now.state != "clear":
                self.standings[key] = now
                if now != before:
                    changed.append(now)
            elif before is not None:
                del self.standings[key]
                changed.append(gone(before) if now is None else now)
        return changed

    def _standing(self, debtor: str, stood: Stood, sheets: RuleSheets) -> ConductStanding | None:
        """Where the debtor stands now; None: the rule does not judge what was counted last."""
        check, sheet, latest = stood.check, stood.sheet, stood.latest
        if not stood.judged:
            return None
        at_ms, limit = latest.at_ms, check.limit
        counts = self.counts[check.tally][stood.scope]
        count = counts.count(start_ms(check, sheet, at_ms))
        state = state_of(count, limit)
        clears_ms: int | None = None
        if state != "clear":
            stays = limit if state == "breached" else limit - 1 if state == "reached" else limit - 2
            leaves_ms = counts.times[len(counts.times) - 1 - stays]
            local = check.local
            ends_ms = sheets.midnight_ms(sheet.zone, leaves_ms, check.days) if local else leaves_ms + check.days_ms
            clears_ms = max(at_ms, ends_ms)
        return ConductStanding(
            check.name, debtor, stood.scope if check.per == CASE else None,
            stood.scope if check.per == NUMBER else None, state, count, limit, at_ms, clears_ms, latest.credit(),
        )  # fmt: skip


def start_ms(check: Check, sheet: RuleSheet, at_ms: int) -> int:
    """From when on a frequency rule counts, for a contact at an instant of the sheet."""
    return sheet.starts[check.number] if check.local else at_ms - check.days_ms + 1


def is_outside(check: Check, sheet: RuleSheet, at_ms: int) -> bool:
    """Whether an instant of the sheet is outside the hours of a rule."""
    shown_ms = sheet.shown_ms + at_ms - sheet.begin_ms
    return shown_ms < check.from_ms or shown_ms >= check.until_ms


def by_itself(contact: Seen, sheet: RuleSheet) -> bool:
    """Whether an outbound contact breaks a rule that looks at nothing but it: its hour, its recording."""
    if sheet.recorded and contact.human and not contact.recorded:
        return True
    for check in sheet.hours:  # noqa: SIM110  a generator costs more
        if contact.channel in check.channels and is_outside(check, sheet, contact.at_ms):
            return True
    return False


def note_alone(debtor: str, contact: Seen, sheet: RuleSheet, assumed: bool, noted: Noted) -> None:
    """Notes what an outbound contact breaks by itself."""
    for check in sheet.checks:
        if check.kind == HOURS:
            broken = contact.channel in check.channels and is_outside(check, sheet, contact.at_ms)
        else:
            broken = check.kind == RECORDED and contact.human and not contact.recorded
        if broken:
            noted.breaches.append(_breach(debtor, contact, check, sheet, assumed, None, 0))


def _restricted(contact: Seen, check: Check, sheet: RuleSheet, limits: Sequence[Restriction]) -> bool:
    at_ms = contact.at_ms
    for each in limits:
        if each.case_id not in (None, contact.case) or each.number_id not in (None, contact.number):
            continue
        if not is_open(each, at_ms):
            continue
        if check.kind == RESTRICTED:
            if each.kind in check.kinds:
                return True
        elif each.kind == "quiet_hours" and (
            each.hours is None or holds(each.hours, sheet.shown_ms + at_ms - sheet.begin_ms)
        ):
            return True
    return False


def _breach(
    debtor: str, contact: Seen, check: Check, sheet: RuleSheet, assumed: bool, counts: Counts | None, count: int
) -> Breach:
    at_ms, per = contact.at_ms, check.per
    seconds = (sheet.shown_ms + at_ms - sheet.begin_ms) // 1_000
    minutes = seconds // 60
    return Breach(
        check.name, check.pack, debtor,
        contact.case if per == CASE else None, contact.number if per == NUMBER else None,
        contact.type, contact.id, at_ms,
        None if counts is None else count, None if counts is None else check.limit,
        None if counts is None else tuple(counts.ids[-min(count, MOST_COUNTED) :]),
        f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds % 60:02d}", sheet.zone, assumed, contact.credit(),
    )  # fmt: skip
