"""How many debtors are near or at the limit of each conduct rule, by team: counts for the page, and for those who may
know it, who (conduct 4).

No clock and no I/O. A debtor who has several cases or numbers counts once for a team and rule, in the worst state. Of
each standing stay hashes, the revision, the state and until when it lasts, in one integer: some 200 bytes: a million
debtors take 184 MB. Ids are kept apart, and only where they are wanted; without them no id stays, and none can be had
back from the hashes, which another process makes otherwise.
"""

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Annotated, Any, Literal

import msgspec

from stream.publish.reading import instant

DAY_MS = 86_400_000
MOST_ENDED = 1_000
"""A worker shares its loop with the page: of many that are over at once, so many end at a time, in some 15 ms."""
STATES = ("clear", "near", "reached", "breached")
_REVISION, _GROUP, _SCOPE = 64, 24, 32
_UNTIL_BITS, _STATE_BITS, _DEBTOR = 48, 2, (1 << 64) - 1
_GROUP_AT = _UNTIL_BITS + _STATE_BITS
_REVISION_AT = _GROUP_AT + _GROUP
_SCOPE_AT = _REVISION_AT + _REVISION
"""A standing as an integer, from the lowest bit: until when it lasts (ms), state, group, revision, hash of its
scope."""


class _Standing(msgspec.Struct, gc=False):
    rule: str
    debtor: str
    case: str | None
    number: str | None
    state: Literal["clear", "near", "reached", "breached"]
    at: str
    clears_at: str | None
    team: str
    site: str
    revision: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]

    @property
    def until_ms(self) -> int:
        """When it is over. A clear one stays for a day, so that an older record of its key is known to be older."""
        if self.state != "clear" and self.clears_at is None:
            raise ValueError(f"a standing that is {self.state} says when it clears")
        return max(0, instant(self.at) + DAY_MS if self.clears_at is None else instant(self.clears_at))


_STANDING = msgspec.json.Decoder(_Standing)


