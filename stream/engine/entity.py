"""An entity's sums in stage 2."""

from typing import Any

from stream.alerts.feed import Feed
from stream.windows.calendar import SiteCalendar
from stream.windows.sums import Sums
from stream.windows.totals import Total


class Entity:
    """One (site, level, id). `fresh`: rows that are not yet folded in, as they came."""

    __slots__ = (
        "calendar", "feed", "fresh", "future", "grains_per_slot", "panes", "released", "text", "totals", "views",
    )  # fmt: skip

    def __init__(self, text: str, calendar: SiteCalendar, grain_ms: int, feed: Feed | None) -> None:
        self.text = text
        self.calendar = calendar
        self.grains_per_slot = calendar.slot_ms // grain_ms
        self.feed = feed
        self.fresh: list[list[Any]] = []
        self.released: list[tuple[int, Sums]] = []
        """Sums by grain whose time has come, not yet folded in."""
        self.totals: dict[tuple[str, int], Total] = {}
        """(window, start) -> tumbling window."""
        self.panes: dict[int, Sums] = {}
        """End of a pane -> its sums, as far back as the longest rolling window."""
        self.views: list[Total] = []
        """Rolling windows, in the order of the published lengths; empty until the first pane."""
        self.future: dict[int, Sums] = {}
        """Grain -> sums of instants that `as_of` has not reached."""

    @property
    def empty(self) -> bool:
        """Whether nothing but what was published of its rolling windows is left."""
        return not (self.totals or self.panes or self.future or self.fresh or self.released)
