"""Debtors of whom a further call can say nothing new: most calls, at the cost of a look-up (ADR 0068)."""

from __future__ import annotations

from stream.conduct.history import History, from_ms_on
from stream.conduct.local_time import MINUTE_MS, time_of_day_ms, wall
from stream.conduct.rule import DAY_MS, Frequency, Hours, Recorded, Spacing, ThirdParty
from stream.conduct.rulebook import Rulebook
from stream.facts.fact import DEFAULT_SITE, Call

ENOUGH = 1_000_000
"""Calls, where no rule counts."""
MOST_MINUTES = 100_000


class Screen:
    """What any rule at any site may find against a call, read off a rulebook once. It is stricter than the rules: a
    call that passes breaks none of them, one that does not is judged."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        found = [rule.parameters for rule in rulebook.rules]
        hours = [of for of in found if isinstance(of, Hours) and "call" in of.channels]
        self.from_ms = max((of.from_minute for of in hours), default=0) * MINUTE_MS
        self.until_ms = min((of.until_minute for of in hours), default=24 * 60) * MINUTE_MS
        self.third = any(isinstance(of, ThirdParty) for of in found)
        self.recorded = any(isinstance(of, Recorded) for of in found)
        self.pause_ms = max(((of.days + 2) * DAY_MS for of in found if isinstance(of, Spacing)), default=0)
        self.counting = [of for of in found if isinstance(of, Frequency)]
        self._shown_ms: dict[tuple[str, int], int] = {}

    def time_of_day_ms(self, zone: str, at_ms: int) -> int:
        """The local time, as ms since 00:00 on the wall. Clocks change at whole minutes."""
        minute, within_ms = divmod(at_ms, MINUTE_MS)
        shown_ms = self._shown_ms.get((zone, minute))
        if shown_ms is None:
            if len(self._shown_ms) >= MOST_MINUTES:
                self._shown_ms.clear()
            shown_ms = self._shown_ms[zone, minute] = time_of_day_ms(wall(zone, at_ms - within_ms))
        return shown_ms + within_ms


class Calm:
    """A debtor without restrictions, whose standings are all clear, in one zone (None: that of the site).

    `last_ms`: the latest contact or conversation. `room`: so many further calls leave every standing clear, whatever
    they are; `talks`: so many further conversations. `paused_until_ms`: a connected call before it may be too early.
    """

    __slots__ = ("last_ms", "paused_until_ms", "room", "talks", "zone", "zone_ms")

    def __init__(
        self, last_ms: int, room: int, talks: int, paused_until_ms: int, zone: str | None, zone_ms: int
    ) -> None:
        self.last_ms = last_ms
        self.room = room
        self.talks = talks
        self.paused_until_ms = paused_until_ms
        self.zone = zone
        self.zone_ms = zone_ms

    def passes(self, call: Call, screen: Screen) -> bool:
        """Whether a new call breaks no rule and leaves all that is published as it is; it is taken in then."""
        at_ms = call.occurred_at
        if at_ms <= self.last_ms or at_ms < self.zone_ms:
            return False
        outcome = call.outcome
        human = outcome == "human"
        talk = human and call.party != "third"
        if call.direction == "outbound":
            if (
                self.room <= 0
                or (at_ms < self.paused_until_ms and outcome not in ("busy", "invalid_number", "failed"))
                or (human and screen.recorded and call.recorded is not True)
                or (human and not talk and screen.third)
                or (talk and self.talks <= 0)
            ):
                return False
            zone = self.zone or screen.rulebook.zone_of(call.site_id or DEFAULT_SITE)
            if not screen.from_ms <= screen.time_of_day_ms(zone, at_ms) < screen.until_ms:
                return False
            self.room -= 1
            if talk:
                self.talks -= 1
        if talk and screen.pause_ms:
            self.paused_until_ms = at_ms + screen.pause_ms
        self.last_ms = at_ms
        return True


def calm_of(history: History, screen: Screen) -> Calm | None:
    """What is calm about a debtor; None: too little for any call to pass."""
    if len(history.restrictions) > len(history.consents):
        return None
    zones = history.zones()
    if len(zones) > 1:
        return None
    room = talks = ENOUGH
    for of in screen.counting:
        most = _most_counted(history, of)
        if of.counts == "conversations":
            talks = min(talks, of.limit - 2 - most)
        else:
            room = min(room, of.limit - 2 - most)
    if room <= 0:
        return None
    last_ms = max((row[-1].at_ms for row in (history.contacts, history.talks) if row), default=0)
    paused_ms = history.talks[-1].at_ms + screen.pause_ms if history.talks else 0
    zone, zone_ms = next(iter(zones.items()), (None, 0))
    return Calm(last_ms, room, talks, paused_ms, zone, zone_ms)


def _most_counted(history: History, of: Frequency) -> int:
    """How many contacts of any scope the window of a further one may still hold, at the most."""
    most = 0
    for counted in history.counted(of).values():
        if len(counted) > most:
            start_ms = counted[-1].at_ms - (of.days + 2 * of.local) * DAY_MS
            most = max(most, len(counted) - from_ms_on(counted, start_ms))
    return most
