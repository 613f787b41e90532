"""KPI and alert records as a reader sees them (contract 2): typed, times in ms; and what a key says by itself."""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from stream.facts.instant import instant_ms

instant = lru_cache(maxsize=65_536)(instant_ms)

Place = tuple[str, str, str, str]
"""site, level, entity, window: what has one current window."""


class Key(NamedTuple):
    """`site|level|entity|window|start` of a KPI record. `start`: empty for a rolling window, else it sorts by time."""

    site: str
    level: str
    entity: str
    window: str
    start: str

    @property
    def place(self) -> Place:
        """The key without its start: what has one current window."""
        return self[:4]


def read_key(key: bytes) -> Key:
    """The key's five parts. Raises ValueError if it has not five."""
    site, level, entity, window, start = key.decode().split("|")
    return Key(site, level, entity, window, start)


class PublishedKpi(msgspec.Struct, frozen=True):
    """One KPI of a record, in integers; `denominator` None for a count or amount, `value` None unless status is ok."""

    kpi: str
    numerator: int
    denominator: int | None
    value: float | None
    status: str
    currency: str | None = None


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
        """Whether nothing of this window can still be current when the site counts up to `as_of_ms`.

        A tumbling window is over past its end. A rolling record that has not been replaced within its own length has
        lost every contribution, whether or not its owner lived to say so.
        """
        limit_ms = 2 * self.end_ms - self.start_ms if rolling else self.end_ms + 1
        return as_of_ms >= limit_ms


class PublishedAlert(msgspec.Struct, frozen=True):
    """One record of `collections.alerts.v1`. `state`: pending, firing or resolved; times as in the record."""

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


_KPI = msgspec.json.Decoder(PublishedKpis)
_ALERT = msgspec.json.Decoder(PublishedAlert)


def read_kpi(value: bytes) -> PublishedKpis:
    """The record in `value`. Raises msgspec.MsgspecError if it is none."""
    return _KPI.decode(value)


def read_alert(value: bytes) -> PublishedAlert:
    """The record in `value`. Raises msgspec.MsgspecError if it is none."""
    return _ALERT.decode(value)
