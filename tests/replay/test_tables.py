"""Flat tables say what the KPI records say, whatever stands in them."""

import csv
import io
import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stream.kpis.catalogue import CATALOGUE
from stream.kpis.value import rate
from stream.replay.chunks import InputError
from stream.replay.tables import FlatTableWriter
from stream.replay.workfolder import OutputError
from tests.replay.flat import ABOUT, kpis_of, part_columns, value_column

CURRENCIES = ("CNY", "EUR", "USD")
ABOUT_IT: dict[str, Any] = {
    "site": "main", "level": "agent", "entity": "a-1", "window": "day", "start": "2026-11-01T16:00:00Z",
    "end": "2026-11-02T16:00:00Z", "as_of": "2026-11-02T01:17:20.500Z", "final": False, "revision": 6, "run": "live",
    "catalogue": 2,
}  # fmt: skip


def entry(kpi: str, numerator: int, denominator: int, currency: str | None, minimum: int = 1) -> dict[str, Any]:
    of_money = {"currency": currency} if CATALOGUE[kpi].per_currency else {}
    if CATALOGUE[kpi].denominator is None:
        return {"kpi": kpi, **of_money, "numerator": numerator, "denominator": None, "value": numerator, "status": "ok"}
    value, status = rate(numerator, denominator, CATALOGUE[kpi].factor, minimum)
    return {
        "kpi": kpi, **of_money, "numerator": numerator, "denominator": denominator, "value": value, "status": status,
    }  # fmt: skip


def record(*kpis: dict[str, Any], **change: Any) -> dict[str, Any]:
    return ABOUT_IT | change | {"kpis": sorted(kpis, key=lambda kpi: (kpi["kpi"], kpi.get("currency", "")))}


def values(*records: dict[str, Any]) -> list[tuple[bytes, str]]:
    return [(json.dumps(each).encode(), f"kpi.jsonl: line {n}") for n, each in enumerate(records, 1)]


def written(*records: dict[str, Any], excel: bool = False) -> bytes:
    target = io.BytesIO()
    FlatTableWriter(values(*records)).csv(target, excel=excel)
    return target.getvalue()


def rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


def currencies_of(names: list[str]) -> list[str]:
    return [code for code in CURRENCIES if f"recovered_amount_minor_{code}" in names]


amounts = st.integers(-(2**90), 2**90)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
entries = st.builds(
    entry,
    st.sampled_from(sorted(CATALOGUE)),
    amounts,
    st.integers(0, 2**70),
    st.sampled_from(CURRENCIES),
    st.sampled_from((1, 30)),
)
kpi_lists = st.lists(entries, min_size=1, max_size=12, unique_by=lambda kpi: (kpi["kpi"], kpi.get("currency")))
records = st.builds(
    lambda kpis, site, entity, run, final, revision: record(
        *kpis, site=site, entity=entity, run=run, final=final, revision=revision
    ),
    kpi_lists, texts, texts, texts, st.booleans(), st.integers(1, 2**63 - 1),
)  # fmt: skip


@given(st.lists(records, max_size=5))
@hypothesis_settings(max_examples=60)
def test_a_table_read_back_holds_the_numbers_of_the_records(drawn: list[dict[str, Any]]) -> None:
    found = rows(written(*drawn))
    assert len(found) == len(drawn)
    for row, each in zip(found, drawn, strict=True):
        about = {name: row[name] for name in ABOUT}
        assert about == {name: json.dumps(each[name]) if name == "final" else str(each[name]) for name in ABOUT}
        assert list(kpis_of(row, currencies_of(list(row)))) == each["kpis"]


small = st.integers(-(2**63), 2**63 - 1)
narrow = st.builds(entry, st.sampled_from(sorted(CATALOGUE)), small, st.integers(0, 2**60), st.sampled_from(CURRENCIES))


narrow_lists = st.lists(narrow, min_size=1, max_size=8, unique_by=lambda kpi: (kpi["kpi"], kpi.get("currency")))


