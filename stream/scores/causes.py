"""Facts that changed numbers of windows which had ended: what lines of the ledger name as reasons (ADR 0074)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

MOST_KNOWN = 10_000
"""Causes that are known at most; the oldest are forgotten first."""
MOST_NAMED = 8
"""Causes that one line names."""
MOST_TOUCHES = 200
"""Numbers that one cause names; a fact that changes the credit of a thousand payments changes a thousand."""
LEVELS = ("agent", "team", "queue", "segment")


class Touch(NamedTuple):
    """A number that a fact changed: of whom, in which column, at which instant, and by how much. `about`: the fact
    whose contribution it is, in words; empty: the cause itself."""

    site: str
    team: str
    agent: str
    queue: str | None
    segment: str | None
    column: str
    instant_ms: int
    amount: int
    about: str

    def is_of(self, level: str, entity: str) -> bool:
        """Whether the entity's numbers hold it."""
        return level == "site" or getattr(self, level) == entity


class Cause(NamedTuple):
    """A fact in words, such as `payment_reversal r-2`, and the numbers that it changed."""

    what: str
    touched: tuple[Touch, ...]


class CauseQuery(NamedTuple):
    """Which causes a line asks for: what changed a number of one of these entities at an instant in [start, end), in a
    column of these measures; money only in the currencies."""

    site: str
    level: str
    entities: tuple[str, ...]
    start_ms: int
    end_ms: int
    measures: frozenset[str]
    currencies: frozenset[str]

    def holds(self, touch: Touch) -> bool:
        """Whether the touch is one."""
        measure, _, currency = touch.column.partition(":")
        return (
            touch.site == self.site
            and self.start_ms <= touch.instant_ms < self.end_ms
            and measure in self.measures
            and (not currency or currency in self.currencies)
            and any(touch.is_of(self.level, entity) for entity in self.entities)
        )


class Causes:
    """The causes of late, found by whom they concern. Each is named for a score once."""

    def __init__(self) -> None:
        self._known: dict[str, Cause] = {}
        self._since_ms: dict[str, int] = {}
        self._told: dict[str, set[str]] = {}
        self._of: dict[tuple[str, str, str], dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def put(self, name: str, cause: Cause | None, now_ms: int) -> None:
        """Takes a cause; None: it is forgotten. `now_ms`: of any clock, tells how long it has been known."""
        if cause is None:
            self._drop(name)
        elif name not in self._known:
            self._known[name], self._since_ms[name] = cause, now_ms
            for each in _entities(cause):
                self._of.setdefault(each, {})[name] = None

    def named(self, key: str, wanted: CauseQuery) -> list[str]:
        """The causes, in words, that were not named for the score of this key before; from now on they were."""
        names = {
            name for entity in wanted.entities for name in self._of.get((wanted.site, wanted.level, entity), ())
        }  # fmt: skip
        found = []
        for name in sorted(names):
            told = self._told.setdefault(name, set())
            changes = list(_changes(touch for touch in self._known[name].touched if wanted.holds(touch)))
            if changes and key not in told:
                told.add(key)
                found.append(f"{self._known[name].what} ({'; '.join(changes)})")
        more = [f"and {len(found) - MOST_NAMED} more facts"] if len(found) > MOST_NAMED else []
        return found[:MOST_NAMED] + more

    def forgotten(self, before_ms: int, most: int) -> list[str]:
        """Forgets what has been known since before this instant, and what is too many; at most so many."""
        gone: list[str] = []
        for name, since_ms in self._since_ms.items():
            if len(gone) >= most or (since_ms >= before_ms and len(self._known) - len(gone) <= MOST_KNOWN):
                break
            gone.append(name)
        for name in gone:
            self._drop(name)
        return gone

    def _drop(self, name: str) -> None:
        cause = self._known.pop(name, None)
        if cause is None:
            return
        del self._since_ms[name]
        self._told.pop(name, None)
        for each in _entities(cause):
            names = self._of[each]
            del names[name]
            if not names:
                del self._of[each]


def _entities(cause: Cause) -> Collection[tuple[str, str, str]]:
    found = {(touch.site, "site", touch.site) for touch in cause.touched}
    for touch in cause.touched:
        found |= {(touch.site, level, entity) for level in LEVELS if (entity := getattr(touch, level)) is not None}
    return found


def _changes(touched: Iterable[Touch]) -> Iterator[str]:
    """`payment y-12: recovered_minor:CNY -100`, for each fact whose contribution changed."""
    sums: dict[tuple[str, str], int] = {}
    for touch in touched:
        at = touch.about, touch.column
        sums[at] = sums.get(at, 0) + touch.amount
    changed = sorted((about, column, amount) for (about, column), amount in sums.items() if amount)
    for about in dict.fromkeys(about for about, _, _ in changed):
        amounts = ", ".join(f"{column} {amount:+d}" for of, column, amount in changed if of == about)
        yield f"{about}: {amounts}" if about else amounts
