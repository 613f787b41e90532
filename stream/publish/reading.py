"""KPI and alert records as a reader of the output topics sees them (contract 2), and the parts of a record's key."""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from stream.facts.instant import instant_ms

instant = lru_cache(maxsize=65_536)(instant_ms)

Place = tuple[str, str, str, str]
"""(site, level, entity, window name): of each there is one current window."""


class Key(NamedTuple):
    """`site|level|entity|window|start` of a KPI record. `start`: empty for a rolling window, else it sorts by time."""

    site: str
    level: str
    entity: str
    window: str
    start: str

    @property
    def place(self) -> Place:
        """The key without the window's start."""
        return self[:4]


def read_key(key: bytes) -> Key:
    """The parts of a key. Raises ValueError if there are not five."""
    site, level, entity, window, start = key.decode().split("|")
    return Key(site, level, entity, window, start)


class PublishedKpi(msgspec.Struct, frozen=True):
    """One KPI of a record. `denominator`: None for a count or an amount. `value`: None unless `status` is ok. `target`:
    None where none applies; `attainment` and `pace`: None where they are undefined, too (scores 1)."""

    kpi: str
    numerator: int
    denominator: int | None
    value: float | None
    status: str
    currency: str | None = None
    target: float | None = None
    attainment: float | None = None
    pace: float | None = None


class PublishedKpis(msgspec.Struct, frozen=True):
    """One record of `collections.kpi.v1`: an entity's KPIs in one window as of one instant. [start, end)."""

    site: str
    level: str
    entity: str
    window: str
    start: str
    end: str
    as_of: str
    final: bool
    revision: int
    run: str
    kpis: list[PublishedKpi]

    @property
    def start_ms(self) -> int:
        return instant(self.start)

    @property
    def end_ms(self) -> int:
        return instant(self.end)

    @property
    def as_of_ms(self) -> int:
        return instant(self.as_of)

    def is_over(self, as_of_ms: int, rolling: bool) -> bool:
        """Whether this record is out of date when the site counts up to `as_of_ms`.

        A tumbling window is over after its end. A rolling one that has not been published anew within its own length
        holds no contribution any more, even if its owner died before it could publish that.
        """
        limit_ms = 2 * self.end_ms - self.start_ms if rolling else self.end_ms + 1
        return as_of_ms >= limit_ms


class PublishedAlert(msgspec.Struct, frozen=True):
    """One record of `collections.alerts.v1`. `state`: pending, firing or resolved; times as in the record. The last
    four fields are not in records of former versions."""

    alert_id: str
    rule: str
    severity: str
    state: str
    kpi: str
    level: str
    entity: str
    site: str
    window: str
    value: float | None
    numerator: int
    denominator: int | None
    threshold: float
    active_since: str
    at: str
    fired_at: str | None = None
    resolved_at: str | None = None
    reason: str = ""
    run: str = "live"
    muted: bool = False
    team: str | None = None
    denominator_min: int | None = None
    labels: dict[str, str] = {}


_KPI = msgspec.json.Decoder(PublishedKpis)
_ALERT = msgspec.json.Decoder(PublishedAlert)


def read_kpi(value: bytes) -> PublishedKpis:
    """The record in `value`. Raises msgspec.MsgspecError if it is none."""
    return _KPI.decode(value)


def read_alert(value: bytes) -> PublishedAlert:
    """The record in `value`. Raises msgspec.MsgspecError if it is none."""
    return _ALERT.decode(value)