@given(st.lists(st.tuples(narrow_lists, texts), max_size=3))
@hypothesis_settings(max_examples=10)
def test_parquet_holds_the_same_columns_and_numbers(tmp_path_factory: pytest.TempPathFactory, drawn: Any) -> None:
    path, made = tmp_path_factory.mktemp("p") / "kpi.parquet", [record(*kpis, entity=entity) for kpis, entity in drawn]
    with path.open("wb") as target:
        FlatTableWriter(values(*made)).parquet(target)
    with duckdb.connect() as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        lines = [dict(zip(names, line, strict=True)) for line in found.fetchall()]
    assert names == written(*made).decode().split("\r\n")[0].split(",")
    assert [list(kpis_of(line, currencies_of(names))) for line in lines] == [each["kpis"] for each in made]
    assert [line["entity"] for line in lines] == [each["entity"] for each in made]
    for line in lines:
        assert line["start"].isoformat() == "2026-11-01T16:00:00+00:00"
        assert line["as_of"].isoformat() == "2026-11-02T01:17:20.500000+00:00"
        assert (line["final"], line["revision"], line["site"]) == (False, 6, "main")


def test_the_columns_follow_from_the_currencies_alone_and_stand_in_one_order() -> None:
    one = written(record(entry("dials", 3, 0, None), entry("recovered_amount", 5, 0, "CNY")))
    other = written(record(entry("promised_amount", 5, 0, "CNY"), entry("letters", 1, 0, None)))
    names = one.decode().splitlines()[0].split(",")
    assert names == other.decode().splitlines()[0].split(",")
    assert tuple(names[: len(ABOUT)]) == ABOUT
    codes = {True: "CNY", False: None}
    expected = [value_column(kpi.id, codes[kpi.per_currency]) for kpi in CATALOGUE.values()]
    assert names[len(ABOUT) : len(ABOUT) + len(CATALOGUE)] == expected
    for kpi in CATALOGUE.values():
        if kpi.denominator is not None:
            expected += part_columns(kpi.id, codes[kpi.per_currency])
    assert names[len(ABOUT) :] == expected
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("kpi", "currency", "columns"),
    [
        ("dials", None, {"dials_count"}),
        ("break_time", None, {"break_time_ms"}),
        ("connect_rate", None,
         {"connect_rate_ratio", "connect_rate_numerator_count", "connect_rate_denominator_count"}),
        ("occupancy_ratio", None,
         {"occupancy_ratio", "occupancy_ratio_numerator_ms", "occupancy_ratio_denominator_ms"}),
        ("contacts_per_hour", None,
         {"contacts_per_hour", "contacts_per_hour_numerator_count", "contacts_per_hour_denominator_ms"}),
        ("recovered_amount", "CNY", {"recovered_amount_minor_CNY"}),
        ("recovered_per_hour", "CNY",
         {"recovered_per_hour_minor_CNY", "recovered_per_hour_numerator_minor_CNY",
          "recovered_per_hour_denominator_ms_CNY"}),
    ],
)  # fmt: skip
def test_a_name_says_the_unit_and_the_currency(kpi: str, currency: str | None, columns: set[str]) -> None:
    (row,) = rows(written(record(entry(kpi, 3, 4, currency))))
    assert {name for name, cell in row.items() if cell and name not in ABOUT} == columns


def test_a_table_of_several_currencies_has_their_columns_side_by_side() -> None:
    table = rows(
        written(record(entry("recovered_amount", 5, 0, "USD")), record(entry("recovered_amount", 7, 0, "CNY")))
    )
    columns = [name for name in table[0] if name.startswith("recovered_amount")]
    assert columns == ["recovered_amount_minor_CNY", "recovered_amount_minor_USD"]
    assert [[row[name] for name in columns] for row in table] == [["", "5"], ["7", ""]]


