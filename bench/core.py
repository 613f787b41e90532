"""The pure core without Kafka: decoding, the ledger, its memory, and the longest fold."""

from __future__ import annotations

from collections.abc import Iterator

from bench import fold, ledger, memory
from bench.result import Row
from bench.setting import Setting

EVENTS = 200_000
DEBTORS = 100_000


def rows(setting: Setting) -> Iterator[Row]:
    """The part `core`."""
    yield from fold.lines()
    yield from ledger.lines(setting.events(EVENTS))
    debtors = setting.events(DEBTORS)
    yield from memory.lines(debtors, memory.bytes_a_debtor(debtors))
