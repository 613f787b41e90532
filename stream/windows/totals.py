"""A window of one entity: its sums, and what was last published of it (live 4)."""

from stream.windows.packed import Packed

ROLLING_MS = -1
"""Start of a rolling window: its key has none."""

NOT_YET_MS = -(1 << 62)


class Total:
    """A tumbling window [start_ms, end_ms), or a rolling one, which ends at `as_of` and is never final.

    `sums`: what it holds. `revision`, `digest` of the KPIs and `final` are those of the record that was published
    last; `digest` None: none ever was. `paced_until_ms`: no record before then, on the caller's clock; `queued`: one
    waits for that.
    """

    __slots__ = (
        "digest", "end_ms", "final", "name", "paced_until_ms", "queued",
        "revision", "start_ms", "sums", "text", "touched", "unsaved",
    )  # fmt: skip

    def __init__(self, text: str, name: str, start_ms: int, end_ms: int) -> None:
        self.text = text
        self.name = name
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.sums: Packed = {}
        self.revision = 0
        self.digest: str | None = None
        self.final = False
        self.paced_until_ms = NOT_YET_MS
        self.queued = False
        self.touched = False
        """Its sums changed since the publisher last looked."""
        self.unsaved = False
        """It differs from its state record."""

    @property
    def rolling(self) -> bool:
        """Whether it is a rolling window."""
        return self.start_ms == ROLLING_MS
