"""Contests and volume rewards (scores 4): amounts for places and for volume, in minor units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import ge, gt, le, lt

from stream.scores.schemes import Contest, Must, Prizes, Reward, Source
from stream.scores.scorecard import ZERO
from stream.scores.values import Values, Who


@dataclass(frozen=True, slots=True)
class Placing:
    """One who is placed. `order` compares: of two, the smaller one is the better. `amount`: before any reward."""

    place: int
    value: Fraction
    amount: Fraction


@dataclass(frozen=True, slots=True)
class _Entry:
    who: Who
    value: Fraction
    ties: Fraction


class Contests:
    """Computes contests and rewards."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def standings(self, contest: Contest, people: Iterable[Who]) -> dict[Who, Placing]:
        """Everybody who is placed, with the amount that the contest alone gives."""
        entries = [entry for who in people if (entry := self._entry(contest, who)) is not None]
        best_first = sorted(entries, key=lambda entry: _order(contest, entry, best_first=True))
        groups = _equal(best_first)
        placed: dict[Who, int] = {}
        first = 0
        for group in groups:
            placed |= {entry.who: first + 1 for entry in group}
            first += len(group)
        top = self._paid(contest.top, contest.source, groups, frozenset())
        worst_first = sorted(entries, key=lambda entry: _order(contest, entry, best_first=False))
        bottom = self._paid(contest.bottom, contest.source, _equal(worst_first), top.keys())
        return {
            entry.who: Placing(
                placed[entry.who], entry.value, top.get(entry.who, ZERO) + bottom.get(entry.who, ZERO)
            )
            for entry in best_first
        }  # fmt: skip

    def volume(self, reward: Reward, who: Who) -> Fraction | None:
        """The value that a reward is for; None without one."""
        return self._values.of(reward.source, who).value

    def _entry(self, contest: Contest, who: Who) -> _Entry | None:
        value = self._values.of(contest.source, who).value
        if value is None:
            return None
        for source, least in contest.minimum:
            if (self._values.of(source, who).value or ZERO) < least:
                return None
        ties = (self._values.of(contest.ties, who).value or ZERO) if contest.ties else ZERO
        return _Entry(who, value, ties)

    def _paid(
        self, prizes: Prizes | None, source: Source, groups: list[list[_Entry]], without: Iterable[Who]
    ) -> dict[Who, Fraction]:
        """Who takes an amount of the list, and how much. Who is among `without`, or does not meet `must`, leaves it
        unpaid."""
        if prizes is None:
            return {}
        left = set(without)
        paid: dict[Who, Fraction] = {}
        first = 0
        for group in groups:
            if first >= len(prizes.amounts):
                break
            share = sum(prizes.amounts[first : first + len(group)], ZERO) / len(group)
            for entry in group:
                if entry.who not in left and self._meets(prizes.must, source, entry):
                    paid[entry.who] = share
            first += len(group)
        return paid

    def _meets(self, must: Must, source: Source, entry: _Entry) -> bool:
        for bound, fits in ((must.at_least, ge), (must.at_most, le), (must.above, gt), (must.below, lt)):
            if bound is None:
                continue
            limit = self._values.bound(bound, source, entry.who)
            if limit is None or not fits(entry.value, limit):
                return False
        return True


def _order(contest: Contest, entry: _Entry, *, best_first: bool) -> tuple[Fraction, Fraction, str, str]:
    """Equal ones by their ties, the same way in either list; then by name, which decides nothing."""
    value = entry.value if contest.source.lower == best_first else -entry.value
    ties = entry.ties if contest.ties_lowest else -entry.ties
    return value, ties, entry.who.site, entry.who.entity


def _equal(entries: list[_Entry]) -> list[list[_Entry]]:
    """Runs of entries that are equal in value and ties."""
    groups: list[list[_Entry]] = []
    for entry in entries:
        if groups and (groups[-1][0].value, groups[-1][0].ties) == (entry.value, entry.ties):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def reward_amount(reward: Reward, volume: Fraction) -> Fraction:
    """What a reward gives for a volume, before it is weighed against a contest."""
    if volume < reward.at_least:
        return ZERO
    amount = reward.amount + reward.each_more * (volume - reward.at_least)
    return amount if reward.cap is None else min(amount, reward.cap)


def weighed(reward: Reward, amount: Fraction, of_contest: Fraction) -> tuple[Fraction, Fraction]:
    """(reward, contest): the two amounts, one of them 0 where only one counts."""
    if amount <= 0 or of_contest <= 0 or reward.stack == "both":
        return amount, of_contest
    to_contest = reward.stack == "contest" or (reward.stack == "larger" and of_contest >= amount)
    return (ZERO, of_contest) if to_contest else (amount, ZERO)


def left_of(standing: Placing, taken: Mapping[Reward, Fraction]) -> Fraction:
    """What is left of a contest's amount, each reward being weighed against all of it."""
    amount = standing.amount
    for reward, volume in taken.items():
        if weighed(reward, reward_amount(reward, volume), standing.amount)[1] != standing.amount:
            amount = ZERO
    return amount
