"""How KPIs went in the last two hours, and a day before at the same time: from the records of the shortest interval.

Only numbers that were published are shown, and a restart of the board loses none: each interval has a record of its own
in the topic. A count or an amount has the intervals that are over; a ratio or a mean has the running one, too.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from stream.facts.instant import instant_text
from stream.kpis.catalogue import CATALOGUE
from stream.publish.choices import Choice
from stream.publish.reading import Key, PublishedKpi, PublishedKpis, read_kpi
from stream.windows.calendar import DAY, EPOCH, MILLISECOND, SiteCalendar, Window
from stream.windows.plan import WindowPlan

Json = dict[str, Any]

SPAN_MS = 7_200_000
KEPT_MS = 50 * 3_600_000
"""Yesterday's intervals since midnight, on the longest day, and today's."""
LEVELS = ("site", "team")
Intervals = dict[str, tuple[int, bytes | PublishedKpis]]
"""Start of an interval as text -> (revision, the record: as bytes until somebody looks)."""


class Trends:
    """Keeps the records of the shortest interval of `plan` for sites and teams; shows them. Without an interval in the
    plan it keeps and shows nothing."""

    def __init__(self, plan: WindowPlan) -> None:
        self._plan = plan
        self.window, self.step_ms = min(plan.intervals, key=lambda interval: interval[1], default=("", 0))
        self._most = KEPT_MS // self.step_ms if self.step_ms else 0
        self._held: dict[tuple[str, str, str], Intervals] = {}
        self._calendars: dict[str, SiteCalendar] = {}

    def put(self, key: Key, revision: int, value: bytes) -> None:
        """Takes a record of the KPI topic; of a window that is not shown it keeps nothing."""
        if key.window != self.window or key.level not in LEVELS:
            return
        starts = self._held.setdefault(key.place[:3], {})
        if key.start in starts and starts[key.start][0] > revision:
            return
        starts[key.start] = (revision, value)
        if len(starts) > self._most:
            del starts[min(starts)]

    def shown(
        self, site: str, choice: Choice, columns: Sequence[Json], by: Json, teams: Sequence[str], as_of_ms: int | None
    ) -> Json | None:
        """`{"step_ms", "floor": [trend of each column], "by": id, "teams": {team: trend of the column `by`}}`; None
        without an interval or an as of. A trend: `{"now": [values], "before": [values]}`, the latest last, None where
        nothing was published; of the floor also `then`: the value a day before (of the day: up to this time), None
        where it could not be compared."""
        if not self.step_ms or as_of_ms is None:
            return None
        now, before = self._spans(site, as_of_ms)
        floor = self._held.get((site, "site", site), {})

        def trend(of: Intervals, column: Json) -> Json:
            upto = len(now) if CATALOGUE[column["kpi"]].denominator else len(now) - 1
            return {
                "now": [_value(_record(of, window), column) for window in now[:upto]],
                "before": [_value(_record(of, window), column) for window in before[:upto]],
            }

        return {
            "step_ms": self.step_ms,
            "by": by["id"],
            "floor": [
                trend(floor, column) | {"then": self._then(site, choice, floor, column, as_of_ms)} for column in columns
            ],
            "teams": {team: trend(self._held.get((site, "team", team), {}), by) for team in teams},
        }

    def _calendar(self, site: str) -> SiteCalendar:
        if site not in self._calendars:
            self._calendars[site] = SiteCalendar(self._plan, self._plan.clock(site))
        return self._calendars[site]

    def _spans(self, site: str, as_of_ms: int) -> tuple[list[Window], list[Window]]:
        """The intervals of the last two hours, the running one last, and those of the day before."""
        calendar, now, at_ms = self._calendar(site), list[Window](), as_of_ms
        while at_ms > as_of_ms - SPAN_MS:
            window = calendar.holding(self.window, at_ms)
            assert window is not None
            now.append(window)
            at_ms = window[1] - 1
        now.reverse()
        yesterday = [calendar.holding(self.window, _day_before(calendar, window[1])) for window in now]
        return now, [window for window in yesterday if window is not None]

    def _then(self, site: str, choice: Choice, of: Intervals, column: Json, as_of_ms: int) -> float | None:
        calendar = self._calendar(site)
        at_ms = _day_before(calendar, as_of_ms)
        if choice.window == "day" and not choice.last:
            day = calendar.holding("day", at_ms)
            return None if day is None else _sum(self._between(calendar, of, day[1], at_ms), column)
        window = calendar.holding(self.window, at_ms)
        if choice.window == self.window and choice.last and window is not None:
            window = calendar.holding(self.window, window[1] - 1)
        elif CATALOGUE[column["kpi"]].denominator is None or choice.window == "month":
            return None
        return None if window is None else _value(_record(of, window), column)

    def _between(self, calendar: SiteCalendar, of: Intervals, from_ms: int, to_ms: int) -> list[PublishedKpis]:
        """The records of the intervals that lie in [from, to)."""
        found, window = [], calendar.holding(self.window, from_ms)
        while window is not None and window[2] <= to_ms:
            if (record := _record(of, window)) is not None:
                found.append(record)
            window = calendar.holding(self.window, window[2])
        return found


def _day_before(calendar: SiteCalendar, instant_ms: int) -> int:
    """When the clock on the wall showed the same time a day before."""
    local = (EPOCH + timedelta(milliseconds=instant_ms)).astimezone(calendar.zone)
    return (local - DAY - EPOCH) // MILLISECOND


def _record(of: Intervals, window: Window) -> PublishedKpis | None:
    start = instant_text(window[1])
    held = of.get(start)
    if held is None:
        return None
    revision, record = held
    if isinstance(record, bytes):
        try:
            record = read_kpi(record)
        except msgspec.MsgspecError:
            return None
        of[start] = (revision, record)
    return record


def _of(record: PublishedKpis, column: Mapping[str, Any]) -> PublishedKpi | None:
    return next((v for v in record.kpis if (v.kpi, v.currency) == (column["kpi"], column["currency"])), None)


def _value(record: PublishedKpis | None, column: Json) -> float | None:
    """The value in an interval; a count that a record does not name is 0."""
    if record is None:
        return None
    held = _of(record, column)
    if held is None:
        return 0 if CATALOGUE[column["kpi"]].denominator is None else None
    return held.value


def _sum(records: Sequence[PublishedKpis], column: Json) -> float | None:
    """The value over several intervals; None without a record, or with nothing to divide by."""
    kpi = CATALOGUE[column["kpi"]]
    values = [value for value in (_of(record, column) for record in records) if value is not None]
    numerator = sum(value.numerator for value in values)
    if kpi.denominator is None:
        return numerator if records else None
    denominator = sum(value.denominator or 0 for value in values)
    return numerator * kpi.factor / denominator if denominator else None