class StandingCounts:
    """Takes the records of standings and the instants up to which sites count; gives the counts of a site.

    Of each key the highest revision counts, of equal ones the later. A standing is counted until the site's as_of
    reaches its `clears_at`, as no record says so then: its lower state is known only with the debtor's next record.
    `ids`: whether it can be asked who they are.
    """

    def __init__(self, *, ids: bool = False) -> None:
        self._ids: dict[int, str] | None = {} if ids else None
        self._held: dict[int, int | tuple[int, ...]] = {}
        self._groups: list[tuple[str, str, str]] = []
        self._group_of: dict[tuple[str, str, str], int] = {}
        self._counts: dict[int, list[int]] = {}
        self._ends: dict[str, list[int]] = {}
        self._as_of_ms: dict[str, int] = {}

    def __len__(self) -> int:
        """Of how many (debtor, rule) something is held."""
        return len(self._held)

    def put(self, value: bytes | None) -> None:
        """Takes the value of one standing. Raises ValueError or msgspec.MsgspecError if it is none."""
        read = _STANDING.decode(value or b"")
        until_ms = read.until_ms
        debtor, scope = _hashes(read.debtor, read.rule, read.case or read.number or "")
        former = self._of(debtor)
        same = next((each for each in former if each >> _SCOPE_AT == scope), None)
        if same is not None and _revision(same) > read.revision:
            return
        entry = (scope << _REVISION | read.revision) << _GROUP | self._group(read.site, read.team, read.rule)
        entry = (entry << _STATE_BITS | STATES.index(read.state)) << _UNTIL_BITS | until_ms
        self._replace(debtor, former, (*(each for each in former if each is not same), entry))
        if self._ids is not None:
            self._ids.setdefault(debtor, read.debtor)
        if same is None or _until_ms(same) != until_ms or self._groups[_group(same)][0] != read.site:
            heappush(self._ends.setdefault(read.site, []), until_ms << 64 | debtor)
        self._end(read.site)

    def drop(self, debtor: str, rule: str, scope: str) -> None:
        """Nothing is said of this standing any more: its record has been deleted."""
        place, hashed = _hashes(debtor, rule, scope)
        former = self._of(place)
        self._replace(place, former, tuple(each for each in former if each >> _SCOPE_AT != hashed))

    def debtors(self, site: str, team: str, rule: str, state: str) -> list[tuple[str, int]]:
        """Who is counted there: ids with the instant until which it lasts, sorted; none where no ids are kept.

        May be called while another thread takes records."""
        group = self._group_of.get((site, team, rule))
        ids, wanted = dict(self._ids or {}), STATES.index(state)
        if group is None or not ids:
            return []
        found = []
        for debtor, held in list(self._held.items()):
            entries = (held,) if isinstance(held, int) else held
            if debtor in ids and _worst(entries).get(group) == wanted:
                of = (each for each in entries if _group(each) == group and _state(each) == wanted)
                found.append((ids[debtor], max(map(_until_ms, of))))
        return sorted(found)

    def advance(self, site: str, as_of_ms: int) -> None:
        """The site counts up to this instant, or a later one that was given before: what ends by then is over."""
        self._as_of_ms[site] = max(as_of_ms, self._as_of_ms.get(site, as_of_ms))
        self._end(site)

    def tidy(self) -> None:
        """Drops what more is over: at most `MOST_ENDED` of a site, like every other call."""
        for site in self._ends:
            self._end(site)

    def rows(self, site: str) -> list[dict[str, Any]]:
        """`{team, rule, near, reached, breached}`: numbers of debtors, where one of them is not 0; in no order.

        May be called while another thread takes records."""
        return [
            {"team": team, "rule": rule} | dict(zip(STATES[1:], counts[1:], strict=True))
            for of_site, team, rule, counts in [(*self._groups[n], list(c)) for n, c in list(self._counts.items())]
            if of_site == site
        ]

    def _of(self, debtor: int) -> tuple[int, ...]:
        held = self._held.get(debtor, ())
        return (held,) if isinstance(held, int) else held

    def _group(self, *of: str) -> int:
        site, team, rule = of
        number = self._group_of.setdefault((site, team, rule), len(self._groups))
        if number == len(self._groups):
            self._groups.append((site, team, rule))
        return number

    def _replace(self, debtor: int, former: tuple[int, ...], entries: tuple[int, ...]) -> None:
        """Holds `entries` of a debtor and rule instead of `former`, and keeps the counts."""
        before, after = _worst(former), _worst(entries)
        if before != after:
            for worst, by in ((before, -1), (after, 1)):
                for group, state in worst.items():
                    self._counts.setdefault(group, [0] * len(STATES))[state] += by
            for group in before.keys() - after.keys():
                if not any(self._counts[group]):
                    del self._counts[group]
        if entries:
            self._held[debtor] = entries[0] if len(entries) == 1 else entries
        else:
            self._held.pop(debtor, None)
            if self._ids is not None:
                self._ids.pop(debtor, None)

    def _end(self, site: str) -> None:
        """Drops what is over at the site's as_of."""
        ends, as_of_ms = self._ends.get(site), self._as_of_ms.get(site)
        for _ in range(MOST_ENDED):
            if not ends or as_of_ms is None or ends[0] >> 64 > as_of_ms:
                return
            debtor = heappop(ends) & _DEBTOR
            former = self._of(debtor)
            self._replace(debtor, former, tuple(each for each in former if not self._is_over(each)))

    def _is_over(self, entry: int) -> bool:
        as_of_ms = self._as_of_ms.get(self._groups[_group(entry)][0])
        return as_of_ms is not None and _until_ms(entry) <= as_of_ms


def _hashes(debtor: str, rule: str, scope: str) -> tuple[int, int]:
    """Of a debtor and rule, and of a case, a number or nothing."""
    return hash((debtor, rule)) & _DEBTOR, hash(scope) & ((1 << _SCOPE) - 1)


def _until_ms(entry: int) -> int:
    return entry & ((1 << _UNTIL_BITS) - 1)


def _group(entry: int) -> int:
    return entry >> _GROUP_AT & ((1 << _GROUP) - 1)


def _state(entry: int) -> int:
    return entry >> _UNTIL_BITS & ((1 << _STATE_BITS) - 1)


def _revision(entry: int) -> int:
    return entry >> _REVISION_AT & ((1 << _REVISION) - 1)


def _worst(entries: Iterable[int]) -> dict[int, int]:
    """The worst state in each group; a clear one is none."""
    worst: dict[int, int] = {}
    for entry in entries:
        state, group = _state(entry), _group(entry)
        if state > worst.get(group, 0):
            worst[group] = state
    return worst
