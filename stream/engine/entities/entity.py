"""An entity's sums in the entity stage."""

from stream.alerts.rule_input import RuleInput
from stream.engine.deltas.delta import Delta
from stream.windows.calendar import SiteCalendar
from stream.windows.packed import Packed
from stream.windows.totals import Total
from stream.windows.trail import Trail


class Entity:
    """One (site, level, id). `fresh`: deltas that are not yet folded in."""

    __slots__ = (
        "ahead", "calendar", "chunks", "feed", "fresh", "future", "grains_per_slot", "released", "released_edges",
        "text", "totals", "trails", "unsaved", "views", "wake_ms",
    )  # fmt: skip

    def __init__(self, text: str, calendar: SiteCalendar, grain_ms: int, feed: RuleInput | None) -> None:
        self.text = text
        self.calendar = calendar
        self.grains_per_slot = calendar.slot_ms // grain_ms
        self.feed = feed
        self.fresh: list[Delta] = []
        self.released: list[tuple[int, Packed]] = []
        """Amounts by grain whose time has come, not yet folded in."""
        self.released_edges: list[tuple[int, Packed]] = []
        """Edges of runs, likewise."""
        self.totals: dict[tuple[str, int], Total] = {}
        """(window, start) -> tumbling window."""
        self.trails: dict[str, Trail] = {}
        """Currency -> what happened, as far back as the longest rolling window."""
        self.chunks: set[int] = set()
        """Chunks of the trails in which anything stands."""
        self.unsaved: set[int] = set()
        """Chunks that differ from their state records."""
        self.views: list[Total] = []
        """Rolling windows, in the order of the published lengths; empty until the first row of the recent past."""
        self.wake_ms = 0
        """`as_of` at which a rolling window changes by the passing of time alone; 0: unknown, or never."""
        self.future: dict[int, Packed] = {}
        """Grain -> amounts of instants that `as_of` has not reached."""
        self.ahead: dict[int, Packed] = {}
        """Grain -> by how much more each grain from there on holds: what `as_of` has not reached of runs."""

    @property
    def empty(self) -> bool:
        """Whether nothing but what was published of its rolling windows is left."""
        waiting = self.future or self.ahead or self.fresh or self.released or self.released_edges
        return not (self.totals or self.chunks or waiting)
