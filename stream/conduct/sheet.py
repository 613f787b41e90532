"""What holds at a site in one quarter of an hour: which rules judge, the time on the wall, where local days begin.

Most contacts of a floor ask for a sheet that another has asked for before.
"""

from __future__ import annotations

from stream.conduct.judging import is_judged
from stream.conduct.local_time import MINUTE_MS, local_day, midnight_ms, time_of_day_ms, wall
from stream.conduct.rule import (
    DAY_MS,
    ComplaintDeadline,
    ConductRule,
    Frequency,
    Hours,
    Quiet,
    Recorded,
    Restricted,
    Spacing,
    ThirdParty,
)
from stream.conduct.rulebook import Rulebook

QUARTER_MS = 900_000
"""No clock changes and no local day begins within a quarter of an hour, in any zone since `FIRST_MS`."""
FIRST_MS = 315_792_000_000
"""From here on (4 January 1980) offsets from UTC are whole quarters of an hour."""
MOST_SHEETS = 50_000
MOST_NEAR = 64
"""So many instants of a debtor tell that no rule can be near: more are not looked at."""

FREQUENCY, SPACING, HOURS, QUIET, RESTRICTED, THIRD_PARTY, RECORDED = range(7)
ATTEMPTS, CONNECTED, UNANSWERED, CONVERSATIONS, CONTACTS = range(5)
DEBTOR, CASE, NUMBER = range(3)

_COUNTS = {
    "attempts": ATTEMPTS, "connected_attempts": CONNECTED, "unanswered_attempts": UNANSWERED,
    "conversations": CONVERSATIONS, "contacts": CONTACTS,
}  # fmt: skip
_PER = {"debtor": DEBTOR, "case": CASE, "number": NUMBER}
_NOTHING: frozenset[str] = frozenset()


class Tally:
    """What some frequency rules count alike, in one sort of scope; `window_ms`: in the longest of their windows."""

    def __init__(self, of: Frequency) -> None:
        self.counts: int = _COUNTS[of.counts]
        self.per: int = _PER[of.per]
        self.channels: frozenset[str] = of.channels
        self.effective_ms: int = of.effective_ms
        self.window_ms: int = 0
        self.checks: list[Check] = []


class Check:
    """A rule that judges contacts, with the parameters of all kinds in one place; those of other kinds are empty.

    `number`: its place among the rules of the rulebook. `name`, `pack`: as of the rule.
    """

    def __init__(self, rule: ConductRule, number: int) -> None:
        self.rule: ConductRule = rule
        self.name: str = rule.name
        self.pack: str | None = rule.pack
        self.number: int = number
        self.kind: int = -1
        self.per: int = DEBTOR
        self.tally: int = -1
        self.counting: Tally | None = None
        self.conversations: bool = False
        self.limit: int = 0
        self.days: int = 0
        self.days_ms: int = 0
        self.local: bool = False
        self.from_ms: int = 0
        self.until_ms: int = 0
        self.attempts: int = -1
        self.channels: frozenset[str] = _NOTHING
        self.kinds: frozenset[str] = _NOTHING
        self._read(rule.parameters)
        self.days_ms = self.days * DAY_MS

    def _read(self, of: object) -> None:
        if isinstance(of, Frequency):
            self.kind, self.per, self.limit, self.days, self.local = (
                FREQUENCY,
                _PER[of.per],
                of.limit,
                of.days,
                of.local,
            )
            self.conversations = of.counts == "conversations"
        elif isinstance(of, Spacing):
            self.kind, self.per, self.days, self.local = SPACING, _PER[of.per], of.days, of.local
        elif isinstance(of, Hours):
            self.kind, self.channels = HOURS, of.channels
            self.from_ms, self.until_ms = of.from_minute * MINUTE_MS, of.until_minute * MINUTE_MS
        elif isinstance(of, Quiet):
            self.kind, self.channels = QUIET, of.channels
        elif isinstance(of, Restricted):
            self.kind, self.channels, self.kinds = RESTRICTED, of.channels, of.kinds
        elif isinstance(of, ThirdParty):
            self.kind, self.days, self.attempts = THIRD_PARTY, of.days, of.attempts
        elif isinstance(of, Recorded):
            self.kind = RECORDED


