"""Ids of events and facts: short, readable, unique per run and the same for the same seed and start."""

from __future__ import annotations

import hashlib


class Identifiers:
    """One count for all: the numbers rise with the order in which events are made.

    `tag` marks the run, so that two runs into the same topics state different facts.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.count = 0

    def event(self) -> str:
        """A new event id."""
        self.count += 1
        return f"e{self.tag}-{self.count:08}"

    def own(self, letter: str) -> str:
        """The id of the fact that the last new event states: the same number, another letter."""
        return f"{letter}{self.tag}-{self.count:08}"


def run_tag(*parts: object) -> str:
    """Five digits (base 16) that differ where the parts differ."""
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=3).hexdigest()[:5]
