"""Draws from a seeded generator: weighted choices and the long-tailed durations of telephony."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Mix(Generic[T]):
    """A choice among values by weight."""

    def __init__(self, *weighted: tuple[T, float]) -> None:
        self.values = [value for value, _ in weighted]
        self._bounds = list(accumulate(weight for _, weight in weighted))
        self._total = self._bounds[-1]

    def draw(self, rng: Random) -> T:
        """One of the values."""
        return self.values[bisect(self._bounds, rng.random() * self._total)]


class LongTail:
    """Lognormal durations around a median, cut at `most_ms`."""

    def __init__(self, median_ms: int, spread: float, most_ms: int) -> None:
        self._mean_log = log(median_ms)
        self._spread = spread
        self._most_ms = most_ms

    def draw(self, rng: Random) -> int:
        """A duration in ms, at least 200."""
        drawn = int(exp(rng.normalvariate(self._mean_log, self._spread)))
        return 200 if drawn < 200 else min(drawn, self._most_ms)


def between(rng: Random, low: int, high: int) -> int:
    """An integer in [low, high), as likely as any other there; three times as fast as randrange."""
    return low + int(rng.random() * (high - low))


def one_of(rng: Random, values: Sequence[T]) -> T:
    """Any of the values."""
    return values[int(rng.random() * len(values))]
