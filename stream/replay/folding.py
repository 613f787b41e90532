"""Raw events into one number of stage 1: every event is counted once, as accepted or as what else became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stream.engine.stage1 import Stage1
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.replay.reading import CUT_BYTES, Raw
from stream.settings import Settings
from stream.windows.plan import WindowPlan

Dead = tuple[Raw, str, str]
"""An event that is no fact, the reason and the detail."""


@dataclass
class Folded:
    """What became of the events of one round, and the deltas that came of them. `greatest_ms`: over all that could be
    read, whatever became of them."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    superseded: int = 0
    greatest_ms: int | None = None
    dead: list[Dead] = field(default_factory=list)
    deltas: list[tuple[bytes, bytes]] = field(default_factory=list)


class Fold:
    """The facts of one process. All events of a key must go to the same one."""

    def __init__(self, settings: Settings, plan: WindowPlan) -> None:
        self._stage1 = Stage1(settings.definitions(), plan, settings.limits(), 0, settings.watched())
        self._record_bytes = settings.record_bytes

    def round(self, raws: Iterable[Raw]) -> Folded:
        """Takes the events in."""
        folded = Folded()
        for raw in raws:
            folded.read += 1
            if len(raw.value) > self._record_bytes:
                folded.dead.append((raw, "oversized", self._oversized(len(raw.value))))
                continue
            fact = decode(raw.value)
            if isinstance(fact, Rejection):
                folded.dead.append((raw, fact.reason, fact.detail))
                continue
            if folded.greatest_ms is None or fact.occurred_at > folded.greatest_ms:
                folded.greatest_ms = fact.occurred_at
            self._apply(raw, fact, folded)
        folded.deltas = self._stage1.take().deltas
        return folded

    def _apply(self, raw: Raw, fact: Fact, folded: Folded) -> None:
        try:
            kind, detail = self._stage1.apply(fact)
        except Exception as error:  # noqa: BLE001 (one bad event must not end the run; stage 1 is as it was before)
            folded.dead.append((raw, "internal", f"{type(error).__name__}: {error}"))
            return
        if kind == "accepted":
            folded.accepted += 1
        elif kind == "duplicate":
            folded.duplicates += 1
        elif kind == "superseded":
            folded.superseded += 1
        else:
            folded.dead.append((raw, kind, detail))

    def _oversized(self, length: int) -> str:
        if length > CUT_BYTES:
            return f"longer than {CUT_BYTES} bytes, and cut there; limits.record_bytes is {self._record_bytes}"
        return f"{length} bytes, more than limits.record_bytes: {self._record_bytes}"
