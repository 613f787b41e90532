"""What became of the records of a feed, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_NUMBERS = ("values", "records", "joined", "mapped", "unused", "malformed", "unmapped", "clock_ahead", "overflow")


@dataclass
class FeedCounts:
    """Counts of a run. `values`: input values (lines); `records`: what they hold; `joined`: records given out by a
    join; `mapped`: records that gave events; `unused`: records that no event wanted; `refused`: refused records by the
    field that was wrong."""

    values: int = 0
    records: int = 0
    joined: int = 0
    mapped: int = 0
    unused: int = 0
    malformed: int = 0
    unmapped: int = 0
    clock_ahead: int = 0
    overflow: int = 0
    events: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: FeedCounts) -> None:
        """Adds what another run counted."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.events.update(other.events)
        self.refused.update(other.refused)

    def line(self) -> str:
        """All of it in one line, for the end of a run."""
        events = sum(self.events.values())
        by_type = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.events.items()))
        said = [f"{self.records:,} records", f"{events:,} events" + (f" ({by_type})" if by_type else "")]
        if self.joined:
            said.append(f"{self.joined:,} joined")
        said += [f"{self.unused:,} unused", f"{self.malformed + self.unmapped:,} refused"]
        if self.malformed and self.unmapped:
            said[-1] += f" ({self.malformed:,} malformed, {self.unmapped:,} unmapped)"
        elif self.malformed or self.unmapped:
            said[-1] += " (malformed)" if self.malformed else " (unmapped)"
        for name in ("clock_ahead", "overflow"):
            if getattr(self, name):
                said.append(f"{getattr(self, name):,} {name}")
        return ", ".join(said)
