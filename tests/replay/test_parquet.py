"""Parquet rows as events."""

from pathlib import Path

import duckdb
import orjson
import pytest

from stream.facts.decode import decode
from stream.facts.fact import Promise
from stream.replay.chunks import FilePosition, InputError
from stream.replay.reading import read

PROMISE = """'promise' AS type, 'e1' AS event_id, {at} AS occurred_at, 'd' AS debtor_id, 'c' AS case_id,
 'a' AS agent_id, 'p' AS promise_id, 'CNY' AS currency, {instalments} AS instalments, NULL::VARCHAR AS call_id"""
LIST = "[{due_on: DATE '2026-11-05', amount_minor: 100}, {due_on: DATE '2026-12-05', amount_minor: 7}]"
TEXT = """'[{"due_on":"2026-11-05","amount_minor":100},{"due_on":"2026-12-05","amount_minor":7}]'"""


def table(path: Path, *selects: str) -> str:
    query = " UNION ALL BY NAME ".join(f"SELECT {select}" for select in selects)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return str(path)


def events(path: str) -> list[dict[str, object]]:
    return [orjson.loads(raw.value) for raw in read([path], FilePosition())]


@pytest.mark.parametrize("at", ["'2026-11-02T09:00:00.120+08:00'", "to_timestamp(1793581200.12)"])
@pytest.mark.parametrize("instalments", [LIST, TEXT])
def test_a_row_is_the_event_of_its_columns(tmp_path: Path, at: str, instalments: str) -> None:
    path = table(tmp_path / "f.parquet", PROMISE.format(at=at, instalments=instalments))
    (raw,) = read([path], FilePosition())
    fact = decode(raw.value)
    assert isinstance(fact, Promise)
    assert fact.occurred_at == 1793581200120
    assert [(part.due_on, part.amount_minor) for part in fact.instalments] == [("2026-11-05", 100), ("2026-12-05", 7)]


def test_nulls_are_absent_and_rows_are_counted_from_one(tmp_path: Path) -> None:
    path = table(tmp_path / "f.parquet", "1 AS a, 'x' AS b", "2 AS a", "NULL AS a, 'y' AS b")
    assert events(path) == [{"a": 1, "b": "x"}, {"a": 2}, {"b": "y"}]
    assert [(raw.source, raw.line) for raw in read([path], FilePosition())] == [(path, 1), (path, 2), (path, 3)]


def test_whole_floats_are_integers_and_others_stay_what_they_are(tmp_path: Path) -> None:
    path = table(tmp_path / "f.parquet", "100.0::DOUBLE AS a, 1.5::DOUBLE AS b, 'nan'::DOUBLE AS c, 1e300::DOUBLE AS d")
    (raw,) = read([path], FilePosition())
    assert b'"a":100,' in raw.value
    assert b'"b":1.5' in raw.value
    assert b'"c"' not in raw.value


def test_text_of_instalments_that_is_no_json_is_kept_for_the_dead_letter(tmp_path: Path) -> None:
    path = table(tmp_path / "f.parquet", "'[1,' AS instalments, '[1,' AS other")
    assert events(path) == [{"instalments": "[1,", "other": "[1,"}]


def test_a_timestamp_without_a_zone_gets_no_offset(tmp_path: Path) -> None:
    assert events(table(tmp_path / "f.parquet", "TIMESTAMP '2026-11-02 09:00:00' AS occurred_at")) == [
        {"occurred_at": "2026-11-02T09:00:00.000"}
    ]


@pytest.mark.parametrize("keep", [0, 3, -1, -20])
def test_a_torn_file_is_an_error_that_names_it(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "f.parquet"
    table(path, "1 AS a")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"f\.parquet: not a whole Parquet file"):
        list(read([str(path)], FilePosition()))
