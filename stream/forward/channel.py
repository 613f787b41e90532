"""What the forwarder and a receiver of alerts ask of each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stream.forward.place import PartitionPlace
from stream.publish.reading import PublishedAlert


@dataclass
class Told:
    """What became of records: counts for a line of progress."""

    posted: int = 0
    held_back: int = 0
    refused: int = 0
    unreadable: int = 0

    def line(self) -> str:
        """The counts, for a person."""
        counts = [f"{self.posted:,} posted", f"{self.held_back:,} silenced or muted", f"{self.refused:,} refused"]
        return ", ".join(counts + ([f"{self.unreadable:,} unreadable"] if self.unreadable else []))


class Channel(Protocol):
    """Gives the alerts of one partition to a receiver. An exception of its tasks goes to `failed`."""

    def remember(self, alert: PublishedAlert) -> None:
        """A record from before the place where this run began."""

    def begin(self) -> None:
        """All of the past is remembered."""

    def take(self, offset: int, alert: PublishedAlert, value: bytes, /) -> None:
        """A record to be told of; its place says when it is done."""

    async def close(self) -> None:
        """Stops; what is not done is left."""


class Receiver(Protocol):
    """Where alerts go. `needs_past`: it is told of alerts that began before the place where a run begins."""

    target: str
    needs_past: bool
    told: Told

    def open(self, place: PartitionPlace, failed: Callable[[BaseException], None]) -> Channel:
        """A channel for a partition."""