class RuleSheet:
    """The rules (`checks`, in the order of the rulebook) that judge contacts of a site in a zone in a quarter of an
    hour; `judging`: their numbers. `starts`: by number, where the local window of a contact begins, if a rule has one.

    `said_zone`: the zone that was asked for (None: that of the site). `begin_ms`: when the quarter begins; `shown_ms`:
    what the wall shows then, in ms since 00:00.

    What is to be looked at before a contact is known to be calm: `frequencies`; `hours`, those alone that a part of the
    quarter lies outside of; `pause_ms`, after a conversation (0: no rule asks for one); whether rules ask for
    recordings, for third parties (`asks_third`), for restrictions (`restricts`).
    """

    def __init__(self, zone: str, begin_ms: int, shown_ms: int, checks: int) -> None:
        self.zone: str = zone
        self.said_zone: str | None = None
        self.begin_ms: int = begin_ms
        self.shown_ms: int = shown_ms
        self.checks: list[Check] = []
        self.starts: list[int] = [0] * checks
        self.judging: frozenset[int] = frozenset()
        self.frequencies: list[Check] = []
        self.hours: list[Check] = []
        self.pause_ms: int = 0
        self.recorded: bool = False
        self.asks_third: bool = False
        self.restricts: bool = False

    def add(self, check: Check) -> None:
        """One more rule judges contacts."""
        self.checks.append(check)
        kind = check.kind
        if kind == FREQUENCY:
            self.frequencies.append(check)
        elif kind == HOURS:
            if self.shown_ms < check.from_ms or self.shown_ms + QUARTER_MS > check.until_ms:
                self.hours.append(check)
        elif kind == SPACING:
            self.pause_ms = max(self.pause_ms, check.days_ms + (DAY_MS if check.local else 0))
        elif kind == RECORDED:
            self.recorded = True
        elif kind == THIRD_PARTY:
            self.asks_third = True
        else:
            self.restricts = True


class RuleSheets:
    """All sheets of a rulebook, made when they are asked for."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook: Rulebook = rulebook
        self.tallies: list[Tally] = []
        self.checks: list[Check] = []
        self.third_ms: int = 0
        self._numbers: dict[ConductRule, int] = {}
        self._sheets: dict[tuple[str, str, int], RuleSheet] = {}
        self._slot: int = -1
        self._last: dict[str, RuleSheet] = {}
        """By site, the sheet that was asked for last in the latest quarter asked for."""
        self._midnights: dict[tuple[str, int, int], int] = {}
        tallies: dict[object, int] = {}
        for number, rule in enumerate(rulebook.rules):
            check = Check(rule, number)
            self._numbers[rule] = number
            self.checks.append(check)
            of = rule.parameters
            if isinstance(of, Frequency):
                key = (of.counts, of.per, of.channels, of.effective_ms)
                if key not in tallies:
                    tallies[key] = len(self.tallies)
                    self.tallies.append(Tally(of))
                check.tally = tallies[key]
                tally = check.counting = self.tallies[check.tally]
                tally.checks.append(check)
                tally.window_ms = max(tally.window_ms, (of.days + 2 * of.local) * DAY_MS)
            elif isinstance(of, ThirdParty):
                self.third_ms = max(self.third_ms, check.days_ms)

        self.nearest = min(self._most_near(conversations=False), MOST_NEAR)
        self.talked = min(self._most_near(conversations=True), MOST_NEAR)
        """How many instants tell that no rule can be near: of contacts, and of conversations."""

    def can_follow(self) -> bool:
        """Whether of each name there is one tally: versions of a rule that count other things are judged whole."""
        tally_of: dict[str, int] = {}
        return all(tally_of.setdefault(check.name, check.tally) == check.tally for check in self.checks)

    def _most_near(self, *, conversations: bool) -> int:
        """So many contacts, or conversations, at the least must be in a window for one more not to be clear; the most
        that any rule asks for."""
        found = [
            check.limit - 2 for check in self.checks if check.kind == FREQUENCY and check.conversations == conversations
        ]
        return max(found, default=0)

    def at(self, site: str, zone: str | None, at_ms: int) -> RuleSheet:
        """The sheet for a contact at an instant from `FIRST_MS` on. `zone` None: that of the site."""
        slot = at_ms // QUARTER_MS
        if slot == self._slot:  # mostly: what comes is of now
            last = self._last.get(site)
            if last is not None and last.said_zone == zone:
                return last
        key = (site, zone or "", slot)
        found = self._sheets.get(key)
        if found is None:
            if len(self._sheets) >= MOST_SHEETS:
                self._sheets.clear()
            found = self._sheets[key] = self._made(site, zone or self.rulebook.zone_of(site), slot * QUARTER_MS)
            found.said_zone = zone
        if slot != self._slot:
            self._slot = slot
            self._last.clear()
        self._last[site] = found
        return found

    def _made(self, site: str, zone: str, begin_ms: int) -> RuleSheet:
        sheet = RuleSheet(zone, begin_ms, time_of_day_ms(wall(zone, begin_ms)), len(self.checks))
        numbers: list[int] = []
        for rule in self.rulebook.at(site):
            if isinstance(rule.parameters, ComplaintDeadline) or not is_judged(rule, zone, begin_ms):
                continue
            check = self.checks[self._numbers[rule]]
            numbers.append(check.number)
            sheet.add(check)
            if check.kind == FREQUENCY and check.local:
                sheet.starts[check.number] = midnight_ms(zone, local_day(zone, begin_ms), 1 - check.days)
        sheet.judging = frozenset(numbers)
        return sheet

    def midnight_ms(self, zone: str, at_ms: int, days: int) -> int:
        """When the local day begins that lies so many days after that of an instant from `FIRST_MS` on."""
        key = (zone, at_ms // QUARTER_MS, days)
        found = self._midnights.get(key)
        if found is None:
            if len(self._midnights) >= MOST_SHEETS:
                self._midnights.clear()
            found = self._midnights[key] = midnight_ms(zone, local_day(zone, at_ms), days)
        return found
