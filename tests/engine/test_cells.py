"""Deltas of a batch: a large one is sent in parts that add up to it."""

import orjson
import pytest

from stream.engine import cells
from stream.engine.cells import Cells
from stream.ledger.contribution import Credit


def test_an_entity_with_many_rows_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 3)
    batch = Cells(0, 10_000, frozenset())
    credit = Credit("main", "t-1", "a-1")
    batch.add_difference({(credit, "dials", grain * 10_000): 1 for grain in range(7)}, 0, None)
    sent = [orjson.loads(value)["rows"] for key, value in batch.take(0) if key == b"main|agent|a-1"]
    assert [len(rows) for rows in sent] == [3, 3, 1]
    assert sum(row[2]["dials"] for rows in sent for row in rows) == 7
