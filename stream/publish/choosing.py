"""Which columns of sites, teams, queues and segments /metrics shows: as many as fit in its limit, in a fixed order.

A column is a KPI in a window at a level: it is there for all entities or for none, so that what is compared is
complete. What is left out is told (`collections_series_left_out`), never cut off in the middle.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stream.kpis.catalogue import CATALOGUE
from stream.publish.exposition import Exposition
from stream.publish.parts import SIDES, GaugePart

VALUE_BYTES = 9
"""A sample's value with the blank before it and the line's end, rather too long than too short."""
HEAD_BYTES = 25
"""Of the lines HELP and TYPE beside name and meaning."""
SLACK = (19, 20)
"""A column that was left out comes back only where this share of the limit is enough, so that none comes and goes."""

Column = tuple[str, str, str]
"""(level, window, KPI)."""


@dataclass(frozen=True)
class ColumnSize:
    """How much there is to show of a window at a level: entities, the bytes of their labels, and currencies."""

    entities: int
    label_bytes: int


@dataclass(frozen=True)
class Chosen:
    """`metrics`: (level, window) -> the metrics that are shown; `columns`: the same as KPIs; `left_out`: (level,
    window) -> how many series are not."""

    metrics: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    columns: frozenset[Column] = frozenset()
    left_out: Mapping[tuple[str, str], int] = field(default_factory=dict)


def in_order(shown: Exposition, used: Mapping[str, frozenset[str]]) -> Iterator[Column]:
    """The columns of KPIs that are in use at a level, what matters most first: of the windows for now and for today the
    sites, the chief KPIs of teams, queues, the other KPIs of teams, segments; then the other windows."""
    chief = frozenset(shown.agent_kpis)

    def columns(level: str, windows: Sequence[str], *, first: bool | None = None) -> Iterator[Column]:
        for window in windows:
            if shown.shows(level, window):
                for kpi in shown.agent_kpis if first else CATALOGUE:
                    if kpi in used.get(level, ()) and (first is not False or kpi not in chief):
                        yield level, window, kpi

    short = shown.short
    others = sorted(shown.windows.get("site", frozenset()) - set(short))
    yield from columns("site", short)
    yield from columns("team", short, first=True)
    yield from columns("queue", short)
    yield from columns("team", short, first=False)
    yield from columns("segment", short)
    for level in ("site", "team", "queue", "segment"):
        yield from columns(level, others)


def choose(
    shown: Exposition,
    used: Mapping[str, frozenset[str]],
    sizes: Mapping[tuple[str, str], ColumnSize],
    currencies: Mapping[str, int],
    room_bytes: int,
    before: frozenset[Column] = frozenset(),
) -> Chosen:
    """What fits in `room_bytes`. `used`: level -> KPIs that some record has named; `currencies`: level -> how many
    there are; `before`: what was shown last."""
    metrics: dict[tuple[str, str], set[str]] = {}
    left: dict[tuple[str, str], set[str]] = {}
    named: set[str] = set()
    columns: set[Column] = set()
    taken = 0
    counts: dict[str, int] = {}
    for column in in_order(shown, used):
        level, window, kpi = column
        size = sizes.get((level, window))
        if size is None:
            continue
        there = metrics.setdefault((level, window), set())
        parts = [part for part in SIDES[kpi] if part is not None and part.metric not in there]
        many = currencies.get(level, 0)
        cost = sum(_bytes(part, size, many) + _head(part, named) for part in parts)
        for part in parts:
            counts[part.metric] = many if part.money else 1
        if taken + cost <= (room_bytes if column in before else room_bytes * SLACK[0] // SLACK[1]):
            taken += cost
            there.update(part.metric for part in parts)
            named.update(part.metric for part in parts)
            columns.add(column)
        else:
            left.setdefault((level, window), set()).update(part.metric for part in parts)
    left_out = {
        at: sizes[at].entities * sum(counts[metric] for metric in names - metrics.get(at, set()))
        for at, names in left.items()
    }
    return Chosen({at: frozenset(names) for at, names in metrics.items()}, frozenset(columns), left_out)


def _bytes(part: GaugePart, size: ColumnSize, currencies: int) -> int:
    one = size.label_bytes + size.entities * (len(part.metric) + 3 + VALUE_BYTES)
    return currencies * (one + size.entities * len(',currency="CNY"')) if part.money else one


def _head(part: GaugePart, named: set[str]) -> int:
    return 0 if part.metric in named else 2 * len(part.metric) + len(part.meaning) + HEAD_BYTES