def test_a_record_without_kpis_is_no_row() -> None:
    assert rows(written(record(), record(entry("dials", 1, 0, None)), record()))[0]["dials_count"] == "1"
    assert len(rows(written(record(), record()))) == 0


@pytest.mark.parametrize(
    ("kpi", "said"),
    [
        ({"kpi": "nods", "numerator": 1, "denominator": None, "value": 1}, "there is no KPI 'nods' in the catalogue"),
        ({"kpi": "recovered_amount", "numerator": 1, "denominator": None, "value": 1}, "recovered_amount needs a curr"),
        ({"kpi": "dials", "currency": "CNY", "numerator": 1, "denominator": None, "value": 1}, "dials has no currency"),
        ({"kpi": "dials", "numerator": 1, "denominator": 2, "value": 1}, "dials has no denominator"),
        ({"kpi": "connect_rate", "numerator": 1, "denominator": None, "value": 1}, "connect_rate needs a denominator"),
        ({"kpi": "dials", "numerator": 1.5, "denominator": None, "value": 1}, "no KPI record: "),
        ({"kpi": "dials", "currency": "=1+1", "numerator": 1, "denominator": None, "value": 1}, "no KPI record: "),
    ],
)
def test_what_the_catalogue_does_not_have_is_an_error_that_names_the_line(kpi: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"^kpi.jsonl: line 2: {said}"):
        written(record(entry("dials", 1, 0, None)), ABOUT_IT | {"kpis": [kpi | {"status": "ok"}]})


def test_a_time_that_is_none_is_an_error_that_names_the_line() -> None:
    with pytest.raises(InputError, match=r"^kpi.jsonl: line 1: no KPI record: .*start"):
        written(record(entry("dials", 1, 0, None), start="2026-11-02 09:00"))


def test_memory_holds_no_more_of_many_records_than_of_few() -> None:
    class Drawn:
        def __init__(self, count: int) -> None:
            self._count = count

        def __iter__(self) -> Iterator[tuple[bytes, str]]:
            each = record(entry("connect_rate", 1, 3, None), entry("recovered_amount", 5, 0, "CNY"))
            return ((json.dumps(each | {"entity": f"a-{n}"}).encode(), "") for n in range(self._count))

    def most_bytes(count: int) -> int:
        tracemalloc.start()
        with Path(os.devnull).open("wb") as nowhere:
            FlatTableWriter(Drawn(count)).csv(nowhere)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most_bytes(10)
    assert most_bytes(5_000) < most_bytes(500) + 100_000


def test_a_kpi_that_stands_in_a_record_twice_is_an_error() -> None:
    with pytest.raises(InputError, match="dials stands in it twice"):
        written(record(entry("dials", 1, 0, None), entry("dials", 1, 0, None)))


def test_a_number_of_more_than_64_bits_is_for_csv(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r'^Error when converting column "dials_count".*any number'):
        FlatTableWriter(values(record(entry("dials", 2**63, 0, None)))).parquet(io.BytesIO())


def test_excel_gets_a_byte_order_mark_times_that_it_knows_and_no_formula() -> None:
    raw = written(
        record(entry("connect_rate", 1, 3, None), site="=1+1", entity="催收,一组", run="-x"),
        record(entry("connect_rate", 1, 3, None), entity="@a", start="2026-11-02T00:00:00Z"),
        excel=True,
    )
    assert raw.startswith(b"\xef\xbb\xbfsite,level,entity,")
    assert raw.count(b"\n") == raw.count(b"\r\n") == 3
    first, second = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert (first["site"], first["entity"], first["run"]) == ("'=1+1", "催收,一组", "'-x")
    assert second["entity"] == "'@a"
    assert first["start"] == "2026-11-01 16:00:00"
    assert first["as_of"] == "2026-11-02 01:17:20.500"
    assert second["start"] == "2026-11-02 00:00:00"
    assert first["connect_rate_ratio"] == "0.3333333333333333"
    assert list(first) == written(record(entry("connect_rate", 1, 3, None))).decode().splitlines()[0].split(",")
